"""`mailbot verify`: what was looked at, what is wrong and what helps; beside a daemon, and over a copy."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mailbot.store.database import Database
from mailbot.store.verify import INVARIANTS, Promise
from tests.cli.conftest import Type, letter


@pytest.fixture
def database(types: Type, folder: Path, tmp_path: Path) -> Path:
    """The database file of a desk with one ticket."""
    (tmp_path / "one").write_bytes(letter())
    assert types("--config", folder, "import", tmp_path / "one").code == 0
    (file,) = tmp_path.rglob("mailbot.sqlite3")
    return file


def spoil(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)


def test_a_sound_database_is_a_table_of_promises(types: Type, folder: Path, database: Path) -> None:
    typed = types("--config", folder, "verify")
    assert typed.code == 0
    assert all(promise.value in typed.err for promise in Promise)
    assert "1 inbox" in typed.err
    assert "every invariant holds" in typed.err
    single = types("--config", folder, "verify", "--checks")
    assert all(check.name in single.err for check in INVARIANTS)


def test_a_breach_is_told_with_what_helps(types: Type, folder: Path, database: Path) -> None:
    spoil(database, "UPDATE tickets SET \"group\" = ''")
    typed = types("--config", folder, "verify")
    assert typed.code == 1
    assert "I6 every_open_ticket_has_a_group: ticket 1: open without a group" in typed.err
    assert "→ mailbot tickets show" in typed.err
    assert "every invariant holds" not in typed.err


def test_machines_get_a_line_for_each_check(types: Type, folder: Path, database: Path) -> None:
    spoil(database, "DELETE FROM decisions")
    records = types("--config", folder, "--json", "verify").records
    assert [record["invariant"] for record in records] == [check.name for check in INVARIANTS]
    found = [(record["promise"], finding["where"]) for record in records for finding in record["findings"]]
    assert found == [("I2", "inbox 1")]


def test_another_daemon_may_work_meanwhile(types: Type, folder: Path, database: Path) -> None:
    busy = Database.open(f"sqlite:///{database}")
    busy.claim_daemon("mailbot run")
    with busy.write() as work:
        work.connection.exec_driver_sql("UPDATE tickets SET state = 'limbo' WHERE 0")
        assert types("--config", folder, "verify").code == 0
    busy.close()


@pytest.mark.parametrize("spelling", ["{}", "sqlite:///{}"])
def test_a_copy_is_looked_at_and_not_touched(types: Type, database: Path, tmp_path: Path, spelling: str) -> None:
    copy = tmp_path / "elsewhere" / "copy.db"
    copy.parent.mkdir()
    with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(copy)) as target:
        live.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    spoil(copy, "UPDATE inbox SET raw_hash = 'x'")
    before = hashlib.sha256(copy.read_bytes()).digest()
    typed = types("verify", "--database", spelling.format(copy))
    assert typed.code == 1
    assert "every_mail_in_kept_its_bytes: inbox 1" in typed.err
    assert hashlib.sha256(copy.read_bytes()).digest() == before
    assert [file.name for file in copy.parent.iterdir()] == ["copy.db"]


def test_what_is_no_database_of_ours_is_said(types: Type, database: Path, tmp_path: Path) -> None:
    assert types("verify", "--database", tmp_path / "nowhere.db").code == 2
    old = tmp_path / "old.db"
    shutil.copy(database, old)
    spoil(old, "UPDATE alembic_version SET version_num = '0000'")
    typed = types("verify", "--database", old)
    assert typed.code == 3
    assert "version 0000" in typed.err


def test_mail_in_trouble_is_shown_on_its_ticket_and_in_the_outbox(types: Type, folder: Path, database: Path) -> None:
    for number, state in enumerate(("parked", "failed", "unknown", "stopped")):
        spoil(database, f"UPDATE outbox SET state = '{state}', reason = 'because {number}' WHERE id = 1")
        for verb in (("tickets", "show", 1), ("outbox",)):
            typed = types("--config", folder, *verb)
            assert state in typed.err
            assert f"because {number}" in typed.err
        assert f"1 {state}" in types("--config", folder, "status").err
