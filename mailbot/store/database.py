"""The database: transactions, migrations, the clock, and the guard that keeps a second daemon away from SQLite.

SQLite has one writer at a time: a lock in this process, `BEGIN IMMEDIATE` between processes. PostgreSQL has as many as
there are daemons; what is safe there because of the one writer is safe here by locks on rows (`counters.take_turn`).
Nobody outside the store knows which of the two it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from time import sleep
from typing import Self

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from mailbot.store.clock import Clock, DatabaseClock, local_now
from mailbot.store.commits import commit
from mailbot.store.daemon_claim import DaemonClaim
from mailbot.store.failures import CommitUnknown, DatabaseUnavailable, UnfitDatabase, as_unavailable
from mailbot.store.migrate import schema_versions, upgrade_schema
from mailbot.store.modes import OPTION, Mode
from mailbot.store.postgres import check_fitness, make_postgres_engine
from mailbot.store.sqlite import file_of, make_sqlite_engine
from mailbot.store.unit_of_work import Work

__all__ = ["MEMORY", "CommitUnknown", "Database", "DatabaseUnavailable", "UnfitDatabase"]

MEMORY = "sqlite:///:memory:"
_PAUSES_SECONDS = (0.0, 0.2, 1.0)  # before a transaction begins anew that found its connection broken


class Database:
    """An open database; threads may share it."""

    def __init__(self, engine: Engine, patience_seconds: float, claim: DaemonClaim | None = None) -> None:
        self._engine = engine
        self._patience_seconds = patience_seconds
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._in_memory = self._is_sqlite and claim is None  # a single connection for everything
        self._writer = threading.Lock()
        self._mine = threading.local()
        self._claim = claim
        self.shared = not self._is_sqlite  # whether several daemons may work on it: then they hold leases
        self.now: Clock = local_now if self._is_sqlite else DatabaseClock(self._ask_time)

    @classmethod
    def open(cls, url: str, *, busy_timeout_seconds: float = 10.0) -> Self:
        """Connect; `url` as SQLAlchemy writes it: `sqlite:////var/lib/mailbot/mailbot.db`, `postgresql+psycopg://…`.

        Raises UnfitDatabase where the server could lose what it has acknowledged.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as wrong:
            raise UnfitDatabase("[database] url is no URL as SQLAlchemy writes it") from wrong  # it may hold a password
        match parsed.get_backend_name():
            case "sqlite":
                file = file_of(parsed)
                claim = None if file is None else DaemonClaim(file.with_name(f"{file.name}.lock"))
                return cls(make_sqlite_engine(parsed, busy_timeout_seconds), busy_timeout_seconds, claim)
            case "postgresql":
                database = cls(make_postgres_engine(parsed, busy_timeout_seconds), busy_timeout_seconds)
                with database._transaction(Mode.READ) as connection:
                    check_fitness(connection)
                return database
            case other:
                raise UnfitDatabase(f"mailbot keeps its data in SQLite or PostgreSQL, not in {other}")

    def upgrade(self) -> None:
        """Bring the schema to the newest version, all of it or nothing."""
        with self._transaction(Mode.UPGRADE) as connection:
            upgrade_schema(connection)
            commit(connection, self._patience_seconds)

    def schema_versions(self) -> tuple[str | None, str | None]:
        """The version of the schema (None: empty), and the newest one that this mailbot knows."""
        with self._transaction(Mode.READ) as connection:
            return schema_versions(connection)

    def claim_daemon(self, who: str) -> None:
        """Be the only daemon of an SQLite file until `close`; AlreadyRunning says who is. Admins' verbs need no claim.

        What a daemon before it held when it was killed is free at once, for nobody else can be working on it. Several
        daemons may share a PostgreSQL database: there each shows that it lives, by a lease (`daemon/presence.py`).
        """
        if self._claim is not None and self._claim.take(who):
            with self.write() as work:
                work.inbox.end_leases()
                work.outbox.end_leases()

    def has_daemon(self) -> bool | None:
        """Whether a daemon of an SQLite file is there at this moment; None where only its heartbeat can tell."""
        return None if self._claim is None else self._claim.is_held()

    @contextmanager
    def write(self) -> Iterator[Work]:
        """A writing transaction: committed at the end, rolled back when it raises. Keep it short."""
        with self._transaction(Mode.WRITE) as connection:
            yield Work(connection)
            commit(connection, self._patience_seconds)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A reading transaction: one consistent view, beside a writer."""
        with self._transaction(Mode.READ) as connection:
            yield Work(connection)

    @contextmanager
    def rehearse(self) -> Iterator[Work]:
        """A writing transaction that is always rolled back: `mailbot explain`."""
        with self._transaction(Mode.WRITE) as connection:
            yield Work(connection)

    def close(self) -> None:
        """Let go of every connection and of the daemon's claim."""
        self._engine.dispose()
        if self._claim is not None:
            self._claim.release()

    # ---------------------------------------------------------------- transactions

    @contextmanager
    def _transaction(self, mode: Mode) -> Iterator[Connection]:
        if getattr(self._mine, "writing", False):
            raise RuntimeError("a transaction within a writing transaction would not see it, or would wait for itself")
        with self._alone(mode):
            try:
                with self._begin(mode) as connection:  # leaving it rolls back whatever was not committed
                    yield connection
            except SQLAlchemyError as failure:
                if (unavailable := as_unavailable(failure)) is None:
                    raise
                raise unavailable from failure

    def _begin(self, mode: Mode) -> Connection:
        """A connection in a fresh transaction. One that broke while it lay in the pool is replaced."""
        for pause_seconds in _PAUSES_SECONDS:
            if pause_seconds:  # sleep(0) gives the processor away, and that before every transaction
                sleep(pause_seconds)
            try:
                return self._try_to_begin(mode)
            except SQLAlchemyError as failure:
                if self._is_sqlite or as_unavailable(failure) is None:
                    raise
        return self._try_to_begin(mode)

    def _try_to_begin(self, mode: Mode) -> Connection:
        connection = self._engine.connect()
        try:
            connection = connection.execution_options(**{OPTION: mode})
            connection.begin()
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _alone(self, mode: Mode) -> Iterator[None]:
        """Among the threads of this process SQLite has one writer; one connection in memory serves nobody else."""
        writes = mode is not Mode.READ
        if self._is_sqlite and (writes or self._in_memory):
            with self._writer, self._marked():
                yield
        elif writes:
            with self._marked():
                yield
        else:
            yield

    @contextmanager
    def _marked(self) -> Iterator[None]:
        self._mine.writing = True
        try:
            yield
        finally:
            self._mine.writing = False

    def _ask_time(self) -> datetime:
        """Beside any transaction of this thread: a clock is asked anywhere."""
        try:
            with self._begin(Mode.READ) as connection:
                told: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
                return told
        except SQLAlchemyError as failure:
            raise as_unavailable(failure) or failure from failure
