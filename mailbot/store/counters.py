"""The next number of a ticket and of an outbox row, given out inside the transaction that uses it."""

from __future__ import annotations

from sqlalchemy import Connection, case, select, update

from mailbot.store import tables
from mailbot.store.values import insert_new

TICKET = "ticket"
OUTBOX = "outbox"
_COUNTERS = tables.counters


def peek(connection: Connection, name: str) -> int:
    """The next number, still free; no other transaction gets it while this one lasts."""
    insert_new(connection, _COUNTERS, {"name": name, "next": 1}, returning="name")
    row = select(_COUNTERS.c.next).where(_COUNTERS.c.name == name).with_for_update()
    return int(connection.execute(row).scalar_one())


def take(connection: Connection, name: str) -> int:
    """The next number, for the caller alone."""
    number = peek(connection, name)
    pass_by(connection, name, number)
    return number


def pass_by(connection: Connection, name: str, number: int) -> None:
    """This number is used: the next one is higher."""
    higher = case((_COUNTERS.c.next <= number, number + 1), else_=_COUNTERS.c.next)
    connection.execute(update(_COUNTERS).where(_COUNTERS.c.name == name).values(next=higher))
