"""A call for help past the database: when that is away, an alert cannot be a row of the outbox.

One mail to each admin, in the words of every other alert, by [alert_smtp] where there is one, else by [smtp]: once an
outage, at most once an hour, and not for a restart that is over within a minute. What it says does not come from the
database, nor from any mail. Where no server takes it either, the log and the status line of systemd say so.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from mailbot.daemon.log import crash, log, warn
from mailbot.daemon.parts import Parts
from mailbot.desk.addressing import to_admins
from mailbot.desk.outgoing import NoteCode, Outgoing
from mailbot.store.failures import DiskFull
from mailbot.transport.postman import DeliveryFailed, Envelope, Postman

PATIENCE_SECONDS = 60.0
AGAIN_SECONDS = 900.0  # where nobody took it
CALL_EVERY_SECONDS = 3_600.0
LONGEST_CALL_SECONDS = 120.0


class Distress:
    """Looks at how the database does, and calls."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._away_since: float | None = None
        self._next_call = parts.monotonic()
        self._called = False
        self._call: threading.Thread | None = None
        self._disk_is_full = False

    def look(self, problem: str) -> None:
        """What became of the last transaction of the housekeeping ("" if all is well): called often."""
        now = self._parts.monotonic()
        if not problem:
            if self._away_since is not None:
                log("database_available", after_seconds=f"{now - self._away_since:.0f}")
            self._away_since, self._called = None, False
            return
        self._disk_is_full = problem.startswith(DiskFull.__name__)  # as `problem_of` begins
        if self._away_since is None:
            self._away_since = now
            warn("database_unavailable", reason=problem)
        if not self._called and now >= max(self._away_since + PATIENCE_SECONDS, self._next_call):
            self._begin_call(now)

    # ---------------------------------------------------------------- the call

    def _begin_call(self, now: float) -> None:
        """On a thread of its own: servers are slow, and the main thread feeds the watchdog."""
        if self._call is not None and self._call.is_alive():
            return
        self._next_call = now + AGAIN_SECONDS
        self._call = threading.Thread(target=self._make_call, name="distress", daemon=True)
        self._call.start()

    def _make_call(self) -> None:
        try:
            taken = asyncio.run(self._write_to_all(self._parts.clock()))
        except Exception as error:
            crash("call_failed", error)
            return
        if taken:
            self._called = True
            self._next_call = self._parts.monotonic() + CALL_EVERY_SECONDS
            log("called_for_help", admins=taken)
        else:
            warn("nobody_takes_the_call")

    async def _write_to_all(self, now: datetime) -> int:
        away_seconds = self._parts.monotonic() - (self._away_since or self._parts.monotonic())
        reason = "the disk is full (see df)" if self._disk_is_full else "it cannot be reached"
        detail = f"it has not answered since {now - timedelta(seconds=away_seconds):%Y-%m-%d %H:%M} UTC: {reason}"
        policy = self._parts.snapshot.policy
        alerts = to_admins(NoteCode.DATABASE, detail, policy, remedy="mailbot status")
        return sum([await self._write(alert, now) for alert in alerts])

    async def _write(self, alert: Outgoing, now: datetime) -> bool:
        """Whether a server took it, or perhaps did."""
        envelope = self._render(alert, now)
        for open_postman in filter(None, (self._parts.alert_postman, self._parts.postman)):
            if await _hand_over(open_postman, envelope):
                return True
        return False

    def _render(self, alert: Outgoing, now: datetime) -> Envelope:
        snapshot = self._parts.snapshot
        serial = int(now.timestamp())  # no row of the outbox has such a number
        made = snapshot.renderer.render(alert, snapshot.policy, snapshot.keyring, serial, (), now, {})
        return Envelope(made.mail_from, made.recipient, made.raw)


async def _hand_over(open_postman: Callable[[], Postman], envelope: Envelope) -> bool:
    postman = open_postman()
    try:
        async with asyncio.timeout(LONGEST_CALL_SECONDS):
            await postman.deliver(envelope, lambda: None)
    except DeliveryFailed as failure:
        warn("call_not_taken", reason=failure.reason)
        return failure.unknown
    except TimeoutError:
        warn("call_not_taken", reason="too slow")
        return False
    finally:
        await postman.close()
    return True
