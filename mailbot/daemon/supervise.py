"""Start, reload, stop: the loops as threads of one process (DESIGN section 2, "Processes and threads").

One thread a mailbox, one for processing, one for deadlines, one for delivery; the main thread takes signals and feeds
systemd's watchdog, which it does only while every loop beats. A loop that raises is logged and goes on after a pause:
the database, a full disk or a bug must delay mail, never end the desk. SIGTERM and SIGINT finish what is begun;
SIGHUP reloads.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mailbot.daemon.announcing import Announcer
from mailbot.daemon.beginning import begin, remember_config
from mailbot.daemon.deadlines import Deadlines
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.health import Vital, tell_configuration
from mailbot.daemon.intake import Intake
from mailbot.daemon.log import crash, log, warn
from mailbot.daemon.notify import Notifier
from mailbot.daemon.parts import Parts, Pulse
from mailbot.daemon.processing import Processing
from mailbot.failpoints import Failpoint, reach
from mailbot.store.health import DAEMON
from mailbot.store.states import HealthState

INTAKE, PROCESSING, DEADLINES, DELIVERY = "intake", "processing", "deadlines", "delivery"
ROLES = (INTAKE, PROCESSING, DEADLINES, DELIVERY)
PAUSE_SECONDS = 5.0  # after a loop raised
PROCESSING_POLL_SECONDS = 5.0
JOIN_SECONDS = 80.0  # all loops together: less than systemd's TimeoutStopSec
TICK_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Loop:
    """One thread: `work` runs until the stop, `problem` says what it cannot reach, `tried` that it reached out once."""

    name: str
    work: Callable[[], None]
    pulse: Pulse
    wake: threading.Event | None = None
    problem: Callable[[], str] = str
    tried: threading.Event | None = None


class Supervisor:
    """The running daemon. `changed` says whether the configuration files look different than before."""

    def __init__(
        self,
        parts: Parts,
        roles: Iterable[str] = ROLES,
        *,
        changed: Callable[[], bool] = lambda: False,
        notifier: Notifier | None = None,
    ) -> None:
        self._parts = parts
        self._changed = changed
        self._announcer = Announcer(notifier or Notifier())
        self._stop_wanted = self._reload_wanted = (
            False  # plain flags: a lock taken in a signal handler may be held already
        )
        self._loops = self._make_loops(frozenset(roles))
        self._next_look = parts.monotonic()
        self._vital = Vital(parts, DAEMON, beats=True)
        self._silent: list[str] = []

    def run(self, *, handle_signals: bool = True) -> None:
        """Work until the stop."""
        if handle_signals:
            self._listen()
        begin(self._parts)
        # Daemon threads: one that still waits for a server when the time is up must not keep the process.
        threads = [
            threading.Thread(target=self._keep, args=(loop,), name=loop.name, daemon=True) for loop in self._loops
        ]
        for thread in threads:
            thread.start()
        log("started", loops=",".join(loop.name for loop in self._loops), config=self._parts.snapshot.hash)
        self._watch()
        self._finish(threads)

    def stop(self) -> None:
        """Finish what is begun, then end."""
        self._stop_wanted = True

    def reload(self) -> None:
        """Read the configuration again, soon."""
        self._reload_wanted = True

    # ---------------------------------------------------------------- the main thread

    def _listen(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        signal.signal(signal.SIGHUP, lambda *_: self.reload())

    def _watch(self) -> None:
        """Signals, changed files, watchdog."""
        stop = self._parts.wakes.stop
        while not self._stop_wanted and not stop.wait(TICK_SECONDS):
            if self._reload_wanted or self._files_changed():
                self._reload_wanted = False
                self._reload()
            self._show_life()
        stop.set()

    def _files_changed(self) -> bool:
        now = self._parts.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + self._parts.snapshot.intervals.config_poll_seconds
        return self._changed()

    def _reload(self) -> None:
        self._announcer.reloading()
        if self._parts.settings.reload():
            remember_config(self._parts)
        tell_configuration(self._parts)
        self._announcer.reloaded(self._how())

    def _how(self) -> str:
        """The line for `systemctl status`."""
        problems = [f"{loop.name} cannot work: {problem}" for loop in self._loops if (problem := loop.problem())]
        if self._parts.settings.problem:
            problems.insert(0, "last good configuration, the files have errors (mailbot check)")
        return f"degraded: {'; '.join(problems)}" if problems else "working"

    def _show_life(self) -> None:
        """To systemd's watchdog, and to `mailbot status`."""
        silent = [loop.name for loop in self._loops if not loop.pulse.alive]
        state = HealthState.NO_PROGRESS if silent else HealthState.OK
        self._vital.tell(state, self._parts.clock(), ",".join(silent) or self._parts.holder)
        if silent and silent != self._silent:
            warn("no_progress", loops=",".join(silent))
        self._silent = silent
        tried = all(loop.tried.is_set() for loop in self._loops if loop.tried)
        self._announcer.tell(self._how(), tried=tried, alive=not silent)

    def _finish(self, threads: list[threading.Thread]) -> None:
        log("stopping")
        self._announcer.stopping()
        for loop in self._loops:
            if loop.wake is not None:
                loop.wake.set()
        reach(Failpoint.STOPPING)
        deadline = time.monotonic() + JOIN_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in threads if thread.is_alive()]
        self._parts.parser.close()
        self._vital.tell(HealthState.STOPPED, self._parts.clock(), self._parts.holder)
        log("stopped", late=",".join(late))

    # ---------------------------------------------------------------- the loops

    def _keep(self, loop: Loop) -> None:
        """Run a loop until the stop; what it raises costs a pause."""
        stop = self._parts.wakes.stop
        while not stop.is_set():
            loop.pulse.beat()
            try:
                loop.work()
            except Exception as error:
                crash("loop_failed", error, loop=loop.name)
                loop.pulse.beat()
                stop.wait(PAUSE_SECONDS)

    def _make_loops(self, roles: frozenset[str]) -> list[Loop]:
        loops: list[Loop] = []
        if INTAKE in roles:
            loops += [self._intake(number) for number in range(len(self._parts.mailboxes))]
        if PROCESSING in roles:
            loops.append(self._processing())
        if DEADLINES in roles:
            loops.append(self._deadlines())
        if DELIVERY in roles:
            loops.append(self._delivery())
        return loops

    def _intake(self, number: int) -> Loop:
        pulse, tried = Pulse(), threading.Event()
        intake = Intake(self._parts, self._parts.mailboxes[number], pulse)

        def work() -> None:
            try:
                while not self._parts.wakes.stop.is_set():
                    pulse.beat(300)
                    intake.turn(self._parts.clock())
                    tried.set()
                    poll_seconds = self._parts.snapshot.intervals.mailbox_poll_seconds
                    pulse.beat(poll_seconds + 300)
                    intake.wait(poll_seconds)
            finally:
                tried.set()
                intake.close()

        return Loop(f"intake:{intake.account}", work, pulse, problem=lambda: intake.problem, tried=tried)

    def _processing(self) -> Loop:
        pulse = Pulse()
        processing = Processing(self._parts, pulse)
        wake = self._parts.wakes.processing

        def work() -> None:
            pulse.beat()
            if not processing.turn(self._parts.clock()):
                _wait(wake, PROCESSING_POLL_SECONDS)

        return Loop(PROCESSING, work, pulse, wake)

    def _deadlines(self) -> Loop:
        pulse = Pulse()
        deadlines = Deadlines(self._parts, pulse)
        wake = self._parts.wakes.deadlines

        def work() -> None:
            poll_seconds = self._parts.snapshot.intervals.deadline_poll_seconds
            pulse.beat(poll_seconds + 120)
            if not deadlines.turn(self._parts.clock()):
                _wait(wake, poll_seconds)

        return Loop(DEADLINES, work, pulse, wake)

    def _delivery(self) -> Loop:
        pulse = Pulse()
        wake = self._parts.wakes.delivery
        delivery = Delivery(self._parts, pulse)

        def wait() -> None:
            _wait(wake, self._parts.snapshot.intervals.delivery_poll_seconds)

        def work() -> None:
            asyncio.run(delivery.work(wait))

        return Loop(DELIVERY, work, pulse, wake, lambda: delivery.problem)


def _wait(wake: threading.Event, timeout_seconds: float) -> None:
    wake.wait(timeout_seconds)
    wake.clear()


@dataclass(frozen=True, slots=True)
class Turn:
    """How many mails and deadlines one turn of every loop dealt with, and what could not be reached."""

    fetched: int
    processed: int
    deadlines: int
    delivered: int
    problems: tuple[str, ...] = ()


def turn_once(parts: Parts) -> Turn:
    """Every loop, in the order of a mail's way, until nothing is left to do; on this thread."""
    intakes = [Intake(parts, watched) for watched in parts.mailboxes]
    processing, deadlines, delivery = Processing(parts), Deadlines(parts), Delivery(parts)
    begin(parts)
    try:
        fetched = sum(intake.turn(parts.clock()) for intake in intakes)
        fired = _drain(deadlines.turn, parts)
        processed = _drain(processing.turn, parts)
        delivered = delivery.turn(parts.clock())
        troubles = {intake.account: intake.problem for intake in intakes} | {"smtp": delivery.problem}
        problems = tuple(f"{where}: {problem}" for where, problem in troubles.items() if problem)
        return Turn(fetched, processed, fired, delivered, problems)
    finally:
        for intake in intakes:
            intake.close()
        delivery.close()
        parts.parser.close()


def _drain(turn: Callable[..., int], parts: Parts) -> int:
    done = 0
    while did := turn(parts.clock()):
        done += did
    return done
