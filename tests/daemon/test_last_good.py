"""A daemon that starts while the files have errors: with the last good ones, and it says so; or not at all."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailbot.app import App, build
from mailbot.config.findings import ConfigError
from mailbot.daemon.log import LOGGER
from mailbot.daemon.parts import utc_now
from mailbot.store.health import is_running
from mailbot.store.rows import HealthRecord, OutboxLine
from mailbot.store.states import HealthState

GROUP = 'label = "Network team"'


@contextmanager
def running(folder: Path) -> Iterator[App]:
    """`mailbot run` on that folder, until the end of the block."""
    stop = threading.Event()
    with build(folder, in_process=True, last_good=True) as app:
        thread = threading.Thread(target=app.run, kwargs={"stop": stop, "handle_signals": False})
        thread.start()
        try:
            wait_for(lambda: is_running(app.status().health, utc_now()))
            yield app
        finally:
            stop.set()
            thread.join(30)
        assert not thread.is_alive()


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never came to that")


def health(app: App) -> dict[str, HealthRecord]:
    return {one.component: one for one in app.status().health}


def alerts(app: App) -> list[OutboxLine]:
    with app.database.read() as work:
        return [line for line in work.outbox.lines() if line.kind == "alert_to_admins"]


def break_files(folder: Path) -> None:
    (folder / "routing.toml").write_text("this is not TOML")
    (folder / "service_levels.toml").write_text("nor is this")


def test_a_broken_start_works_with_the_last_good_files_and_says_so(
    house: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with build(house, in_process=True) as app:
        app.once()
        good = app.snapshot.hash
    break_files(house)
    monkeypatch.setattr(LOGGER, "propagate", True)
    with caplog.at_level(logging.WARNING, "mailbot"), running(house) as app:
        assert app.settings.current.hash == good
        assert app.settings.current.policy.groups["network"].label == "Network team"
        record = health(app)["configuration"]
        assert record.state is HealthState.LAST_GOOD
        assert record.detail.startswith(f"{good}; ")
        assert "routing.toml:1" in record.detail
        (alert,) = alerts(app)
        assert alert.recipient == "admin@corp.example"
    logged = [line for line in caplog.messages if "event=config_finding" in line]
    assert len(logged) == len(app.refused)
    assert any("routing.toml:1" in line for line in logged)
    assert any("service_levels.toml:1" in line for line in logged)


def test_a_second_start_with_the_same_errors_writes_no_second_alert(house: Path) -> None:
    with build(house, in_process=True) as app:
        app.once()
    break_files(house)
    for _ in range(2):
        with running(house) as app:
            assert len(alerts(app)) == 1


def test_a_broken_start_without_last_good_files_stops_with_the_findings(house: Path) -> None:
    break_files(house)
    with pytest.raises(ConfigError, match="routing") as stopped:
        build(house, in_process=True, last_good=True)
    assert "service_levels" in str(stopped.value)


def test_other_errands_refuse_a_broken_folder_whatever_was_kept(house: Path) -> None:
    with build(house, in_process=True) as app:
        app.once()
    break_files(house)
    with pytest.raises(ConfigError):
        build(house, in_process=True)


def test_mended_files_are_read_and_become_the_last_good_ones(house: Path) -> None:
    routing = house / "routing.toml"
    text = routing.read_text()
    with build(house, in_process=True) as app:
        app.once()
    routing.write_text("this is not TOML")
    with running(house) as app:
        assert health(app)["configuration"].state is HealthState.LAST_GOOD
        routing.write_text(text.replace(GROUP, 'label = "The network people"'))
        app.reload()
        wait_for(lambda: health(app)["configuration"].state is HealthState.OK)
        assert app.settings.current.policy.groups["network"].label == "The network people"
        mended = app.settings.current.hash
        assert health(app)["configuration"].detail == mended
    routing.write_text("broken again")
    with running(house) as app:
        assert app.settings.current.hash == mended
        assert len(alerts(app)) == 2


def test_files_that_broke_while_it_ran_are_told_like_those_of_a_start(house: Path) -> None:
    with running(house) as app:
        assert health(app)["configuration"].state is HealthState.OK
        break_files(house)
        app.reload()
        wait_for(lambda: health(app)["configuration"].state is HealthState.LAST_GOOD)
        wait_for(lambda: len(alerts(app)) == 1)


def test_a_state_folder_that_cannot_be_written_costs_the_net_and_not_the_desk(house: Path) -> None:
    (house.parent / "state").write_text("a file is in the way")
    with build(house, in_process=True) as app:
        assert app.once().fetched == 0
