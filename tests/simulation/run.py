"""One seed, from the first mail to the last: what happens is decided by chance, what must hold by the oracle."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from mailbot.daemon.log import LOGGER
from mailbot.desk.policy import Policy
from mailbot.store.moves import IllegalMove
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.unit_of_work import Work
from tests.faults import Faults
from tests.simulation.cast import REQUESTERS, Cast
from tests.simulation.oracle import Oracle
from tests.simulation.world import Restless, World

STEPS = 60
DAY = timedelta(days=1)


@dataclass
class Result:
    """What came of a seed."""

    seed: int
    digest: str
    breaches: list[str]
    lines: list[str] = field(repr=False)
    count: Counter[str]


def simulate(seed: int, steps: int = STEPS) -> Result:
    """Play the seed; the first breach ends it."""
    faults = Faults()
    LOGGER.addHandler(faults)
    propagates, LOGGER.propagate = LOGGER.propagate, False
    world = World(seed)
    try:
        breaches = Play(world, steps).goes_on()
    except Exception as error:
        breaches = [f"{type(error).__name__}: {error}", *traceback.format_exc().splitlines()[-12:]]
    finally:
        LOGGER.removeHandler(faults)
        LOGGER.propagate = propagates
        world.close()
    breaches += [f"fault: {line}" for line in faults.lines]
    for breach in breaches:
        world.trace.note(f"BREACH {breach}")
    return Result(seed, world.trace.digest, breaches, world.trace.lines, _counted(world))


def _counted(world: World) -> Counter[str]:
    count = Counter({"mails": len(world.writings), "sent": len(world.postman.sent), "faults": world.weather.faults})
    count["crashes"] = sum(number for what, number in world.weather.count.items() if what.startswith("crash"))
    return count


class Play:
    """The steps of one seed."""

    def __init__(self, world: World, steps: int) -> None:
        self.world = world
        self.weather = world.weather
        self.steps = steps
        self.cast = Cast(world)
        self.oracle = Oracle(world)

    def goes_on(self) -> list[str]:
        """All steps, then the end; the breaches."""
        try:
            for _ in range(self.steps):
                self.weather.weighed(self._choices)()
                if self.world.crashed:
                    self.world.crashed = False
                    if breaches := self.oracle.find():
                        return breaches
            self.world.drain()
        except Restless as restless:
            return [str(restless)]
        return self.oracle.find_at_rest()

    @property
    def _choices(self) -> list[tuple[float, Callable[[], None]]]:
        return [
            (50, self.cast.acts),
            (20, lambda: self.world.some_turns(self.weather.random.randrange(1, 8))),
            (20, self.world.settle),
            (8, lambda: self.world.passes(timedelta(minutes=self.weather.random.uniform(1, 90)))),
            (2, lambda: self.world.passes(timedelta(hours=self.weather.random.uniform(1, 30)))),
            (0.3, lambda: self.world.passes(DAY * self.weather.random.uniform(2, 12))),
            (12, self.weather.plan),
            (2, self.world.stalls),
            (2, self._meddle),
            (3, self._administrate),
            (1, self._reload),
            (0.7, self._renumber),
            (0.7, self._refuse),
        ]

    # ---------------------------------------------------------------- people and servers

    def _meddle(self) -> None:
        """Somebody moves a mail out of the folder."""
        if not self.world.mailbox.messages:
            return
        uid = self.weather.pick(sorted(self.world.mailbox.messages))
        raw, _ = self.world.mailbox.messages[uid]
        self.world.mailbox.remove(uid)
        for writing in self.world.writings:
            writing.removed = writing.removed or raw in writing.raws

    def _renumber(self) -> None:
        self.world.mailbox.renumber(self.world.mailbox.uid_validity + 1)
        self.world.trace.note("renumbered")

    def _refuse(self) -> None:
        """A server takes no more mail for somebody, or does again."""
        refusals = self.world.postman.refusals
        who = self.weather.pick([*REQUESTERS, "network@lists.corp.example", "joe@corp.example"])
        if refusals.pop(who, None) is None:
            refusals[who] = self.weather.pick(["451 4.2.0 later", "550 5.1.1 User unknown"])

    # ---------------------------------------------------------------- admins

    def _administrate(self) -> None:
        """A verb of the command line, from beside the daemon: it wakes nobody."""
        held = self._ids("inbox", InboxState.HELD, InboxState.SET_ASIDE)
        stuck = self._ids("outbox", OutboxState.FAILED, OutboxState.PARKED, OutboxState.STOPPED)
        with self.world.database.write() as work:
            if held and self.weather.happens(0.6):
                self._judge(work, self.weather.pick(held))
            elif stuck:
                self._resend(work, self.weather.pick(stuck))

    def _judge(self, work: Work, row_id: int) -> None:
        """Admins look before they release, and do not release the same mail twice."""
        row = work.inbox.row(row_id)
        assert row is not None
        writing = next((one for one in self.world.writings if row.raw in one.raws), None)
        honest = writing is not None and not writing.hostile and writing.number not in self.world.let_go
        if honest and writing is not None and not row.truncated and self.weather.happens(0.7):
            self.world.let_go.add(writing.number)
            work.inbox.release(row_id, "admin", self.world.clock.now())
        else:
            work.inbox.discard(row_id, "admin", self.world.clock.now())

    def _resend(self, work: Work, mail_id: int) -> None:
        try:
            work.outbox.resend(mail_id, "admin", self.world.clock.now())
        except IllegalMove:
            return
        self.world.resent[mail_id] += 1

    def _ids(self, queue: str, *states: str) -> list[int]:
        named = ", ".join(f"'{state}'" for state in states)
        return [row.id for row in self.world.query(f"SELECT id FROM {queue} WHERE state IN ({named})")]

    def _reload(self) -> None:
        """The files change, for the better or not, and everybody is told."""
        self.world.broken_files = self.weather.happens(0.3)
        seconds = self.weather.pick([0, 30])
        name = f"house-{len(self.world.trace.lines)}"

        def changed(policy: Policy) -> Policy:
            return replace(policy, delivery=replace(policy.delivery, hold_seconds=seconds), config_hash=name)

        self.world.snapshot = replace(self.world.snapshot, policy=changed(self.world.snapshot.policy), hash=name)
        for daemon in self.world.daemons:
            daemon.reload()
