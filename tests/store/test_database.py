"""Transactions on both databases; the SQLite file: one daemon, admins beside it, nothing readable by others."""

import fcntl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError, SQLAlchemyError

from mailbot.desk.ticket import Side
from mailbot.store.daemon_claim import AlreadyRunning
from mailbot.store.database import Database, DatabaseUnavailable
from mailbot.store.unit_of_work import Work
from tests.store.material import LEASE_SECONDS, NOW, opened, received


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "mailbot.db"


@pytest.fixture
def daemon(file: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{file}", busy_timeout_seconds=0.1)
    database.upgrade()
    yield database
    database.close()


@pytest.fixture
def verb(file: Path, daemon: Database) -> Iterator[Database]:
    """The same file opened once more, as an admin's command does."""
    database = Database.open(f"sqlite:///{file}", busy_timeout_seconds=0.1)
    yield database
    database.close()


def pragma(work: Work, name: str) -> object:
    return work.connection.execute(text(f"PRAGMA {name}")).scalar()


def test_every_commit_is_on_the_disk_and_foreign_keys_are_kept(daemon: Database) -> None:
    for transaction in (daemon.write, daemon.read, daemon.rehearse):
        with transaction() as work:
            assert pragma(work, "journal_mode") == "wal"
            assert pragma(work, "synchronous") == 2
            assert pragma(work, "foreign_keys") == 1


def test_the_file_is_for_its_owner_alone(daemon: Database, file: Path) -> None:
    assert file.stat().st_mode & 0o077 == 0


def test_upgrading_again_changes_nothing(daemon: Database) -> None:
    with daemon.write() as work:
        received(work)
    daemon.upgrade()
    with daemon.read() as work:
        assert len(work.inbox.lines()) == 1


def test_a_second_daemon_is_refused_and_told_who_runs(daemon: Database, verb: Database) -> None:
    daemon.claim_daemon("mailbot run")
    with pytest.raises(AlreadyRunning, match=r"mailbot run, process \d+"):
        verb.claim_daemon("mailbot once")
    daemon.close()
    verb.claim_daemon("mailbot once")


def test_who_asks_whether_a_daemon_is_there_keeps_none_from_starting(
    daemon: Database, verb: Database, file: Path
) -> None:
    assert verb.has_daemon() is False
    with file.with_name("mailbot.db.lock").open("w") as asked:
        fcntl.flock(asked, fcntl.LOCK_SH)
        threading.Timer(0.05, fcntl.flock, (asked, fcntl.LOCK_UN)).start()
        daemon.claim_daemon("mailbot run")
    assert (verb.has_daemon(), daemon.has_daemon()) == (True, True)
    daemon.close()
    assert verb.has_daemon() is False


def test_an_admin_writes_beside_the_daemon(daemon: Database, verb: Database) -> None:
    daemon.claim_daemon("mailbot run")
    with daemon.write() as work:
        received(work)
    with verb.write() as work:
        work.audit.note("admin", "look", "inbox 1", NOW)
    with daemon.write() as work:
        assert work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS).rows
        assert work.audit.notes()[0].who == "admin"


def test_two_writers_never_overlap_and_the_one_who_waits_too_long_is_told(daemon: Database, verb: Database) -> None:
    with daemon.write() as work:
        received(work)
        with pytest.raises(DatabaseUnavailable, match="locked"):
            write_note(verb)
    write_note(verb)


def write_note(database: Database) -> None:
    with database.write() as work:
        work.audit.note("admin", "look", "inbox", NOW)


def test_readers_see_what_was_committed_while_somebody_writes(daemon: Database, verb: Database) -> None:
    with daemon.write() as work:
        received(work)
        with verb.read() as other:
            assert other.inbox.lines() == []
    with verb.read() as other:
        assert len(other.inbox.lines()) == 1


def test_a_reader_cannot_write(database: Database, daemon: Database) -> None:
    for one in (database, daemon):
        with pytest.raises((DatabaseUnavailable, InternalError), match=r"read-?only"):
            receive_while_reading(one)
        with one.write() as work:
            received(work)


def receive_while_reading(database: Database) -> None:
    with database.read() as work:
        received(work)


def test_what_raises_is_rolled_back_whole(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        receive_and_fail(database)
    with database.read() as work:
        assert work.inbox.lines() == []


def receive_and_fail(database: Database) -> None:
    with database.write() as work:
        received(work)
        raise ZeroDivisionError


def test_a_rehearsal_leaves_no_trace(database: Database) -> None:
    with database.rehearse() as work:
        opened(work, work.tickets.next_number())
        assert work.tickets.get(1) is not None
    with database.write() as work:
        assert work.tickets.find() == []
        assert work.tickets.next_number() == 1


def test_a_savepoint_is_undone_alone(database: Database) -> None:
    with database.write() as work:
        received(work, 1)
        with pytest.raises(ZeroDivisionError), work.savepoint():
            receive_in_vain(work)
        received(work, 3)
    with database.read() as work:
        assert work.inbox.known_uids("support", "INBOX", 7) == {1, 3}


def test_what_failed_and_was_swallowed_is_never_taken_for_committed(database: Database) -> None:
    with database.write() as work:
        received(work, 1)
    with suppress(SQLAlchemyError):
        swallow_a_failure(database)
    with database.read() as work:
        assert work.inbox.known_uids("support", "INBOX", 7) in ({1}, {1, 2})
        both = work.inbox.known_uids("support", "INBOX", 7) == {1, 2}
    assert both is (database._engine.dialect.name == "sqlite"), "SQLite undoes only the statement"


def swallow_a_failure(database: Database) -> None:
    with database.write() as work:
        received(work, 2)
        with suppress(IntegrityError):
            work.tickets.extend_chain(99, Side.REQUESTER, "x@y")


def receive_in_vain(work: Work) -> None:
    received(work, 2)
    raise ZeroDivisionError


def test_a_failing_statement_in_a_savepoint_spoils_nothing_else(database: Database) -> None:
    with database.write() as work:
        received(work, 1)
        with pytest.raises(IntegrityError), work.savepoint():
            work.tickets.extend_chain(99, Side.REQUESTER, "x@y")
        received(work, 2)
    with database.read() as work:
        assert work.inbox.known_uids("support", "INBOX", 7) == {1, 2}


def test_a_transaction_within_a_writing_one_is_refused_at_once(database: Database) -> None:
    with database.write(), pytest.raises(RuntimeError, match="within"):
        write_note(database)


def test_threads_share_a_database(database: Database) -> None:
    def receive(first: int) -> None:
        for uid in range(first, first + 10):
            with database.write() as work:
                received(work, uid)

    threads = [threading.Thread(target=receive, args=(first,)) for first in (1, 11, 21)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as work:
        assert work.inbox.known_uids("support", "INBOX", 7) == set(range(1, 31))
