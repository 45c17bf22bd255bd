"""Both databases for every test: SQLite in memory, and PostgreSQL where it is installed."""

from collections.abc import Iterator
from sqlite3 import Connection

import pytest
from sqlalchemy import text

from mailbot.store import tables
from mailbot.store.database import MEMORY, Database
from mailbot.store.unit_of_work import Work
from tests.servers.postgres import Postgres

BOTH = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def newest() -> Iterator[Connection]:
    """An empty SQLite database at the newest version, migrated once for all tests."""
    migrated = Database.open(MEMORY)
    migrated.upgrade()
    yield driver_connection(migrated)
    migrated.close()


def driver_connection(database: Database) -> Connection:
    """The one connection of a database in memory, as sqlite3 knows it."""
    connection = database._engine.raw_connection().driver_connection
    assert isinstance(connection, Connection)
    return connection


@pytest.fixture(scope="session")
def postgres_desk(postgres: Postgres) -> str:
    """The address of a PostgreSQL database at the newest version, migrated once for all tests; it goes with its
    cluster.
    """
    url = postgres.url(postgres.new_database())
    database = Database.open(url)
    database.upgrade()
    database.close()
    return url


@pytest.fixture(scope="session")
def postgres_database(postgres_desk: str) -> Iterator[Database]:
    """That database, opened once."""
    database = Database.open(postgres_desk, busy_timeout_seconds=5)
    yield database
    database.close()


@pytest.fixture
def emptied(postgres_database: Database) -> Database:
    """That database without a row; its numbers begin at 1 again."""
    empty(postgres_database)
    return postgres_database


def empty(database: Database) -> None:
    """Take out every row. DELETE, because TRUNCATE makes new files for each of the tables and indexes."""
    with database.write() as work:
        work.connection.execute(text("UPDATE tickets SET merged_into = NULL, follows = NULL, parent = NULL"))
        work.connection.execute(text("UPDATE inbox SET duplicate_of = NULL"))
        for table in reversed(tables.metadata.sorted_tables):
            work.connection.execute(table.delete())
        work.connection.execute(text("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"))


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database at the newest version, of either kind."""
    if request.param == "postgresql":
        yield request.getfixturevalue("emptied")
        return
    database = Database.open(MEMORY)
    request.getfixturevalue("newest").backup(driver_connection(database))
    yield database
    database.close()


@pytest.fixture
def work(database: Database) -> Iterator[Work]:
    """One transaction for the whole test."""
    with database.rehearse() as work:
        yield work
