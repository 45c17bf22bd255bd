"""The loops as threads: they start, take in mail, reload and stop; systemd hears what it must."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.daemon.announcing import FEEDS_A_PERIOD
from mailbot.daemon.housekeeping import END_SECONDS, TICK_SECONDS
from mailbot.daemon.loops import ROLES
from mailbot.daemon.notify import Notifier
from mailbot.daemon.parts import Intervals, Parts, Pulse, Settings, Snapshot
from mailbot.daemon.supervise import JOIN_SECONDS, Supervisor, turn_once
from mailbot.store.database import Database, DatabaseUnavailable
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.store.unit_of_work import Work
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.fakes.transport import MemoryPostman

QUICK = Intervals(
    mailbox_poll_seconds=0.1, delivery_poll_seconds=0.1, deadline_poll_seconds=0.1, config_poll_seconds=0.1
)


class Systemd:
    """The other end of $NOTIFY_SOCKET."""

    def __init__(self, path: Path) -> None:
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.channel.bind(str(path))
        self.channel.settimeout(10)
        self.notifier = Notifier({"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "1000000"})

    def hears(self, word: str) -> str:
        """Wait for that word."""
        while word not in (said := self.channel.recv(4096).decode()).splitlines():
            pass
        return said


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    listening = Systemd(tmp_path / "notify")
    yield listening
    listening.channel.close()


@pytest.fixture
def running(desk: Desk, tmp_path: Path) -> Iterator[Callable[..., Supervisor]]:
    """Start a supervisor in a thread; it is stopped at the end."""
    database = Database.open(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    database.upgrade()
    object.__setattr__(desk.parts, "database", database)
    desk.database = database
    desk.settings.current = replace(desk.snapshot, intervals=QUICK)
    started: list[tuple[Supervisor, threading.Thread]] = []

    def start(parts: Parts = desk.parts, **settings: object) -> Supervisor:
        supervisor = Supervisor(parts, **settings)  # type: ignore[arg-type]  # names are those of the supervisor
        thread = threading.Thread(target=supervisor.run, name="supervisor", kwargs={"handle_signals": False})
        thread.start()
        started.append((supervisor, thread))
        return supervisor

    yield start
    for supervisor, thread in started:
        supervisor.stop()
        thread.join(20)
        assert not thread.is_alive(), "the daemon did not stop"


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it never came to that")


def test_a_mail_goes_its_whole_way_through_the_threads(
    desk: Desk, ann: Correspondent, running: Callable[..., Supervisor]
) -> None:
    running()
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    wait_for(lambda: len(desk.postman.sent) == 2)
    assert {envelope.rcpt_to for envelope in desk.postman.sent} == {"network@lists.corp.example", "ann@corp.example"}


def test_a_loop_that_raises_does_not_end_the_others(
    desk: Desk, ann: Correspondent, running: Callable[..., Supervisor]
) -> None:
    desk.mailbox.fail_next("before open", ZeroDivisionError())
    running(roles=[role for role in ROLES if role != "intake"])
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    with pytest.raises(ZeroDivisionError):
        desk.intake.turn(desk.clock.now())
    desk.clock.step(timedelta(seconds=10))
    desk.intake.turn(desk.clock.now())
    wait_for(lambda: len(desk.postman.sent) == 2)


def test_systemd_hears_that_it_is_ready_alive_and_stopping(
    running: Callable[..., Supervisor], systemd: Systemd
) -> None:
    supervisor = running(notifier=systemd.notifier)
    systemd.hears("READY=1")
    systemd.hears("WATCHDOG=1")
    supervisor.stop()
    systemd.hears("STOPPING=1")


def test_a_loop_without_progress_starves_the_watchdog(
    running: Callable[..., Supervisor], systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pulse, "alive", property(lambda self: False))
    running(notifier=systemd.notifier)
    systemd.hears("READY=1")
    systemd.channel.settimeout(1.5)
    with pytest.raises(TimeoutError):
        systemd.hears("WATCHDOG=1")


def test_a_loop_that_does_not_end_keeps_nobody_waiting_for_ever(
    desk: Desk, running: Callable[..., Supervisor], systemd: Systemd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbot.daemon.supervise.JOIN_SECONDS", 0.3)
    for_ever = threading.Event()
    monkeypatch.setattr(desk.mailbox, "wait", lambda timeout_seconds, stop: for_ever.wait(60))
    supervisor = running(notifier=systemd.notifier)
    systemd.hears("READY=1")
    began = time.monotonic()
    supervisor.stop()
    systemd.hears("STOPPING=1")
    wait_for(lambda: says_goodbye(desk))
    assert time.monotonic() - began < 15
    for_ever.set()


def says_goodbye(desk: Desk) -> bool:
    return HealthState.STOPPED in {record.state for record in health(desk)}


class FarDatabase:
    """A database that swallows every word while it is out of sight, or refuses the next ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.in_sight = threading.Event()
        self.in_sight.set()
        self.refuses = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._database, name)

    @contextmanager
    def write(self) -> Iterator[Work]:
        self.in_sight.wait(60)
        if self.refuses:
            self.refuses -= 1
            raise DatabaseUnavailable("out of connections")
        with self._database.write() as work:
            yield work


@pytest.fixture
def far(desk: Desk, running: Callable[..., Supervisor]) -> Iterator[FarDatabase]:
    database = FarDatabase(desk.database)
    object.__setattr__(desk.parts, "database", database)
    yield database
    database.in_sight.set()


def test_while_the_database_swallows_every_word_the_watchdog_is_fed_help_is_called_and_a_stop_is_a_stop(
    desk: Desk,
    running: Callable[..., Supervisor],
    far: FarDatabase,
    systemd: Systemd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mailbot.daemon.housekeeping.SLOW_SECONDS", 0.1)
    monkeypatch.setattr("mailbot.daemon.housekeeping.END_SECONDS", 0.1)
    monkeypatch.setattr("mailbot.daemon.distress.PATIENCE_SECONDS", 0)
    supervisor = running(roles=[], notifier=systemd.notifier)
    systemd.hears("READY=1")
    far.in_sight.clear()
    supervisor.reload()
    systemd.hears("STATUS=degraded: the database cannot be written: it does not answer")
    for _ in range(5):
        systemd.hears("WATCHDOG=1")
    wait_for(lambda: any(b"has not answered since" in envelope.raw for envelope in desk.postman.sent))
    supervisor.stop()
    systemd.hears("STOPPING=1")
    wait_for(lambda: not any(thread.name == "supervisor" for thread in threading.enumerate()))
    assert not far.in_sight.is_set()


def test_between_two_feedings_passes_less_than_half_of_what_systemd_allows() -> None:
    unit = (Path(__file__).parents[2] / "systemd" / "mailbot.service").read_text()
    (allowed,) = re.findall(r"^WatchdogSec=(\d+)s$", unit, re.MULTILINE)
    assert TICK_SECONDS + int(allowed) / FEEDS_A_PERIOD < int(allowed) / 2


def test_the_stop_as_a_whole_takes_less_than_systemd_allows() -> None:
    unit = (Path(__file__).parents[2] / "systemd" / "mailbot.service").read_text()
    (allowed,) = re.findall(r"^TimeoutStopSec=(\d+)s$", unit, re.MULTILINE)
    assert int(allowed) > JOIN_SECONDS + END_SECONDS


def test_a_configuration_that_cannot_be_remembered_at_once_is_remembered_later(
    desk: Desk,
    running: Callable[..., Supervisor],
    far: FarDatabase,
    systemd: Systemd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mailbot.daemon.housekeeping.PAUSE_SECONDS", 0.1)
    supervisor = running(roles=[], notifier=systemd.notifier)
    systemd.hears("READY=1")
    wait_for(lambda: "daemon" in (record.component for record in health(desk)))
    desk.snapshot = replace(desk.settings.current, hash="the new one")
    far.refuses = 1
    supervisor.reload()
    systemd.hears("READY=1")
    wait_for(lambda: "the new one" in [record.detail for record in health(desk)])
    assert far.refuses == 0


def health(desk: Desk) -> Sequence[HealthRecord]:
    with desk.database.read() as work:
        return work.health.all()


def test_a_reload_swaps_the_whole_snapshot(desk: Desk, running: Callable[..., Supervisor], systemd: Systemd) -> None:
    supervisor = running(notifier=systemd.notifier)
    systemd.hears("READY=1")
    desk.snapshot = replace(desk.settings.current, hash="the new one")
    supervisor.reload()
    assert "MONOTONIC_USEC" in systemd.hears("RELOADING=1")
    systemd.hears("READY=1")
    assert desk.settings.current.hash == "the new one"


def test_changed_files_are_read_without_being_asked(desk: Desk, running: Callable[..., Supervisor]) -> None:
    desk.snapshot = replace(desk.settings.current, hash="the new one")
    running(parts=replace(desk.parts, monotonic=__import__("time").monotonic), changed=lambda: True)
    wait_for(lambda: desk.settings.current.hash == "the new one")


def test_a_bad_configuration_keeps_the_last_good_one_and_says_so(desk: Desk) -> None:
    def broken() -> Snapshot:
        raise ValueError("routing.toml:3: unknown group")

    settings = Settings(broken, desk.snapshot)
    assert not settings.reload()
    assert settings.current is desk.snapshot
    assert settings.problem == "routing.toml:3: unknown group"


def test_once_is_one_turn_of_everything(desk: Desk, ann: Correspondent) -> None:
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    turn = turn_once(desk.parts)
    assert (turn.fetched, turn.processed, turn.deadlines, turn.delivered, turn.problems) == (1, 1, 0, 2, ())
    again = turn_once(desk.parts)
    assert (again.fetched, again.processed, again.delivered) == (0, 0, 0)


def test_connections_are_closed_at_the_end(desk: Desk, ann: Correspondent) -> None:
    postman = MemoryPostman()
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    turn_once(replace(desk.parts, postman=lambda: postman))
    assert postman.closed == 1


def test_without_systemd_every_word_is_dropped() -> None:
    Notifier({}).ready("nobody listens")
    Notifier({"NOTIFY_SOCKET": "/nonexistent/socket"}).ready("nobody is there")
