"""Who takes part in the stories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from tests.conversations.desk import Desk
from tests.conversations.invariants import find_breaches
from tests.conversations.people import Correspondent, MailingList, Monitoring, Server


@dataclass
class Time:
    """Lets time pass in a story."""

    desk: Desk

    def passes(self, **gap: float) -> None:
        """`clock.passes(hours=4)`: business hours are all hours in this house."""
        self.desk.passes(timedelta(**gap))


@pytest.fixture(autouse=True)
def desk() -> Iterator[Desk]:
    """The desk of a story; whatever happened in it, the invariants hold at its end."""
    running = Desk()
    yield running
    breaches = find_breaches(running)
    running.close()
    assert not breaches, breaches


@pytest.fixture
def clock(desk: Desk) -> Time:
    return Time(desk)


@pytest.fixture
def requester(desk: Desk) -> Correspondent:
    """Ann, whom the directory knows."""
    return Correspondent(desk, "ann@corp.example", "Ann Archer")


@pytest.fixture
def stranger(desk: Desk) -> Correspondent:
    """Somebody from outside, whom nobody vouches for."""
    return Correspondent(desk, "eve@elsewhere.example", "Eve", authenticated=False)


@pytest.fixture
def specialist(desk: Desk) -> Correspondent:
    """Sam of the network team, who reads its list."""
    return Correspondent(desk, "sam@corp.example", "Sam Sato")


@pytest.fixture
def colleague(desk: Desk) -> Correspondent:
    """Tia of the network team."""
    return Correspondent(desk, "tia@corp.example", "Tia Tran")


@pytest.fixture
def joe(desk: Desk) -> Correspondent:
    """Of the service desk, which has no list."""
    return Correspondent(desk, "joe@corp.example", "Joe Jung")


@pytest.fixture
def lead(desk: Desk) -> Correspondent:
    """Whom the groups fall back to."""
    return Correspondent(desk, "lead@corp.example", "Lea Lead")


@pytest.fixture
def admin(desk: Desk) -> Correspondent:
    return Correspondent(desk, "admin@corp.example", "Ada Admin")


@pytest.fixture
def monitoring(desk: Desk) -> Monitoring:
    return Monitoring(desk)


@pytest.fixture
def server(desk: Desk) -> Server:
    return Server(desk)


@pytest.fixture
def mailing_list(desk: Desk) -> MailingList:
    """The list of the network team."""
    return MailingList(desk)


@pytest.fixture
def dora(desk: Desk) -> Correspondent:
    """Of sales in Hamburg, who writes German."""
    return Correspondent(desk, "dora@corp.example", "Dora Dietz")


@pytest.fixture
def bob(desk: Desk) -> Correspondent:
    """Who works with Ann."""
    return Correspondent(desk, "bob@corp.example", "Bob Baker")
