"""The weather of a simulation: one seeded Random decides everything, and every step of the fakes can go wrong.

A `blow` is planned so many steps ahead; steps are SQL statements, begins and commits, calls of mailbox, postman and
parser, each before, in and after. So a process dies, or a database vanishes, anywhere with the same chance. Besides,
servers fail on their own, as often as the climate of the seed says.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from hashlib import sha256
from random import Random
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from mailbot.store.database import CommitUnknown, Database
from mailbot.store.unit_of_work import Work

T = TypeVar("T")
CLIMATES = (0.0, 0.01, 0.04, 0.12)  # how often a call of a server fails


class Crash(BaseException):
    """The process is gone at this instant; nothing catches it but the world."""


class Blow(Enum):
    """What a planned blow does."""

    CRASH = auto()
    DATABASE = auto()  # this statement, and with it the transaction, fails
    UNANSWERED = auto()  # the next commit is done, but nobody learns of it


class Trace:
    """Everything that happened, line by line; equal hashes mean equal runs."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._hash = sha256()

    def note(self, line: str) -> None:
        self.lines.append(line)
        self._hash.update(line.encode() + b"\n")

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()[:16]


class Weather:
    """Decides by the seed; `calm` ends all faults. `count` tells how many there were of each kind."""

    def __init__(self, seed: int, trace: Trace) -> None:
        self.random = Random(seed)
        self.trace = trace
        self.climate = self.random.choice(CLIMATES)
        self.blows = self.random.random() < 0.8  # some seeds have no crashes, so that stories come further
        self.at_work = False  # whether the product runs at this moment: nothing else is hit
        self.count: Counter[str] = Counter()
        self._ahead: int | None = None
        self._blow = Blow.CRASH

    # ---------------------------------------------------------------- chance

    def happens(self, probability: float) -> bool:
        return probability > 0 and self.random.random() < probability

    def pick(self, choices: Sequence[T]) -> T:
        return self.random.choice(choices)

    def weighed(self, choices: Sequence[tuple[float, T]]) -> T:
        return self.random.choices([one for _, one in choices], [weight for weight, _ in choices])[0]

    # ---------------------------------------------------------------- faults

    @property
    def faults(self) -> int:
        """How many faults there were so far."""
        return self.count.total()

    def calm(self) -> None:
        """From now on the world is kind."""
        self.climate, self.blows, self._ahead = 0.0, False, None

    def plan(self) -> None:
        """A blow, somewhere within the next steps of the product."""
        if self.blows and self._ahead is None:
            self._blow = self.weighed([(0.7, Blow.CRASH), (0.2, Blow.DATABASE), (0.1, Blow.UNANSWERED)])
            self._ahead = int(self.random.expovariate(1 / 60))

    def step(self, point: str, *, statement: bool = False, committed: bool = False) -> None:
        """One step of the product; the blow hits when its time has come, and where its kind fits."""
        if not self.at_work or self._ahead is None:
            return
        self._ahead -= 1
        if self._ahead > 0 or not self._fits(statement, committed):
            return
        self._ahead = None
        self.struck(f"{self._blow.name.lower()} at {point}")
        match self._blow:
            case Blow.CRASH:
                raise Crash(point)
            case Blow.DATABASE:
                raise OperationalError(point, None, sqlite3.OperationalError("disk I/O error"))
            case Blow.UNANSWERED:
                raise CommitUnknown(f"no answer {point}")

    def _fits(self, statement: bool, committed: bool) -> bool:
        match self._blow:
            case Blow.CRASH:
                return True
            case Blow.DATABASE:
                return statement
            case Blow.UNANSWERED:
                return committed

    def struck(self, what: str) -> None:
        self.count[what] += 1
        self.trace.note(f"! {what}")


class StormyDatabase(Database):
    """The store of production; blows hit each statement, and both sides of each commit."""

    weather: Weather

    def begin_weather(self, weather: Weather) -> None:
        self.weather = weather

        @event.listens_for(self._engine, "before_cursor_execute")
        def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            # A rollback must come through, and a transaction that has not begun cannot be lost.
            if not statement.startswith(("ROLLBACK", "RELEASE", "PRAGMA", "BEGIN")):
                weather.step(f"sql {' '.join(statement.split()[:3])}", statement=True)

    @contextmanager
    def write(self) -> Iterator[Work]:
        with super().write() as work:
            yield work
            self.weather.step("before commit")
        self.weather.step("after commit", committed=True)


@contextmanager
def at_work(weather: Weather, yes: bool = True) -> Iterator[None]:
    """While this lasts the product runs, and the weather may hit it (or not, where a story must come to its end)."""
    before, weather.at_work = weather.at_work, yes
    try:
        yield
    finally:
        weather.at_work = before
