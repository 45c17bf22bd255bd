"""Moves between states: every UPDATE of a state names the states it may come from, and the row count decides."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, select, update

from mailbot.store.values import LONG_AGO

S = TypeVar("S", bound=StrEnum)
SWEEP = 1_000  # rows at a time; the rest comes next time


class IllegalMove(Exception):
    """The row is not where the move would start: an assertion about ourselves, or somebody was faster."""


class ClaimLost(IllegalMove):
    """The lease ended and the row has gone on since: nothing may be done with the old claim."""


class Conflict(Exception):
    """Somebody saved the ticket first: read again, decide again."""


def sources(moves: Mapping[S, frozenset[S]], to: S) -> frozenset[S]:
    """The states from which the table lets a row come to `to`."""
    return frozenset(state for state, targets in moves.items() if to in targets)


def move_all(
    connection: Connection,
    table: Table,
    moves: Mapping[S, frozenset[S]],
    to: S,
    where: ColumnElement[bool],
    *,
    came_from: Collection[S] | None = None,
    **columns: Any,
) -> tuple[int, ...]:
    """Move every row that fits; `came_from` narrows the table of moves and never widens it. The ids that moved."""
    allowed = sources(moves, to)
    if came_from is not None:
        if not allowed.issuperset(came_from):
            raise IllegalMove(f"{table.name}: {sorted(came_from)} may not all become {to}")
        allowed = frozenset(came_from)
    statement = (
        update(table).where(where, table.c.state.in_(sorted(allowed))).values(state=to, **columns).returning(table.c.id)
    )
    return tuple(connection.execute(statement).scalars())


def move_free(
    connection: Connection,
    table: Table,
    moves: Mapping[S, frozenset[S]],
    to: S,
    where: ColumnElement[bool],
    *,
    came_from: Collection[S],
    **columns: Any,
) -> tuple[int, ...]:
    """Like `move_all`, for sweeps: rows that somebody works on at this moment are left alone, never waited for."""
    free = select(table.c.id).where(where, table.c.state.in_(sorted(came_from))).order_by(table.c.id).limit(SWEEP)
    ids = connection.execute(free.with_for_update(skip_locked=True)).scalars().all()
    if not ids:
        return ()
    return move_all(connection, table, moves, to, table.c.id.in_(ids), came_from=came_from, **columns)


def move_one(
    connection: Connection,
    table: Table,
    moves: Mapping[S, frozenset[S]],
    to: S,
    where: ColumnElement[bool],
    *,
    came_from: Collection[S] | None = None,
    **columns: Any,
) -> int:
    """Move exactly the row that fits and give its id, or raise IllegalMove."""
    moved = move_all(connection, table, moves, to, where, came_from=came_from, **columns)
    if len(moved) != 1:
        raise IllegalMove(f"{table.name}: no row that may become {to}")
    return moved[0]


def end_leases(connection: Connection, table: Table, where: ColumnElement[bool], holder: str | None) -> int:
    """Claims of a dead holder (None: of anybody) end now; how many. Rows that are locked are left for the next time."""
    running = where & (table.c.lease_until > LONG_AGO)
    if holder is not None:
        running = running & (table.c.holder == holder)
    ids = connection.execute(select(table.c.id).where(running).with_for_update(skip_locked=True)).scalars().all()
    if ids:
        connection.execute(update(table).where(table.c.id.in_(ids)).values(lease_until=LONG_AGO))
    return len(ids)
