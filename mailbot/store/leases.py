"""Leases with a fencing epoch: who reads a mailbox, and which daemons live, when several share a database.

A lease is a row with a holder, an end and an epoch that rises with each new holder. Who owns one renews it in time; who
was frozen and woke up too late is told so inside of the next transaction (`keep`), before anything is committed.
`keep` and `renew` do not wait for each other, and nobody takes a lease over while a transaction that keeps it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, Select, delete, select, update

from mailbot.store import tables
from mailbot.store.moves import ClaimLost
from mailbot.store.values import insert_new

_LEASES = tables.leases
_DAEMON = "daemon:"
_LONGEST_NAME = 200


def mailbox_lease(account: str, folder: str) -> str:
    """The name of the lease of whoever reads this folder."""
    name = f"mailbox:{account}:{folder}"
    return name if len(name) <= _LONGEST_NAME else f"mailbox:{sha256(name.encode()).hexdigest()}"


def daemon_lease(holder: str) -> str:
    """The name of the lease by which a daemon shows that it lives."""
    return f"{_DAEMON}{holder}"


class Leases:
    """The leases inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def acquire(self, name: str, holder: str, now: datetime, lease_seconds: float) -> int | None:
        """The epoch under which `holder` owns `name` (taken, or renewed), or None while it is another's."""
        until = now + timedelta(seconds=lease_seconds)
        this = _LEASES.c.name == name
        first = {"name": name, "holder": holder, "epoch": 1, "lease_until": until}
        if insert_new(self._connection, _LEASES, first, returning="name"):
            return 1
        # Passed over while its owner is in the middle of a transaction: there will be another chance.
        row = self._connection.execute(select(_LEASES).where(this).with_for_update(skip_locked=True)).first()
        if row is None or (row.holder != holder and row.lease_until > now):
            return None
        # A holder that let its lease run out may have been overtaken in the meantime: it starts anew like anybody else.
        epoch = int(row.epoch) + (0 if row.holder == holder and row.lease_until > now else 1)
        taken = update(_LEASES).where(this).values(holder=holder, epoch=epoch, lease_until=until)
        self._connection.execute(taken)
        return epoch

    def renew(self, name: str, epoch: int, now: datetime, lease_seconds: float) -> bool:
        """Whether this epoch is still the last; then its lease runs on from now."""
        until = now + timedelta(seconds=lease_seconds)
        renewed = update(_LEASES).where(_LEASES.c.name == name, _LEASES.c.epoch == epoch).values(lease_until=until)
        return self._connection.execute(renewed).rowcount == 1

    def keep(self, name: str, epoch: int) -> None:
        """ClaimLost unless this epoch is still the last; if it is, nobody takes over before this transaction ends.

        A holder that was frozen does not notice: so it asks in each transaction that acts on what it owns.
        """
        # FOR KEY SHARE: an owner that renews is let pass, one who would take over (FOR UPDATE) is not.
        mine = _this_epoch(name, epoch).with_for_update(read=True, key_share=True)
        self._demand(mine, name, epoch)

    def check(self, name: str, epoch: int) -> None:
        """ClaimLost if somebody has taken over; in a reading transaction, where `keep` can lock nothing."""
        self._demand(_this_epoch(name, epoch), name, epoch)

    def holder(self, name: str, now: datetime) -> str:
        """Whose it is now, "" where anybody may have it."""
        running = select(_LEASES.c.holder).where(_LEASES.c.name == name, _LEASES.c.lease_until > now)
        return self._connection.execute(running).scalar() or ""

    def release(self, name: str, holder: str, now: datetime) -> None:
        """Let go; the epoch stays, so that the next holder's is higher."""
        mine = (_LEASES.c.name == name) & (_LEASES.c.holder == holder)
        self._connection.execute(update(_LEASES).where(mine).values(lease_until=now))

    # ------------------------------------------------------------ daemons

    def living_daemons(self, now: datetime) -> Sequence[str]:
        """Holders whose lease as a daemon still runs."""
        alive = _LEASES.c.name.startswith(_DAEMON, autoescape=True) & (_LEASES.c.lease_until > now)
        return self._connection.execute(select(_LEASES.c.holder).where(alive)).scalars().all()

    def dead_daemons(self, now: datetime) -> Sequence[str]:
        """Holders whose lease as a daemon has run out, the longest dead first."""
        dead = _LEASES.c.name.startswith(_DAEMON, autoescape=True) & (_LEASES.c.lease_until <= now)
        found = select(_LEASES.c.holder).where(dead).order_by(_LEASES.c.lease_until)
        return self._connection.execute(found).scalars().all()

    def is_dead(self, holder: str, now: datetime) -> bool:
        """Whether it is still dead, and cannot show the contrary before the end of this transaction."""
        dead = (_LEASES.c.name == daemon_lease(holder)) & (_LEASES.c.lease_until <= now)
        locked = select(_LEASES.c.epoch).where(dead).with_for_update(skip_locked=True)
        return self._connection.execute(locked).first() is not None

    def forget_daemon(self, holder: str) -> None:
        """It has said goodbye, or is dead for so long that nothing can be left of it."""
        self._connection.execute(delete(_LEASES).where(_LEASES.c.name == daemon_lease(holder)))

    def _demand(self, mine: Select[tuple[int]], name: str, epoch: int) -> None:
        if self._connection.execute(mine).first() is None:
            raise ClaimLost(f"{name} is no longer owned by epoch {epoch}")


def _this_epoch(name: str, epoch: int) -> Select[tuple[int]]:
    return select(_LEASES.c.epoch).where(_LEASES.c.name == name, _LEASES.c.epoch == epoch)
