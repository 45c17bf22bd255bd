"""`mailbot verify`: what must hold over the whole database at any time, in words (the invariants I1-I8).

It reads one consistent view beside whoever works, and changes nothing: the oracle of every crash test, and of whoever
doubts. What a check means stands with it, in `verifying/`; what no database can show (a mail that never came in, two
identical copies on the wire) is judged where it can be seen: by the conservation check and by the simulation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Table, func, select

from mailbot.store.unit_of_work import Work
from mailbot.store.verifying import care, effects, incoming, outgoing, rights, states, wall
from mailbot.store.verifying.checks import Check, Finding, Promise
from mailbot.store.verifying.outgoing import AUTOMATIC_IN_A_ROW

__all__ = ["AUTOMATIC_IN_A_ROW", "INVARIANTS", "Check", "Examined", "Finding", "Promise", "examine", "verify"]


def checks(automatic_in_a_row: int = AUTOMATIC_IN_A_ROW) -> tuple[Check, ...]:
    """Every check, by promise; admins may have allowed longer chains of automatic mail."""
    return (
        *incoming.CHECKS,
        *effects.CHECKS,
        *outgoing.CHECKS,
        *wall.CHECKS,
        outgoing.chains_of_at_most(max(automatic_in_a_row, AUTOMATIC_IN_A_ROW)),
        *care.CHECKS,
        *states.CHECKS,
        *rights.CHECKS,
    )


INVARIANTS = checks()


@dataclass(frozen=True, slots=True)
class Examined:
    """One check with its result: how many rows it looked at, and what it found."""

    check: Check
    rows: int
    findings: tuple[Finding, ...]


def verify(work: Work) -> list[Finding]:
    """Every breach of the invariants; an empty list is what should be."""
    return [finding for check in INVARIANTS for finding in _findings(check, work.connection)]


def examine(work: Work, automatic_in_a_row: int = AUTOMATIC_IN_A_ROW) -> Iterator[Examined]:
    """The same check by check, for people who want to see what was looked at."""
    counted: dict[Table, int] = {}
    for check in checks(automatic_in_a_row):
        if check.table not in counted:
            rows = select(func.count()).select_from(check.table)
            counted[check.table] = work.connection.execute(rows).scalar_one()
        yield Examined(check, counted[check.table], tuple(_findings(check, work.connection)))


def _findings(check: Check, connection: Connection) -> Iterator[Finding]:
    """What breaks it. A value that cannot be read at all breaks it as well."""
    try:
        for where, what in check.find(connection):
            yield Finding(check.name, where, what, check.promise.value, check.remedy)
    except (ValueError, TypeError, LookupError) as unreadable:
        what = f"cannot be read: {type(unreadable).__name__}: {unreadable}"
        yield Finding(check.name, check.table.name, what, check.promise.value, check.remedy)
