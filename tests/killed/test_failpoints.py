"""Every failpoint lies in the code where it is said to lie, and one life of a desk comes by all of them."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

import mailbot
from mailbot.failpoints import Failpoint, plant, reach
from tests.killed.oracle import undisturbed
from tests.killed.place import Place

HOME = Path(mailbot.__file__).parent
PLACES = {
    Failpoint.CONNECTED: {"transport/imap_login.py", "transport/maildir.py"},
    Failpoint.OPENED: {"daemon/intake.py"},
    Failpoint.FETCHED: {"daemon/intake.py"},
    Failpoint.STORING: {"daemon/intake.py"},
    Failpoint.STORED: {"daemon/intake.py"},
    Failpoint.MARKED: {"transport/imap.py", "transport/maildir.py"},
    Failpoint.CLAIMED: {"daemon/processing.py"},
    Failpoint.PARSING: {"daemon/reading.py"},
    Failpoint.PARSED: {"daemon/processing.py"},
    Failpoint.TICKET_WRITTEN: {"daemon/carrying_out.py"},
    Failpoint.CARRIED_OUT: {"daemon/processing.py"},
    Failpoint.DECIDED: {"daemon/processing.py"},
    Failpoint.CLAIMED_TO_SEND: {"daemon/delivery.py"},
    Failpoint.SMTP_CONNECTED: {"transport/smtp.py"},
    Failpoint.RECIPIENT_TAKEN: {"transport/smtp.py"},
    Failpoint.IN_DATA: {"transport/smtp.py"},
    Failpoint.DOT_SENT: {"transport/smtp.py"},
    Failpoint.ACCEPTED: {"transport/smtp.py"},
    Failpoint.SENT_WRITTEN: {"daemon/delivery.py"},
    Failpoint.SENT: {"daemon/delivery.py"},
    Failpoint.DEADLINE_FOUND: {"daemon/deadlines.py"},
    Failpoint.DEADLINE_FIRED: {"daemon/deadlines.py"},
    Failpoint.RELOADING: {"daemon/parts.py"},
    Failpoint.MIGRATING: {"store/migrations/env.py"},
    Failpoint.STOPPING: {"daemon/supervise.py"},
}


def _reached_in_code() -> dict[str, set[str]]:
    """The name of each failpoint, and the files that say `reach(Failpoint.NAME)`."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in HOME.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "reach":
                (argument,) = node.args
                assert isinstance(argument, ast.Attribute), f"{file}: reach() takes a name"
                found[argument.attr].add(str(file.relative_to(HOME)))
    return found


def test_the_code_reaches_every_failpoint_where_it_is_said_to() -> None:
    assert _reached_in_code() == {point.name: files for point, files in PLACES.items()}


def test_there_are_twenty_five_in_the_order_of_a_mails_way() -> None:
    assert [point.value for point in Failpoint] == [f"K{number:02}" for number in range(1, 26)]
    assert list(PLACES) == list(Failpoint)


def test_nothing_in_the_code_plants_anything() -> None:
    planting = [file.name for file in HOME.rglob("*.py") if "plant(" in file.read_text(encoding="utf-8")]
    assert planting == ["failpoints.py"]


def test_where_nothing_is_planted_nothing_happens_and_what_is_planted_is_told() -> None:
    told: list[Failpoint] = []
    reach(Failpoint.STORED)
    plant(told.append)
    try:
        reach(Failpoint.MARKED)
    finally:
        plant(None)
    reach(Failpoint.CLAIMED)
    assert told == [Failpoint.MARKED]


@pytest.mark.parametrize("point", Failpoint, ids=lambda point: f"{point.value} {point.name}")
def test_a_life_comes_by(place: Place, point: Failpoint) -> None:
    """From an empty database, with a reload, a deadline and a stop."""
    reached = undisturbed(place, True).reached | undisturbed(place, False).reached
    assert point in reached
