"""Leases with a fencing epoch: who owns a mailbox or a role, when several daemons share a database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection


class Leases:
    """The leases inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self, name: str, holder: str, now: datetime, lease_seconds: float) -> int | None:
        """The epoch under which `holder` owns `name` (taken, or renewed), or None."""
        raise NotImplementedError

    def release(self, name: str, holder: str) -> None:
        """Let go."""
        raise NotImplementedError
