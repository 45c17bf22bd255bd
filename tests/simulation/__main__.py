"""`python -m tests.simulation`: play seeds on all cores, or replay one and tell what happened.

python -m tests.simulation --seeds 2000     # seeds 1 to 2000
python -m tests.simulation --bugs           # which seed finds each planted bug
python -m tests.simulation 1042             # replay one, line by line
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.bugs import BUGS, hunt
from tests.simulation.run import STEPS, Result, simulate


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seed", nargs="?", type=int, help="replay this one and print its trace")
    parser.add_argument("--seeds", type=int, default=2000, help="how many to play")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--steps", type=int, default=STEPS, help="how long each is")
    parser.add_argument("--bugs", action="store_true", help="plant each bug, and play seeds until one finds it")
    arguments = parser.parse_args()
    if arguments.bugs:
        return find_bugs(arguments.seeds, arguments.steps)
    if arguments.seed is not None:
        return replay(arguments.seed, arguments.steps)
    return play(range(arguments.first, arguments.first + arguments.seeds), arguments.steps)


def replay(seed: int, steps: int) -> int:
    result = simulate(seed, steps)
    print("\n".join(result.lines))
    print(f"seed {seed}: {result.digest}, {dict(result.count)}, {len(result.breaches)} breaches")
    return 1 if result.breaches else 0


def play(seeds: range, steps: int) -> int:
    """All seeds; progress on one line, each failing seed with the way to see it again."""
    failed: list[int] = []
    total: Counter[str] = Counter()
    began = time.monotonic()
    with ProcessPoolExecutor() as pool:
        for done, result in enumerate(pool.map(_quietly, seeds, [steps] * len(seeds), chunksize=2), start=1):
            total += result.count
            if result.breaches:
                failed.append(result.seed)
                _tell(result)
            _progress(done, len(seeds), len(failed), began)
    print(file=sys.stderr)
    totals = ", ".join(f"{count} {what}" for what, count in sorted(total.items()))
    seconds = time.monotonic() - began
    print(f"simulation: {len(seeds)} seeds, {len(failed)} failed, {totals}, {seconds:.0f} s on {os.cpu_count()} cores")
    return 1 if failed else 0


def find_bugs(seeds: int, steps: int) -> int:
    """A simulation is proved by what it finds: for each bug the first seed, or none."""
    missed = 0
    with ProcessPoolExecutor() as pool:
        for bug, found in zip(BUGS, pool.map(_first, BUGS, [seeds] * len(BUGS), [steps] * len(BUGS)), strict=True):
            missed += found is None
            seed, breach = found or (None, "NOT FOUND")
            print(f"planted bug: {bug}: seed {seed}: {breach}", flush=True)
    print(f"simulation: {len(BUGS) - missed} of {len(BUGS)} planted bugs found")
    return 1 if missed else 0


def _first(bug: str, seeds: int, steps: int) -> tuple[int, str] | None:
    for seed in range(1, seeds + 1):
        if found := hunt(bug, seed, steps):
            return seed, found[0]
    return None


def _quietly(seed: int, steps: int) -> Result:
    """Without the trace, which a replay tells again."""
    result = simulate(seed, steps)
    result.lines = []
    return result


def _tell(result: Result) -> None:
    print(f"seed {result.seed} failed ({result.digest}); replay: python -m tests.simulation {result.seed}")
    for breach in result.breaches[:5]:
        print(f"    {breach}", flush=True)


def _progress(done: int, of: int, failed: int, began: float) -> None:
    spent = time.monotonic() - began
    left = spent / done * (of - done)
    print(f"\r{done}/{of} seeds, {failed} failed, about {left:.0f} s to go ", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
