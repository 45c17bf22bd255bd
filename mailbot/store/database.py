"""The database: engine, migrations, transactions, and the guard that keeps a second daemon away from SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from mailbot.store.unit_of_work import Work


class AlreadyRunning(Exception):
    """Another daemon works on this database; the message says which."""


class Database:
    """An open database; threads may share it."""

    @classmethod
    def open(cls, url: str, *, busy_timeout_seconds: float = 10.0) -> Self:
        """Connect; `url` as SQLAlchemy writes it: `sqlite:///path/mailbot.db`, `sqlite:///:memory:`."""
        raise NotImplementedError

    def upgrade(self) -> None:
        """Bring the schema to the newest version."""
        raise NotImplementedError

    def claim_daemon(self, who: str) -> None:
        """Be the only daemon until `close`; AlreadyRunning says who is. Verbs of admins need no claim."""
        raise NotImplementedError

    @contextmanager
    def write(self) -> Iterator[Work]:
        """A writing transaction (BEGIN IMMEDIATE): committed at the end, rolled back when it raises. Keep it short."""
        raise NotImplementedError
        yield

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A reading transaction."""
        raise NotImplementedError
        yield

    @contextmanager
    def rehearse(self) -> Iterator[Work]:
        """A writing transaction that is always rolled back: `mailbot explain`."""
        raise NotImplementedError
        yield

    def close(self) -> None:
        """Let go of every connection and of the daemon's claim."""
        raise NotImplementedError
