"""Outbox -> postman. What became of a mail is known exactly, except in the moment of the final dot (promises 3 and 4).

| outcome | the row | |
|---|---|---|
| 250 after the dot | `sent` | the deadline that waits for this mail starts, in the same transaction |
| 4xx, or any failure before the dot | `ready` later, same bytes | after `delivery.give_up_hours`: `failed` |
| 5xx to sender, recipient or message | `failed` | |
| failure after the dot | `unknown` | class A tries again, class B is `parked` |

A mail that is `failed` or `parked` raises `MailUndelivered` in the transaction that says so. A server that refuses
the connection or our password says nothing about a mail: that is never final, and nobody else is troubled until it
answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import chain, repeat

from mailbot.daemon.carrying_out import alert_admins, due_at, mail_undelivered
from mailbot.daemon.health import Vital
from mailbot.daemon.log import crash, log, warn
from mailbot.daemon.parts import Parts, Pulse
from mailbot.daemon.routes import Connection, Routes
from mailbot.desk.outgoing import NoteCode
from mailbot.failpoints import Failpoint, reach
from mailbot.store.failures import DatabaseUnavailable
from mailbot.store.health import DELIVERY
from mailbot.store.moves import ClaimLost
from mailbot.store.rows import OutboxRow
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Postman, Sent

LEASE_SECONDS = 1_500.0  # longer than the longest delivery: 10 minutes for the dot and a slow connection before it
CONNECTIONS = 2
SETTLE_EVERY = timedelta(seconds=30)
LONGEST_DELIVERY_SECONDS = 1_400.0
BROKEN_SECONDS = (5.0, 30.0)  # the first pause after a fault of ours or of the database, and the longest
RECORD_PAUSES_SECONDS = (0.0, 1.0, 5.0, 15.0, 30.0)  # a database that restarts is back by then


class Delivery:
    """The loop that lets mail leave."""

    def __init__(self, parts: Parts, pulse: Pulse | None = None) -> None:
        self._parts = parts
        self._pulse = pulse or Pulse()
        self._settled_at: datetime | None = None
        self._runner: asyncio.Runner | None = None
        self._own = Connection()
        self._routes = Routes(parts)
        self._vital = Vital(parts, DELIVERY)
        self._in_threads = False  # else a turn must come to its end
        self._unrecorded = 0  # outcomes that are known to this process alone
        self._broken = 0

    @property
    def problem(self) -> str:
        """Why no server takes mail at the moment."""
        return self._routes.problem

    def turn(self, now: datetime) -> int:
        """Deliver all that may leave now, one after the other; how many were tried."""
        self._runner = self._runner or asyncio.Runner()
        return self._runner.run(self._drain(now))

    async def work(self, wait: Callable[[], None]) -> None:
        """N connections until the stop; `wait` blocks until somebody wakes the loop, or the poll is due."""
        self._in_threads = True
        await asyncio.gather(*(self._serve(Connection(), wait) for _ in range(CONNECTIONS)))

    def close(self) -> None:
        """Say goodbye to the servers (after `turn`)."""
        if self._runner is not None:
            self._runner.run(self._own.close())
            self._runner.close()
            self._runner = None

    async def _drain(self, now: datetime) -> int:
        self._settle(now)
        tried = 0
        while await self._deliver_next(self._own, now):
            tried += 1
        return tried

    async def _serve(self, connection: Connection, wait: Callable[[], None]) -> None:
        """One connection: while it waits ten minutes for a slow server, the others go on."""
        try:
            while not self._parts.wakes.stop.is_set():
                self._pulse.beat(LONGEST_DELIVERY_SECONDS)
                if not await self._step(connection):
                    await asyncio.to_thread(wait)
        finally:
            await connection.close()

    async def _step(self, connection: Connection) -> bool:
        """One mail at most. What breaks here must not cancel the other connection in the middle of its mail."""
        try:
            now = self._parts.clock()
            self._settle(now)
            delivered = await self._deliver_next(connection, now)
        except Exception as error:
            crash("delivery_failed", error)
            self._broken += 1
            await self._pause(self._parts.backoff(self._broken, *BROKEN_SECONDS).total_seconds())
            return True
        self._broken = 0
        return delivered

    async def _pause(self, seconds: float) -> None:
        stop = self._parts.wakes.stop
        if self._in_threads:
            await asyncio.to_thread(stop.wait, seconds)
        else:
            stop.wait(seconds)

    # ---------------------------------------------------------------- one mail

    async def _deliver_next(self, connection: Connection, now: datetime) -> bool:
        row = self._claim(now)
        if row is None:
            self._vital.tell(self._routes.health, now, self.problem)
            return False
        reach(Failpoint.CLAIMED_TO_SEND)
        try:
            outcome = await self._hand_over(connection, row)
        except ClaimLost:
            log("claim_lost", outbox=row.id)
            return True
        await self._record_surely(row, outcome, max(now, self._parts.clock()))
        self._vital.tell(self._routes.health, now, self.problem)
        self._tell_admins(now)
        return True

    def _claim(self, now: datetime) -> OutboxRow | None:
        """The next mail to whom an open route leads."""
        sides = self._routes.sides()
        if not sides:
            return None
        with self._parts.database.write() as work:
            claimed = work.outbox.claim(1, self._parts.holder, now, LEASE_SECONDS, sides)
        return claimed[0] if claimed else None

    async def _hand_over(self, connection: Connection, row: OutboxRow) -> Sent | DeliveryFailed:
        """The outcome. What breaks unexpectedly is not sent for certain before DATA, and in doubt afterwards."""
        phase = Phase.RCPT

        def before_data() -> None:
            nonlocal phase
            with self._parts.database.write() as work:
                work.outbox.enter_data(row)
            phase = Phase.DATA

        route = self._routes.choose(row.side)
        try:
            sent = await self._postman(connection, row).deliver(
                Envelope(row.mail_from, row.recipient, row.raw), before_data
            )
        except DeliveryFailed as failure:
            self._routes.note(route, failure)
            return failure
        except ClaimLost:
            raise
        except Exception as error:
            crash("delivery_broke", error, outbox=row.id)
            reason, doubt = type(error).__name__, phase is Phase.DATA
            return DeliveryFailed(reason, permanent=False, phase=phase, unknown=doubt)
        self._routes.note(route, None)
        return sent

    def _postman(self, connection: Connection, row: OutboxRow) -> Postman:
        return connection.postman(self._routes.choose(row.side))

    def _tell_admins(self, now: datetime) -> None:
        """By the second route, where there is one, that the first is broken."""
        if not self._routes.alert_is_due():
            return
        with self._parts.database.write() as work:
            alert_admins(work, self._parts.snapshot, NoteCode.DELIVERY, self.problem, now, remedy="mailbot status")
        self._routes.alerted()

    # ---------------------------------------------------------------- outcomes

    async def _record_surely(self, row: OutboxRow, outcome: Sent | DeliveryFailed, now: datetime) -> None:
        """A database that is away must not make a mail doubtful whose outcome we hold in our hands: we hold on to it.

        Meanwhile this connection sends nothing more.
        """
        pauses = chain(RECORD_PAUSES_SECONDS, repeat(RECORD_PAUSES_SECONDS[-1]) if self._in_threads else ())
        self._unrecorded += 1
        try:
            for pause_seconds in pauses:
                try:
                    self._record(row, outcome, now)
                    return
                except DatabaseUnavailable as away:
                    warn("outcome_not_recorded", outbox=row.id, reason=str(away))
                    if self._parts.wakes.stop.is_set():
                        break
                    self._pulse.beat(LONGEST_DELIVERY_SECONDS)
                    await self._pause(pause_seconds)
            self._record(row, outcome, now)
        finally:
            self._unrecorded -= 1

    def _record(self, row: OutboxRow, outcome: Sent | DeliveryFailed, now: datetime) -> None:
        """May be repeated: if the transaction before was committed after all, nothing is left to move (ClaimLost)."""
        try:
            if isinstance(outcome, Sent):
                self._sent(row, outcome, now)
            elif outcome.unknown:
                self._doubtful(row, outcome, now)
            elif self._is_final(row, outcome, now):
                self._failed(row, outcome, now)
            elif outcome.phase is Phase.CONNECT:
                self._hand_back(row, outcome, now)
            else:
                self._deferred(row, outcome, now)
        except ClaimLost as lost:
            if not isinstance(outcome, Sent) or not self._arrived(row, outcome, now):
                crash("claim_lost_after_delivery", lost, outbox=row.id)

    def _sent(self, row: OutboxRow, outcome: Sent, now: datetime) -> None:
        due = due_at(row.arms, now, self._parts.snapshot.policy) if row.arms else None
        with self._parts.database.write() as work:
            work.outbox.sent(row, outcome.reply, now, due)
            reach(Failpoint.SENT_WRITTEN)
        reach(Failpoint.SENT)
        log("sent", outbox=row.id, kind=row.kind, ticket=row.ticket, reply=outcome.reply)

    def _arrived(self, row: OutboxRow, outcome: Sent, now: datetime) -> bool:
        """Somebody took us for dead while we waited: what the server said still ends the doubt, and no copy leaves."""
        due = due_at(row.arms, now, self._parts.snapshot.policy) if row.arms else None
        with self._parts.database.write() as work:
            arrived = work.proofs.arrived(row.id, f"a late reply: {outcome.reply}", now, due)
        if arrived:
            log("proved_sent", outbox=row.id, kind=row.kind, ticket=row.ticket, reply=outcome.reply)
        return arrived

    def _doubtful(self, row: OutboxRow, failure: DeliveryFailed, now: datetime) -> None:
        warn("doubtful", outbox=row.id, kind=row.kind, ticket=row.ticket, reason=failure.reason)
        with self._parts.database.write() as work:
            if parked := work.outbox.doubtful(row, failure.reason, now):
                mail_undelivered(work, self._parts.snapshot, parked, failure.reason, now)

    def _failed(self, row: OutboxRow, failure: DeliveryFailed, now: datetime) -> None:
        warn("failed", outbox=row.id, kind=row.kind, ticket=row.ticket, reason=failure.reason)
        with self._parts.database.write() as work:
            mail = work.outbox.failed(row, failure.reason, now)
            mail_undelivered(work, self._parts.snapshot, mail, failure.reason, now, status=_status(failure))

    def _deferred(self, row: OutboxRow, failure: DeliveryFailed, now: datetime) -> None:
        later = now + self._parts.backoff(row.attempts, 60, 3_600)
        log("deferred", outbox=row.id, kind=row.kind, ticket=row.ticket, reason=failure.reason)
        with self._parts.database.write() as work:
            work.outbox.deferred(row, later, failure.reason)

    def _hand_back(self, row: OutboxRow, failure: DeliveryFailed, now: datetime) -> None:
        """Nothing was said about this mail: it is ready, and the pause of its route decides when."""
        with self._parts.database.write() as work:
            try:
                work.outbox.hand_back(row)
            except ClaimLost:  # "log in first" may be said as late as in answer to DATA
                work.outbox.deferred(row, now, failure.reason)

    def _is_final(self, row: OutboxRow, failure: DeliveryFailed, now: datetime) -> bool:
        give_up_after = timedelta(hours=self._parts.snapshot.policy.delivery.give_up_hours)
        waited_too_long = now >= row.created_at + give_up_after
        return failure.phase is not Phase.CONNECT and (waited_too_long or failure.permanent)

    # ---------------------------------------------------------------- doubts and leases

    def _settle(self, now: datetime) -> None:
        """Leases that ended and doubts whose time has come; not while we know better of a mail than the database."""
        if self._unrecorded:
            return
        if self._settled_at is not None and self._settled_at <= now < self._settled_at + SETTLE_EVERY:
            return
        self._settled_at = now
        with self._parts.database.write() as work:
            for mail in work.outbox.settle(now):
                mail_undelivered(work, self._parts.snapshot, mail, "parked: nobody knows whether it arrived", now)


def _status(failure: DeliveryFailed) -> str:
    """The enhanced status code (RFC 3463) in the server's reply, or ""."""
    words = failure.reason.split()
    return next((word for word in words[:3] if word.count(".") == 2 and word.replace(".", "").isdigit()), "")
