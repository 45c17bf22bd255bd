"""COMMIT, and what to do when its answer does not arrive.

A connection that breaks between COMMIT and its acknowledgement leaves the question whether everything is there or
nothing. PostgreSQL remembers the fate of recent transactions by their number (pg_xact_status), so the number is asked
for before COMMIT and the fate after the connection broke. A server that started anew in the meantime may have given
the number away again, so its "committed" proves nothing; its "aborted" does.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from mailbot.store.failures import CommitUnknown, DatabaseUnavailable, as_unavailable

_PAUSE_SECONDS = 0.2
_OWN = "SELECT pg_current_xact_id_if_assigned()::text AS number, pg_postmaster_start_time() AS server_since"
_FATE = text("SELECT pg_xact_status(CAST(:number AS xid8)) AS fate, pg_postmaster_start_time() AS server_since")


@dataclass(frozen=True, slots=True)
class _Begun:
    """A transaction as the server knows it; `number` is None where it has written nothing."""

    number: str | None
    server_since: Any


def commit(connection: Connection, asking_seconds: float) -> None:
    """Commit for certain, or raise: DatabaseUnavailable if it was not, CommitUnknown if nobody could tell so long."""
    if connection.dialect.name != "postgresql":
        connection.commit()
        return
    own = connection.exec_driver_sql(_OWN).mappings().one()
    begun = _Begun(own["number"], own["server_since"])
    try:
        connection.commit()
    except DBAPIError as failure:
        if begun.number is None or not failure.connection_invalidated:
            raise
        _read_back(connection.engine, begun, failure, asking_seconds)


def _read_back(engine: Engine, begun: _Begun, failure: DBAPIError, asking_seconds: float) -> None:
    """Return where the transaction was committed after all."""
    end = monotonic() + asking_seconds
    while (fate := _ask(engine, begun)) in (None, "in progress") and monotonic() < end:
        sleep(_PAUSE_SECONDS)
    match fate:
        case "committed":
            return
        case "aborted":
            raise DatabaseUnavailable(f"the connection broke before COMMIT was done: {failure.orig}") from failure
        case _:
            raise CommitUnknown(f"the connection broke at COMMIT, and nobody can tell its fate: {fate}") from failure


def _ask(engine: Engine, begun: _Begun) -> str | None:
    """What became of it; None while the server cannot be asked."""
    try:
        with engine.connect() as connection:
            found = connection.execute(_FATE, {"number": begun.number}).mappings().one()
    except DBAPIError as failure:
        # Asked for a number that was never given: the server restarted without having heard of our transaction.
        return None if as_unavailable(failure) else "aborted"
    if found["fate"] == "committed" and found["server_since"] != begun.server_since:
        return "the server has started anew"
    return str(found["fate"] or "too long ago")
