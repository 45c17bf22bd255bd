"""What the real daemon says to $NOTIFY_SOCKET, as systemd would hear it: no root and no systemd needed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailbot.demo.servers import DemoServers
from mailbot.demo.settings import write_settings

PATIENCE_SECONDS = 45.0


class Systemd:
    """The other end of the socket, and the process that it started."""

    def __init__(self, folder: Path) -> None:
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._channel.bind(str(folder / "notify"))
        self._channel.settimeout(PATIENCE_SECONDS)
        self.environment = {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "800000"}

    @contextmanager
    def starts(self, config: Path) -> Iterator[subprocess.Popen[bytes]]:
        """`mailbot run`, ended by force if the test does not end it."""
        command = [sys.executable, "-m", "mailbot", "--config", str(config), "run"]
        with subprocess.Popen(command, env={**os.environ, **self.environment}, stderr=subprocess.DEVNULL) as daemon:
            try:
                yield daemon
            finally:
                daemon.kill()
                self._channel.close()

    def hears(self, word: str, *, before: str = "") -> list[str]:
        """The words of the datagram that holds `word`; `before` must not be heard until then."""
        while True:
            said = self._channel.recv(4096).decode().split("\n")
            assert not before or before not in said, f"{before} came before {word}"
            if word in said:
                return said

    def hears_status(self, beginning: str) -> str:
        """The first status line that begins so."""
        while True:
            for word in self._channel.recv(4096).decode().split("\n"):
                if word.startswith(f"STATUS={beginning}"):
                    return word


@pytest.fixture
def systemd(tmp_path: Path) -> Systemd:
    return Systemd(tmp_path)


def test_it_is_ready_alive_reloads_and_stops(systemd: Systemd, tmp_path: Path) -> None:
    with DemoServers() as servers, systemd.starts(write_settings(tmp_path, servers)) as daemon:
        assert "STATUS=working" in systemd.hears("READY=1")
        systemd.hears("WATCHDOG=1")
        daemon.send_signal(signal.SIGHUP)
        assert any(word.startswith("MONOTONIC_USEC=") for word in systemd.hears("RELOADING=1"))
        systemd.hears("READY=1", before="STOPPING=1")
        systemd.hears("WATCHDOG=1")
        daemon.send_signal(signal.SIGTERM)
        systemd.hears("STOPPING=1")
        assert daemon.wait(20) == 0


def test_it_is_ready_without_its_mailbox_and_says_that_it_works_less(systemd: Systemd, tmp_path: Path) -> None:
    with DemoServers() as servers:
        config = write_settings(tmp_path, servers)
        (config / "demo-password").write_text("wrong")
        with systemd.starts(config) as daemon:
            ready = " ".join(systemd.hears("READY=1"))
            assert "STATUS=degraded: intake:support cannot work: " in ready
            systemd.hears("WATCHDOG=1")  # a server that does not let us in is no reason to restart
            daemon.send_signal(signal.SIGTERM)
            systemd.hears("STOPPING=1")
            assert daemon.wait(20) == 0


def test_files_that_break_are_told_and_mended_ones_too(systemd: Systemd, tmp_path: Path) -> None:
    with DemoServers() as servers:
        config = write_settings(tmp_path, servers)
        main = config / "mailbot.toml"
        good = main.read_text(encoding="utf-8")
        with systemd.starts(config) as daemon:
            systemd.hears("READY=1")
            main.write_text(good + "nonsense", encoding="utf-8")
            daemon.send_signal(signal.SIGHUP)
            systemd.hears_status("degraded: last good configuration")
            main.write_text(good, encoding="utf-8")
            daemon.send_signal(signal.SIGHUP)
            systemd.hears_status("working")


def test_without_a_database_it_is_never_ready(systemd: Systemd, tmp_path: Path) -> None:
    with DemoServers() as servers:
        config = write_settings(tmp_path, servers)
        (tmp_path / "state").write_text("a file where the folder should be")
        with systemd.starts(config) as daemon:
            assert daemon.wait(PATIENCE_SECONDS) != 0
            systemd._channel.settimeout(0.1)
            with pytest.raises(TimeoutError):
                systemd.hears("READY=1")
