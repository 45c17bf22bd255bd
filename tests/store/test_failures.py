"""Who is to blame: the database that is away, or what it was asked; by the code that the database gives."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from mailbot.store.database import Database, DatabaseUnavailable
from mailbot.store.failures import as_unavailable
from tests.store.material import NOW, received

AWAY = "08006 28000 40001 40P01 53100 53300 55P03 57014 57P01 57P03 58030"
ASKED_WRONG = "22001 23505 42P01 54000 54001"
SQLITE_AWAY = "BUSY BUSY_SNAPSHOT CANTOPEN CORRUPT FULL IOERR IOERR_WRITE LOCKED NOTADB READONLY"
SQLITE_ASKED_WRONG = "ERROR CONSTRAINT TOOBIG MISMATCH MISUSE"


def told_by_postgres(sqlstate: str) -> DBAPIError:
    return OperationalError("SELECT 1", None, psycopg.errors.lookup(sqlstate)("so it says"))


def told_by_sqlite(name: str) -> DBAPIError:
    told = sqlite3.DatabaseError("so it says")
    told.sqlite_errorcode = getattr(sqlite3, f"SQLITE_{name}")
    return DBAPIError("SELECT 1", None, told)


@pytest.mark.parametrize("sqlstate", AWAY.split())
def test_a_server_in_trouble_is_unavailable(sqlstate: str) -> None:
    assert as_unavailable(told_by_postgres(sqlstate)) is not None


@pytest.mark.parametrize("sqlstate", ASKED_WRONG.split())
def test_what_a_server_will_never_take_is_no_trouble_of_the_server(sqlstate: str) -> None:
    assert as_unavailable(told_by_postgres(sqlstate)) is None


@pytest.mark.parametrize("name", SQLITE_AWAY.split())
def test_a_file_in_trouble_is_unavailable(name: str) -> None:
    assert as_unavailable(told_by_sqlite(name)) is not None


@pytest.mark.parametrize("name", SQLITE_ASKED_WRONG.split())
def test_what_sqlite_will_never_take_is_no_trouble_of_the_file(name: str) -> None:
    assert as_unavailable(told_by_sqlite(name)) is None


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("SELECT 1", None, psycopg.OperationalError("server closed the connection unexpectedly")),
        InterfaceError("SELECT 1", None, psycopg.InterfaceError("the connection is closed")),
        OperationalError("SELECT 1", None, sqlite3.OperationalError("disk I/O error")),
    ],
    ids=["server closed", "connection closed", "no code"],
)
def test_a_failure_without_a_code_has_not_come_from_the_database(failure: DBAPIError) -> None:
    assert as_unavailable(failure) is not None


def test_a_statement_that_never_ends_is_the_fault_of_its_savepoint_and_of_nobody_else(emptied: Database) -> None:
    with emptied.write() as work:
        received(work)
        work.connection.execute(text("SET LOCAL statement_timeout = '20ms'"))
        with pytest.raises(OperationalError, match="statement timeout"), work.savepoint():
            work.connection.execute(text("SELECT pg_sleep(10)"))
    with emptied.read() as work:
        assert len(work.inbox.lines()) == 1


def test_outside_of_a_savepoint_nobody_can_tell_why_a_statement_took_so_long(emptied: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="statement timeout"):
        take_too_long(emptied)


def take_too_long(database: Database) -> None:
    with database.write() as work:
        work.connection.execute(text("SET LOCAL statement_timeout = '20ms'"))
        work.connection.execute(text("SELECT pg_sleep(10)"))


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    database.upgrade()
    yield database
    database.close()


def test_a_full_disk_is_the_fault_of_no_mail(on_disk: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        fill(on_disk)


def fill(database: Database) -> None:
    with database.write() as work:
        work.connection.execute(text("PRAGMA max_page_count = 1"))  # becomes: as many as there are
        with work.savepoint():
            work.inbox.receive("support", "INBOX", 7, 1, bytes(1_000_000), NOW, 1_000_000, False, NOW)


def test_a_transaction_that_the_database_has_ended_takes_no_mail_to_blame(on_disk: Database) -> None:
    with pytest.raises(DatabaseUnavailable, match="savepoint"):
        lose_the_transaction(on_disk)


def lose_the_transaction(database: Database) -> None:
    with database.write() as work, work.savepoint():
        work.connection.exec_driver_sql("ROLLBACK")  # what a full disk may do
        raise ZeroDivisionError


def test_what_is_no_text_is_not_quoted() -> None:
    with sqlite3.connect(":memory:") as connection, pytest.raises(sqlite3.OperationalError) as said:
        connection.execute("SELECT CAST(X'736563726574FF' AS TEXT) AS subject").fetchall()
    unavailable = as_unavailable(OperationalError("SELECT", None, said.value))
    assert str(unavailable) == "Could not decode to UTF-8 column 'subject'"
