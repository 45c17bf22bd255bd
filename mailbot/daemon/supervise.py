"""Start, reload, stop: the loops as threads of one process (DESIGN section 2, "Processes and threads").

One thread a mailbox, one for processing, one for deadlines, one for delivery; the main thread takes signals and feeds
systemd's watchdog, which it does only while every loop beats. It never waits for the database: what it would write
there, a thread beside it writes (`housekeeping.py`). A loop that raises is logged and goes on after a pause:
the database, a full disk or a bug must delay mail, never end the desk. SIGTERM and SIGINT finish what is begun;
SIGHUP reloads. Where several daemons share a database, the leases of this one are renewed beside the loops.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mailbot.daemon.announcing import Announcer
from mailbot.daemon.beginning import begin, remember_config
from mailbot.daemon.deadlines import Deadlines
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.distress import Distress
from mailbot.daemon.health import Vital, tell_configuration
from mailbot.daemon.housekeeping import TICK_SECONDS, Housekeeping
from mailbot.daemon.intake import Intake
from mailbot.daemon.log import crash, log, warn
from mailbot.daemon.loops import ROLES, Loop, make_loops
from mailbot.daemon.notify import Notifier
from mailbot.daemon.parts import Parts
from mailbot.daemon.presence import Presence
from mailbot.daemon.processing import Processing
from mailbot.failpoints import Failpoint, reach
from mailbot.store.failures import DatabaseUnavailable
from mailbot.store.health import DAEMON
from mailbot.store.states import HealthState

PAUSE_SECONDS = 5.0  # after a loop raised
JOIN_SECONDS = 80.0  # all loops together: less than systemd's TimeoutStopSec
NO_ANSWER = "it does not answer"


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
        self._loops = make_loops(parts, roles)
        self._presence = Presence(parts, [loop.tenure for loop in self._loops if loop.tenure is not None])
        self._next_look = parts.monotonic()
        self._vital = Vital(parts, DAEMON, beats=True)
        self._distress = Distress(parts)
        self._housekeeping = Housekeeping(self._keep_house)
        self._silent: list[str] = []
        self._words = ""

    def run(self, *, handle_signals: bool = True) -> None:
        """Work until the stop."""
        if handle_signals:
            self._listen()
        self._presence.begin()
        begin(self._parts)
        # Daemon threads: one that still waits for a server when the time is up must not keep the process.
        threads = [
            threading.Thread(target=self._keep, args=(loop,), name=loop.name, daemon=True) for loop in self._loops
        ]
        for thread in threads:
            thread.start()
        self._housekeeping.begin()
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
        """Signals, watchdog, and whether help must be called."""
        stop = self._parts.wakes.stop
        while not self._stop_wanted and not stop.wait(TICK_SECONDS):
            self._look()
        stop.set()

    def _look(self) -> None:
        """At the loops and at what became of the housekeeping: nothing that takes time."""
        silent = self._silent_loops()
        if silent and silent != self._silent:
            warn("no_progress", loops=",".join(silent))
        self._silent = silent
        self._distress.look(self._database_problem())
        tried = all(loop.tried.is_set() for loop in self._loops if loop.tried)
        self._announcer.tell(self._how(), tried=tried, alive=not silent)

    def _silent_loops(self) -> list[str]:
        return [loop.name for loop in self._loops if not loop.pulse.alive]

    def _database_problem(self) -> str:
        return self._presence.problem or self._vital.problem or (NO_ANSWER if self._housekeeping.is_slow else "")

    def _files_changed(self) -> bool:
        now = self._parts.monotonic()
        if now < self._next_look:
            return False
        self._next_look = now + self._parts.snapshot.intervals.config_poll_seconds
        return self._changed()

    def _reload(self) -> None:
        self._announcer.reloading()
        try:
            if self._parts.settings.reload():
                remember_config(self._parts)
            tell_configuration(self._parts)
        finally:  # systemd waits for it
            self._announcer.reloaded(self._how())

    def _how(self) -> str:
        """The line for `systemctl status`."""
        problems = [f"{loop.name} cannot work: {problem}" for loop in self._loops if (problem := loop.problem())]
        if self._parts.settings.problem:
            problems.insert(0, "last good configuration, the files have errors (mailbot check)")
        if problem := self._database_problem():
            problems.insert(0, f"the database cannot be written: {problem}")
        return f"degraded: {'; '.join(problems)}" if problems else "working"

    # ---------------------------------------------------------------- housekeeping, beside the main thread

    def _keep_house(self) -> None:
        self._show_life()
        if self._reload_wanted or self._files_changed():
            self._reload_wanted = False
            try:
                self._reload()
            except DatabaseUnavailable:
                self._reload_wanted = True  # what counts must be remembered, once it can be
                raise

    def _show_life(self) -> None:
        """To other daemons, and to `mailbot status`."""
        if not self._presence.show():
            self._vital.forget()  # others have said of us that we are dead
        silent = self._silent_loops()
        self._tell(HealthState.NO_PROGRESS if silent else HealthState.OK, ",".join(silent) or self._describe())

    def _tell(self, state: HealthState, words: str) -> None:
        """The heartbeat; another daemon to stand by for is told at once."""
        if words != self._words:
            self._vital.forget()
        self._words = words
        self._vital.tell(state, self._parts.clock(), words)

    def _describe(self) -> str:
        """Who this is, or where there are several daemons, what it does: its name stands in the name of its row."""
        if not self._parts.database.shared:
            return self._parts.holder
        return ", ".join(
            f"{loop.name} (standing by: {other} reads it)" if (other := loop.standing_by()) else loop.name
            for loop in self._loops
        )

    def _finish(self, threads: list[threading.Thread]) -> None:
        log("stopping")
        self._announcer.stopping()
        for loop in self._loops:
            if loop.wake is not None:
                loop.wake.set()
        reach(Failpoint.STOPPING)
        late = self._join(threads)
        self._parts.parser.close()
        self._housekeeping.end(lambda: self._say_goodbye(at_once=not late))
        log("stopped", late=",".join(late))

    def _say_goodbye(self, *, at_once: bool) -> None:
        if at_once:  # else what late loops hold is free when our lease has run out
            self._presence.end()
        self._tell(HealthState.STOPPED, self._describe())

    def _join(self, threads: list[threading.Thread]) -> list[str]:
        """Wait for the threads, while the housekeeping shows that we live; who is late."""
        deadline = time.monotonic() + JOIN_SECONDS
        while (late := [thread for thread in threads if thread.is_alive()]) and time.monotonic() < deadline:
            late[0].join(TICK_SECONDS)
        return [thread.name for thread in late]

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
