"""`mailbot verify`: what must hold over the whole database at any time (DESIGN section 3); the crash-safety argument.

Each invariant is one function that yields its breaches; its name is what people read. Columns are read as plain words,
because a row that breaks a rule must be shown and not raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, Table, and_, exists, func, not_, select, type_coerce

from mailbot.desk.deadline import DeadlineKind
from mailbot.desk.ticket import CancelReason, State
from mailbot.store import counters, tables
from mailbot.store.inbox import IMPORTED
from mailbot.store.states import DeadlineState, InboxState, OutboxState
from mailbot.store.unit_of_work import Work

_INBOX = tables.inbox
_OUTBOX = tables.outbox
_DEADLINES = tables.deadlines
_TICKETS = tables.tickets

_STATES: tuple[tuple[Table, type[StrEnum], str], ...] = (
    (_INBOX, InboxState, "id"),
    (_OUTBOX, OutboxState, "id"),
    (_DEADLINES, DeadlineState, "id"),
    (_TICKETS, State, "number"),
)
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


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: which invariant, where, and what is wrong."""

    invariant: str
    where: str
    what: str


def verify(work: Work) -> list[Finding]:
    """Every breach of the invariants; an empty list is what should be."""
    return [Finding(check.__name__, where, what) for check in INVARIANTS for where, what in check(work.connection)]


Breaches = Iterator[tuple[str, str]]


def every_state_is_named(connection: Connection) -> Breaches:
    """A state that no table of moves knows."""
    for table, kind, key in _STATES:
        state = _word(table.c.state)
        for row in connection.execute(select(table.c[key], state).where(state.not_in([one.value for one in kind]))):
            yield f"{table.name} {row[0]}", f"unknown state {row[1]!r}"


def every_claim_has_a_lease(connection: Connection) -> Breaches:
    """A claimed row without a lease would wait for ever."""
    for table, state in ((_INBOX, InboxState.CLAIMED), (_OUTBOX, OutboxState.SENDING)):
        where = (_word(table.c.state) == state.value) & table.c.lease_until.is_(None)
        for (row_id,) in connection.execute(select(table.c.id).where(where)):
            yield f"{table.name} {row_id}", f"{state} without a lease"


def every_disposition_has_a_reason(connection: Connection) -> Breaches:
    """Held, ignored and set-aside mail says why."""
    ends = [InboxState.HELD, InboxState.IGNORED, InboxState.SET_ASIDE]
    where = _word(_INBOX.c.state).in_([end.value for end in ends]) & (_INBOX.c.reason == "")
    for (row_id,) in connection.execute(select(_INBOX.c.id).where(where)):
        yield f"inbox {row_id}", "no reason"


def every_done_mail_has_a_decision(connection: Connection) -> Breaches:
    """What a mail did can be explained."""
    decided = exists().where(tables.decisions.c.inbox_id == _INBOX.c.id)
    where = and_(_word(_INBOX.c.state) == InboxState.DONE.value, not_(decided))
    for (row_id,) in connection.execute(select(_INBOX.c.id).where(where)):
        yield f"inbox {row_id}", "done without a decision"


def every_duplicate_names_its_original(connection: Connection) -> Breaches:
    """A duplicate without an original would be a lost mail."""
    where = (_word(_INBOX.c.state) == InboxState.DUPLICATE.value) & _INBOX.c.duplicate_of.is_(None)
    for (row_id,) in connection.execute(select(_INBOX.c.id).where(where)):
        yield f"inbox {row_id}", "a duplicate of nothing"


def every_open_ticket_has_a_group(connection: Connection) -> Breaches:
    """Somebody is always responsible."""
    yield from _tickets(connection, _open() & (_TICKETS.c.group == ""), "open without a group")


def every_assigned_ticket_is_watched(connection: Connection) -> Breaches:
    """A hand-over that nobody reacts to comes back."""
    where = _in(State.ASSIGNED) & not_(_has_deadline(DeadlineKind.UNCLAIMED)) & not_(_imported())
    yield from _tickets(connection, where, "assigned without a waiting `unclaimed` deadline")


def every_ticket_in_progress_has_an_owner(connection: Connection) -> Breaches:
    """Somebody works on it."""
    yield from _tickets(connection, _in(State.IN_PROGRESS) & _TICKETS.c.owner.is_(None), "in progress without an owner")


def every_silence_ends(connection: Connection) -> Breaches:
    """Waiting, answered and resolved tickets have a deadline, or a mail under way that arms one."""
    armed_by_mail = exists().where(
        _OUTBOX.c.ticket == _TICKETS.c.number,
        _word(_OUTBOX.c.state).in_([state.value for state in _UNDER_WAY]),
        _OUTBOX.c.arms.is_not(None),
    )
    quiet = _in(State.WAITING, State.ANSWERED, State.RESOLVED)
    where = quiet & not_(_has_deadline()) & not_(armed_by_mail) & not_(_imported())
    yield from _tickets(connection, where, "nothing will happen if nobody writes")


def every_waiting_ticket_says_for_whom(connection: Connection) -> Breaches:
    """Waiting is always for somebody or something."""
    yield from _tickets(connection, _in(State.WAITING) & _TICKETS.c.waiting_for.is_(None), "waiting for nothing")


def every_cancelled_ticket_says_why(connection: Connection) -> Breaches:
    """Cancelled has a reason and a way back; merged names the survivor."""
    reason = _word(_TICKETS.c.cancel_reason)
    nothing = reason.is_(None) | _TICKETS.c.former_state.is_(None)
    yield from _tickets(connection, _in(State.CANCELLED) & nothing, "cancelled without reason or former state")
    lost = (reason == CancelReason.MERGED.value) & _TICKETS.c.merged_into.is_(None)
    yield from _tickets(connection, _in(State.CANCELLED) & lost, "merged into nothing")


def every_deadline_is_there_once(connection: Connection) -> Breaches:
    """An escalation happens once."""
    key = (_DEADLINES.c.ticket, _word(_DEADLINES.c.kind), _DEADLINES.c.step, _DEADLINES.c.cycle)
    for row in connection.execute(select(*key).group_by(*key).having(func.count() > 1)):
        yield f"ticket {row[0]}", f"deadline {row[1]}/{row[2]}/{row[3]} is there twice"


def every_sent_mail_started_its_clock(connection: Connection) -> Breaches:
    """The deadline that rides on a mail was armed in the transaction that marked it sent."""
    sent = select(_OUTBOX.c.id, _OUTBOX.c.ticket, _OUTBOX.c.arms).where(
        _word(_OUTBOX.c.state) == OutboxState.SENT.value, _OUTBOX.c.arms.is_not(None), _OUTBOX.c.ticket.is_not(None)
    )
    key = (_DEADLINES.c.ticket, _word(_DEADLINES.c.kind), _DEADLINES.c.step, _DEADLINES.c.cycle)
    armed = {tuple(row) for row in connection.execute(select(*key))}
    for row in connection.execute(sent):
        if (row.ticket, row.arms["kind"], row.arms["step"], row.arms["cycle"]) not in armed:
            yield f"outbox {row.id}", f"sent, but its deadline {row.arms['kind']} was never armed"


def every_number_is_given_once(connection: Connection) -> Breaches:
    """The counters are ahead of what they gave out."""
    for name, column in ((counters.TICKET, _TICKETS.c.number), (counters.OUTBOX, _OUTBOX.c.id)):
        highest = connection.execute(select(func.max(column))).scalar() or 0
        counter = select(tables.counters.c.next).where(tables.counters.c.name == name)
        upcoming = connection.execute(counter).scalar() or 1
        if upcoming <= highest:
            yield f"counter {name}", f"the next would be {upcoming}, but {highest} is given"


INVARIANTS: tuple[Callable[[Connection], Breaches], ...] = (
    every_state_is_named,
    every_claim_has_a_lease,
    every_disposition_has_a_reason,
    every_done_mail_has_a_decision,
    every_duplicate_names_its_original,
    every_open_ticket_has_a_group,
    every_assigned_ticket_is_watched,
    every_ticket_in_progress_has_an_owner,
    every_silence_ends,
    every_waiting_ticket_says_for_whom,
    every_cancelled_ticket_says_why,
    every_deadline_is_there_once,
    every_sent_mail_started_its_clock,
    every_number_is_given_once,
)


def _word(column: ColumnElement[Any]) -> ColumnElement[str]:
    return type_coerce(column, String)


def _tickets(connection: Connection, where: ColumnElement[bool], what: str) -> Breaches:
    for (number,) in connection.execute(select(_TICKETS.c.number).where(where).order_by(_TICKETS.c.number)):
        yield f"ticket {number}", what


def _in(*states: State) -> ColumnElement[bool]:
    return _word(_TICKETS.c.state).in_([state.value for state in states])


def _open() -> ColumnElement[bool]:
    return _in(*(state for state in State if state.is_open))


def _has_deadline(kind: DeadlineKind | None = None) -> ColumnElement[bool]:
    alive = _word(_DEADLINES.c.state).in_([state.value for state in _ALIVE])
    where = (_DEADLINES.c.ticket == _TICKETS.c.number) & alive
    return exists().where(where if kind is None else where & (_word(_DEADLINES.c.kind) == kind.value))


def _imported() -> ColumnElement[bool]:
    """Whether the ticket came out of `mailbot import`, which arms no deadline."""
    return exists().where(_INBOX.c.ticket == _TICKETS.c.number, _INBOX.c.account == IMPORTED)
