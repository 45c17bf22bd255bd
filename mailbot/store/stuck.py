"""What should have moved on by itself and has not: the questions of the regular check (`daemon/moving.py`).

Mail that a person must look at (held, set aside, parked, stopped, failed) is not stuck: it waits where it should.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, func, or_, select

from mailbot.desk.outgoing import MailClass
from mailbot.store import tables
from mailbot.store.inbox import IMPORTED
from mailbot.store.outbox import WAIT_IN_DOUBT
from mailbot.store.states import InboxState, OutboxState

WORKED_OFF_AFTER = timedelta(minutes=15)
TAKEN_AFTER = timedelta(hours=1)  # greylisting and a busy server put mail off, but not for so long
DOUBTS_WITHIN = timedelta(hours=1)
_INBOX = tables.inbox
_OUTBOX = tables.outbox


@dataclass(frozen=True, slots=True)
class Stuck:
    """How many mails: came in and are not worked off; class A that does not leave; in doubt within the last hour."""

    incoming: int
    outgoing: int
    doubts: int


def find_stuck(connection: Connection, now: datetime) -> Stuck:
    """The counts of this moment."""
    came = (_INBOX.c.received_at <= now - WORKED_OFF_AFTER) & or_(
        _INBOX.c.account != IMPORTED, _INBOX.c.released_by != ""
    )
    unfinished = _INBOX.c.state.in_([InboxState.RECEIVED, InboxState.CLAIMED])
    due = _OUTBOX.c.not_before <= now - WORKED_OFF_AFTER
    put_off = (_OUTBOX.c.attempts > 0) & (_OUTBOX.c.created_at <= now - TAKEN_AFTER)
    waits = (_OUTBOX.c.state == OutboxState.READY) & or_(due, put_off)
    unsettled = (_OUTBOX.c.state == OutboxState.SENDING) & (_OUTBOX.c.lease_until <= now - WORKED_OFF_AFTER)
    unsolved = (_OUTBOX.c.state == OutboxState.UNKNOWN) & (
        _OUTBOX.c.unknown_at <= now - WAIT_IN_DOUBT - WORKED_OFF_AFTER
    )
    remains = or_(waits, unsettled, unsolved) & (_OUTBOX.c["class"] == MailClass.A)
    doubted = (_OUTBOX.c.unknown_at > now - DOUBTS_WITHIN) & (_OUTBOX.c.unknown_count > 0)
    return Stuck(
        incoming=_count(connection, unfinished & came),
        outgoing=_count(connection, remains),
        doubts=_count(connection, doubted),
    )


def _count(connection: Connection, where: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).where(where)).scalar_one())
