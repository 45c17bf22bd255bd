"""`mailbot status` beside a daemon: what it says, what it advises, and what machines read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.app import build
from mailbot.cli.needs import REMEDIES
from mailbot.store.daemon_claim import DaemonClaim
from mailbot.store.states import HealthState
from tests.cli.conftest import Type
from tests.store.material import queued

MINUTE = timedelta(minutes=1)


def tell(folder: Path, component: str, state: HealthState, detail: str = "", ago: timedelta = timedelta()) -> None:
    """What a daemon would have written."""
    with build(folder, in_process=True) as desk, desk.database.write() as work:
        work.health.tell(component, state, detail, datetime.now(UTC) - ago)


@pytest.fixture
def daemon(folder: Path) -> Iterator[DaemonClaim]:
    """What a daemon of this SQLite file holds as long as it is there."""
    with build(folder, in_process=True) as desk:
        url = desk.snapshot.database_url
    claim = DaemonClaim(Path(f"{url.removeprefix('sqlite:///')}.lock"))
    claim.take("mailbot run")
    yield claim
    claim.release()


def test_a_daemon_that_never_was_is_said_to_be_not_running(types: Type, folder: Path) -> None:
    typed = types("--config", folder, "status")
    assert typed.code == 1
    assert "daemon         is not running" in typed.err
    assert "mailbot run" in typed.err
    (record,) = types("--config", folder, "--json", "status").records
    assert (record["daemon_running"], record["remedy"]) == (False, "start it: mailbot run")
    assert [one["about"] for one in record["findings"]] == ["daemon"]


def test_a_daemon_that_was_killed_is_not_running_at_once(types: Type, folder: Path, daemon: DaemonClaim) -> None:
    tell(folder, "daemon", HealthState.OK, "host:1")
    typed = types("--config", folder, "status")
    assert (typed.code, "is not running" in typed.err) == (0, False)
    daemon.release()  # as the kernel does
    typed = types("--config", folder, "status")
    assert (typed.code, "daemon         is not running (last heard " in typed.err) == (1, True)
    (record,) = types("--config", folder, "--json", "status").records
    assert record["daemon_running"] is False


@pytest.mark.parametrize(
    ("component", "state", "ago", "code"),
    [
        ("delivery", HealthState.RETRYING, 14 * MINUTE, 0),
        ("delivery", HealthState.RETRYING, 16 * MINUTE, 1),
        ("mailbox:support/INBOX", HealthState.NEEDS_PERSON, MINUTE, 1),
        ("moving:outbox", HealthState.NEEDS_PERSON, MINUTE, 1),
        ("configuration", HealthState.LAST_GOOD, MINUTE, 1),
        ("daemon", HealthState.NO_PROGRESS, MINUTE, 1),
        ("configuration", HealthState.OK, 60 * MINUTE, 0),
    ],
)
@pytest.mark.usefixtures("daemon")
def test_what_needs_a_person_makes_it_exit_with_1(
    types: Type, folder: Path, component: str, state: HealthState, ago: timedelta, code: int
) -> None:
    tell(folder, "daemon", HealthState.OK, "host:1")
    tell(folder, component, state, "why", ago)
    typed = types("--config", folder, "--json", "status")
    (record,) = typed.records
    assert typed.code == code
    assert [one["about"] for one in record["findings"]] == [component] * code
    assert all(one["remedy"] for one in record["findings"])


@pytest.mark.usefixtures("daemon")
def test_mail_that_did_not_arrive_makes_it_exit_with_1(types: Type, folder: Path) -> None:
    tell(folder, "daemon", HealthState.OK, "host:1")
    with build(folder, in_process=True) as desk, desk.database.write() as work:
        queued(work, now=datetime.now(UTC), not_before=datetime.now(UTC))
        (row,) = work.outbox.claim(1, "mailbot", datetime.now(UTC), 600)
        work.outbox.failed(row, "550 no such user", datetime.now(UTC))
    typed = types("--config", folder, "--json", "status")
    (record,) = typed.records
    assert (typed.code, [one["remedy"] for one in record["findings"]]) == (1, ["mailbot outbox list"])


@pytest.mark.usefixtures("daemon")
def test_a_heart_that_has_not_beaten_for_five_minutes_is_none(types: Type, folder: Path) -> None:
    tell(folder, "daemon", HealthState.OK, "host:1", 4 * MINUTE)
    assert "host:1, last heard " in types("--config", folder, "status").err
    (record,) = types("--config", folder, "--json", "status").records
    assert record["daemon_running"] is True
    tell(folder, "daemon", HealthState.OK, "host:1", 6 * MINUTE)
    typed = types("--config", folder, "status")
    assert "daemon         is not running (last heard " in typed.err


@pytest.mark.usefixtures("daemon")
def test_every_trouble_is_told_with_its_reason_and_what_helps(types: Type, folder: Path) -> None:
    tell(folder, "daemon", HealthState.OK, "host:1")
    tell(folder, "mailbox:support/INBOX", HealthState.NEEDS_PERSON, "imap.corp.example:993: login refused")
    tell(folder, "delivery", HealthState.RETRYING, "no route to host")
    typed = types("--config", folder, "status")
    said = " ".join(typed.err.split())
    assert "mailbox support/INBOX needs_person since" in said
    assert "imap.corp.example:993: login refused" in said
    assert "delivery retrying since" in said
    assert "no route to host" in said
    (record,) = types("--config", folder, "--json", "status").records
    parts = {one["component"]: one for one in record["health"]}
    for component, kind, state in (
        ("mailbox:support/INBOX", "mailbox", HealthState.NEEDS_PERSON),
        ("delivery", "delivery", HealthState.RETRYING),
    ):
        assert parts[component]["remedy"] == REMEDIES[kind, state]
        assert REMEDIES[kind, state] in said
    assert parts["daemon"]["remedy"] == ""
    assert set(parts["delivery"]) == {"component", "state", "since", "detail", "updated_at", "remedy"}


@pytest.mark.usefixtures("daemon")
def test_of_several_daemons_each_is_told_and_what_the_dead_said_last_is_not(types: Type, folder: Path) -> None:
    tell(folder, "daemon:a:1:0f", HealthState.OK, "intake:support, processing")
    tell(folder, "delivery:a:1:0f", HealthState.OK)
    tell(folder, "daemon:b:2:1e", HealthState.OK, "intake:support (standing by: a:1:0f reads it)")
    tell(folder, "daemon:c:3:2d", HealthState.STOPPED, "gone")
    tell(folder, "delivery:c:3:2d", HealthState.RETRYING, "no route to host")
    tell(folder, "daemon:d:4:3c", HealthState.OK, "deadlines", 6 * MINUTE)
    typed = types("--config", folder, "status")
    said = typed.err
    assert "is not running" not in said
    assert "daemon         a:1:0f ok since" in said
    assert "intake:support (standing by: a:1:0f reads it)" in said
    assert "daemon         c:3:2d stopped since" in said
    assert "daemon         d:4:3c silent, last heard " in said
    assert "no route to host" not in said
    (record,) = types("--config", folder, "--json", "status").records
    assert record["daemon_running"] is True
    assert [one["about"] for one in record["findings"]] == ["deadlines", "delivery"], "roles that run nowhere"
    assert "the role deadlines runs nowhere" in said
    for dead in ("a:1:0f", "b:2:1e"):
        tell(folder, f"daemon:{dead}", HealthState.STOPPED, ago=MINUTE)
    said = types("--config", folder, "status").err
    assert "daemon         is not running (last heard" in said
    assert "no route to host" in said, "how it was when it was last told"


def test_every_state_of_trouble_that_a_part_can_have_has_its_remedy() -> None:
    spoken = {state for _, state in REMEDIES}
    assert spoken == set(HealthState) - {HealthState.OK}


def test_it_tells_the_health_also_while_the_files_have_errors(types: Type, folder: Path) -> None:
    assert types("--config", folder, "once").code == 0
    (folder / "routing.toml").write_text("this is not TOML")
    typed = types("--config", folder, "--json", "status")
    assert typed.code == 1
    (record,) = typed.records
    assert any(finding["file"] == "config/routing.toml" for finding in record["findings"] if "file" in finding)
    assert {one["component"] for one in record["health"]} >= {"configuration", "mailbox:support/INBOX"}
    assert types("--config", folder, "once").code == 1
    assert types("--config", folder, "check").code == 1


def test_a_broken_folder_without_last_good_files_stops_run_with_exit_code_1(types: Type, folder: Path) -> None:
    (folder / "routing.toml").write_text("this is not TOML")
    typed = types("--config", folder, "run")
    assert typed.code == 1
    assert "config/routing.toml:1: not valid TOML" in typed.err
