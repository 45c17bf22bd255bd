"""I3: what leaves, leaves as often as its class allows, in the bytes of its row; I5: machines do not talk for long."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Select, String, and_, cast, exists, func, literal, not_, or_, select, union_all

from mailbot.desk.outgoing import MailClass
from mailbot.desk.ticket import Side
from mailbot.store import tables
from mailbot.store.gate import HUMAN_WORDS
from mailbot.store.outbox import TRIES_IN_DOUBT
from mailbot.store.states import OutboxState, Phase
from mailbot.store.verifying.checks import (
    Breaches,
    Check,
    Promise,
    invariant,
    is_one_of,
    place,
    rows_where,
    stream,
    word,
)

AUTOMATIC_IN_A_ROW = 2  # promise 5
_OUTBOX = tables.outbox
_DEADLINES = tables.deadlines
_ENTRIES = tables.entries
_CLASS_B = word(_OUTBOX.c["class"]) == MailClass.B.value
_TO_LEAVE = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN)
_SHOW = "mailbot outbox show ROW"
_CANCEL = "mailbot outbox cancel ROW, unless it is certain that it never arrived"
_MESSAGE_ID = re.compile(rb"^message-id:\s*<([^>\r\n]*)>", re.IGNORECASE | re.MULTILINE)


@invariant(Promise.DELIVERY, _OUTBOX, _CANCEL)
def no_class_b_mail_is_tried_in_doubt(connection: Connection) -> Breaches:
    """At most once: where nobody knows whether it arrived, it is parked in the same transaction."""
    doubtful = is_one_of(_OUTBOX.c.state, OutboxState.UNKNOWN)
    again = is_one_of(_OUTBOX.c.state, OutboxState.READY, OutboxState.SENDING) & (_OUTBOX.c.unknown_count > 0)
    where = _CLASS_B & (doubtful | again)
    yield from rows_where(connection, _OUTBOX, where, "class B, in doubt, and it may leave a second time")
    yield from rows_where(connection, _OUTBOX, _CLASS_B & (_OUTBOX.c.unknown_count > 1), "class B, in doubt twice")


@invariant(Promise.DELIVERY, _OUTBOX, _CANCEL)
def no_doubt_is_tried_more_than_three_times(connection: Connection) -> Breaches:
    """At least once, and not for ever: after three tries in doubt a person decides."""
    many = is_one_of(_OUTBOX.c.state, *_TO_LEAVE) & (_OUTBOX.c.unknown_count > TRIES_IN_DOUBT)
    where = many | (_OUTBOX.c.unknown_count > TRIES_IN_DOUBT + 1) | (_OUTBOX.c.unknown_count < 0)
    yield from rows_where(connection, _OUTBOX, where, f"more than {TRIES_IN_DOUBT} tries in doubt")


@invariant(Promise.DELIVERY, _OUTBOX, _SHOW)
def every_sent_mail_has_its_proof(connection: Connection) -> Breaches:
    """Sent means: at this time, after DATA, with this answer of the next server."""
    sent, proof = is_one_of(_OUTBOX.c.state, OutboxState.SENT), _OUTBOX.c.smtp_reply != ""
    proved = and_(_OUTBOX.c.sent_at.is_not(None), proof, word(_OUTBOX.c.phase) == Phase.DATA.value)
    yield from rows_where(connection, _OUTBOX, sent & not_(proved), "sent, and nothing proves it")


@invariant(Promise.DELIVERY, _OUTBOX, "mailbot outbox cancel ROW; mailbot restore brings the last backup")
def every_mail_out_kept_its_bytes(connection: Connection) -> Breaches:
    """A retry is identical: the bytes are there until it has left, and they are those of the row."""
    empty = or_(_OUTBOX.c.raw.is_(None), func.length(_OUTBOX.c.raw) == 0)
    where = is_one_of(_OUTBOX.c.state, *_TO_LEAVE) & empty
    yield from rows_where(connection, _OUTBOX, where, "its bytes are gone before it left")
    heads = select(_OUTBOX.c.id, _OUTBOX.c.message_id, _OUTBOX.c.raw).where(not_(empty))
    for row in stream(connection, heads):
        found = _MESSAGE_ID.search(row.raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" "))
        if found is None or found[1].decode("ascii", "replace").strip() != row.message_id:
            yield place(_OUTBOX, row.id), "its bytes are those of another mail"


@invariant(Promise.DELIVERY, _OUTBOX, "mailbot tickets show TICKET")
def every_sent_mail_started_its_clock(connection: Connection) -> Breaches:
    """The deadline that rides on a mail was armed in the transaction that marked it sent."""
    sent = select(_OUTBOX.c.id, _OUTBOX.c.ticket, _OUTBOX.c.arms).where(
        is_one_of(_OUTBOX.c.state, OutboxState.SENT), _OUTBOX.c.arms.is_not(None), _OUTBOX.c.ticket.is_not(None)
    )
    key = (_DEADLINES.c.ticket, word(_DEADLINES.c.kind), _DEADLINES.c.step, _DEADLINES.c.cycle)
    armed = {tuple(row) for row in connection.execute(select(*key))}
    for row in connection.execute(sent):
        if (row.ticket, row.arms["kind"], row.arms["step"], row.arms["cycle"]) not in armed:
            yield place(_OUTBOX, row.id), f"sent, but its deadline {row.arms['kind']} was never armed"


def chains_of_at_most(automatic_in_a_row: int) -> Check:
    """The check of I5 for a limit that admins may have raised."""

    def no_automatic_chain_is_long(connection: Connection) -> Breaches:
        """A person speaks before the third automatic mail on a ticket, or nobody does (counted as the gate does)."""
        many, last = 0, None
        for ticket, _, row_id in stream(connection, _said_on_tickets()):
            many = many + 1 if row_id and ticket == last else int(bool(row_id))
            last = ticket
            if many > automatic_in_a_row:
                yield place(_OUTBOX, row_id), f"automatic mail {many} in a row on ticket {ticket}"

    return Check(
        Promise.SHORT_CHAINS,
        _OUTBOX,
        "mailbot tickets show TICKET; [limits] in mailbot.toml",
        no_automatic_chain_is_long,
    )


def _said_on_tickets() -> Select[Any]:
    """(ticket, at, row): what people said (row 0) and class B of ours, in its order, people first at one moment."""
    by_people = is_one_of(_ENTRIES.c.side, Side.REQUESTER, Side.GROUP) & _ENTRIES.c.what.in_(HUMAN_WORDS)
    said = select(_ENTRIES.c.ticket, _ENTRIES.c.at, literal(0).label("row")).where(by_people)
    named = literal("outbox ") + cast(_OUTBOX.c.id, String)
    resent = exists().where(tables.audit.c.verb == "resend", tables.audit.c.what == named)
    stays = is_one_of(_OUTBOX.c.state, OutboxState.CANCELLED, OutboxState.STOPPED)
    counts = _CLASS_B & _OUTBOX.c.ticket.is_not(None) & not_(stays) & not_(resent)  # people may send what they like
    ours = select(_OUTBOX.c.ticket, _OUTBOX.c.created_at.label("at"), _OUTBOX.c.id.label("row")).where(counts)
    both = union_all(said, ours).subquery()
    return select(both.c.ticket, both.c["at"], both.c.row).order_by(both.c.ticket, both.c["at"], both.c.row)


CHECKS = (
    no_class_b_mail_is_tried_in_doubt,
    no_doubt_is_tried_more_than_three_times,
    every_sent_mail_has_its_proof,
    every_mail_out_kept_its_bytes,
    every_sent_mail_started_its_clock,
)
