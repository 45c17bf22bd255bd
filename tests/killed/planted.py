"""What is planted at the failpoints: a note of each one that is reached, and at one of them death.

Notes go to a file, because the parser child is another process; it is planted by the reader that it is given.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from mailbot.daemon.reading import Reading, read_limited
from mailbot.failpoints import Failpoint, plant
from mailbot.mail.model import Recognition

LATER = timedelta(minutes=20)  # longer than a doubt waits


@dataclass(frozen=True, slots=True)
class Fatal:
    """Die when this moment is reached for the nth time. `parser`: not the desk does, but the child that parses;
    `words`: only if they are in the mail that is parsed; `always`: and again whenever it is."""

    point: Failpoint
    when: int = 1
    parser: bool = False
    words: bytes = b""
    always: bool = False


@dataclass(slots=True)
class Planted:
    """Counts, and kills the desk."""

    notes: Path
    fatal: Fatal | None = None
    signals: dict[Failpoint, signal.Signals] = field(default_factory=dict)
    _reached: Counter[Failpoint] = field(default_factory=Counter)

    def __call__(self, point: Failpoint) -> None:
        note(self.notes, point)
        self._reached[point] += 1
        if (signum := self.signals.get(point)) and self._reached[point] == 1:
            os.kill(os.getpid(), signum)
        if self.fatal and self.fatal.point is point and self._reached[point] == self.fatal.when:
            die(os.getpid())


@dataclass(frozen=True, slots=True)
class PlantedReader:
    """The reader of the parser child, which takes the desk with it where that is wanted."""

    notes: Path
    fatal: Fatal | None
    desk: int

    def __call__(self, raw: bytes, recognition: Recognition) -> Reading:
        plant(lambda point: self._reach(point, raw))
        return read_limited(raw, recognition)

    def _reach(self, point: Failpoint, raw: bytes) -> None:
        note(self.notes, point)
        fatal = self.fatal
        if fatal and fatal.point is point and fatal.words in raw and (fatal.always or self._first()):
            if not fatal.parser:
                die(self.desk)
            die(os.getpid())

    def _first(self) -> bool:
        """Each child counts anew, so that the first one leaves a mark."""
        try:
            os.close(os.open(self.notes.with_suffix(".struck"), os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True


def note(notes: Path, point: Failpoint) -> None:
    """Say that it was reached; what is appended at once is not mixed up with what another process says."""
    file = os.open(notes, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(file, f"{point}\n".encode())
    os.close(file)


def die(pid: int) -> None:
    """As the kernel kills: nothing is tidied up."""
    os.kill(pid, signal.SIGKILL)
    if pid == os.getpid():
        time.sleep(60)  # not one step more, however long the signal takes


Plant = Callable[[Failpoint], None]
