"""`mailbot verify`: what was looked at, what is wrong and what helps; beside a daemon, and over a copy."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import product
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


def _half(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def _scribbled(whole: bytes) -> bytes:
    """Every page has a hole but the first, which says that it is a database."""
    pages = [whole[at : at + 4096] for at in range(0, len(whole), 4096)]
    return pages[0] + b"".join(b"\xff" * 64 + page[64:] for page in pages[1:])


def _garbled(whole: bytes) -> bytes:
    """The pages are whole, and a text in them is not: the version of the schema."""
    return whole.replace(b"0006", b"00\xff6")


HARMS: tuple[Callable[[bytes], bytes], ...] = (
    _half,
    _scribbled,
    _garbled,
    lambda _: b"<html>not found</html>" * 99,
    lambda _: random.Random(7).randbytes(9_999),
)


def test_a_damaged_file_is_named_with_what_helps(types: Type, database: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(database)) as live, closing(sqlite3.connect(tmp_path / "copy.db")) as target:
        live.backup(target)
    whole, damaged = (tmp_path / "copy.db").read_bytes(), tmp_path / "damaged.db"
    for harm, options in product(HARMS, [(), ("--json",)]):
        damaged.write_bytes(harm(whole))
        typed = types(*options, "verify", "--database", damaged)
        assert (typed.code, typed.out) == (3, "")
        (line,) = typed.err.splitlines()
        assert line.startswith(f"mailbot: {damaged} is no SQLite database, or is damaged (")
        assert line.endswith("restore the last backup: mailbot restore BACKUP")


def test_an_empty_file_is_no_database_yet(types: Type, tmp_path: Path) -> None:
    (tmp_path / "new.db").touch()
    typed = types("verify", "--database", tmp_path / "new.db")
    assert (typed.code, f"{tmp_path / 'new.db'} is no mailbot database yet" in typed.err) == (3, True)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[], Path]]:
    """A disk; called, nothing can be written to it from then on."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if (
        os.getuid()
        or subprocess.run(["mount", "-t", "tmpfs", "tmpfs", disk], check=False, capture_output=True).returncode
    ):
        pytest.skip(reason="needs the right to mount a tmpfs")

    def freeze() -> Path:
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        return disk

    yield freeze
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_database_where_nothing_can_be_written_is_looked_into(
    types: Type, database: Path, tmp_path: Path, read_only: Callable[[], Path]
) -> None:
    live, copy = sqlite3.connect(database), sqlite3.connect(tmp_path / "disk" / "copy.db")
    with closing(live), closing(copy):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = WAL")
    assert types("verify", "--database", read_only() / "copy.db").code == 0


def test_what_lies_beside_a_database_where_nothing_can_be_written_is_not_overlooked(
    types: Type, database: Path, tmp_path: Path, read_only: Callable[[], Path]
) -> None:
    busy = Database.open(f"sqlite:///{database}")
    with busy.write() as work:
        work.connection.exec_driver_sql("UPDATE tickets SET \"group\" = ''")
    for suffix in ("", "-wal"):
        shutil.copy(f"{database}{suffix}", tmp_path / "disk" / f"copy.db{suffix}")
    busy.close()
    typed = types("verify", "--database", read_only() / "copy.db")
    assert typed.code == 3
    assert "copy.db-wal holds what is not yet in the file" in typed.err


def test_what_the_system_refuses_is_a_line_with_the_place(
    types: Type, folder: Path, tmp_path: Path, read_only: Callable[[], Path]
) -> None:
    typed = types("init", read_only() / "etc")
    (line,) = typed.err.splitlines()
    assert typed.code == 3
    assert line.startswith(f"mailbot: {tmp_path / 'disk' / 'etc'}: Read-only file system: mount it writable")


def test_mail_in_trouble_is_shown_on_its_ticket_and_in_the_outbox(types: Type, folder: Path, database: Path) -> None:
    for number, state in enumerate(("parked", "failed", "unknown", "stopped")):
        spoil(database, f"UPDATE outbox SET state = '{state}', reason = 'because {number}' WHERE id = 1")
        for verb in (("tickets", "show", 1), ("outbox", "--all")):
            typed = types("--config", folder, *verb)
            assert state in typed.err
            assert f"because {number}" in typed.err
        assert f"1 {state}" in types("--config", folder, "status").err
