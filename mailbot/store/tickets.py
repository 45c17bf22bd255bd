"""Tickets as they stand, who takes part, what is said (each attachment kept once), and the two threads of each.

A ticket is saved only over the version it was read with, and only along the table `desk.ticket.MOVES`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, distinct, func, insert, select, update

from mailbot.desk.ticket import AttachmentRef, Entry, Participant, Side, State, Ticket, may_move
from mailbot.store import counters, tables
from mailbot.store.moves import Conflict, IllegalMove
from mailbot.store.storable import storable
from mailbot.store.values import as_value, clip, insert_new

_TICKETS = tables.tickets
_FACTS = tables.facts
_CHAINS = tables.chains
_PARTICIPANTS = tables.participants
_ENTRIES = tables.entries
_REFS = tables.entry_attachments
_ATTACHMENTS = tables.attachments
_ELSEWHERE = ("facts", "version", "changed_at")  # not copied from the ticket into its row
LONGEST_MESSAGE_ID = 998
MERGES_FOLLOWED = 50
LOGO_TICKETS = 3


class Tickets:
    """The tickets inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self) -> int:
        """The number of a ticket to come; the same until one is saved, and nobody else's meanwhile."""
        return counters.peek(self._connection, counters.TICKET)

    def get(self, number: int, *, lock: bool = False) -> Ticket | None:
        """The ticket as it stands; with `lock` it stays so for others until this transaction ends."""
        if lock:
            self._lock(number)
        return next(iter(self._read(_TICKETS.c.number == number, 1)), None)

    def survivor(self, number: int, *, lock: bool = False) -> Ticket | None:
        """The ticket, or the one into which it was merged."""
        ticket = self.get(number, lock=lock)
        for _ in range(MERGES_FOLLOWED):
            if ticket is None or ticket.merged_into is None:
                break
            ticket = self.get(ticket.merged_into, lock=lock)
        return ticket

    def save(self, ticket: Ticket, now: datetime) -> Ticket:
        """The ticket with its new version; Conflict where somebody saved first, IllegalMove off the table of states."""
        saved = replace(ticket, version=ticket.version + 1, changed_at=now)
        columns = _columns(ticket) | {"version": saved.version, "changed_at": now}
        if ticket.version == 0:
            self._insert(ticket, columns)
        else:
            self._update(ticket, columns)
        self._connection.execute(delete(_FACTS).where(_FACTS.c.ticket == ticket.number))
        if ticket.facts:
            rows = [{"ticket": ticket.number, "name": name, "value": value} for name, value in ticket.facts.items()]
            self._connection.execute(insert(_FACTS), rows)
        return saved

    def find(
        self,
        *,
        states: Collection[State] = (),
        group: str | None = None,
        requester: str | None = None,
        limit: int = 1000,
    ) -> list[Ticket]:
        """Tickets for people, newest first."""
        where = _TICKETS.c.number > 0
        where = where & _TICKETS.c.state.in_(states) if states else where
        where = where if group is None else where & (_TICKETS.c.group == group)
        where = where if requester is None else where & (_TICKETS.c.requester == requester)
        return self._read(where, limit)

    def open_of(self, requester: str) -> tuple[int, ...]:
        """The open tickets of a requester, oldest first."""
        mine = select(_TICKETS.c.number).where(_TICKETS.c.requester == requester, _is_open())
        return tuple(self._connection.execute(mine.order_by(_TICKETS.c.number)).scalars())

    def open_alert(self, alert_key: str) -> Ticket | None:
        """The newest open ticket of an alert key."""
        return next(iter(self._read((_TICKETS.c.alert_key == alert_key) & _is_open(), 1)), None)

    # ------------------------------------------------------------ who takes part

    def add_participants(self, number: int, participants: Sequence[Participant], now: datetime) -> None:
        """Somebody joins; who takes part already stays as they are."""
        for one in participants:
            row = {name: getattr(one, name) for name in Participant.__dataclass_fields__}
            insert_new(self._connection, _PARTICIPANTS, row | {"ticket": number, "joined_at": now}, returning="ticket")

    def participants(self, number: int) -> tuple[Participant, ...]:
        """Who takes part besides the requester, in the order of their coming."""
        found = select(_PARTICIPANTS).where(_PARTICIPANTS.c.ticket == number)
        rows = self._connection.execute(found.order_by(_PARTICIPANTS.c.joined_at, _PARTICIPANTS.c.address))
        return tuple(as_value(Participant, row) for row in rows.mappings())

    # ------------------------------------------------------------ what is said

    def add_entries(
        self,
        number: int,
        entries: Sequence[Entry],
        *,
        message_id: str = "",
        inbox_id: int | None = None,
        outbox_id: int | None = None,
    ) -> None:
        """Say things on a ticket; their attachments must have been stored before."""
        for entry in entries:
            row = {name: getattr(entry, name) for name in Entry.__dataclass_fields__ if name != "attachments"}
            origin = {"message_id": clip(message_id, 998), "inbox_id": inbox_id, "outbox_id": outbox_id}
            added = insert(_ENTRIES).values(row | origin | {"ticket": number}).returning(_ENTRIES.c.id)
            entry_id = self._connection.execute(added).scalar_one()
            for position, ref in enumerate(entry.attachments):
                values = {name: getattr(ref, name) for name in AttachmentRef.__dataclass_fields__}
                self._connection.execute(insert(_REFS).values(values | {"entry": entry_id, "position": position}))

    def entries(self, number: int) -> tuple[Entry, ...]:
        """All that was said, oldest first."""
        attached: dict[int, list[AttachmentRef]] = {}
        refs = select(_REFS).join(_ENTRIES, _ENTRIES.c.id == _REFS.c.entry).where(_ENTRIES.c.ticket == number)
        for ref in self._connection.execute(refs.order_by(_REFS.c.entry, _REFS.c.position)).mappings():
            attached.setdefault(ref["entry"], []).append(as_value(AttachmentRef, ref))
        said = select(_ENTRIES).where(_ENTRIES.c.ticket == number).order_by(_ENTRIES.c.id)
        return tuple(
            as_value(Entry, row, attachments=tuple(attached.get(row["id"], ())))
            for row in self._connection.execute(said).mappings()
        )

    def store_attachments(self, attachments: Iterable[tuple[str, str, bytes]], now: datetime) -> None:
        """Keep (hash, type, content), each content once."""
        for content_hash, kind, content in attachments:
            row = {"content_hash": content_hash, "type": kind, "size_bytes": len(content), "content": content}
            insert_new(self._connection, _ATTACHMENTS, row | {"stored_at": now}, returning="content_hash")

    def attachment_content(self, content_hash: str) -> bytes | None:
        """The bytes of a stored attachment."""
        kept = select(_ATTACHMENTS.c.content).where(_ATTACHMENTS.c.content_hash == content_hash)
        found: bytes | None = self._connection.execute(kept).scalar()
        return found

    def logos(self, sender: str, hashes: Sequence[str]) -> frozenset[str]:
        """Those of these attachments that the sender has put into three tickets: no news in a fourth."""
        if not hashes:
            return frozenset()
        seen = (
            select(_REFS.c.content_hash)
            .join(_ENTRIES, _ENTRIES.c.id == _REFS.c.entry)
            .where(_ENTRIES.c.author == sender, _REFS.c.content_hash.in_(hashes))
            .group_by(_REFS.c.content_hash)
            .having(func.count(distinct(_ENTRIES.c.ticket)) >= LOGO_TICKETS)
        )
        return frozenset(self._connection.execute(seen).scalars())

    # ------------------------------------------------------------ threads

    def chain(self, number: int, side: Side) -> tuple[str, ...]:
        """Message-IDs of the thread of one side, oldest first."""
        found = select(_CHAINS.c.message_id).where(_CHAINS.c.ticket == number, _CHAINS.c.side == side)
        return tuple(self._connection.execute(found.order_by(_CHAINS.c.position)).scalars())

    def extend_chain(self, number: int, side: Side, message_id: str) -> None:
        """The next Message-ID of that thread, once; one that could not be kept whole is left out."""
        if not message_id or len(storable(message_id, LONGEST_MESSAGE_ID)) < len(message_id):
            return
        self._lock(number)  # two that come at once would get one position, and one of them would be left out
        last = select(func.max(_CHAINS.c.position)).where(_CHAINS.c.ticket == number, _CHAINS.c.side == side)
        position = (self._connection.execute(last).scalar() or 0) + 1
        row = {"ticket": number, "side": side, "position": position, "message_id": message_id}
        insert_new(self._connection, _CHAINS, row, returning="position")

    def of_references(self, references: Sequence[str]) -> int | None:
        """The ticket in whose threads the last known of these Message-IDs stands."""
        found = select(_CHAINS.c.message_id, _CHAINS.c.ticket).where(_CHAINS.c.message_id.in_(references))
        known = {row.message_id: int(row.ticket) for row in self._connection.execute(found.order_by(_CHAINS.c.ticket))}
        return next((known[reference] for reference in reversed(references) if reference in known), None)

    # ------------------------------------------------------------ rows

    def _lock(self, number: int) -> None:
        """One writer at a time; rows that only name the ticket may still be added (so not the whole FOR UPDATE)."""
        this = select(_TICKETS.c.number).where(_TICKETS.c.number == number)
        self._connection.execute(this.with_for_update(key_share=True))

    def _read(self, where: ColumnElement[bool], limit: int) -> list[Ticket]:
        found = select(_TICKETS).where(where).order_by(_TICKETS.c.number.desc()).limit(limit)
        rows = self._connection.execute(found).mappings().all()
        facts: dict[int, dict[str, str]] = {row["number"]: {} for row in rows}
        stored = select(_FACTS).where(_FACTS.c.ticket.in_(facts)).order_by(_FACTS.c.name)
        for fact in self._connection.execute(stored):
            facts[fact.ticket][fact.name] = fact.value
        return [_ticket(row, facts[row["number"]]) for row in rows]

    def _insert(self, ticket: Ticket, columns: dict[str, Any]) -> None:
        if not may_move(None, ticket.state):
            raise IllegalMove(f"a ticket does not begin as {ticket.state}")
        self.next_number()  # the counter is there, and locked
        self._connection.execute(insert(_TICKETS).values(number=ticket.number, **columns))
        counters.pass_by(self._connection, counters.TICKET, ticket.number)

    def _update(self, ticket: Ticket, columns: dict[str, Any]) -> None:
        counters.take_turn(self._connection)
        this = (_TICKETS.c.number == ticket.number) & (_TICKETS.c.version == ticket.version)
        legal = sorted(state for state in State if may_move(state, ticket.state))
        moved = update(_TICKETS).where(this, _TICKETS.c.state.in_(legal)).values(columns)
        if self._connection.execute(moved).rowcount == 1:
            return
        before = self._connection.execute(select(_TICKETS.c.state).where(this)).scalar()
        if before is None:
            raise Conflict(f"ticket {ticket.number} is no longer at version {ticket.version}")
        raise IllegalMove(f"ticket {ticket.number} may not go from {before} to {ticket.state}")


def _is_open() -> ColumnElement[bool]:
    return _TICKETS.c.state.in_([state for state in State if state.is_open])


def _columns(ticket: Ticket) -> dict[str, Any]:
    row = {field.name: getattr(ticket, field.name) for field in fields(Ticket) if field.name not in _ELSEWHERE}
    del row["number"]
    return row | {"disruption_words": list(ticket.disruption_words), "missing": list(ticket.missing)}


def _ticket(row: RowMapping, facts: dict[str, str]) -> Ticket:
    words = {name: tuple(row[name]) for name in ("disruption_words", "missing")}
    return as_value(Ticket, row, facts=facts, **words)
