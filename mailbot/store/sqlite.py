"""SQLite: WAL, every commit on the disk (`synchronous = FULL`), foreign keys, and one writer at a time."""

from __future__ import annotations

from pathlib import Path
from sqlite3 import SQLITE_CANTOPEN, SQLITE_READONLY, OperationalError, connect
from sqlite3 import Connection as DriverConnection
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import StaticPool

from mailbot.store.modes import Mode, mode_of
from mailbot.store.storable import dump_json


def file_of(url: URL) -> Path | None:
    """The file of the database; None in memory, or where the database is no SQLite."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database)).absolute()


def sqlite_file(url: str) -> Path | None:
    """The same of a URL as it is written; None also where it is no URL."""
    try:
        return file_of(make_url(url))
    except ArgumentError:
        return None


def make_sqlite_engine(url: URL, busy_timeout_seconds: float) -> Engine:
    """The engine; a file is made for its owner alone, because it holds people's mail."""
    options: dict[str, Any] = {"connect_args": {"timeout": busy_timeout_seconds, "check_same_thread": False}}
    file = file_of(url)
    if file is None:
        options["poolclass"] = StaticPool  # a single connection for everything
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
    engine = create_engine(url, json_serializer=dump_json, **options)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def make_looking_engine(file: Path) -> Engine:
    """An engine that cannot write, not even a file beside the database where that is no longer in use."""
    engine = create_engine("sqlite://", creator=lambda: _connect_to_look(file), poolclass=StaticPool)
    event.listen(engine, "connect", _leave_begin_to_us)
    event.listen(engine, "begin", _begin)
    return engine


def _connect_to_look(file: Path) -> DriverConnection:
    """Where nothing can be written, SQLite cannot even read in WAL mode, unless it hears that nobody else writes."""
    address = f"{file.absolute().as_uri()}?mode=ro"
    connection = connect(address, uri=True, check_same_thread=False)
    try:
        connection.execute("PRAGMA schema_version").fetchone()
    except OperationalError as failure:
        if failure.sqlite_errorcode & 0xFF not in (SQLITE_CANTOPEN, SQLITE_READONLY):
            raise
        connection.close()
        journal = file.with_name(f"{file.name}-wal")
        if journal.exists() and journal.stat().st_size:
            words = f"{journal.name} holds what is not yet in the file, and nothing can be written here: copy both"
            raise OperationalError(f"{words} to where one can write, and look there") from failure
        return connect(f"{address}&immutable=1", uri=True, check_same_thread=False)
    return connection


def _leave_begin_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver would say it too late


def _set_up(connection: Any, _record: Any) -> None:
    _leave_begin_to_us(connection, _record)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    reading = mode_of(connection) is Mode.READ
    connection.exec_driver_sql(f"PRAGMA query_only = {int(reading)}")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
