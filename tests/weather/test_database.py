"""A database that breaks at any word, is away for a while, or is full: the mail server is left alone, mail waits."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailbot.daemon import distress
from tests.servers.bench import needs
from tests.servers.dovecot import Dovecot
from tests.servers.postgres import Postgres
from tests.servers.proxy import Blow, Proxy, Strike
from tests.servers.sinks import Sink
from tests.weather.station import FULL, Station, effort, open_station, wait_for

PHASES = {
    "connecting": b"",
    "BEGIN": b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    "reading": b"REPEATABLE READ READ ONLY",
    "INSERT": b"INSERT",
    "UPDATE": b"UPDATE",
    "COMMIT": b"COMMIT\0",
}
BLOWS = list(itertools.product(PHASES, (Blow.LOST, Blow.UNANSWERED)))
_ALERTS = """
[alert_smtp]
host = "localhost"
port = {port}
security = "none"
"""


@dataclass
class FarStation:
    """A station whose database is at the end of a line of its own, and whose admins have a second server."""

    station: Station
    line: Proxy
    alerts: Sink


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot, postgres: Postgres) -> Iterator[FarStation]:
    url = postgres.url(name := postgres.new_database())
    with Proxy(postgres.port) as line, Sink() as sink, Sink() as alerts:
        through = url.replace(f":{postgres.port}/", f":{line.port}/")
        folder, more = tmp_path_factory.mktemp("far"), _ALERTS.format(port=alerts.port)
        with open_station(folder, dovecot, sink, through, look_url=url, more=more) as station:
            station.waits_for(station.request())
            yield FarStation(station, line, alerts)
    postgres.drop_database(name)


def suffers(far: FarStation, blow: Blow, said: bytes) -> None:
    fault = Strike(said, blow)
    far.line.set(fault)
    if not said:
        far.line.drop_all()
    first = far.station.request()
    wait_for(lambda: fault.left == 0, f"the desk says {said!r}")
    if blow is Blow.HALF_OPEN:
        time.sleep(0.5)
        far.line.set(None)
    second = far.station.request()
    far.station.waits_for(first, second)
    far.line.set(None)
    far.station.kept_its_promises(first, second)


@pytest.mark.parametrize(("phase", "blow"), BLOWS)
def test_a_line_that_is_cut_at_any_word_costs_nothing(far: FarStation, phase: str, blow: Blow) -> None:
    suffers(far, blow, PHASES[phase])


@pytest.mark.parametrize("phase", PHASES if FULL else ["COMMIT"])
def test_a_line_that_stands_still_for_a_moment_costs_nothing(far: FarStation, phase: str) -> None:
    suffers(far, Blow.HALF_OPEN, PHASES[phase])


def test_connections_that_are_cut_while_nobody_uses_them_are_not_missed(far: FarStation) -> None:
    far.line.drop_all()
    subject = far.station.request()
    far.station.waits_for(subject)
    far.station.kept_its_promises(subject)


def test_a_database_that_is_away_leaves_the_mail_server_alone_and_is_told_past_itself(
    far: FarStation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(distress, "PATIENCE_SECONDS", 0.5)
    station, supervisor = far.station, far.station.app._supervisor
    assert supervisor is not None
    with far.line.outage():
        time.sleep(1)  # what was begun may end
        heard, mails = len(station.imap.heard), len(station.sink.mails)
        subjects = [station.request() for _ in range(3)]
        called, began = far.line.refused, time.monotonic()
        assert effort(lambda: time.sleep(3)) < 0.6, "no busy loop"
        calls_a_second = (far.line.refused - called) / (time.monotonic() - began)
        assert calls_a_second < 60, "pauses are ten times shorter here than in production"
        for word in (b"LOGIN", b"SELECT", b"FETCH", b"STORE"):
            assert word not in station.imap.heard[heard:]
        assert len(station.sink.mails) == mails
        assert "the database cannot be written" in supervisor._how()
        wait_for(lambda: bool(far.alerts.mails), "the admins are told")
    station.waits_for(*subjects)
    station.kept_its_promises(*subjects)
    (alert,) = far.alerts.mails
    assert alert.rcpt_to == "admin@corp.example"
    assert b"has not answered since" in alert.raw
    assert not any(word in alert.raw for word in (b"tunnel", b"Ann", *map(str.encode, subjects)))
    wait_for(lambda: supervisor._how() == "working", "all is well")
    assert station.status(capsys)["daemon"][0] == "ok"


# ---------------------------------------------------------------- disk full


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system that is full soon."""
    needs("tmpfs", present=True, root=True)
    folder.mkdir()
    mounting = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounting.returncode:
        pytest.skip(reason="needs the right to mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_marks_nothing_as_stored_and_the_desk_goes_on_when_there_is_room(
    tmp_path: Path, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(distress, "PATIENCE_SECONDS", 0.5)
    with small_disk(tmp_path / "disk", 32) as disk, Sink() as sink:
        url = f"sqlite:///{disk / 'desk.sqlite3'}"
        with open_station(tmp_path / "desk", dovecot, sink, url, archive=True) as station:
            station.waits_for(station.request())
            wait_for(lambda: station.lies_in("Archive") == 1, "it lies in the archive")
            ballast = disk / "ballast"
            fill(ballast)
            subjects = [station.request(padding=300_000) for _ in range(3)]
            assert effort(lambda: time.sleep(3)) < 0.8, "no busy loop"
            assert station.lies_in("INBOX") == 3, "nothing is marked"
            assert all(station.answered(subject) == 0 for subject in subjects)
            wait_for(lambda: any(b"has not answered since" in mail.raw for mail in sink.mails), "the admins are told")
            ballast.unlink()
            station.waits_for(*subjects)
            station.kept_its_promises(*subjects)
            wait_for(lambda: station.lies_in("INBOX") == 0, "all are moved")


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    assert os.statvfs(ballast).f_bavail == 0
