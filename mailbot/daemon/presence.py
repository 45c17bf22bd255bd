"""That a daemon lives, where several share a database: a lease of its own, renewed beside the loops.

Each of them looks for those whose lease has run out. What such a daemon had claimed is free at once, long before its
claims end by themselves: mails that it was reading are received again, mails that it was sending leave again or, when
they may have left already, are in doubt. If it was only frozen and wakes up, its epochs are gone (ClaimLost).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import mail_undelivered
from mailbot.daemon.leasing import Tenure
from mailbot.daemon.log import crash, log, problem_of, warn
from mailbot.daemon.parts import Parts
from mailbot.store.leases import daemon_lease
from mailbot.store.unit_of_work import Work

RENEWALS_A_LEASE = 4
FORGET_AFTER = timedelta(hours=1)  # more than any claim lasts
IN_DOUBT = "parked: nobody knows whether it arrived"


class Presence:
    """This daemon, as the others see it."""

    def __init__(self, parts: Parts, tenures: Sequence[Tenure] = ()) -> None:
        self._parts = parts
        self._tenures = tenures
        self._next = self._shown_at = self._steady_since = parts.monotonic()
        self.problem = ""  # why the leases could not be renewed

    def begin(self) -> None:
        """From now on this daemon lives."""
        if self._parts.database.shared:
            self._steady_since = self._parts.monotonic()
            self._renew()

    def show(self) -> bool:
        """Renew what is due, and look after the others; False if they had to think that this daemon was dead."""
        began = self._parts.monotonic()
        if not self._parts.database.shared or began < self._next:
            return True
        away_seconds = began - self._shown_at
        was_away = away_seconds > self._parts.lease_seconds
        try:
            self._renew()
            if was_away:
                warn("was_away", seconds=f"{away_seconds:.0f}")
                self._steady_since = began
            # If it was the database that was away, nobody could show anything: let the others have their turn first.
            elif began - self._steady_since >= self._parts.lease_seconds:
                self._look_after_others()
        except Exception as error:
            self.problem = problem_of(error)
            crash("leases_not_renewed", error)
            return True
        return not was_away

    def end(self) -> None:
        """A clean stop: what may be left is free at once, and nobody looks for us."""
        if not self._parts.database.shared:
            return
        try:
            with self._parts.database.write() as work:
                self._free(work, self._parts.holder, self._parts.clock())
                work.leases.forget_daemon(self._parts.holder)
        except Exception as error:  # then it runs out
            crash("daemon_not_released", error)

    # ---------------------------------------------------------------- leases

    def _renew(self) -> None:
        parts, began = self._parts, self._parts.monotonic()
        self._next = began + parts.lease_seconds / RENEWALS_A_LEASE
        now = parts.clock()
        with parts.database.write() as work:
            work.leases.acquire(daemon_lease(parts.holder), parts.holder, now, parts.lease_seconds)
            epochs = [tenure.renew(work, now) for tenure in self._tenures]
        self._shown_at, self.problem = began, ""
        for tenure, epoch in zip(self._tenures, epochs, strict=True):
            tenure.renewed(epoch, began)

    def _look_after_others(self) -> None:
        now = self._parts.clock()
        with self._parts.database.read() as work:
            dead = work.leases.dead_daemons(now)
            long_dead = work.leases.dead_daemons(now - FORGET_AFTER)
        for holder in dead:
            try:
                self._bury(holder, holder in long_dead, now)
            except Exception as error:  # the next one may be buried all the same, and this one in the next round
                crash("not_taken_over", error, daemon=holder)

    def _bury(self, holder: str, forget: bool, now: datetime) -> None:
        """As long as its lease is known it is done again: it may have woken up, claimed more, and died."""
        with self._parts.database.write() as work:
            if not work.leases.is_dead(holder, now):
                return
            freed = self._free(work, holder, now)
            work.health.tell_gone(holder, now)
            if forget:
                work.leases.forget_daemon(holder)
                work.health.forget_daemons([holder])
        if freed:
            warn("took_over", daemon=holder, rows=freed)
            self._parts.wakes.processing.set()
            self._parts.wakes.delivery.set()
        elif forget:
            log("forgotten", daemon=holder)

    def _free(self, work: Work, holder: str, now: datetime) -> int:
        work.take_turn()  # before any row of a mail is locked, as everybody does who decides: no waiting in a circle
        freed = work.inbox.end_leases(holder) + work.outbox.end_leases(holder)
        for mail in work.outbox.settle(now, holder=holder):
            mail_undelivered(work, self._parts.snapshot, mail, IN_DOUBT, now)
        return freed
