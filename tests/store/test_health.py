"""What the daemon says of itself: one row a part, `since` from the last change of state, and a heartbeat that ends."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mailbot.store.health import DAEMON, GONE, SILENT_AFTER, is_running
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.store.unit_of_work import Work
from tests.store.material import NOW

MINUTE = timedelta(minutes=1)


def test_since_begins_anew_with_each_state_and_not_with_each_word(work: Work) -> None:
    assert work.health.tell("delivery", HealthState.OK, "", NOW)
    assert work.health.tell("delivery", HealthState.RETRYING, "no route", NOW + MINUTE)
    assert not work.health.tell("delivery", HealthState.RETRYING, "timed out", NOW + 2 * MINUTE)
    assert work.health.all() == (
        HealthRecord("delivery", HealthState.RETRYING, NOW + MINUTE, "timed out", NOW + 2 * MINUTE),
    )
    assert work.status(NOW).health == work.health.all()


def test_parts_that_are_no_more_are_forgotten(work: Work) -> None:
    for component in ("daemon", "mailbox:old/INBOX", "mailbox:new/INBOX"):
        work.health.tell(component, HealthState.OK, "", NOW)
    work.health.keep_only({"daemon", "mailbox:new/INBOX"})
    assert [one.component for one in work.health.all()] == ["daemon", "mailbox:new/INBOX"]


@pytest.mark.parametrize(
    ("component", "state", "silent", "running"),
    [
        (DAEMON, HealthState.OK, timedelta(), True),
        (DAEMON, HealthState.OK, SILENT_AFTER - MINUTE, True),
        (DAEMON, HealthState.NO_PROGRESS, MINUTE, True),
        (DAEMON, HealthState.OK, SILENT_AFTER, False),
        (DAEMON, HealthState.STOPPED, timedelta(), False),
        ("daemon:host:1:ab", HealthState.OK, timedelta(), True),
        ("daemon:host:1:ab", HealthState.OK, SILENT_AFTER, False),
        ("delivery", HealthState.OK, timedelta(), False),
    ],
)
def test_a_daemon_runs_while_its_heart_beats(
    component: str, state: HealthState, silent: timedelta, running: bool
) -> None:
    assert is_running([HealthRecord(component, state, NOW, "", NOW)], NOW + silent) is running


def test_the_database_refuses_a_health_that_nobody_named(work: Work) -> None:
    work.health.tell(DAEMON, HealthState.OK, "", NOW)
    with pytest.raises(IntegrityError, match="ck_health_state"):
        work.connection.execute(text("UPDATE health SET state = 'so so'"))


def test_a_dead_daemon_is_said_to_be_gone_and_forgotten_with_all_that_it_said(work: Work) -> None:
    for component in ("daemon:a:1", "delivery:a:1", "configuration:a:1", "daemon:b:2", "mailbox:support/INBOX"):
        work.health.tell(component, HealthState.OK, "", NOW)
    for holder in ("a:1", "a:1", "never heard of"):
        work.health.tell_gone(holder, NOW + MINUTE)
    gone = work.health.get("daemon:a:1")
    assert gone == HealthRecord("daemon:a:1", HealthState.STOPPED, NOW + MINUTE, GONE, NOW + MINUTE)
    work.health.forget_daemons(["a:1"])
    assert [one.component for one in work.health.all()] == ["daemon:b:2", "mailbox:support/INBOX"]
