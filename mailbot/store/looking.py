"""Looking into a database that is not ours to change: a copy, a backup, that of another machine.

Nothing is created, nothing is brought to a newer version, and an SQLite file is opened so that nothing can be written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from mailbot.store.database import Database
from mailbot.store.failures import DatabaseUnavailable, UnfitDatabase, is_damage
from mailbot.store.sqlite import make_looking_engine, sqlite_file

REASON_CHARACTERS = 200


@contextmanager
def look_into(where: str) -> Iterator[Database]:
    """The database of a URL or of an SQLite file; UnfitDatabase where it is of another version, or damaged."""
    file = Path(where) if "://" not in where else sqlite_file(where)
    try:
        database = _open(where, file)
        try:
            if file is not None:
                _check_pages(database, file)
            _check_version(database, "the database" if file is None else str(file))
            yield database
        finally:
            database.close()
    except (DatabaseUnavailable, SQLAlchemyError, ValueError, LookupError, TypeError) as failure:
        if file is None or isinstance(failure, UnfitDatabase):
            raise
        raise _named(file, failure) from failure


def _named(file: Path, failure: Exception) -> DatabaseUnavailable:
    """The failure with the file that it is about. What cannot be read from the rows is damage as well."""
    if isinstance(failure, DatabaseUnavailable) and not is_damage(failure.__cause__):
        return DatabaseUnavailable(f"{file}: {failure}")
    return _damaged(file, f"{type(failure).__name__}: {getattr(failure, 'orig', failure)}")


def _damaged(file: Path, reason: str) -> UnfitDatabase:
    what = f"{file} is no SQLite database, or is damaged ({' '.join(reason.split())[:REASON_CHARACTERS]})"
    return UnfitDatabase(f"{what}: restore the last backup: mailbot restore BACKUP")


def _check_pages(database: Database, file: Path) -> None:
    """What no check of ours happens to read may be damaged as well."""
    with database.read() as work:
        found = str(work.connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
    if found != "ok":
        raise _damaged(file, found)


def _open(where: str, file: Path | None) -> Database:
    if file is None:
        return Database.open(where)
    if not file.is_file():
        raise FileNotFoundError(2, "no such database", str(file))
    return Database(make_looking_engine(file), patience_seconds=10.0)


def _check_version(database: Database, name: str) -> None:
    found, known = database.schema_versions()
    if found is None:
        raise UnfitDatabase(f"{name} is no mailbot database yet: the daemon makes it when it starts (mailbot run)")
    if found != known:
        raise UnfitDatabase(f"the schema of {name} is of version {found}, and this mailbot looks into {known}")
