"""What admins are told while the database is away: fixed words for what helps, and nothing from outside."""

from __future__ import annotations

import pytest

from mailbot.daemon.distress import Distress
from mailbot.daemon.log import problem_of
from mailbot.store.failures import DatabaseUnavailable, DiskFull
from tests.conversations.desk import Desk


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (DiskFull("database or disk is full, says XYZZY"), b"the disk is full"),
        (DatabaseUnavailable("XYZZY"), b"reached"),
    ],
)
def test_a_full_disk_is_called_that(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, failure: DatabaseUnavailable, told: bytes
) -> None:
    monkeypatch.setattr("mailbot.daemon.distress.PATIENCE_SECONDS", 0)
    distress = Distress(desk.parts)
    distress.look(problem_of(failure))
    assert distress._call is not None
    distress._call.join(10)
    raw = desk.postman.sent[0].raw
    assert b"has not answered since" in raw
    assert told in raw
    assert b"XYZZY" not in raw
