"""What a check is: a sentence that must hold, the rows it is about, and a search for those that break it.

A check is a function that yields its breaches; its name is what people read, its first line what it means. Columns with
words of an enumeration are read as plain text, because a row that breaks a rule must be shown and not raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, Table, select, type_coerce

from mailbot.store import tables

ROWS_AT_A_TIME = 100  # where bytes are read; whole mails do not fit into memory by the thousand

Breaches = Iterator[tuple[str, str]]
"""(where, what): "inbox 17", "no reason"."""


class Promise(StrEnum):
    """The invariants of reliability.md, section 6."""

    ONE_DISPOSITION = "I1"
    EFFECTS_ONCE = "I2"
    DELIVERY = "I3"
    WALL = "I4"
    SHORT_CHAINS = "I5"
    CARE = "I6"
    LEGAL_STATES = "I7"
    RIGHTS = "I8"


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence that must hold. `table` is what it looks at; `remedy` helps whoever finds it broken."""

    promise: Promise
    table: Table
    remedy: str
    find: Callable[[Connection], Breaches]

    @property
    def name(self) -> str:
        """The sentence, in_words_like_these."""
        return self.find.__name__

    @property
    def meaning(self) -> str:
        """Why it must hold, in a line."""
        return (self.find.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: which invariant, where, and what is wrong; of which promise, and what helps."""

    invariant: str
    where: str
    what: str
    promise: str = ""
    remedy: str = ""


def invariant(promise: Promise, table: Table, remedy: str) -> Callable[[Callable[[Connection], Breaches]], Check]:
    """Makes a check of a function that yields breaches."""
    return lambda find: Check(promise, table, remedy, find)


def word(column: ColumnElement[Any]) -> ColumnElement[str]:
    """The column as the text that stands there, whatever its enumeration knows."""
    return type_coerce(column, String)


def is_one_of(column: ColumnElement[Any], *values: StrEnum) -> ColumnElement[bool]:
    """Whether the word is one of these."""
    return word(column).in_([value.value for value in values])


def place(table: Table, key: object) -> str:
    """How people find the row: "inbox 17", "ticket 1042"."""
    return f"{'ticket' if table is tables.tickets else table.name} {key}"


def rows_where(connection: Connection, table: Table, where: ColumnElement[bool], what: str) -> Breaches:
    """Every row of the table that fits is a breach."""
    key = next(iter(table.primary_key.columns))
    for (found,) in connection.execute(select(key).where(where).order_by(key)):
        yield place(table, found), what


def stream(connection: Connection, statement: Select[Any]) -> Iterator[Any]:
    """The rows, a few at a time."""
    yield from connection.execute(statement.execution_options(yield_per=ROWS_AT_A_TIME))
