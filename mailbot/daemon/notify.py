"""The few words that a service says to systemd (sd_notify(3)): a datagram each, without a library."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping


class Notifier:
    """Speaks to $NOTIFY_SOCKET; without one every word is dropped."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        microseconds = environment.get("WATCHDOG_USEC", "")
        meant_for_us = environment.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self.watchdog_seconds = int(microseconds) / 1e6 if microseconds.isdigit() and meant_for_us else None

    def ready(self, status: str = "") -> None:
        """Everything stands; `status` is shown by `systemctl status`."""
        self._say("READY=1", f"STATUS={status}")

    def status(self, status: str) -> None:
        """How it is at the moment: the line of `systemctl status`."""
        self._say(f"STATUS={status}")

    def reloading(self) -> None:
        """The configuration is being read again; `ready` ends it."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The end has begun, in good order."""
        self._say("STOPPING=1")

    def alive(self) -> None:
        """Every loop made progress: feed the watchdog."""
        self._say("WATCHDOG=1")

    def _say(self, *words: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            try:
                channel.connect(self._address)
                channel.sendall("\n".join(words).encode())
            except OSError:
                return  # a supervisor that does not listen must not stop the desk
