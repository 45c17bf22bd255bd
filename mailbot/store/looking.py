"""Looking into a database that is not ours to change: a copy, a backup, that of another machine.

Nothing is created, nothing is brought to a newer version, and an SQLite file is opened so that nothing can be written.
"""

from __future__ import annotations

from pathlib import Path

from mailbot.store.database import Database
from mailbot.store.failures import UnfitDatabase
from mailbot.store.sqlite import make_looking_engine, sqlite_file


def open_to_look(where: str) -> Database:
    """The database of a URL or of an SQLite file; UnfitDatabase where its schema is that of another version."""
    file = Path(where) if "://" not in where else sqlite_file(where)
    if file is None:
        database = Database.open(where)
    elif not file.is_file():
        raise FileNotFoundError(2, "no such database", str(file))
    else:
        database = Database(make_looking_engine(file), patience_seconds=10.0)
    found, known = database.schema_versions()
    if found != known:
        database.close()
        raise UnfitDatabase(f"the schema is of version {found or 'none'}, and this mailbot looks into {known}")
    return database
