"""The desk put together from a folder of settings: the same parts that `mailbot run` has."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailbot.app import AlreadyRunning, App, build, counts_from
from mailbot.config.findings import ConfigError
from mailbot.config.snapshot import Since
from tests.conversations.people import Correspondent


@pytest.fixture
def folder(house: Path) -> Path:
    return house


@pytest.fixture
def app(folder: Path) -> Iterator[App]:
    with build(folder, in_process=True) as made:
        yield made


@pytest.fixture
def mail(ann: Correspondent) -> bytes:
    return ann.composes("VPN is down", "The tunnel does not work.").as_bytes()


def test_once_reads_the_maildir_and_says_which_server_is_not_there(folder: Path, app: App, mail: bytes) -> None:
    (folder.parent / "mail" / "new" / "1.host").write_bytes(mail)
    turn = app.once()
    assert (turn.fetched, turn.processed) == (1, 1)
    assert len(turn.problems) == 1
    assert turn.problems[0].startswith("smtp: ")
    status = app.status()
    assert (status.inbox["done"], status.outbox["ready"], status.tickets["assigned"]) == (1, 2, 1)


def test_a_second_daemon_is_refused_while_verbs_of_admins_work_beside_it(folder: Path, app: App, mail: bytes) -> None:
    app.once()
    with build(folder, in_process=True) as second:
        with pytest.raises(AlreadyRunning, match="mailbot once"):
            second.once()
        with pytest.raises(AlreadyRunning):
            second.run(handle_signals=False)
        assert second.explain(mail).disposition == "done: opened"
        assert sum(second.status().inbox.values()) == 0


def test_a_running_daemon_stops_when_it_is_asked(folder: Path, app: App, mail: bytes) -> None:
    (folder.parent / "mail" / "new" / "1.host").write_bytes(mail)
    stop = threading.Event()
    thread = threading.Thread(target=app.run, kwargs={"stop": stop, "handle_signals": False})
    thread.start()
    for _ in range(400):
        if app.status().tickets["assigned"] == 1:
            break
        threading.Event().wait(0.05)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert app.status().tickets["assigned"] == 1


def test_what_changed_counts_after_a_reload_and_mistakes_do_not(folder: Path, app: App) -> None:
    before = app.settings.current.hash
    routing = folder / "routing.toml"
    routing.write_text(routing.read_text().replace('label = "Network team"', 'label = "The network people"'))
    assert app.settings.reload()
    assert app.settings.current.policy.groups["network"].label == "The network people"
    assert app.settings.current.hash != before
    routing.write_text("this is not TOML")
    assert not app.settings.reload()
    assert app.settings.current.policy.groups["network"].label == "The network people"


def test_a_folder_with_mistakes_is_refused_with_all_of_them(folder: Path) -> None:
    (folder / "routing.toml").write_text("default_group = 3")
    with pytest.raises(ConfigError):
        build(folder)


def test_mail_counts_from_the_first_start_from_a_date_or_always(app: App) -> None:
    policy = replace(app.snapshot.policy, identity=replace(app.snapshot.policy.identity, timezone="Europe/Berlin"))
    assert counts_from(Since.FIRST_START, policy) is None
    assert counts_from(date(2026, 7, 1), policy) == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
    everything = counts_from(Since.EVERYTHING, policy)
    assert everything is not None
    assert everything < datetime(1970, 1, 1, tzinfo=UTC)


def test_a_reload_asks_for_a_restart_only_where_a_mailbox_really_changed(
    folder: Path, app: App, caplog: pytest.LogCaptureFixture
) -> None:
    assert app.settings.reload()
    assert "restart_needed" not in caplog.text
    main = folder / "mailbot.toml"
    main.write_text(main.read_text().replace('account = "', 'account = "other-'))
    assert app.settings.reload()
    assert "restart_needed" in caplog.text


def test_what_the_desk_writes_itself_is_no_edit(house: Path) -> None:
    main = house / "mailbot.toml"
    main.write_text(main.read_text().replace("[database]", '[database]\nstate_folder = "state"'))
    with build(house, in_process=True) as app:
        app.once()
        assert not app.files_changed()
        (house / "routing.toml").touch()
        assert app.files_changed()
        assert not app.files_changed()
