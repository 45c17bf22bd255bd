"""One daemon per SQLite file: a lock (flock) on a file beside it, which the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from time import sleep
from typing import IO

_ATTEMPTS, _PAUSE_SECONDS = 10, 0.02  # who only asks whether somebody has it (`is_held`) lets go within microseconds


class AlreadyRunning(Exception):
    """Another daemon works on this database; the message says which."""


class DaemonClaim:
    """The right to be the daemon of one database."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held: IO[str] | None = None

    def take(self, who: str) -> bool:
        """Take the lock and write down who has it, or raise AlreadyRunning; False if it is ours already."""
        if self._held is not None:
            return False
        held = self._file.open("a+", encoding="utf-8")
        if not _lock(held):
            held.seek(0)
            holder = held.read().strip() or "another process"
            held.close()
            raise AlreadyRunning(f"{holder} works on this database ({self._file})")
        held.truncate(0)
        held.write(f"{who}, process {os.getpid()}\n")
        held.flush()
        self._held = held
        return True

    def is_held(self) -> bool | None:
        """Whether anybody has it now; None where that cannot be told. A daemon that starts meanwhile is not kept."""
        if self._held is not None:
            return True
        try:
            with self._file.open("rb") as seen:
                fcntl.flock(seen, fcntl.LOCK_SH | fcntl.LOCK_NB)  # closing the file lets go of it
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        except OSError:  # not ours to read, or a file system without locks
            return None
        return False

    def release(self) -> None:
        """Let go; the file stays, because removing it would let two daemons lock two files of one name."""
        if self._held is not None:
            self._held.close()
            self._held = None


def _lock(file: IO[str]) -> bool:
    """Lock it; False if somebody keeps it, and does not only ask."""
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(_PAUSE_SECONDS)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return True
    return False
