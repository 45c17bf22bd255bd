"""The clock of the desk: what is due happens once, with all its effects, and a jump of the clock fires nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailbot.daemon import carrying_out
from mailbot.desk.decide import decide
from mailbot.store.failures import DatabaseUnavailable
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


@pytest.fixture
def turned(desk: Desk) -> TurnedClock:
    """The wall clock of the desk, apart from its monotonic one."""
    clock = TurnedClock(desk)
    object.__setattr__(desk.parts, "monotonic", clock.monotonic)
    desk.start()
    desk.deadlines.turn(desk.clock.now())
    return clock


class TurnedClock:
    """Somebody may turn it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.turned = timedelta()

    def monotonic(self) -> float:
        return (self.desk.clock.now() - self.turned).timestamp()

    def turn(self, by: timedelta) -> None:
        self.turned += by
        self.desk.clock.time += by

    def passes(self, gap: timedelta) -> int:
        """How many deadlines come to pass at the end of it."""
        self.desk.clock.step(gap)
        return self.desk.deadlines.turn(self.desk.clock.now())


HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def told(desk: Desk, words: str) -> int:
    """How many alerts to admins have these words in their subject."""
    return sum(line.kind == "alert_to_admins" and words in line.subject for line in desk.mails_out())


@pytest.mark.parametrize("step", [HOUR, DAY])
def test_a_clock_that_goes_forward_fires_nothing_for_ten_minutes_and_the_admins_know(
    desk: Desk, ann: Correspondent, turned: TurnedClock, step: timedelta
) -> None:
    ann.writes("VPN is down", "The tunnel does not work.")
    turned.turn(step)
    assert [turned.passes(3 * MINUTE) for _ in range(4)] == [0, 0, 0, 0]
    assert told(desk, "The clock was turned") == 1
    assert turned.passes(3 * MINUTE) == 1, "nobody has set it right: the new time counts"


def test_admins_hear_of_a_turned_clock_also_when_the_database_was_away_at_that_moment(
    desk: Desk, turned: TurnedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_away() -> None:
        raise DatabaseUnavailable("no route")

    turned.turn(HOUR)
    with monkeypatch.context() as outage:
        outage.setattr(desk.database, "write", is_away)
        with pytest.raises(DatabaseUnavailable):
            turned.passes(MINUTE)
    for _ in range(2):
        assert turned.passes(MINUTE) == 0
    assert told(desk, "The clock was turned") == 1


@pytest.mark.parametrize("step", [HOUR, DAY])
def test_a_clock_that_is_set_right_again_has_fired_nothing(
    desk: Desk, ann: Correspondent, turned: TurnedClock, step: timedelta
) -> None:
    ann.writes("VPN is down", "The tunnel does not work.")
    turned.turn(step)
    assert turned.passes(MINUTE) == 0
    turned.turn(-step)
    assert [turned.passes(MINUTE) for _ in range(30)] == [0] * 30
    assert turned.passes(30 * MINUTE) == 1, "at its time"
    assert told(desk, "The clock was turned") == 1, "at most hourly"


@pytest.mark.parametrize("step", [HOUR, DAY])
def test_a_clock_that_goes_back_makes_deadlines_late_and_the_admins_know(
    desk: Desk, ann: Correspondent, turned: TurnedClock, step: timedelta
) -> None:
    ann.writes("VPN is down", "The tunnel does not work.")
    turned.turn(-step)
    assert turned.passes(59 * MINUTE) == 0
    assert told(desk, "The clock was turned") == 1
    assert turned.passes(step + MINUTE) == 1


def reported(desk: Desk, ann: Correspondent, faults: int) -> None:
    for number in range(faults):
        mail = ann.composes(f"Fault {number}", f"Tunnel {number} does not work.")
        desk.mailbox.put(mail.as_bytes(), desk.clock.now())
    desk.settle()


def test_many_deadlines_on_time_go_in_bounded_batches(desk: Desk, ann: Correspondent) -> None:
    reported(desk, ann, 25)
    desk.clock.step(timedelta(hours=1))
    assert [desk.deadlines.turn(desk.clock.now()) for _ in range(3)] == [20, 5, 0]
    assert told(desk, "Many deadlines") == 0


def test_many_overdue_deadlines_leave_time_to_look_between_the_batches(desk: Desk, ann: Correspondent) -> None:
    reported(desk, ann, 45)
    desk.clock.step(timedelta(days=1))  # the desk stood still
    passed = []
    for _ in range(13):
        passed.append(desk.deadlines.turn(desk.clock.now()))
        desk.clock.step(MINUTE)
    assert passed[:11] == [20, 0, 0, 0, 0, 20, 0, 0, 0, 0, 5]
    assert told(desk, "Many deadlines") == 1


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
