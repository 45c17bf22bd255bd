"""The targets of `make fuzz` hold for their own seeds and for what fuzzing has found."""

from __future__ import annotations

import pytest

from fuzz.seeds import SEEDS
from fuzz.targets import TARGETS


def test_every_target_has_seeds() -> None:
    assert list(SEEDS) == list(TARGETS)


@pytest.mark.parametrize(("name", "seed"), [(name, seed) for name, seeds in SEEDS.items() for seed in seeds])
def test_a_target_holds_for_its_seed_whole_and_cut(name: str, seed: bytes) -> None:
    TARGETS[name](seed)
    for cut in range(0, len(seed), 41):
        TARGETS[name](seed[:cut])
        TARGETS[name](seed[cut:])
