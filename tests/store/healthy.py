"""A healthy database with one of everything: a real conversation, played by the desk of the stories and copied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select, text

from mailbot.desk.ticket import CancelReason, State
from mailbot.store import tables
from mailbot.store.database import Database
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent, Server
from tests.conversations.scenes import answered, closed, handed_over, resolved, waiting
from tests.fakes.transport import lost_after_dot

NOTE = "Between us: the gateway password is written on the yellow label"
Rows = Mapping[str, Sequence[dict[str, Any]]]


def play(desk: Desk) -> None:
    """Tickets in each state, mails with each disposition, deadlines that fired, doubts, and what a person let go."""
    ann = Correspondent(desk, "ann@corp.example", "Ann Archer")
    sam = Correspondent(desk, "sam@corp.example", "Sam Sato")
    closed(ann, sam)
    desk.passes(timedelta(hours=2))  # a fourth automatic mail within the hour would be one too many
    ann.skips()
    waiting(ann, sam)
    sam.replies(f"#note {NOTE}")
    sam.skips()
    desk.passes(timedelta(hours=2))
    answered(ann)
    resolved(ann, sam)
    handed_over(ann, sam)  # number 5, which the clock looks after
    desk.passes(timedelta(hours=2))
    sam.skips()
    _again(desk)
    _held(desk, sam)
    _cancelled(desk, ann)
    _doubts(desk, sam)
    desk.postman.refusals["ann@corp.example"] = "451 4.3.2 later"
    sam.skips()
    sam.replies("One more question: did you restart it?")  # it waits
    ann.writes("Printer", "The printer in room 12 prints stripes.")  # its acknowledgement as well


def _again(desk: Desk) -> None:
    """The newest mail comes a second time; and spam comes, and a machine that nobody asked."""
    desk.receives(desk.mailbox.messages[max(desk.mailbox.messages)][0])
    eve = Correspondent(desk, "eve@elsewhere.example", "Eve", authenticated=False)
    eve.writes("Bounced", "You did not send this.", headers={"List-Id": "<news.elsewhere.example>"})


def _held(desk: Desk, sam: Correspondent) -> None:
    """Doubtful words: some are let go, some are thrown away, some wait."""
    token = sam.inbox[0].answer_to.partition("+")[2].partition("@")[0]
    for order in ("#send", "#reject", ""):
        sam.replies(f"It works again.\n\nTicket 1 [ref:{token}:ref]\nThe rest, without any mark.", to=sam.inbox[-1])
        sam.skips()
        if order:
            sam.replies(order)
            sam.skips()


def _cancelled(desk: Desk, ann: Correspondent) -> None:
    ticket = ann.writes("Lottery", "You have won a printer.").ticket
    with desk.database.write() as work:
        spam = replace(ticket, state=State.CANCELLED, former_state=ticket.state, cancel_reason=CancelReason.SPAM)
        work.tickets.save(spam, desk.clock.now())


def _doubts(desk: Desk, sam: Correspondent) -> None:
    """A mail that bounced, and mails whose fate nobody knows."""
    Server(desk).bounces(sam.inbox[0])
    for _ in range(3):  # two hand-overs, which are in doubt, and an acknowledgement, which is parked
        desk.postman.fail_next(lost_after_dot())
    Correspondent(desk, "bob@corp.example", "Bob Baker").writes("Locked out", "My account is locked since noon.")


def rows_of(database: Database) -> Rows:
    """Every row of every table."""
    with database.read() as work:
        found = {table: work.connection.execute(select(table)).mappings() for table in tables.metadata.sorted_tables}
        return {table.name: [dict(row) for row in rows] for table, rows in found.items()}


def fill(database: Database, rows: Rows) -> None:
    """The same rows in another database; what a row names may come after it."""
    later = [("tickets", "merged_into"), ("tickets", "follows"), ("tickets", "parent"), ("inbox", "duplicate_of")]
    with database.write() as work:
        for table in tables.metadata.sorted_tables:
            hidden = {column for name, column in later if name == table.name}
            given = [
                {name: None if name in hidden else value for name, value in row.items()} for row in rows[table.name]
            ]
            if given:
                work.connection.execute(table.insert(), given)
        for name, column in later:
            for row in rows[name]:
                if row[column] is not None:
                    key = "number" if name == "tickets" else "id"
                    link = text(f"UPDATE {name} SET {column} = :value WHERE {key} = :key")
                    work.connection.execute(link, {"value": row[column], "key": row[key]})
        if work.connection.dialect.name == "postgresql":
            work.connection.execute(text("SELECT setval(oid::regclass, 10000) FROM pg_class WHERE relkind = 'S'"))
