"""One process of the desk: the loops of production over the fakes, asleep and awake by the virtual clock.

Processing and deadlines run as the supervisor made them, waiting included, so that a lost wake-up shows. Intake and
delivery, whose waiting blocks a thread, run by their `turn`, with the same wake-ups and polls. Where two daemons share
the database both would read the mailbox, and their main threads, which renew leases, are a strand as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.daemon import beginning
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.intake import Intake
from mailbot.daemon.loops import DEADLINES, DELIVERY, INTAKE, PROCESSING
from mailbot.daemon.parts import EVERYTHING, Parts, Settings, Snapshot, Wakes, Watched
from mailbot.daemon.presence import RENEWALS_A_LEASE, Presence
from mailbot.daemon.supervise import PAUSE_SECONDS, Supervisor
from tests.conversations.clock import StoryClock
from tests.simulation.servers import StormyMailbox, StormyParser, StormyPostman
from tests.simulation.weather import StormyDatabase, Weather

PRESENCE = "presence"
LEASE_SECONDS = 300.0  # several steps of the virtual clock
FOR_EVER = datetime.max.replace(tzinfo=EVERYTHING.tzinfo)


class Sleep(threading.Event):
    """A wake-up on one thread: `wait` notes until when its loop sleeps, and comes back."""

    def __init__(self, clock: StoryClock) -> None:
        super().__init__()
        self._clock = clock
        self.until = EVERYTHING

    def wait(self, timeout: float | None = None) -> bool:
        if not self.is_set():
            self.until = FOR_EVER if timeout is None else self._clock.now() + timedelta(seconds=timeout)
        return self.is_set()

    @property
    def over(self) -> bool:
        return self.is_set() or self._clock.now() >= self.until

    def begin(self) -> None:
        """The loop is awake."""
        self.until = EVERYTHING


@dataclass
class Surroundings:
    """What outlives a process: everything but the process."""

    weather: Weather
    clock: StoryClock
    mailbox: StormyMailbox
    postman: StormyPostman
    parser: StormyParser
    load: Callable[[], Snapshot]
    start_with: Callable[[], tuple[Snapshot, str]]
    url: str  # of the database
    alone: bool  # no other daemon works on it


@dataclass
class Strand:
    """A loop of the process: what it does when it is awake."""

    name: str
    sleep: Sleep
    work: Callable[[], None]


class Daemon:
    """Starts as `mailbot run` does; ends when somebody drops it."""

    def __init__(self, world: Surroundings, holder: str, roles: Sequence[str]) -> None:
        self.world = world
        self.holder = holder
        clock = world.clock
        self.sleeps = {name: Sleep(clock) for name in (INTAKE, PROCESSING, DEADLINES, DELIVERY, PRESENCE)}
        wakes = Wakes(self.sleeps[PROCESSING], self.sleeps[DEADLINES], self.sleeps[DELIVERY], Sleep(clock))
        self.parts = Parts(
            database=self._open(),
            settings=Settings(world.load, *world.start_with()),
            parser=world.parser,
            postman=lambda: world.postman,
            mailboxes=(Watched(world.mailbox, EVERYTHING),),
            holder=holder,
            lease_seconds=LEASE_SECONDS,
            clock=clock.now,
            monotonic=clock.monotonic,
            chance=world.weather.random.random,
            wakes=wakes,
        )
        self.supervisor = Supervisor(self.parts, (PROCESSING, DEADLINES))
        self.intake = Intake(self.parts, self.parts.mailboxes[0])
        self.delivery = Delivery(self.parts)
        self.presence = Presence(self.parts, [self.intake.tenure])
        self.strands = [strand for strand in self._make() if strand.name in roles]

    def _open(self) -> StormyDatabase:
        database = StormyDatabase.open(self.world.url)
        database.begin_weather(self.world.weather)
        database.shared = not self.world.alone
        return database

    def begin(self) -> None:
        """What `App.run` and `Supervisor.run` do before the threads start."""
        if self.world.alone:
            self.parts.database.claim_daemon(self.holder)
        self.presence.begin()
        beginning.begin(self.parts)

    def reload(self) -> None:
        """What SIGHUP causes."""
        self.supervisor._reload()

    def rest(self, strand: Strand) -> None:
        """A loop that raised pauses (`Supervisor._keep`)."""
        strand.sleep.until = self.world.clock.now() + timedelta(seconds=PAUSE_SECONDS)
        strand.sleep.clear()

    def drop(self) -> None:
        """Only what the operating system would free."""
        if self.delivery._runner is not None:
            self.delivery._runner.close()
        self.parts.database.close()

    def _make(self) -> list[Strand]:
        loops = {loop.name: loop.work for loop in self.supervisor._loops}
        return [
            Strand(INTAKE, self.sleeps[INTAKE], self._take_in),
            Strand(PROCESSING, self.sleeps[PROCESSING], loops[PROCESSING]),
            Strand(DEADLINES, self.sleeps[DEADLINES], loops[DEADLINES]),
            Strand(DELIVERY, self.sleeps[DELIVERY], self._deliver),
            Strand(PRESENCE, self.sleeps[PRESENCE], self._show),
        ]

    def _take_in(self) -> None:
        if not self.intake.turn(self.world.clock.now()):
            self.sleeps[INTAKE].wait(self._until_next_look())

    def _until_next_look(self) -> float:
        """As long as `Intake.wait` would wait."""
        if self.intake.pausing:
            return 5.0
        if not self.intake.tenure.mine:
            return self.intake.tenure.look_seconds
        return self.parts.snapshot.intervals.mailbox_poll_seconds

    def _show(self) -> None:
        self.presence.show()
        self.sleeps[PRESENCE].wait(LEASE_SECONDS / RENEWALS_A_LEASE)

    def _deliver(self) -> None:
        if not self.delivery.turn(self.world.clock.now()):
            self.sleeps[DELIVERY].wait(self.parts.snapshot.intervals.delivery_poll_seconds)
            self.sleeps[DELIVERY].clear()
