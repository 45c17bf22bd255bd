"""The next number of a ticket and of an outbox row, given out inside the transaction that uses it.

The row of a counter stays locked until that transaction ends: so no number is lost, and no two decisions overlap.
"""

from __future__ import annotations

from sqlalchemy import Connection, case, select, update

from mailbot.store import tables
from mailbot.store.values import insert_new

TICKET = "ticket"
OUTBOX = "outbox"
_COUNTERS = tables.counters


def take_turn(connection: Connection) -> None:
    """Whoever decides something waits here until nobody else does, and then reads the world as the other left it.

    SQLite's one writer is that by nature. On PostgreSQL this is the first row that every deciding transaction locks:
    behind it tickets, deadlines and outbox rows can be locked in any order, and nobody waits in a circle. Claims and
    what a worker does with its own row need no turn.
    """
    if connection.dialect.name == "postgresql":
        peek(connection, TICKET)


def peek(connection: Connection, name: str) -> int:
    """The next number, still free; no other transaction gets it while this one lasts."""
    row = select(_COUNTERS.c.next).where(_COUNTERS.c.name == name).with_for_update()
    number = connection.execute(row).scalar()
    if number is None:
        insert_new(connection, _COUNTERS, {"name": name, "next": 1}, returning="name")
        number = connection.execute(row).scalar_one()
    return int(number)


def take(connection: Connection, name: str) -> int:
    """The next number, for the caller alone."""
    take_turn(connection)
    taken = update(_COUNTERS).where(_COUNTERS.c.name == name).values(next=_COUNTERS.c.next + 1)
    following = connection.execute(taken.returning(_COUNTERS.c.next)).scalar()
    if following is not None:
        return int(following) - 1
    peek(connection, name)
    return take(connection, name)


def pass_by(connection: Connection, name: str, number: int) -> None:
    """This number is used: the next one is higher."""
    higher = case((_COUNTERS.c.next <= number, number + 1), else_=_COUNTERS.c.next)
    connection.execute(update(_COUNTERS).where(_COUNTERS.c.name == name).values(next=higher))
