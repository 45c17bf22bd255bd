"""The database: engine, migrations, transactions, and the guard that keeps a second daemon away from SQLite.

SQLite: WAL, every commit on the disk (`synchronous = FULL`), foreign keys, one writer at a time behind a lock in this
process and `BEGIN IMMEDIATE` between processes. Nothing outside this module knows which database it is.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.pool import StaticPool

from mailbot.store.daemon_claim import DaemonClaim
from mailbot.store.migrate import upgrade_schema
from mailbot.store.unit_of_work import Work

MEMORY = "sqlite:///:memory:"
_BEGIN = "mailbot_begin"


class DatabaseUnavailable(Exception):
    """The database cannot be reached or stayed locked; trying again later may help."""


class Database:
    """An open database; threads may share it."""

    def __init__(self, engine: Engine, file: Path | None) -> None:
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._in_memory = self._is_sqlite and file is None  # a single connection for everything
        self._writing = threading.Lock()
        self._owner: int | None = None
        self._claim = None if file is None else DaemonClaim(file.with_name(f"{file.name}.lock"))

    @classmethod
    def open(cls, url: str, *, busy_timeout_seconds: float = 10.0) -> Self:
        """Connect; `url` as SQLAlchemy writes it: `sqlite:////var/lib/mailbot/mailbot.db`, `sqlite:///:memory:`."""
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return cls(create_engine(parsed, pool_pre_ping=True), None)
        file = _file_of(parsed)
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)  # it holds people's mail
        return cls(_sqlite_engine(parsed, file, busy_timeout_seconds), file)

    def upgrade(self) -> None:
        """Bring the schema to the newest version, all of it or nothing."""
        with self._transaction("BEGIN IMMEDIATE", locked=self._is_sqlite) as connection:
            upgrade_schema(connection)
            connection.commit()

    def claim_daemon(self, who: str) -> None:
        """Be the only daemon until `close`; AlreadyRunning says who is. Verbs of admins need no claim.

        What a daemon before it held when it was killed is free at once, for nobody else can be working on it.
        """
        if self._claim is not None and self._claim.take(who):
            with self.write() as work:
                work.inbox.end_leases()
                work.outbox.end_leases()

    @contextmanager
    def write(self) -> Iterator[Work]:
        """A writing transaction: committed at the end, rolled back when it raises. Keep it short."""
        with self._transaction("BEGIN IMMEDIATE", locked=self._is_sqlite) as connection:
            yield Work(connection)
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Work]:
        """A reading transaction: one consistent view, beside a writer."""
        with self._transaction("BEGIN", locked=self._in_memory) as connection:
            yield Work(connection)

    @contextmanager
    def rehearse(self) -> Iterator[Work]:
        """A writing transaction that is always rolled back: `mailbot explain`."""
        with self._transaction("BEGIN IMMEDIATE", locked=self._is_sqlite) as connection:
            yield Work(connection)

    def close(self) -> None:
        """Let go of every connection and of the daemon's claim."""
        self._engine.dispose()
        if self._claim is not None:
            self._claim.release()

    @contextmanager
    def _transaction(self, begin: str, *, locked: bool) -> Iterator[Connection]:
        if self._owner == threading.get_ident():
            raise RuntimeError("a transaction within a writing transaction would not see it, or would wait for itself")
        with self._lock(locked):
            try:
                # Leaving the connection rolls back whatever was not committed.
                with self._engine.connect().execution_options(**{_BEGIN: begin}) as connection:
                    connection.begin()
                    yield connection
            except (OperationalError, InterfaceError) as failure:
                raise DatabaseUnavailable(str(failure.orig)) from failure

    @contextmanager
    def _lock(self, locked: bool) -> Iterator[None]:
        if not locked:
            yield
            return
        with self._writing:
            self._owner = threading.get_ident()
            try:
                yield
            finally:
                self._owner = None


def _file_of(url: URL) -> Path | None:
    return None if url.database in (None, "", ":memory:") else Path(str(url.database)).absolute()


def _sqlite_engine(url: URL, file: Path | None, busy_timeout_seconds: float) -> Engine:
    options: dict[str, Any] = {"connect_args": {"timeout": busy_timeout_seconds, "check_same_thread": False}}
    engine = create_engine(url, **options) if file else create_engine(url, poolclass=StaticPool, **options)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would say it too late
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        begin = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
        connection.exec_driver_sql(f"PRAGMA query_only = {int(begin == 'BEGIN')}")
        connection.exec_driver_sql(begin)

    return engine
