"""One daemon per SQLite file: a lock (flock) on a file beside it, which the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO


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
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            held.seek(0)
            holder = held.read().strip() or "another process"
            held.close()
            raise AlreadyRunning(f"{holder} works on this database ({self._file})") from taken
        held.truncate(0)
        held.write(f"{who}, process {os.getpid()}\n")
        held.flush()
        self._held = held
        return True

    def release(self) -> None:
        """Let go; the file stays, because removing it would let two daemons lock two files of one name."""
        if self._held is not None:
            self._held.close()
            self._held = None
