"""What may go wrong between mailbot and its database, by what can be done about it."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

# What no statement brings upon itself, by the first letters of its SQLSTATE: connections (08), who may connect (28),
# savepoints that are gone with their session (3B), deadlocks and the like (40), resources (53), a lock that somebody
# else holds (55P03), an operator (57, of which 57014 also says that a statement took too long), the disk (58).
_POSTGRES_AWAY = ("08", "28", "3B", "40", "53", "55P03", "57", "58")
_TOO_SLOW = "57014"
_POSTGRES_DISK_FULL = "53100"
_SQLITE_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
_NOT_TEXT = "Could not decode to UTF-8"  # the driver's own words
# SQLite has no code for it: a full disk may have ended the whole transaction, and whoever undoes a part finds none.
_TRANSACTION_GONE = ("no such savepoint", "no transaction is active")


class DatabaseUnavailable(Exception):
    """The database cannot be reached, or stayed locked; nothing was committed, and trying again later may help."""


class DiskFull(DatabaseUnavailable):
    """The database has no room left on its disk; what helps is room, and nothing else."""


class CommitUnknown(DatabaseUnavailable):
    """The connection broke before the database acknowledged the COMMIT, and it could not be asked since.

    The transaction is there whole, or not at all: read back by the unique key (`known_uids`, `standing`) before doing
    it again. Doing it again blindly changes nothing: what is received is received once, and a move starts only from
    the states that its table names.
    """


class UnfitDatabase(DatabaseUnavailable):
    """The database answers, but keeps no promise that mailbot relies on; the message names the remedy."""


def as_unavailable(failure: SQLAlchemyError) -> DatabaseUnavailable | None:
    """The failure in our words; None where it is a mistake in what was asked (a broken key, a text beyond a limit)."""
    if isinstance(failure, PendingRollbackError | NoConnectionFree):
        return DatabaseUnavailable(str(failure).splitlines()[0])
    if not isinstance(failure, DBAPIError):
        return None
    if failure.connection_invalidated or _is_away(failure):
        kind = DiskFull if _is_full(failure) else DatabaseUnavailable
        return kind(_in_words(failure))
    return None


def was_too_slow(failure: SQLAlchemyError) -> bool:
    """Whether a statement took longer than one may: within the savepoint of a row it is the row that asks too much."""
    return isinstance(failure, DBAPIError) and getattr(failure.orig, "sqlstate", None) == _TOO_SLOW


def _in_words(failure: DBAPIError) -> str:
    """What the database says, without the values that it may quote: it goes to the log."""
    said = str(failure.orig)
    if getattr(failure.orig, "sqlstate", None):  # below its first line are details, and parameters
        said = said.partition("\n")[0]
    return " ".join(said.partition(" with text ")[0].split()) if _NOT_TEXT in said else " ".join(said.split())


def is_damage(failure: BaseException | None) -> bool:
    """Whether SQLite says that the file is none of its own, or not whole."""
    said = getattr(failure, "orig", None)
    primary = (getattr(said, "sqlite_errorcode", None) or 0) & 0xFF
    return primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or _NOT_TEXT in str(said)


def _is_full(failure: DBAPIError) -> bool:
    if state := getattr(failure.orig, "sqlstate", None):
        return bool(state == _POSTGRES_DISK_FULL)
    return (getattr(failure.orig, "sqlite_errorcode", None) or 0) & 0xFF == sqlite3.SQLITE_FULL


def _is_away(failure: DBAPIError) -> bool:
    """By the code that the database gave; a driver that has none to give has not heard the database."""
    if state := getattr(failure.orig, "sqlstate", None):
        return str(state).startswith(_POSTGRES_AWAY)
    if code := getattr(failure.orig, "sqlite_errorcode", None):
        primary = code & 0xFF  # the rest says which of the many ways it was
        return primary in _SQLITE_AWAY or any(words in str(failure.orig) for words in _TRANSACTION_GONE)
    return isinstance(failure, OperationalError | InterfaceError)
