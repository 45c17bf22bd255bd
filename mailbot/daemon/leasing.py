"""Who reads a mailbox, where several daemons share a database: one of them, by a lease with a fencing epoch.

The loop of the mailbox acquires it; the housekeeping renews it beside IDLE and long fetches, for as long as the loop
shows progress (`presence.py`). Every transaction of the loop asks whether the epoch is still the last one: a daemon
that was frozen, or cut off from the database, and was overtaken meanwhile, commits nothing more. A database that has
one daemon by construction (SQLite) needs no lease: then all of this costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from mailbot.daemon.log import crash, log, warn
from mailbot.daemon.parts import Parts, Pulse
from mailbot.store.leases import mailbox_lease
from mailbot.store.moves import ClaimLost
from mailbot.store.unit_of_work import Work
from mailbot.transport.mailbox import Mailbox

LOOKS_A_LEASE = 12  # how often one who waits for a lease looks whether it has ended


class Tenure:
    """The right of this daemon to read one mailbox; `begin` is called whenever it gets it anew."""

    def __init__(self, parts: Parts, mailbox: Mailbox, pulse: Pulse, begin: Callable[[], None]) -> None:
        self._parts = parts
        self._account = mailbox.account
        self.name = mailbox_lease(mailbox.account, mailbox.folder)
        self._pulse = pulse
        self._begin = begin
        self._epoch: int | None = None
        self._good_until = 0.0  # by our monotonic clock, which may be late, but never early
        self.other = ""  # who reads the mailbox instead of us

    @property
    def mine(self) -> bool:
        """Whether we own it, as far as this process can know by itself."""
        return not self._parts.database.shared or self.epoch is not None

    @property
    def epoch(self) -> int | None:
        """Under which we own it; None: we do not."""
        return self._epoch if self._parts.monotonic() < self._good_until else None

    @property
    def look_seconds(self) -> float:
        """How long to wait before the next try to get it."""
        return self._parts.lease_seconds / LOOKS_A_LEASE

    def hold(self) -> bool:
        """Whether we may read the mailbox now: it is ours, or nobody's and becomes ours."""
        if self.mine:
            return True
        began = self._parts.monotonic()
        now = self._parts.clock()
        with self._parts.database.read() as work:
            self.other = work.leases.holder(self.name, now)
        if self.other in ("", self._parts.holder):
            with self._parts.database.write() as work:
                epoch = work.leases.acquire(self.name, self._parts.holder, now, self._parts.lease_seconds)
            if epoch is not None:
                self._take(epoch, began)
        return self.mine

    def keep(self, work: Work) -> None:
        """In a writing transaction, first of all: ClaimLost where another daemon has taken over since."""
        if self._parts.database.shared:
            work.leases.keep(self.name, self._epoch or 0)

    def check(self, work: Work) -> None:
        """In a reading transaction, before something changes on the server: ClaimLost likewise."""
        if self._parts.database.shared:
            if self.epoch is None:
                raise ClaimLost(f"{self.name}: the lease has run out")
            work.leases.check(self.name, self.epoch)

    def lose(self, lost: ClaimLost) -> None:
        """Another daemon reads the mailbox: nothing that we hold of it counts any more."""
        warn("mailbox_lost", account=self._account, reason=str(lost))
        self._epoch = None

    def release(self) -> None:
        """Let another daemon have it at once."""
        if not self._parts.database.shared or self._epoch is None:
            return
        self._epoch = None
        try:
            with self._parts.database.write() as work:
                work.leases.release(self.name, self._parts.holder, self._parts.clock())
            log("mailbox_released", account=self._account)
        except Exception as error:  # then it runs out
            crash("mailbox_not_released", error, account=self._account)

    # ---------------------------------------------------------------- the housekeeping

    def renew(self, work: Work, now: datetime) -> int | None:
        """The epoch whose lease runs on; None where it was lost (the loop hears it when it next asks), or hangs."""
        epoch = self.epoch
        if epoch is None or not self._pulse.alive:
            return None
        return epoch if work.leases.renew(self.name, epoch, now, self._parts.lease_seconds) else None

    def renewed(self, epoch: int | None, began: float) -> None:
        """That transaction, which began then, is committed."""
        if epoch is not None and epoch == self._epoch:
            self._good_until = began + self._parts.lease_seconds

    def _take(self, epoch: int, began: float) -> None:
        self._epoch, self._good_until, self.other = epoch, began + self._parts.lease_seconds, ""
        log("mailbox_taken", account=self._account, epoch=epoch)
        self._begin()
