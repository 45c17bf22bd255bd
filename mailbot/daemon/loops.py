"""What the threads of the daemon do: a loop a mailbox, one for processing, one for deadlines, one for delivery.

Roles choose which of them this process has; several daemons on one PostgreSQL may share the work in any way.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mailbot.daemon.deadlines import Deadlines
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.intake import Intake
from mailbot.daemon.leasing import Tenure
from mailbot.daemon.parts import Parts, Pulse
from mailbot.daemon.processing import Processing

INTAKE, PROCESSING, DEADLINES, DELIVERY = "intake", "processing", "deadlines", "delivery"
ROLES = (INTAKE, PROCESSING, DEADLINES, DELIVERY)
PROCESSING_POLL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Loop:
    """One thread: `work` runs until the stop, `problem` says what it cannot reach, `tried` that it reached out once.

    A loop that reads a mailbox does so by a `tenure`, and otherwise says which daemon it is `standing_by` for.
    """

    name: str
    work: Callable[[], None]
    pulse: Pulse
    wake: threading.Event | None = None
    problem: Callable[[], str] = str
    tried: threading.Event | None = None
    tenure: Tenure | None = None
    standing_by: Callable[[], str] = str


def make_loops(parts: Parts, roles: Iterable[str]) -> list[Loop]:
    """Those of these roles."""
    wanted = frozenset(roles)
    loops = [_intake(parts, number) for number in range(len(parts.mailboxes))] if INTAKE in wanted else []
    others = {PROCESSING: _processing, DEADLINES: _deadlines, DELIVERY: _delivery}
    return loops + [make(parts) for role, make in others.items() if role in wanted]


def _intake(parts: Parts, number: int) -> Loop:
    pulse, tried = Pulse(), threading.Event()
    intake = Intake(parts, parts.mailboxes[number], pulse)

    def work() -> None:
        try:
            while not parts.wakes.stop.is_set():
                pulse.beat(300)
                intake.turn(parts.clock())
                tried.set()
                poll_seconds = parts.snapshot.intervals.mailbox_poll_seconds
                pulse.beat(poll_seconds + 300)
                intake.wait(poll_seconds)
        finally:
            tried.set()
            intake.close()

    return Loop(
        f"intake:{intake.account}",
        work,
        pulse,
        problem=lambda: intake.problem,
        tried=tried,
        tenure=intake.tenure,
        standing_by=lambda: intake.standing_by,
    )


def _processing(parts: Parts) -> Loop:
    pulse = Pulse()
    processing = Processing(parts, pulse)
    wake = parts.wakes.processing

    def work() -> None:
        pulse.beat()
        if not processing.turn(parts.clock()):
            _wait(wake, PROCESSING_POLL_SECONDS)

    return Loop(PROCESSING, work, pulse, wake)


def _deadlines(parts: Parts) -> Loop:
    pulse = Pulse()
    deadlines = Deadlines(parts, pulse)
    wake = parts.wakes.deadlines

    def work() -> None:
        poll_seconds = parts.snapshot.intervals.deadline_poll_seconds
        pulse.beat(poll_seconds + 120)
        if not deadlines.turn(parts.clock()):
            _wait(wake, poll_seconds)

    return Loop(DEADLINES, work, pulse, wake)


def _delivery(parts: Parts) -> Loop:
    pulse = Pulse()
    wake = parts.wakes.delivery
    delivery = Delivery(parts, pulse)

    def wait() -> None:
        _wait(wake, parts.snapshot.intervals.delivery_poll_seconds)

    def work() -> None:
        asyncio.run(delivery.work(wait))

    return Loop(DELIVERY, work, pulse, wake, lambda: delivery.problem)


def _wait(wake: threading.Event, timeout_seconds: float) -> None:
    wake.wait(timeout_seconds)
    wake.clear()
