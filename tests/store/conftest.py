"""A database in memory for every test; every statement that a test runs must also be PostgreSQL's."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import ClauseElement, event
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from mailbot.store.database import MEMORY, Database
from mailbot.store.unit_of_work import Work
from tests.store.material import POSTGRESQL


@pytest.fixture
def database() -> Iterator[Database]:
    """An empty database at the newest version."""
    database = Database.open(MEMORY)
    database.upgrade()
    event.listen(database._engine, "before_execute", _must_be_postgresql_too)
    yield database
    database.close()


@pytest.fixture
def work(database: Database) -> Iterator[Work]:
    """One transaction for the whole test."""
    with database.rehearse() as work:
        yield work


def _must_be_postgresql_too(_connection: object, statement: object, *_rest: Any) -> None:
    if isinstance(statement, ClauseElement) and not isinstance(statement, SqliteInsert):  # that one has its own test
        statement.compile(dialect=POSTGRESQL)
