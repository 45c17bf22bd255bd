"""Leases with a fencing epoch: who owns a mailbox or a role, when several daemons share a database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from mailbot.store import tables

_LEASES = tables.leases


class Leases:
    """The leases inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self, name: str, holder: str, now: datetime, lease_seconds: float) -> int | None:
        """The epoch under which `holder` owns `name` (taken, or renewed), or None while another holder's lease runs."""
        until = now + timedelta(seconds=lease_seconds)
        this = _LEASES.c.name == name
        row = self._connection.execute(select(_LEASES).where(this).with_for_update()).first()
        if row is None:
            self._connection.execute(insert(_LEASES).values(name=name, holder=holder, epoch=1, lease_until=until))
            return 1
        if row.holder != holder and row.lease_until > now:
            return None
        # A holder that let its lease run out may have been overtaken in the meantime: it starts anew like anybody else.
        epoch = int(row.epoch) + (0 if row.holder == holder and row.lease_until > now else 1)
        taken = update(_LEASES).where(this).values(holder=holder, epoch=epoch, lease_until=until)
        self._connection.execute(taken)
        return epoch

    def release(self, name: str, holder: str, now: datetime) -> None:
        """Let go; the epoch stays, so that the next holder's is higher."""
        mine = (_LEASES.c.name == name) & (_LEASES.c.holder == holder)
        self._connection.execute(update(_LEASES).where(mine).values(lease_until=now))
