"""Leases with a fencing epoch: who owns a mailbox or a role, when several daemons share a database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from mailbot.store import tables
from mailbot.store.moves import ClaimLost
from mailbot.store.values import insert_new

_LEASES = tables.leases


class Leases:
    """The leases inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self, name: str, holder: str, now: datetime, lease_seconds: float) -> int | None:
        """The epoch under which `holder` owns `name` (taken, or renewed), or None while another holder's lease runs."""
        until = now + timedelta(seconds=lease_seconds)
        this = _LEASES.c.name == name
        first = {"name": name, "holder": holder, "epoch": 1, "lease_until": until}
        if insert_new(self._connection, _LEASES, first, returning="name"):
            return 1
        row = self._connection.execute(select(_LEASES).where(this).with_for_update()).one()
        if row.holder != holder and row.lease_until > now:
            return None
        # A holder that let its lease run out may have been overtaken in the meantime: it starts anew like anybody else.
        epoch = int(row.epoch) + (0 if row.holder == holder and row.lease_until > now else 1)
        taken = update(_LEASES).where(this).values(holder=holder, epoch=epoch, lease_until=until)
        self._connection.execute(taken)
        return epoch

    def keep(self, name: str, epoch: int) -> None:
        """ClaimLost unless this epoch is still the last; if it is, nobody takes over before this transaction ends.

        A holder that was frozen does not notice: so it asks in each transaction that acts on what it owns.
        """
        mine = select(_LEASES.c.epoch).where(_LEASES.c.name == name, _LEASES.c.epoch == epoch)
        if self._connection.execute(mine.with_for_update(read=True)).first() is None:
            raise ClaimLost(f"{name} is no longer owned by epoch {epoch}")

    def release(self, name: str, holder: str, now: datetime) -> None:
        """Let go; the epoch stays, so that the next holder's is higher."""
        mine = (_LEASES.c.name == name) & (_LEASES.c.holder == holder)
        self._connection.execute(update(_LEASES).where(mine).values(lease_until=now))
