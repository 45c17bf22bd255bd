"""What the daemon writes down of itself, and what another process reads of it in the same database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.app import App, build
from mailbot.daemon.health import Vital, tell_configuration
from mailbot.daemon.parts import Pulse
from mailbot.daemon.supervise import Supervisor
from mailbot.store.health import MOVING_PARTS, is_running
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.transport.mailbox import MailboxUnavailable
from mailbot.transport.postman import DeliveryFailed, Phase
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.fakes.transport_imap import ScriptedImap


def parts_of(desk: Desk | App) -> dict[str, HealthRecord]:
    with desk.database.read() as work:
        return {one.component: one for one in work.health.all()}


def test_a_part_is_written_on_change_and_otherwise_at_most_once_a_minute(desk: Desk) -> None:
    vital, begun = Vital(desk.parts, "delivery"), desk.clock.now()
    for second in range(50):
        vital.tell(HealthState.RETRYING, begun + timedelta(seconds=second), f"attempt {second}")
    assert parts_of(desk)["delivery"].detail == "attempt 0"
    vital.tell(HealthState.RETRYING, begun + timedelta(seconds=60), "attempt 60")
    assert parts_of(desk)["delivery"].detail == "attempt 60"
    vital.tell(HealthState.OK, begun + timedelta(seconds=61))
    assert parts_of(desk)["delivery"].state is HealthState.OK
    vital.tell(HealthState.OK, begun + timedelta(hours=1))
    assert parts_of(desk)["delivery"].updated_at == begun + timedelta(seconds=61), "nothing new, nothing written"


def test_a_heart_beats_every_minute(desk: Desk) -> None:
    heart, begun = Vital(desk.parts, "daemon", beats=True), desk.clock.now()
    for second in (0, 59):
        heart.tell(HealthState.OK, begun + timedelta(seconds=second))
    assert parts_of(desk)["daemon"].updated_at == begun
    heart.tell(HealthState.OK, begun + timedelta(seconds=60))
    assert parts_of(desk)["daemon"].updated_at == begun + timedelta(seconds=60)


def test_a_record_that_cannot_be_written_stops_nobody(desk: Desk) -> None:
    vital = Vital(desk.parts, "delivery")
    with desk.database.write():  # a transaction within would wait for itself, so it raises
        vital.tell(HealthState.OK, desk.clock.now())
    assert parts_of(desk) == {}


def test_a_mailbox_that_fails_and_comes_back(desk: Desk) -> None:
    component = f"mailbox:{desk.intake.account}/INBOX"
    desk.mailbox.fail_next("before open", MailboxUnavailable("connection reset", temporary=True))
    desk.intake.turn(desk.clock.now())
    assert (parts_of(desk)[component].state, parts_of(desk)[component].detail) == (
        HealthState.RETRYING,
        "connection reset",
    )
    desk.clock.step(timedelta(minutes=1))
    desk.intake.turn(desk.clock.now())
    assert (parts_of(desk)[component].state, parts_of(desk)[component].detail) == (HealthState.OK, "")
    assert parts_of(desk)[component].since == desk.clock.now()


@pytest.mark.parametrize(("permanent", "state"), [(False, HealthState.RETRYING), (True, HealthState.NEEDS_PERSON)])
def test_delivery_says_why_it_pauses_until_the_server_takes_mail_again(
    desk: Desk, ann: Correspondent, permanent: bool, state: HealthState
) -> None:
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    desk.processing.turn(desk.clock.now())
    desk.postman.fail_next(DeliveryFailed("535 no such user", permanent=permanent, phase=Phase.CONNECT))
    desk.delivery.turn(desk.clock.now())
    assert (parts_of(desk)["delivery"].state, parts_of(desk)["delivery"].detail) == (state, "535 no such user")
    desk.clock.step(timedelta(hours=1))
    desk.delivery.turn(desk.clock.now())
    assert (parts_of(desk)["delivery"].state, parts_of(desk)["delivery"].detail) == (HealthState.OK, "")


def test_admins_hear_once_that_the_last_good_configuration_is_live(desk: Desk) -> None:
    desk.settings.problem = "config/routing.toml:3: unknown group\nconfig/people.csv:9: no address"
    for _ in range(3):  # at the start, after a reload that was refused, at the next start
        tell_configuration(desk.parts)
    record = parts_of(desk)["configuration"]
    assert record.state is HealthState.LAST_GOOD
    assert record.detail == f"{desk.snapshot.hash}; 2 findings, the first: config/routing.toml:3: unknown group"
    desk.delivery.turn(desk.clock.now())
    (alert,) = [line for line in desk.mails_out() if line.kind == "alert_to_admins"]
    assert alert.recipient == "admin@corp.example"
    desk.settings.problem = ""
    tell_configuration(desk.parts)
    assert (parts_of(desk)["configuration"].state, parts_of(desk)["configuration"].detail) == (
        HealthState.OK,
        desk.snapshot.hash,
    )
    assert len([line for line in desk.mails_out() if line.kind == "alert_to_admins"]) == 1


def test_a_daemon_shows_that_it_lives_and_says_goodbye(desk: Desk) -> None:
    with desk.database.write() as work:
        work.health.tell("mailbox:gone/INBOX", HealthState.OK, "", desk.clock.now())
    supervisor = Supervisor(desk.parts, roles=["deadlines"])
    thread = threading.Thread(target=supervisor.run, kwargs={"handle_signals": False})
    thread.start()
    for _ in range(400):
        if is_running(parts_of(desk).values(), desk.clock.now()):
            break
        threading.Event().wait(0.05)
    assert is_running(parts_of(desk).values(), desk.clock.now())
    assert not is_running(parts_of(desk).values(), desk.clock.now() + timedelta(minutes=5))
    supervisor.stop()
    thread.join(20)
    assert parts_of(desk)["daemon"].state is HealthState.STOPPED
    assert set(parts_of(desk)) - set(MOVING_PARTS) == {"daemon", "configuration"}


def test_loops_without_progress_are_named(desk: Desk) -> None:
    supervisor = Supervisor(desk.parts, roles=["deadlines", "processing"])
    supervisor._loops = [replace(loop, pulse=_stopped()) for loop in supervisor._loops]
    supervisor._show_life()
    assert (parts_of(desk)["daemon"].state, parts_of(desk)["daemon"].detail) == (
        HealthState.NO_PROGRESS,
        "processing,deadlines",
    )


def _stopped() -> Pulse:
    pulse = Pulse()
    pulse.beat(-1)
    return pulse


@pytest.fixture
def imap() -> Iterator[ScriptedImap]:
    with ScriptedImap() as server:
        yield server


def test_status_beside_the_daemon_knows_that_the_password_is_wrong(house: Path, imap: ScriptedImap) -> None:
    imap.refusals["LOGIN"] = "NO [AUTHENTICATIONFAILED] wrong user or password"
    main = house / "mailbot.toml"
    mailbox = f'host = "127.0.0.1"\nport = {imap.port}\nsecurity = "none"\nuser = "desk"\npassword = "let me in"'
    lines = [mailbox if line.startswith("maildir = ") else line for line in main.read_text().splitlines()]
    main.write_text("\n".join(lines))
    with build(house, in_process=True) as daemon:
        daemon.once()
        with build(house, in_process=True) as beside:
            told = {one.component: one for one in beside.status().health}
    record = told["mailbox:support/INBOX"]
    assert record.state is HealthState.NEEDS_PERSON
    assert "wrong user or password" in record.detail
    assert "let me in" not in record.detail
    assert told["configuration"].detail == daemon.snapshot.hash
