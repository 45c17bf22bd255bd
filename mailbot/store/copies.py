"""A copy of an SQLite database while a daemon works on it (sqlite.org/backup.html).

A read transaction on the source holds one consistent view, so that the copy ends however much is written beside it;
in WAL mode readers stop no writer. The copy is one file, checked, and on the disk before anybody is told of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

PAGES_A_STEP = 2_048

Progress = Callable[[int, int], None]
"""Called with (pages or bytes done, in all)."""


class CopyDamaged(Exception):
    """The file is no sound SQLite database; the message says what SQLite found."""


def copy_sqlite(source: Path, target: Path, progress: Progress) -> None:
    """Copy the database as it is at this moment to a new file, for its owner alone."""
    target.touch(mode=0o600, exist_ok=False)
    with closing(sqlite3.connect(source, isolation_level=None)) as live, closing(sqlite3.connect(target)) as copy:
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on this view stays
        live.backup(copy, pages=PAGES_A_STEP, progress=lambda _, left, total: progress(total - left, total))
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it
    check_sqlite(target)
    flush(target)


def check_sqlite(file: Path) -> None:
    """Raise CopyDamaged unless SQLite finds the file sound."""
    try:
        with closing(sqlite3.connect(file)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise CopyDamaged(str(error)) from error
    if verdict != "ok":
        raise CopyDamaged(str(verdict))


def flush(path: Path) -> None:
    """The file (or the names in a folder) are on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
