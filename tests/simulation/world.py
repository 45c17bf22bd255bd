"""The world of a simulation: a desk that may die at any instant, its surroundings, and the passing of time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mailbot.daemon.delivery import Delivery
from mailbot.daemon.loops import DEADLINES, DELIVERY, INTAKE, PROCESSING
from mailbot.daemon.parts import Snapshot
from mailbot.mail.keyring import Key, Keyring
from mailbot.store.database import Database, DatabaseUnavailable
from mailbot.store.failures import CommitUnknown
from mailbot.store.moves import ClaimLost
from mailbot.transport.mailbox import excerpt_raw
from tests.conversations.clock import StoryClock
from tests.conversations.desk import Desk, snapshot_of_house
from tests.conversations.letters import opened
from tests.simulation.daemon import PRESENCE, Daemon, Strand, Surroundings
from tests.simulation.journal import KEEP_JOURNAL
from tests.simulation.servers import Rival, StormyMailbox, StormyParser, StormyPostman, message_id_of
from tests.simulation.weather import Crash, Trace, Weather, at_work

ROLES = (INTAKE, PROCESSING, DEADLINES, DELIVERY)
SHORT_LEASE = timedelta(seconds=1_900)
MESSAGE_BYTES = 60_000
MANY_TURNS = 400


@dataclass
class Writing:
    """What somebody wrote, once, however often it arrives: the truth that the oracle compares with."""

    number: int
    kind: str
    author: str
    machine: bool = False  # and says so in its header
    hostile: bool = False
    sure: bool = False  # a person whom the desk knows, on a way that the desk must understand
    secret: str = ""  # a marker that no requester may ever read
    raws: list[bytes] = field(default_factory=list)
    removed: bool = False  # somebody took it out of the folder before the desk had looked once


class Restless(AssertionError):
    """The desk never comes to rest."""


class World(Desk):
    """A desk of the stories whose processes come and go, over one database."""

    def __init__(self, seed: int) -> None:
        self.trace = Trace()
        self.weather = Weather(seed, self.trace)
        house = snapshot_of_house()
        keys = Keyring((Key("a", b"a" * 32), Key("b", b"b" * 32)))
        limits = replace(house.policy.limits, message_bytes=MESSAGE_BYTES)
        policy = replace(house.policy, limits=limits, config_hash="house")
        self.snapshot = replace(house, policy=policy, keyring=keys, hash="house")
        self._last_good = self.snapshot
        self.broken_files = False
        self.clock = StoryClock()
        self._folder = TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        file = Path(self._folder.name) / "desk.sqlite3"
        file.write_bytes(_empty_desk())
        self.database = Database.open(f"sqlite:///{file}")  # to look from beside
        self.mailbox: StormyMailbox = StormyMailbox(self.weather)
        self.postman: StormyPostman = StormyPostman(self.weather)
        self.parser = StormyParser(self.weather)
        self.post = defaultdict(list)
        self.writings: list[Writing] = []
        self.current = Writing(0, "nobody", "")
        self.polled: set[tuple[int, int, str]] = set()  # what stood in the folder for one whole poll
        self.resent: Counter[int] = Counter()
        self.let_go: set[int] = set()
        self._seen = self._written = 0
        self.several = self.weather.happens(0.3)  # two daemons share the database, and the mailbox by its lease
        self.surroundings = Surroundings(
            self.weather,
            self.clock,
            self.mailbox,
            self.postman,
            self.parser,
            self._load,
            self._start_with,
            f"sqlite:///{file}",
            not self.several,
        )
        self.crashed = False
        self.daemons: list[Daemon] = []
        self._working: Daemon | None = None
        self.start()

    def _load(self) -> Snapshot:
        if self.broken_files:
            raise ValueError("the files have errors")
        self._last_good = self.snapshot
        return self.snapshot

    def _start_with(self) -> tuple[Snapshot, str]:
        """What `load_or_last_good` gives at a start, and what is wrong with the files."""
        return (self._last_good, "the files have errors") if self.broken_files else (self._load(), "")

    # ---------------------------------------------------------------- processes

    def start(self) -> None:
        """A new process, or two."""
        self.daemons = [self._started("one", (*ROLES, PRESENCE) if self.several else ROLES)]
        if self.several:
            self.daemons.append(self._started("two", (*ROLES, PRESENCE)))

    def _started(self, name: str, roles: tuple[str, ...]) -> Daemon:
        self.trace.note(f"start {name}")
        daemon = Daemon(self.surroundings, f"{name}:{len(self.trace.lines)}", roles)
        daemon.begin()
        return daemon

    def close(self) -> None:
        for daemon in self.daemons:
            daemon.drop()
        self.database.close()
        self._folder.cleanup()

    def query(self, statement: str, *values: Any) -> list[Any]:
        """Rows, read beside the product."""
        with self.database.read() as work:
            return list(work.connection.exec_driver_sql(statement, values))

    def _restart(self, dead: Daemon) -> None:
        """The process died; after a while systemd starts another."""
        self.crashed = True
        dead.drop()
        self.postman.settle_doubts()
        place = self.daemons.index(dead)
        roles = tuple(strand.name for strand in dead.strands)
        if self.weather.happens(0.2):
            self.clock.step(timedelta(minutes=self.weather.random.randrange(1, 60)))
        self.daemons[place] = self._started(dead.holder.partition(":")[0], roles)

    # ---------------------------------------------------------------- turns

    def run(self, daemon: Daemon, strand: Strand) -> None:
        """One turn of one loop, whatever befalls it."""
        strand.sleep.begin()
        outer, self._working = self._working, daemon
        before = self._standing() if strand.name == INTAKE else set()
        try:
            with at_work(self.weather):
                strand.work()
        except Crash:
            self._restart(daemon)
            return
        except (DatabaseUnavailable, CommitUnknown, ClaimLost) as failure:
            self.trace.note(f"{daemon.holder} {strand.name} failed: {type(failure).__name__}")
            daemon.rest(strand)
        else:
            if strand.name == INTAKE and daemon.intake.tenure.mine and not daemon.intake.pausing:
                self.polled |= before
        finally:
            self._working = outer
            if strand.name == DELIVERY:
                self.postman.settle_doubts()

    def _standing(self) -> set[tuple[int, int, str]]:
        validity = self.mailbox.uid_validity
        return {(validity, uid, _digest(self._as_kept(raw))) for uid, (raw, _) in self.mailbox.messages.items()}

    def _as_kept(self, raw: bytes) -> bytes:
        return excerpt_raw(raw) if len(raw) > MESSAGE_BYTES else raw

    def awake(self) -> list[tuple[Daemon, Strand]]:
        return [(daemon, strand) for daemon in self.daemons for strand in daemon.strands if strand.sleep.over]

    def some_turns(self, most: int) -> None:
        """A few loops run, in any order: the world does not wait until the desk has finished."""
        for _ in range(most):
            if not (awake := self.awake()):
                break
            self.run(*self.weather.pick(awake))
        self._bring_post()

    def settle(self) -> None:
        """Turn after turn, until all loops sleep."""
        for _ in range(MANY_TURNS):
            if not (awake := self.awake()):
                break
            self.run(*self.weather.pick(awake))
        else:
            raise Restless("the desk does not come to rest")
        self._bring_post()

    def passes(self, gap: timedelta) -> None:
        """Time passes, from one thing that is due to the next."""
        end = self.clock.now() + gap
        while self.clock.now() < end:
            due = self._next_due()
            soon = self.clock.now() + timedelta(seconds=61)  # longer than any poll
            self.clock.set(min(end, max(soon, due if due is not None else end)))
            self.settle()

    # ---------------------------------------------------------------- mail

    def receives(self, raw: bytes, at: datetime | None = None) -> None:
        """A mail arrives; when the desk looks is another matter."""
        self.mailbox.put(raw, at or self.clock.now())
        self.current.raws.append(raw)
        self.trace.note(f"< {self.current.kind} {self.current.number} {_digest(raw)[:8]}")

    @contextmanager
    def writing(self, writing: Writing) -> Iterator[Writing]:
        """What arrives meanwhile is this writing."""
        before, self.current = self.current, writing
        if writing not in self.writings:
            self.writings.append(writing)
        yield writing
        self.current = before

    def _bring_post(self) -> None:
        for envelope in self.postman.sent[self._seen :]:
            found = self.query("SELECT kind FROM outbox WHERE message_id = ?", message_id_of(envelope.raw))
            letter = replace(opened("", envelope), kind=found[0].kind)
            for address in self._recipients(envelope.rcpt_to):
                self.post[address].append(letter)
        self._seen = len(self.postman.sent)

    # ---------------------------------------------------------------- leases

    def stalls(self) -> None:
        """The first daemon will stand still in its next work, longer than its lease, and the second takes over."""
        if not self.several:
            return
        place = self.weather.pick((INTAKE, PROCESSING, DELIVERY))
        if place == INTAKE:
            self.mailbox.stall = self._overtake_intake
        elif place == PROCESSING:
            self.parser.stall = self._overtake_processing
        else:
            self.postman.stall = self._overtake_delivery

    async def _overtake_delivery(self, message_id: str) -> Rival:
        self.trace.note(f"overtaken {message_id}")
        self.clock.step(SHORT_LEASE)
        return Rival(message_id, self._calmly(self._other().delivery))

    async def _calmly(self, delivery: Delivery) -> int:
        with at_work(self.weather, False):
            return await delivery._drain(self.clock.now())

    def _overtake_intake(self) -> None:
        self.mailbox.stall = None
        self._overtake(INTAKE)

    def _overtake_processing(self) -> None:
        self.parser.stall = None
        self._overtake(PROCESSING)

    def _overtake(self, name: str) -> None:
        self.trace.note(f"overtaken in {name}")
        self.clock.step(SHORT_LEASE)
        other = self._other()
        self.run(other, next(strand for strand in other.strands if strand.name == name))

    def _other(self) -> Daemon:
        """Whoever is not at work now."""
        return next(daemon for daemon in self.daemons if daemon is not self._working)

    def drain(self) -> None:
        """Kind weather, and enough time for every lease, doubt and pause to end."""
        self.weather.calm()
        self.postman.refusals.clear()
        self.broken_files = False
        for _ in range(8):
            self.passes(timedelta(minutes=20))


@cache
def _empty_desk() -> bytes:
    """The file of a database with its schema and the journal."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite3"
        database = Database.open(f"sqlite:///{file}")
        database.upgrade()
        with database.write() as work:
            for statement in KEEP_JOURNAL:
                work.connection.exec_driver_sql(statement)
        database.close()
        return file.read_bytes()


def _digest(raw: bytes) -> str:
    return sha256(raw).hexdigest()
