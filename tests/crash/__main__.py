"""`python -m tests.crash`: strike the desk at every mutating system call and at all pairs of failpoints, on all cores.

python -m tests.crash                          # everything; goes on where it was broken off
python -m tests.crash --faults kill,pair       # some of it
python -m tests.crash kill:2.1:pwrite64:17     # play one again, and tell what it struck
python -m tests.crash --bugs                   # plant bugs, and see that they are found
"""

from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Sequence

from tests.crash import strace
from tests.crash.bugs import BUGS, hunt
from tests.crash.journal import Journal
from tests.crash.runs import FAULTS, Result, Theatre
from tests.crash.troupe import cores, listed, perform

TELL_SECONDS = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", nargs="*", help="play these again")
    parser.add_argument("--faults", default=",".join(FAULTS), help=f"of these: {','.join(FAULTS)}")
    parser.add_argument("--workers", type=int, default=cores(), help="how many at a time")
    parser.add_argument("--bugs", action="store_true", help="plant each bug, and play until it is found")
    arguments = parser.parse_args()
    if problem := strace.why_not():
        print(f"crash: {problem}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the workers clean up
    if arguments.bugs:
        return find_bugs(arguments.workers)
    if arguments.runs:
        return replay(arguments.runs)
    return strike(arguments.faults.split(","), arguments.workers)


def replay(names: Sequence[str]) -> int:
    logging.getLogger().setLevel(logging.CRITICAL)
    theatre = Theatre()
    violated = 0
    for name in names:
        result = theatre.play(name)
        violated += bool(result.breaches)
        print(f"{name}: {theatre.shown(name)}")
        print(f"    struck: {result.struck}; " + ("; ".join(result.breaches) or "0 violations"))
    theatre.place.close()
    return 1 if violated else 0


def strike(faults: Sequence[str], workers: int) -> int:
    """All runs that the journal does not hold; progress, each violation with the way to see it again, a summary."""
    journal = Journal()
    names = listed(faults)
    todo = [name for name in shuffled(names, faults) if name not in journal.results]
    print(f"crash: {len(names)} runs, {len(names) - len(todo)} of them known from {journal.file.name}", flush=True)
    progress = Progress(len(todo))
    for result in perform(todo, workers):
        journal.note(result)
        if result.breaches:
            _tell(result)
        progress.step(bool(result.breaches))
    results = [journal.results[name] for name in names]
    violated = sum(bool(result.breaches) for result in results)
    for fault in faults:
        _summarize(fault, [result for result in results if result.name.startswith(f"{fault}:")])
    print(f"crash: {len(results)} runs, {violated} violated, {progress.seconds:.0f} s on {workers} cores")
    return 1 if violated else 0


def shuffled(names: Sequence[str], faults: Sequence[str]) -> list[str]:
    """One fault after the other, each in an order by chance: what is wrong shows early, and the estimate is right."""
    order = random.Random(0)
    return sorted(order.sample(names, len(names)), key=lambda name: faults.index(name.partition(":")[0]))


def _tell(result: Result) -> None:
    print(f"\nviolated: {result.name}; replay: python -m tests.crash {result.name}")
    for breach in result.breaches[:8]:
        print(f"    {breach}", flush=True)


def _summarize(fault: str, results: Sequence[Result]) -> None:
    count = Counter(violated=sum(bool(one.breaches) for one in results), struck=sum(one.struck for one in results))
    same = sum(one.recovered for one in results)
    print(
        f"crash: {fault}: {len(results)} runs, {count['struck']} struck, {count['violated']} violated, "
        f"{same} came back to the undisturbed life within the chapter"
    )


class Progress:
    """One line, rewritten on a terminal."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._done = self._violated = 0
        self._began = self._told = time.monotonic()
        self._lately: deque[float] = deque([self._began], maxlen=200)  # what is played now may cost more than before

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def step(self, violated: bool) -> None:
        self._done += 1
        self._violated += violated
        self._lately.append(time.monotonic())
        terminal = sys.stderr.isatty()
        if time.monotonic() < self._told + (0.5 if terminal else TELL_SECONDS) and self._done < self._of:
            return
        self._told = time.monotonic()
        each_seconds = (self._told - self._lately[0]) / (len(self._lately) - 1)
        minutes = each_seconds * (self._of - self._done) / 60
        line = f"{self._done}/{self._of} runs, {self._violated} violated, about {minutes:.1f} minutes to go "
        print(f"\r{line}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)


def find_bugs(workers: int) -> int:
    """A test is proved by what it finds: for each bug the first runs that do."""
    missed = 0
    for bug in BUGS:
        played, found = hunt(bug, workers)
        missed += found is None
        told = "NOT FOUND" if found is None else f"{found.name}: {found.breaches[0]}"
        print(f"planted bug: {bug}: after {played} runs: {told}", flush=True)
    print(f"crash: {len(BUGS) - missed} of {len(BUGS)} planted bugs found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
