"""A seeded sample of `make crash`: the desk dies at a system call, or cannot write: nothing is lost, nothing twice."""

from __future__ import annotations

import pytest

from tests.conftest import IN_CI
from tests.crash import strace
from tests.crash.runs import FAULTS
from tests.crash.troupe import sampled

SEED = 4711
CALLS = 60
PAIRS = 30
SHARE = 30  # runs in one test, so that two cores can share the sample


@pytest.fixture(autouse=True)
def _needs_strace() -> None:
    if problem := strace.why_not():
        if IN_CI:
            pytest.fail(f"{problem} (make servers installs it)")
        pytest.skip(reason=f"{problem} (make servers installs it)")


def violations(faults: list[str], count: int, first: int) -> list[str]:
    results = sampled(faults, count, SEED, slice(first, first + SHARE))
    assert len(results) == SHARE
    return [f"python -m tests.crash {one.name}: {'; '.join(one.breaches)}" for one in results if one.breaches]


@pytest.mark.parametrize("first", range(0, CALLS, SHARE))
def test_a_blow_at_any_system_call_loses_and_doubles_nothing(first: int) -> None:
    assert violations([fault for fault in FAULTS if fault != "pair"], CALLS, first) == []


@pytest.mark.parametrize("first", range(0, PAIRS, SHARE))
def test_a_second_death_during_the_recovery_loses_and_doubles_nothing(first: int) -> None:
    assert violations(["pair"], PAIRS, first) == []
