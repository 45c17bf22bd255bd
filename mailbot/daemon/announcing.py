"""What systemd is told, and when (sd_notify(3)).

Ready: the configuration is loaded, the database is ours, and every mailbox was looked at once, or could not be; a large
backlog or a slow server holds that up for half a minute at most, and the status line says what does not work. The
watchdog is fed only while every loop makes progress.
"""

from __future__ import annotations

import time

from mailbot.daemon.notify import Notifier

PATIENCE_SECONDS = 30.0  # for the first look into the mailboxes; less than TimeoutStartSec
STATUS_CHARACTERS = 400
FEEDS_A_PERIOD = 4  # systemd advises at least two


class Announcer:
    """Says each thing once, and when it changes."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._began_at = time.monotonic()
        self._fed_at: float | None = None
        self._ready = False
        self._told = ""

    def tell(self, status: str, *, tried: bool, alive: bool) -> None:
        """How it is now: called often."""
        now = time.monotonic()
        status = _one_line(status)
        if not self._ready and (tried or now >= self._began_at + PATIENCE_SECONDS):
            self._become_ready(status)
        elif self._ready and status != self._told:
            self._notifier.status(status)
            self._told = status
        if alive and self._hungry(now):
            self._fed_at = now
            self._notifier.alive()

    def reloading(self) -> None:
        """The configuration is being read again."""
        if self._ready:
            self._notifier.reloading()

    def reloaded(self, status: str) -> None:
        """It counts from now on, or the one before still does."""
        if self._ready:
            self._become_ready(_one_line(status))

    def stopping(self) -> None:
        """The end has begun."""
        self._notifier.stopping()

    def _become_ready(self, status: str) -> None:
        self._ready, self._told = True, status
        self._notifier.ready(status)

    def _hungry(self, now: float) -> bool:
        period_seconds = self._notifier.watchdog_seconds
        if period_seconds is None:
            return False
        return self._fed_at is None or now >= self._fed_at + period_seconds / FEEDS_A_PERIOD


def _one_line(text: str) -> str:
    """A line break would begin another word of the protocol, and what a mail server says may hold one."""
    return " ".join(text.split())[:STATUS_CHARACTERS]
