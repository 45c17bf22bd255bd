"""The clock of the desk: what is due happens once, with all its effects, and a jump of the clock fires nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailbot.daemon import carrying_out
from mailbot.desk.decide import decide
from mailbot.store.states import DeadlineState
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent


def test_a_hand_over_that_nobody_takes_goes_to_members_then_the_fallback_then_the_admins(
    desk: Desk, ann: Correspondent, sam: Correspondent, admin: Correspondent
) -> None:
    lead = Correspondent(desk, "lead@corp.example", "Lea Lead")
    ann.writes("VPN is down", "The tunnel does not work.")
    sam.gets("hand_over")
    desk.passes(timedelta(minutes=59))
    sam.gets_nothing()
    desk.passes(timedelta(minutes=1))
    sam.gets("hand_over")
    lead.gets_nothing()
    desk.passes(timedelta(hours=1))
    lead.gets("hand_over")
    admin.gets_nothing()
    desk.passes(timedelta(hours=1))
    assert admin.gets("alert_to_admins").says("network")


def test_a_clock_that_jumps_fires_nothing_in_that_turn(
    desk: Desk, ann: Correspondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.writes("VPN is down", "The tunnel does not work.")
    standing_still = desk.clock.monotonic()
    object.__setattr__(desk.parts, "monotonic", lambda: standing_still)
    desk.clock.step(timedelta(hours=5))
    assert desk.deadlines.turn(desk.clock.now()) == 0
    assert desk.deadlines.turn(desk.clock.now()) == 1, "the new time counts from the next turn on"


def test_a_storm_goes_out_in_bounded_batches(desk: Desk, ann: Correspondent) -> None:
    for number in range(25):
        desk.mailbox.put(
            ann.composes(f"Fault {number}", f"Tunnel {number} does not work.").as_bytes(), desk.clock.now()
        )
    desk.settle()
    desk.clock.step(timedelta(hours=1))
    assert desk.deadlines.turn(desk.clock.now()) == 20
    assert desk.deadlines.turn(desk.clock.now()) == 5


def test_a_deadline_that_makes_us_fail_is_held_and_told_and_the_next_one_fires(
    desk: Desk, ann: Correspondent, sam: Correspondent, admin: Correspondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = ann.writes("First", "The tunnel does not work.").number
    ann.writes("Second", "The tunnel does not work at home.")
    sam.skips()

    def broken(event: object, mail: object, situation: object, policy: object) -> object:
        if getattr(getattr(situation, "ticket", None), "number", 0) == number:
            raise ZeroDivisionError
        return decide(event, mail, situation, policy)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(carrying_out, "decide", broken)
    desk.clock.step(timedelta(hours=1))
    desk.settle()
    with desk.database.read() as work:
        (held,) = work.deadlines.lines(ticket=number, states=(DeadlineState.HELD,))
    assert held.deadline.kind == "unclaimed"
    assert sam.gets("hand_over").says("Second")
    sam.gets_nothing()
    assert admin.gets("alert_to_admins").says("ZeroDivisionError")


def test_a_deadline_fires_once(desk: Desk, ann: Correspondent, sam: Correspondent) -> None:
    ann.writes("VPN is down", "The tunnel does not work.")
    sam.gets("hand_over")
    desk.clock.step(timedelta(hours=1))
    assert desk.deadlines.turn(desk.clock.now()) == 1
    assert desk.deadlines.turn(desk.clock.now()) == 0
