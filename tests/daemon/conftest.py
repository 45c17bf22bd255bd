"""The daemon is tested over the desk of the stories: real store, real rules, mailbox and postman in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from mailbot.desk.policy import Policy
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent


@pytest.fixture
def desk() -> Iterator[Desk]:
    running = Desk()
    yield running
    running.close()


@pytest.fixture
def ann(desk: Desk) -> Correspondent:
    """A requester."""
    return Correspondent(desk, "ann@corp.example", "Ann Archer")


@pytest.fixture
def sam(desk: Desk) -> Correspondent:
    """A specialist of the network team."""
    return Correspondent(desk, "sam@corp.example", "Sam Sato")


@pytest.fixture
def admin(desk: Desk) -> Correspondent:
    return Correspondent(desk, "admin@corp.example", "Ada Admin")


@pytest.fixture
def with_limits(desk: Desk) -> Callable[..., None]:
    """Change limits of the running desk."""

    def change(**limits: int) -> None:
        policy: Policy = desk.settings.current.policy
        policy = replace(policy, limits=replace(policy.limits, **limits))
        desk.settings.current = replace(desk.settings.current, policy=policy)

    return change
