"""`mailbot status` beside a daemon: what it says, what it advises, and what machines read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailbot.app import build
from mailbot.cli.status import REMEDIES
from mailbot.store.states import HealthState
from tests.cli.conftest import Type

MINUTE = timedelta(minutes=1)


def tell(folder: Path, component: str, state: HealthState, detail: str = "", ago: timedelta = timedelta()) -> None:
    """What a daemon would have written."""
    with build(folder, in_process=True) as desk, desk.database.write() as work:
        work.health.tell(component, state, detail, datetime.now(UTC) - ago)


def test_a_daemon_that_never_was_is_said_to_be_not_running(types: Type, folder: Path) -> None:
    typed = types("--config", folder, "status")
    assert typed.code == 0
    assert "daemon         is not running" in typed.err
    assert "mailbot run" in typed.err
    (record,) = types("--config", folder, "--json", "status").records
    assert (record["daemon_running"], record["remedy"]) == (False, "start it: mailbot run")


def test_a_heart_that_has_not_beaten_for_five_minutes_is_none(types: Type, folder: Path) -> None:
    tell(folder, "daemon", HealthState.OK, "host:1", 4 * MINUTE)
    (record,) = types("--config", folder, "--json", "status").records
    assert record["daemon_running"] is True
    tell(folder, "daemon", HealthState.OK, "host:1", 6 * MINUTE)
    typed = types("--config", folder, "status")
    assert "daemon         is not running (last seen " in typed.err


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
    assert "daemon         d:4:3c silent since" in said
    assert "no route to host" not in said
    (record,) = types("--config", folder, "--json", "status").records
    assert record["daemon_running"] is True
    for dead in ("a:1:0f", "b:2:1e"):
        tell(folder, f"daemon:{dead}", HealthState.STOPPED, ago=MINUTE)
    said = types("--config", folder, "status").err
    assert "daemon         is not running (last seen" in said
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
    assert any(finding["file"] == "config/routing.toml" for finding in record["findings"])
    assert {one["component"] for one in record["health"]} >= {"configuration", "mailbox:support/INBOX"}
    assert types("--config", folder, "once").code == 1
    assert types("--config", folder, "check").code == 1


def test_a_broken_folder_without_last_good_files_stops_run_with_exit_code_1(types: Type, folder: Path) -> None:
    (folder / "routing.toml").write_text("this is not TOML")
    typed = types("--config", folder, "run")
    assert typed.code == 1
    assert "config/routing.toml:1: not valid TOML" in typed.err
