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
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import due_at, mail_undelivered
from mailbot.daemon.health import Vital
from mailbot.daemon.log import crash, log, warn
from mailbot.daemon.parts import Parts, Pulse
from mailbot.desk.ticket import Side
from mailbot.failpoints import Failpoint, reach
from mailbot.store.failures import DatabaseUnavailable
from mailbot.store.health import DELIVERY
from mailbot.store.moves import ClaimLost
from mailbot.store.rows import OutboxRow
from mailbot.store.states import HealthState
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Postman, Sent

LEASE_SECONDS = 1_500.0  # longer than the longest delivery: 10 minutes for the dot and a slow connection before it
CONNECTIONS = 2
SETTLE_EVERY = timedelta(seconds=30)
LONGEST_DELIVERY_SECONDS = 1_200.0
RECORD_PAUSES_SECONDS = (0.0, 1.0, 5.0, 15.0, 30.0)  # a database that restarts is back by then


@dataclass(slots=True)
class Connection:
    """A postman with the route it takes, and when it may be tried again after the server was not to be had."""

    postmen: dict[str, Postman] = field(default_factory=dict)
    failures: int = 0
    retry_at: datetime | None = None


class Delivery:
    """The loop that lets mail leave."""

    def __init__(self, parts: Parts, pulse: Pulse | None = None) -> None:
        self._parts = parts
        self._pulse = pulse or Pulse()
        self._settled_at: datetime | None = None
        self._runner: asyncio.Runner | None = None
        self._own = Connection()
        self._vital = Vital(parts, DELIVERY)
        self._health = HealthState.OK
        self.problem = ""  # why no server takes mail at the moment

    def turn(self, now: datetime) -> int:
        """Deliver all that may leave now, one after the other; how many were tried."""
        self._runner = self._runner or asyncio.Runner()
        return self._runner.run(self._drain(now))

    async def work(self, wait: Callable[[], None]) -> None:
        """N connections until the stop; `wait` blocks until somebody wakes the loop, or the poll is due."""
        await asyncio.gather(*(self._serve(Connection(), wait) for _ in range(CONNECTIONS)))

    def close(self) -> None:
        """Say goodbye to the servers (after `turn`)."""
        if self._runner is not None:
            self._runner.run(_close(self._own))
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
                now = self._parts.clock()
                self._settle(now)
                if not await self._deliver_next(connection, now):
                    await asyncio.to_thread(wait)
        finally:
            await _close(connection)

    # ---------------------------------------------------------------- one mail

    async def _deliver_next(self, connection: Connection, now: datetime) -> bool:
        if connection.retry_at is not None and now < connection.retry_at:
            return False
        row = self._claim(now)
        if row is None:
            self._vital.tell(self._health, now, self.problem)
            return False
        reach(Failpoint.CLAIMED_TO_SEND)
        try:
            outcome = await self._hand_over(connection, row)
        except ClaimLost:
            log("claim_lost", outbox=row.id)
            return True
        self._note_connection(connection, outcome, now)
        self._record_surely(row, outcome, max(now, self._parts.clock()))
        return True

    def _claim(self, now: datetime) -> OutboxRow | None:
        with self._parts.database.write() as work:
            claimed = work.outbox.claim(1, self._parts.holder, now, LEASE_SECONDS)
        return claimed[0] if claimed else None

    async def _hand_over(self, connection: Connection, row: OutboxRow) -> Sent | DeliveryFailed:
        """The outcome. What breaks unexpectedly is not sent for certain before DATA, and in doubt afterwards."""
        phase = Phase.RCPT

        def before_data() -> None:
            nonlocal phase
            with self._parts.database.write() as work:
                work.outbox.enter_data(row)
            phase = Phase.DATA

        try:
            return await self._postman(connection, row).deliver(
                Envelope(row.mail_from, row.recipient, row.raw), before_data
            )
        except DeliveryFailed as failure:
            return failure
        except ClaimLost:
            raise
        except Exception as error:
            crash("delivery_broke", error, outbox=row.id)
            reason, doubt = type(error).__name__, phase is Phase.DATA
            return DeliveryFailed(reason, permanent=False, phase=phase, unknown=doubt)

    def _postman(self, connection: Connection, row: OutboxRow) -> Postman:
        """Alerts take their own route where there is one."""
        alert = self._parts.alert_postman if row.side is Side.ADMIN else None
        route = "alert" if alert is not None else "mail"
        if route not in connection.postmen:
            connection.postmen[route] = (alert or self._parts.postman)()
        return connection.postmen[route]

    def _note_connection(self, connection: Connection, outcome: Sent | DeliveryFailed, now: datetime) -> None:
        """A server that cannot be reached, or does not let us in, is left alone for a while."""
        if isinstance(outcome, DeliveryFailed) and outcome.phase is Phase.CONNECT:
            connection.failures += 1
            self.problem = outcome.reason
            self._health = HealthState.NEEDS_PERSON if outcome.permanent else HealthState.RETRYING
            connection.retry_at = now + self._parts.backoff(connection.failures, 5, 900)
            warn("smtp_unavailable", reason=outcome.reason, failures=connection.failures)
        else:
            connection.failures, connection.retry_at, self.problem = 0, None, ""
            self._health = HealthState.OK
        self._vital.tell(self._health, now, self.problem)

    # ---------------------------------------------------------------- outcomes

    def _record_surely(self, row: OutboxRow, outcome: Sent | DeliveryFailed, now: datetime) -> None:
        """A database that is away for a moment must not make a mail doubtful whose outcome we hold in our hands."""
        for pause_seconds in RECORD_PAUSES_SECONDS:
            try:
                self._record(row, outcome, now)
                return
            except DatabaseUnavailable as away:
                warn("outcome_not_recorded", outbox=row.id, reason=str(away))
                self._parts.wakes.stop.wait(pause_seconds)
        self._record(row, outcome, now)

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
                self._hand_back(row)
            else:
                self._deferred(row, outcome, now)
        except ClaimLost as lost:
            crash("claim_lost_after_delivery", lost, outbox=row.id)

    def _sent(self, row: OutboxRow, outcome: Sent, now: datetime) -> None:
        due = due_at(row.arms, now, self._parts.snapshot.policy) if row.arms else None
        with self._parts.database.write() as work:
            work.outbox.sent(row, outcome.reply, now, due)
            reach(Failpoint.SENT_WRITTEN)
        reach(Failpoint.SENT)
        log("sent", outbox=row.id, kind=row.kind, ticket=row.ticket, reply=outcome.reply)

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

    def _hand_back(self, row: OutboxRow) -> None:
        """Nothing was said about this mail: it is ready, and the connection's own pause decides when."""
        with self._parts.database.write() as work:
            work.outbox.hand_back(row)

    def _is_final(self, row: OutboxRow, failure: DeliveryFailed, now: datetime) -> bool:
        give_up_after = timedelta(hours=self._parts.snapshot.policy.delivery.give_up_hours)
        waited_too_long = now >= row.created_at + give_up_after
        return waited_too_long or (failure.permanent and failure.phase is not Phase.CONNECT)

    # ---------------------------------------------------------------- doubts and leases

    def _settle(self, now: datetime) -> None:
        """Leases that ended and doubts whose time has come."""
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


async def _close(connection: Connection) -> None:
    for postman in connection.postmen.values():
        await postman.close()
    connection.postmen.clear()
