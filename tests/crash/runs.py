"""The runs: every way in which a life is struck, each with a name by which it can be played again.

kill:2.1:pwrite64:17       SIGKILL at the 17th pwrite64 of order 1 in chapter 2, before it does anything
enospc:2.1:pwrite64:17     that call alone fails with ENOSPC (no space left on device)
enospc+:2.1:pwrite64:17    so do all writing calls from there to the end of the order
eio:… and eio+:…           the same with EIO
pair:K05:K18               SIGKILL at a failpoint, and once more at another while the desk recovers
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from mailbot.failpoints import Failpoint
from tests.crash import judge, life, strace
from tests.crash.place import Place, Saved
from tests.crash.process import Fatal
from tests.crash.strace import Call
from tests.crash.warm import warm
from tests.crash.world import EVERY, Blow, Died, World, living

FAULTS = ("kill", "pair", "enospc+", "eio", "enospc", "eio+")


@dataclass(frozen=True)
class Result:
    """What came of a run. `struck`: the blow hit what it was meant for."""

    name: str
    breaches: tuple[str, ...]
    struck: bool
    recovered: bool = False  # at the end of its chapter everything was as if nothing had happened


@dataclass
class Chapter:
    """A chapter of the undisturbed life: what was before it, its calls by order, and what it came to."""

    before: Saved | None
    calls: list[list[Call]]
    reached: Counter[str]
    expected: judge.Undisturbed


@dataclass
class Theatre:
    """A worker: it plays the life undisturbed once, and then as often as asked with a blow."""

    place: Place = field(default_factory=Place)
    chapters: list[Chapter] = field(default_factory=list)

    def __post_init__(self) -> None:
        warm(self.place)
        world, before = World(self.place), None
        for number in range(len(life.CHAPTERS)):
            calls: list[list[Call]] = []
            world.begin(Blow(EVERY, partial(_noting, calls)))
            life.play(world, number)
            expected = judge.undisturbed(world)
            breaches = judge.find_breaches(world, expected, at_end=number == len(life.CHAPTERS) - 1)
            assert [*breaches, *world.failures] == [], [*breaches, *world.failures]
            self.chapters.append(Chapter(before, calls, Counter(world.reached), expected))
            before = world.save(self.place.root / f"after-{number}")

    # ---------------------------------------------------------------- which runs there are

    def names(self, faults: Sequence[str] = FAULTS) -> Iterator[str]:
        """All runs with these faults, and `pair` for the failpoints."""
        for fault in faults:
            yield from self._pairs() if fault == "pair" else self._strikes(fault)

    def _strikes(self, fault: str) -> Iterator[str]:
        for chapter, played in enumerate(self.chapters):
            for order, calls in enumerate(played.calls):
                yield from (f"{fault}:{chapter}.{order}:{call.name}:{call.n}" for call in calls if call.mutates)

    def _pairs(self) -> Iterator[str]:
        reached = [point for point in Failpoint if any(chapter.reached[point] for chapter in self.chapters)]
        yield from (f"pair:{first}:{second}" for first in reached for second in Failpoint)

    def shown(self, name: str) -> str:
        """The call that a run strikes, as strace shows it."""
        fault, where, *rest = name.split(":")
        if fault == "pair":
            return " then ".join(Failpoint(one).name for one in (where, *rest))
        chapter, order = map(int, where.split("."))
        found = [call for call in self.chapters[chapter].calls[order] if [call.name, str(call.n)] == rest]
        return (
            f"{life.CHAPTERS[chapter].__name__}: {found[0].what[:150]}" if found else "there is no such call any more"
        )

    # ---------------------------------------------------------------- playing one

    def play(self, name: str) -> Result:
        """The life from the struck chapter on, and what is wrong with it."""
        fault, *rest = name.split(":")
        number, blow = self._pair(*rest) if fault == "pair" else self._strike(fault, *rest)
        with living(self.place, self.chapters[number].before) as world:
            world.begin(blow)
            try:
                recovered = self._goes_on(world, number)
                breaches = self._judged(world, number if recovered else len(self.chapters) - 1, at_end=not recovered)
            except (Died, life.NothingCame, AssertionError) as broken:
                breaches, recovered = (f"{type(broken).__name__}: {broken}",), False
        hit = world.deaths == 2 if fault == "pair" else world.deaths == 1 if fault == "kill" else True
        if fault == "kill" and not hit and not breaches:
            breaches = (f"the blow did not hit ({world.deaths} deaths): the system calls are not those of the record",)
        return Result(name, breaches, hit, recovered)

    def _goes_on(self, world: World, number: int) -> bool:
        """Whether it came back to the undisturbed life before the end."""
        for chapter in range(number, len(self.chapters)):
            if chapter > number:
                world.begin()
            life.play(world, chapter)
            if judge.has_recovered(world, self.chapters[chapter].expected) and not self._waits(world):
                return chapter < len(self.chapters) - 1
        return False

    def _waits(self, world: World) -> bool:
        """The second death of a pair is still to come."""
        return world.deaths < len(world.blow.fatal)

    def _judged(self, world: World, chapter: int, *, at_end: bool) -> tuple[str, ...]:
        return tuple(judge.find_breaches(world, self.chapters[chapter].expected, at_end=at_end))

    def _pair(self, first: str, second: str) -> tuple[int, Blow]:
        one, two = Failpoint(first), Failpoint(second)
        number = next(number for number, chapter in enumerate(self.chapters) if chapter.reached[one])
        times = random.Random(f"{first}:{second}").randint(1, self.chapters[number].reached[one])
        return number, Blow(fatal=(Fatal(one, times), Fatal(two)))

    def _strike(self, fault: str, where: str, name: str, n: str) -> tuple[int, Blow]:
        chapter, order = map(int, where.split("."))
        calls = self.chapters[chapter].calls[order]
        how = "signal=SIGKILL" if fault == "kill" else f"error={fault.rstrip('+').upper()}"
        lasts = fault.endswith("+")
        whens = _from_there(calls, name, int(n)) if lasts else {name: n}
        options = strace.striking(whens, how)
        return chapter, Blow(order, lambda pid: strace.attached(pid, options), lasts)


def _from_there(calls: Sequence[Call], name: str, n: int) -> dict[str, str]:
    """Every name of a call that fails as well, and the number from which it does: a full disk breaks no connection."""
    if name in strace.OPENING:
        return {name: str(n)}  # else nothing could be read either
    counts: Counter[str] = Counter()
    for call in calls:
        if (call.name, call.n) == (name, n):
            break
        counts[call.name] += 1
    names = strace.SOCKETS if name in strace.SOCKETS else strace.FILES
    return {one: f"{counts[one] + 1}+" for one in names}


@contextlib.contextmanager
def _noting(calls: list[list[Call]], pid: int) -> Iterator[None]:
    """Write down the calls of one order."""
    with strace.recording(pid) as found:
        yield
    calls.append(found)
