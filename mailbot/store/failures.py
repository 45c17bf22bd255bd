"""What may go wrong between mailbot and its database, by what can be done about it."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree


class DatabaseUnavailable(Exception):
    """The database cannot be reached, or stayed locked; nothing was committed, and trying again later may help."""


class CommitUnknown(DatabaseUnavailable):
    """The connection broke before the database acknowledged the COMMIT, and it could not be asked since.

    The transaction is there whole, or not at all: read back by the unique key (`known_uids`, `standing`) before doing
    it again. Doing it again blindly changes nothing: what is received is received once, and a move starts only from
    the states that its table names.
    """


class UnfitDatabase(DatabaseUnavailable):
    """The database answers, but keeps no promise that mailbot relies on; the message names the remedy."""


def as_unavailable(failure: SQLAlchemyError) -> DatabaseUnavailable | None:
    """The failure in our words; None where it is a mistake in what was asked (a broken key, a broken CHECK)."""
    if isinstance(failure, PendingRollbackError | NoConnectionFree):
        return DatabaseUnavailable(str(failure).splitlines()[0])
    if not isinstance(failure, DBAPIError):
        return None
    if failure.connection_invalidated or isinstance(failure, OperationalError | InterfaceError):
        return DatabaseUnavailable(" ".join(str(failure.orig).split()))
    return None
