"""A database in memory for every test; every statement that a test runs must also be PostgreSQL's."""

from collections.abc import Iterator
from sqlite3 import Connection
from typing import Any

import pytest
from sqlalchemy import ClauseElement, event
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from mailbot.store.database import MEMORY, Database
from mailbot.store.unit_of_work import Work
from tests.store.material import POSTGRESQL


@pytest.fixture(scope="session")
def newest() -> Iterator[Connection]:
    """An empty database at the newest version, migrated once for all tests."""
    migrated = Database.open(MEMORY)
    migrated.upgrade()
    yield driver_connection(migrated)
    migrated.close()


@pytest.fixture
def database(newest: Connection) -> Iterator[Database]:
    """A copy of it."""
    database = Database.open(MEMORY)
    newest.backup(driver_connection(database))
    event.listen(database._engine, "before_execute", _must_be_postgresql_too)
    yield database
    database.close()


def driver_connection(database: Database) -> Connection:
    """The one connection of a database in memory, as sqlite3 knows it."""
    connection = database._engine.raw_connection().driver_connection
    assert isinstance(connection, Connection)
    return connection


@pytest.fixture
def work(database: Database) -> Iterator[Work]:
    """One transaction for the whole test."""
    with database.rehearse() as work:
        yield work


def _must_be_postgresql_too(_connection: object, statement: object, *_rest: Any) -> None:
    if isinstance(statement, ClauseElement) and not isinstance(statement, SqliteInsert):  # that one has its own test
        statement.compile(dialect=POSTGRESQL)
