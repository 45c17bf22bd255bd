"""What the main thread has to do with the database, on a thread of its own: it may wait there as long as it must.

Leases, the heartbeat and the configuration that counts are written here, one after the other, while the main thread
feeds systemd's watchdog and calls for help. A database that swallows every word holds up each transaction until its
time-outs; a main thread that waited for that would be killed as one that hangs, and the call would never go out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from mailbot.daemon.log import crash, warn

TICK_SECONDS = 0.2
PAUSE_SECONDS = 5.0  # after a round raised; less than leases need
SLOW_SECONDS = 20.0  # a round takes milliseconds; more than SQLite waits for its lock
END_SECONDS = 8.0  # with JOIN_SECONDS less than systemd's TimeoutStopSec


class Housekeeping:
    """Repeats a round of work until the end; at most one is under way."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._last: Callable[[], None] = lambda: None
        self._over = threading.Event()
        self._round_began: float | None = None
        self._thread = threading.Thread(target=self._repeat, name="housekeeping", daemon=True)

    def begin(self) -> None:
        """From now on the work is done."""
        self._thread.start()

    @property
    def is_slow(self) -> bool:
        """Whether the round that is under way takes so long that something must be wrong."""
        began = self._round_began
        return began is not None and time.monotonic() - began > SLOW_SECONDS

    def end(self, last: Callable[[], None]) -> None:
        """Do `last` after the round that is under way; a stop waits for neither longer than a moment."""
        self._last = last
        self._over.set()
        if self._thread.ident is None:  # never begun
            last()
            return
        self._thread.join(END_SECONDS)
        if self._thread.is_alive():
            warn("housekeeping_late")

    def _repeat(self) -> None:
        while not self._over.is_set():
            pause_seconds = TICK_SECONDS
            self._round_began = time.monotonic()
            try:
                self._work()
            except Exception as error:
                crash("housekeeping_failed", error)
                pause_seconds = PAUSE_SECONDS
            self._round_began = None
            self._over.wait(pause_seconds)
        self._last()
