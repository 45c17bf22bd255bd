"""The desk keeps its promises in any weather, and would be caught if it did not.

Short seeds here; `make simulate` plays thousands of long ones, and looks for every planted bug. To see a failing seed
again: `python -m tests.simulation SEED --steps STEPS`.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.simulation.bugs import BUGS, hunt
from tests.simulation.run import simulate

SHORT = 25
CAUGHT_BY = {  # the first seed of SHORT_HUNT steps that finds each bug; `make simulate` finds more
    "no duplicate check": 5,
    "sent before it is delivered": 5,
    "lost wake-up": 3,
}
SHORT_HUNT = 40


@pytest.mark.parametrize("seed", range(1, 51))
def test_every_promise_is_kept(seed: int) -> None:
    result = simulate(seed, SHORT)
    assert not result.breaches, f"python -m tests.simulation {seed} --steps {SHORT}"


def test_a_seed_replays_exactly() -> None:
    """Also in another process, with other hashes of strings."""
    runs = [
        subprocess.run(
            [sys.executable, "-m", "tests.simulation", "7", "--steps", str(SHORT)],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hashes},
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        for hashes in ("1", "2")
    ]
    assert runs[0].count("\n") > SHORT
    assert runs[0] == runs[1]


@pytest.mark.parametrize("bug", CAUGHT_BY)
def test_a_planted_bug_is_found(bug: str) -> None:
    assert hunt(bug, CAUGHT_BY[bug], SHORT_HUNT), f"seed {CAUGHT_BY[bug]} no longer finds: {bug}"


def test_there_are_eight_planted_bugs() -> None:
    assert len(BUGS) == 8
    assert set(CAUGHT_BY) <= set(BUGS)
