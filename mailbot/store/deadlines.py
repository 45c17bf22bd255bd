"""The deadlines queue: what happens when nobody does anything first (DESIGN section 3).

Firing and its effects are one transaction. A key (ticket, kind, step, cycle) is there once: while it waits, arming it
again changes nothing; once it is over, a later decision may arm it anew, and the new row takes the place of the old.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, select

from mailbot.desk.deadline import Arm, Deadline, DeadlineKind
from mailbot.store import counters, tables
from mailbot.store.moves import move_all, move_one
from mailbot.store.rows import DeadlineLine
from mailbot.store.states import DeadlineState
from mailbot.store.values import as_value, insert_new

MOVES: Mapping[DeadlineState, frozenset[DeadlineState]] = {
    DeadlineState.PENDING: frozenset({DeadlineState.FIRED, DeadlineState.CANCELLED, DeadlineState.HELD}),
    DeadlineState.HELD: frozenset({DeadlineState.FIRED, DeadlineState.CANCELLED}),
    DeadlineState.FIRED: frozenset(),
    DeadlineState.CANCELLED: frozenset(),
}
OVER = (DeadlineState.FIRED, DeadlineState.CANCELLED)

_DEADLINES = tables.deadlines


class Deadlines:
    """The deadlines inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def arm(self, ticket: int, arm: Arm, due_at: datetime, policy_hash: str, now: datetime) -> None:
        """A deadline to come; one of the same key that still waits stays as it is."""
        key = _key(ticket, arm.kind, arm.step, arm.cycle)
        self._connection.execute(delete(_DEADLINES).where(key, _DEADLINES.c.state.in_(OVER)))
        row = {
            "ticket": ticket,
            "kind": arm.kind,
            "step": arm.step,
            "cycle": arm.cycle,
            "due_at": due_at,
            "policy_hash": policy_hash,
            "state": DeadlineState.PENDING,
            "armed_at": now,
        }
        insert_new(self._connection, _DEADLINES, row, returning="id")

    def cancel(self, ticket: int, kinds: Collection[DeadlineKind]) -> None:
        """These no longer matter."""
        where = (_DEADLINES.c.ticket == ticket) & _DEADLINES.c.kind.in_(kinds)
        move_all(self._connection, _DEADLINES, MOVES, DeadlineState.CANCELLED, where)

    def due(self, now: datetime, limit: int = 100) -> list[Deadline]:
        """Pending deadlines that have come, oldest first; nobody else fires them while this transaction lasts."""
        counters.take_turn(self._connection)
        come = select(_DEADLINES).where(_DEADLINES.c.state == DeadlineState.PENDING, _DEADLINES.c.due_at <= now)
        oldest = come.order_by(_DEADLINES.c.due_at, _DEADLINES.c.id).limit(limit).with_for_update(skip_locked=True)
        return [as_value(Deadline, row) for row in self._connection.execute(oldest).mappings()]

    def fire(self, deadline: Deadline, now: datetime) -> None:
        """It has come; commit with its effects. IllegalMove where it was cancelled, fired or armed anew meanwhile."""
        move_one(self._connection, _DEADLINES, MOVES, DeadlineState.FIRED, _same(deadline), fired_at=now)

    def hold(self, deadline: Deadline, reason: str) -> None:
        """It has come, but a person must look first (a storm, a step of the clock)."""
        move_one(self._connection, _DEADLINES, MOVES, DeadlineState.HELD, _same(deadline), reason=reason)

    def lines(
        self, *, ticket: int | None = None, states: Collection[DeadlineState] = (), limit: int = 1000
    ) -> list[DeadlineLine]:
        """Deadlines for people, by due time."""
        found = select(_DEADLINES).order_by(_DEADLINES.c.due_at, _DEADLINES.c.id).limit(limit)
        found = found if ticket is None else found.where(_DEADLINES.c.ticket == ticket)
        found = found.where(_DEADLINES.c.state.in_(states)) if states else found
        return [_line(row) for row in self._connection.execute(found).mappings()]

    def next_due_at(self) -> datetime | None:
        """When the next pending deadline comes."""
        pending = select(func.min(_DEADLINES.c.due_at)).where(_DEADLINES.c.state == DeadlineState.PENDING)
        found: datetime | None = self._connection.execute(pending).scalar()
        return found


def _key(ticket: int, kind: DeadlineKind, step: int, cycle: int) -> ColumnElement[bool]:
    named = (_DEADLINES.c.ticket == ticket) & (_DEADLINES.c.kind == kind)
    return named & (_DEADLINES.c.step == step) & (_DEADLINES.c.cycle == cycle)


def _same(deadline: Deadline) -> ColumnElement[bool]:
    key = _key(deadline.ticket, deadline.kind, deadline.step, deadline.cycle)
    return key & (_DEADLINES.c.due_at == deadline.due_at)


def _line(row: RowMapping) -> DeadlineLine:
    return DeadlineLine(as_value(Deadline, row), row["state"], row["fired_at"])
