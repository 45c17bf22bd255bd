"""Does everything move? What should have gone on by itself is shown, and told to the admins once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailbot.daemon.deadlines import Deadlines
from mailbot.store.health import DELIVERY
from mailbot.store.states import HealthState
from tests.conversations.desk import Desk
from tests.daemon.test_intake import mail
from tests.store.material import queued

HOURS, MINUTES = timedelta(hours=1), timedelta(minutes=1)


def passes(desk: Desk, gap: timedelta) -> None:
    """Time in which only the clock works: nobody processes, nobody delivers."""
    end = desk.clock.now() + gap
    while desk.clock.now() < end:
        desk.clock.step(MINUTES)
        desk.deadlines.turn(desk.clock.now())


def state(desk: Desk, name: str) -> HealthState:
    with desk.database.read() as work:
        found = work.health.get(f"moving:{name}")
    assert found is not None
    return found.state


def alerts(desk: Desk) -> list[str]:
    return [line.subject for line in desk.mails_out() if line.kind == "alert_to_admins"]


def test_a_desk_that_works_has_nothing_to_tell(desk: Desk) -> None:
    desk.receives(mail("one"))
    for _ in range(36):
        desk.passes(5 * MINUTES)
    assert {state(desk, name) for name in ("inbox", "outbox", "doubts")} == {HealthState.OK}
    assert not any("does not move" in subject for subject in alerts(desk))


def test_that_everything_moves_is_written_at_every_check(desk: Desk) -> None:
    passes(desk, 21 * MINUTES)
    with desk.database.read() as work:
        found = work.health.get("moving:inbox")
    assert found is not None
    assert desk.clock.now() - found.updated_at < 6 * MINUTES


def test_mail_that_nobody_works_off_is_told_once_and_again_only_after_it_was_right(desk: Desk) -> None:
    desk.mailbox.put(mail("one"), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    passes(desk, 14 * MINUTES)
    assert state(desk, "inbox") is HealthState.OK
    passes(desk, 20 * MINUTES)
    assert state(desk, "inbox") is HealthState.NEEDS_PERSON
    desk.deadlines = Deadlines(desk.parts)  # another daemon, or this one after a restart
    for _ in range(60):
        desk.delivery.turn(desk.clock.now())
        passes(desk, 5 * MINUTES)
    assert alerts(desk) == ["IT Support: Mail does not move on"]
    desk.settle()
    passes(desk, 10 * MINUTES)
    assert state(desk, "inbox") is HealthState.OK


def test_two_looks_a_second_apart_are_no_proof(desk: Desk) -> None:
    desk.mailbox.put(mail("one"), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    desk.clock.step(20 * MINUTES)
    desk.deadlines.turn(desk.clock.now())
    desk.clock.step(timedelta(seconds=1))
    other = Deadlines(desk.parts)  # another daemon
    other.turn(desk.clock.now())
    assert state(desk, "inbox") is HealthState.RETRYING
    for _ in range(5):  # each of them looks before the five minutes since the look of the other are over
        for one in (desk.deadlines, other):
            desk.clock.step(MINUTES)
            one.turn(desk.clock.now())
    assert state(desk, "inbox") is HealthState.NEEDS_PERSON


@pytest.mark.parametrize("doubtful", [True, False])
def test_class_a_that_stays_in_doubt_or_half_sent_is_told(desk: Desk, doubtful: bool) -> None:
    with desk.database.write() as work:
        queued(work, now=desk.clock.now(), not_before=desk.clock.now())
        (row,) = work.outbox.claim(1, "mailbot", desk.clock.now(), 600)
        work.outbox.enter_data(row)
        if doubtful:
            work.outbox.doubtful(row, "connection lost", desk.clock.now())
    passes(desk, 24 * MINUTES)
    assert state(desk, "outbox") is HealthState.OK, "a doubt of a quarter of an hour is usual"
    passes(desk, 20 * MINUTES)
    assert state(desk, "outbox") is HealthState.NEEDS_PERSON


@pytest.mark.parametrize(("reachable", "told"), [(HealthState.OK, 1), (HealthState.RETRYING, 0)])
def test_class_a_that_does_not_leave_is_told_while_the_server_can_be_reached(
    desk: Desk, reachable: HealthState, told: int
) -> None:
    with desk.database.write() as work:
        queued(work, now=desk.clock.now(), not_before=desk.clock.now())
        work.health.tell(DELIVERY, reachable, "", desk.clock.now())
    passes(desk, 14 * MINUTES)
    assert state(desk, "outbox") is HealthState.OK
    passes(desk, 1 * HOURS)
    assert len(alerts(desk)) == told


def test_mail_that_a_server_puts_off_for_long_is_told(desk: Desk) -> None:
    desk.postman.refusals["ann@corp.example"] = "451 4.7.1 greylisted"
    with desk.database.write() as work:
        queued(work, now=desk.clock.now(), not_before=desk.clock.now())
    for _ in range(50):
        desk.delivery.turn(desk.clock.now())
        passes(desk, MINUTES)
    assert state(desk, "outbox") is HealthState.OK
    for _ in range(25):
        desk.delivery.turn(desk.clock.now())
        passes(desk, MINUTES)
    assert state(desk, "outbox") is HealthState.NEEDS_PERSON


@pytest.mark.parametrize(("doubts", "expected"), [(3, HealthState.OK), (4, HealthState.NEEDS_PERSON)])
def test_many_doubts_within_an_hour_are_told(desk: Desk, doubts: int, expected: HealthState) -> None:
    with desk.database.write() as work:
        for _ in range(doubts):
            queued(work, now=desk.clock.now(), not_before=desk.clock.now())
        for row in work.outbox.claim(doubts, "mailbot", desk.clock.now(), 600):
            work.outbox.enter_data(row)
            work.outbox.doubtful(row, "connection lost", desk.clock.now())
    passes(desk, 12 * MINUTES)
    assert state(desk, "doubts") is expected
    passes(desk, 1 * HOURS)
    assert state(desk, "doubts") is HealthState.OK, "an hour later that is history"
