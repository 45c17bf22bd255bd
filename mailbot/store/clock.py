"""One clock for all daemons of a database: leases of one are judged by another, so their clocks must not differ."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol

from mailbot.store.failures import DatabaseUnavailable

ASK_EVERY_SECONDS = 60.0
ASK_AGAIN_SECONDS = 10.0  # a database that is away: each loop asks for the time in every turn


class Clock(Protocol):
    """Tells the time, in UTC."""

    def __call__(self) -> datetime:
        """Now."""
        ...


def local_now() -> datetime:
    """The clock of this machine: right where only one process works on the database."""
    return datetime.now(UTC)


class DatabaseClock:
    """The clock of the database, asked once a minute and carried on by the monotonic clock between."""

    def __init__(self, ask: Callable[[], datetime], *, monotonic: Callable[[], float] = monotonic) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._known: tuple[datetime, float] | None = None
        self._ask_at = 0.0

    def __call__(self) -> datetime:
        """Now, by the database; while it does not answer, by what it said last."""
        known = self._known
        if known is None or self._monotonic() >= self._ask_at:
            known = self._asked(known)
        told, at = known
        return told + timedelta(seconds=self._monotonic() - at)

    def _asked(self, known: tuple[datetime, float] | None) -> tuple[datetime, float]:
        try:
            told = self._ask()
        except DatabaseUnavailable:
            if known is None:
                raise
            self._ask_at = self._monotonic() + ASK_AGAIN_SECONDS
            return known
        self._known = told, self._monotonic()
        self._ask_at = self._known[1] + ASK_EVERY_SECONDS
        return self._known
