"""I7: every row is in a state that the tables of DESIGN section 3 name, and its columns fit that state.

The moves themselves are guarded where they are made (`store/moves.py`) and judged by the simulation, which keeps a
journal of them; a database shows where its rows stand, not which way they came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Enum,
    Select,
    String,
    Table,
    and_,
    cast,
    exists,
    literal,
    not_,
    or_,
    select,
    union_all,
)

from mailbot.desk.ticket import CancelReason, State
from mailbot.store import tables
from mailbot.store.states import DeadlineState, InboxState, OutboxState, Phase
from mailbot.store.verifying.checks import Breaches, Promise, invariant, is_one_of, place, rows_where, word

_INBOX = tables.inbox
_OUTBOX = tables.outbox
_DEADLINES = tables.deadlines
_TICKETS = tables.tickets
_DAMAGED = "the row is damaged: mailbot restore brings the last backup"


@invariant(Promise.LEGAL_STATES, _INBOX, _DAMAGED)
def every_state_is_named(connection: Connection) -> Breaches:
    """Each word that a column may hold stands in its enumeration; no loop would ever look at another."""
    for table, column, key, found in connection.execute(_UNNAMED):
        yield place(tables.metadata.tables[table], key), f"unknown {column} {found!r}"


@invariant(Promise.LEGAL_STATES, _INBOX, "restart the daemon: it frees what nobody works on")
def every_claim_has_a_lease(connection: Connection) -> Breaches:
    """A claimed row without a lease would wait for ever; a lease without a claim keeps nobody away."""
    for table, state in ((_INBOX, InboxState.CLAIMED), (_OUTBOX, OutboxState.SENDING)):
        claimed, unleased = is_one_of(table.c.state, state), table.c.lease_until.is_(None)
        yield from rows_where(connection, table, claimed & unleased, f"{state} without a lease")
        yield from rows_where(connection, table, not_(claimed) & not_(unleased), f"a lease, and not {state}")


@invariant(Promise.LEGAL_STATES, _INBOX, "mailbot inbox show ROW")
def every_mail_in_fits_its_state(connection: Connection) -> Breaches:
    """Only a duplicate is one of something, and an original is never lost."""
    is_duplicate = is_one_of(_INBOX.c.state, InboxState.DUPLICATE)
    wrong = not_(is_duplicate) & _INBOX.c.duplicate_of.is_not(None)
    yield from rows_where(connection, _INBOX, wrong, "names an original, and is no duplicate")
    unnamed = is_one_of(_INBOX.c.state, InboxState.CLAIMED) & (_INBOX.c.holder == "")
    yield from rows_where(connection, _INBOX, unnamed, "claimed by nobody")


@invariant(Promise.LEGAL_STATES, _OUTBOX, "mailbot outbox show ROW")
def every_mail_out_fits_its_state(connection: Connection) -> Breaches:
    """What is in DATA is being sent, in doubt, or known; what waits has not begun."""
    state, in_data = _OUTBOX.c.state, word(_OUTBOX.c.phase) == Phase.DATA.value
    begun = is_one_of(state, OutboxState.READY) & in_data
    yield from rows_where(connection, _OUTBOX, begun, "ready in phase data: it may have left")
    timeless = is_one_of(state, OutboxState.UNKNOWN) & _OUTBOX.c.unknown_at.is_(None)
    yield from rows_where(connection, _OUTBOX, timeless, "in doubt since no time: nobody would look again")
    idle = is_one_of(state, OutboxState.SENDING) & (
        (word(_OUTBOX.c.phase) == Phase.NONE.value) | (_OUTBOX.c.attempts < 1) | (_OUTBOX.c.holder == "")
    )
    yield from rows_where(connection, _OUTBOX, idle, "sending, and nobody has begun")


@invariant(Promise.LEGAL_STATES, _DEADLINES, "mailbot tickets show TICKET")
def every_deadline_fits_its_state(connection: Connection) -> Breaches:
    """What fired says when; what did not, has not."""
    fired = is_one_of(_DEADLINES.c.state, DeadlineState.FIRED)
    wrong = or_(fired & _DEADLINES.c.fired_at.is_(None), not_(fired) & _DEADLINES.c.fired_at.is_not(None))
    yield from rows_where(connection, _DEADLINES, wrong, "its state and the time at which it fired disagree")


@invariant(Promise.LEGAL_STATES, _TICKETS, "mailbot tickets show TICKET")
def every_waiting_ticket_says_for_whom(connection: Connection) -> Breaches:
    """Waiting is always for somebody or something, and nothing else waits."""
    waiting, nothing = is_one_of(_TICKETS.c.state, State.WAITING), _TICKETS.c.waiting_for.is_(None)
    yield from rows_where(connection, _TICKETS, waiting & nothing, "waiting for nothing")


@invariant(Promise.LEGAL_STATES, _TICKETS, "mailbot tickets show TICKET; #undo brings it back")
def every_cancelled_ticket_says_why(connection: Connection) -> Breaches:
    """Cancelled has a reason and a way back; merged names the survivor."""
    cancelled, reason = is_one_of(_TICKETS.c.state, State.CANCELLED), word(_TICKETS.c.cancel_reason)
    nothing = reason.is_(None) | _TICKETS.c.former_state.is_(None)
    yield from rows_where(connection, _TICKETS, cancelled & nothing, "cancelled without reason or former state")
    lost = (reason == CancelReason.MERGED.value) & _TICKETS.c.merged_into.is_(None)
    yield from rows_where(connection, _TICKETS, cancelled & lost, "merged into nothing")


@invariant(Promise.LEGAL_STATES, _TICKETS, "mailbot tickets show TICKET; #reopen, or a specialist's #resolve")
def every_ended_ticket_has_its_time(connection: Connection) -> Breaches:
    """Resolved and closed say since when: the reopen period begins there."""
    timeless = or_(
        and_(is_one_of(_TICKETS.c.state, State.CLOSED), _TICKETS.c.closed_at.is_(None)),
        and_(is_one_of(_TICKETS.c.state, State.RESOLVED), _TICKETS.c.resolved_at.is_(None)),
    )
    yield from rows_where(connection, _TICKETS, timeless, "resolved or closed at no time")
    yield from rows_where(connection, _TICKETS, _TICKETS.c.version < 1, "was never saved")


@invariant(Promise.LEGAL_STATES, _OUTBOX, _DAMAGED)
def every_reference_leads_somewhere(connection: Connection) -> Breaches:
    """What a row names is there: no mail, entry or deadline of a ticket that is not."""
    for table, column, key, found in connection.execute(_DANGLING):
        yield place(tables.metadata.tables[table], key), f"{column} {found} is not there"


CHECKS = (
    every_state_is_named,
    every_claim_has_a_lease,
    every_mail_in_fits_its_state,
    every_mail_out_fits_its_state,
    every_deadline_fits_its_state,
    every_waiting_ticket_says_for_whom,
    every_cancelled_ticket_says_why,
    every_ended_ticket_has_its_time,
    every_reference_leads_somewhere,
)


# ---------------------------------------------------------------- read off the tables themselves


def _unnamed() -> Iterator[Select[Any]]:
    for table in tables.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Enum):
                unknown = not_(word(column).in_(column.type.enums))
                yield _where(table, column, word(column), unknown)


def _dangling() -> Iterator[Select[Any]]:
    for table in tables.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias()
            there = exists().where(target.c[key.column.name] == key.parent)
            yield _where(table, key.parent, cast(key.parent, String), and_(key.parent.is_not(None), not_(there)))


def _where(table: Table, column: ColumnElement[Any], shown: ColumnElement[str], where: ColumnElement[bool]) -> Any:
    key = next(iter(table.primary_key.columns))
    names = (literal(table.name).label("table"), literal(column.name).label("column"))
    return select(*names, cast(key, String).label("key"), shown.label("found")).where(where)


_UNNAMED = union_all(*_unnamed())
_DANGLING = union_all(*_dangling())
