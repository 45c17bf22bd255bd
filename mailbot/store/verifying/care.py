"""I6: no open ticket without somebody responsible, a date, and a clock that ends every silence."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, exists, not_

from mailbot.desk.deadline import DeadlineKind
from mailbot.desk.ticket import State
from mailbot.store import tables
from mailbot.store.inbox import IMPORTED
from mailbot.store.states import DeadlineState, OutboxState
from mailbot.store.verifying.checks import Breaches, Promise, invariant, is_one_of, rows_where, word

_TICKETS = tables.tickets
_OUTBOX = tables.outbox
_DEADLINES = tables.deadlines
_INBOX = tables.inbox
_ALIVE = (DeadlineState.PENDING, DeadlineState.HELD)
# A mail that is not `sent` and not given up: its deadline is still to come, or MailUndelivered has told somebody.
_UNDER_WAY = (
    OutboxState.READY,
    OutboxState.SENDING,
    OutboxState.UNKNOWN,
    OutboxState.STOPPED,
    OutboxState.FAILED,
    OutboxState.PARKED,
)
_TAKE_IT = "mailbot tickets show TICKET; a specialist's #assign gives it to a group again"


@invariant(Promise.CARE, _TICKETS, _TAKE_IT)
def every_open_ticket_has_a_group(connection: Connection) -> Breaches:
    """Somebody is always responsible."""
    yield from rows_where(connection, _TICKETS, _open() & (_TICKETS.c.group == ""), "open without a group")


@invariant(Promise.CARE, _TICKETS, _TAKE_IT)
def every_ticket_in_progress_has_an_owner(connection: Connection) -> Breaches:
    """Somebody works on it."""
    where = _in(State.IN_PROGRESS) & (_TICKETS.c.owner.is_(None) | (_TICKETS.c.owner == ""))
    yield from rows_where(connection, _TICKETS, where, "in progress without an owner")


@invariant(Promise.CARE, _TICKETS, "a specialist's #priority computes them anew")
def every_open_ticket_has_due_dates(connection: Connection) -> Breaches:
    """Until when somebody answers, and until when it is solved."""
    undated = _TICKETS.c.response_due_at.is_(None) | _TICKETS.c.resolution_due_at.is_(None)
    yield from rows_where(connection, _TICKETS, _open() & undated, "open without a due date")


@invariant(Promise.CARE, _TICKETS, _TAKE_IT)
def every_assigned_ticket_is_watched(connection: Connection) -> Breaches:
    """A hand-over that nobody reacts to comes back."""
    where = _in(State.ASSIGNED) & not_(_has_deadline(DeadlineKind.UNCLAIMED)) & not_(_imported())
    yield from rows_where(connection, _TICKETS, where, "assigned without a waiting `unclaimed` deadline")


@invariant(Promise.CARE, _TICKETS, _TAKE_IT)
def every_silence_ends(connection: Connection) -> Breaches:
    """Waiting, answered and resolved tickets have a deadline, or a mail under way that arms one."""
    armed_by_mail = exists().where(
        _OUTBOX.c.ticket == _TICKETS.c.number, is_one_of(_OUTBOX.c.state, *_UNDER_WAY), _OUTBOX.c.arms.is_not(None)
    )
    quiet = _in(State.WAITING, State.ANSWERED, State.RESOLVED)
    where = quiet & not_(_has_deadline()) & not_(armed_by_mail) & not_(_imported())
    yield from rows_where(connection, _TICKETS, where, "nothing will happen if nobody writes")


CHECKS = (
    every_open_ticket_has_a_group,
    every_ticket_in_progress_has_an_owner,
    every_open_ticket_has_due_dates,
    every_assigned_ticket_is_watched,
    every_silence_ends,
)


def _in(*states: State) -> ColumnElement[bool]:
    return is_one_of(_TICKETS.c.state, *states)


def _open() -> ColumnElement[bool]:
    return _in(*(state for state in State if state.is_open))


def _has_deadline(kind: DeadlineKind | None = None) -> ColumnElement[bool]:
    where = (_DEADLINES.c.ticket == _TICKETS.c.number) & is_one_of(_DEADLINES.c.state, *_ALIVE)
    return exists().where(where if kind is None else where & (word(_DEADLINES.c.kind) == kind.value))


def _imported() -> ColumnElement[bool]:
    """Whether the ticket came out of `mailbot import`, which arms no deadline."""
    return exists().where(_INBOX.c.ticket == _TICKETS.c.number, _INBOX.c.account == IMPORTED)
