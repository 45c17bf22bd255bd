"""What the loops of the daemon share: the parts that `app.py` chose, the settings of the moment, and wake-ups.

Nothing else passes between threads but rows in the database. A lost wake-up costs one poll interval, never a mail.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mailbot.daemon.log import crash, log
from mailbot.daemon.parsing import Parser
from mailbot.desk.policy import Policy
from mailbot.failpoints import Failpoint, reach
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Recognition
from mailbot.render.mails import Renderer
from mailbot.store.database import Database
from mailbot.transport.mailbox import Mailbox
from mailbot.transport.postman import Postman

LookUp = Callable[[Iterable[str], float], Mapping[str, bytes | None]]
"""DNS: the TXT record of each name, within so many seconds."""

EVERYTHING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often the loops look when nothing wakes them."""

    mailbox_poll_seconds: float = 60.0
    delivery_poll_seconds: float = 5.0
    deadline_poll_seconds: float = 30.0
    config_poll_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One immutable configuration, as far as the daemon needs it; a reload swaps it as a whole."""

    hash: str
    policy: Policy
    keyring: Keyring = field(repr=False)
    renderer: Renderer = field(repr=False)
    recognition: Recognition = field(default_factory=Recognition)
    intervals: Intervals = Intervals()
    files: Mapping[str, str] = field(default_factory=dict, repr=False)


class Settings:
    """The snapshot of the moment. `reload` swaps it, or keeps the last good one and says so."""

    def __init__(self, load: Callable[[], Snapshot], current: Snapshot | None = None, problem: str = "") -> None:
        self._load = load
        self.current = current or load()
        self.problem = problem  # what is wrong with the files, where `current` is the last good one

    def reload(self) -> bool:
        """Read the files again; True if they are what counts from now on."""
        try:
            fresh = self._load()
            reach(Failpoint.RELOADING)
            self.current = fresh
        except Exception as error:  # ConfigError, mostly: whatever it is, the desk works on with what it has
            self.problem = str(error)
            crash("reload_refused", error, kept=self.current.hash, first=self.problem.partition("\n")[0])
            return False
        self.problem = ""
        log("reloaded", config=self.current.hash)
        return True


@dataclass(frozen=True, slots=True)
class Watched:
    """A mailbox; mail older than `counts_from` is stored and ignored (None: older than the first start)."""

    mailbox: Mailbox
    counts_from: datetime | None = None
    archive: Mailbox | None = None  # where stored mail is moved to; looked into after a restore alone


@dataclass(frozen=True, slots=True)
class Wakes:
    """One for each loop that waits for another, and the end of all."""

    processing: threading.Event = field(default_factory=threading.Event)
    deadlines: threading.Event = field(default_factory=threading.Event)
    delivery: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)


class Pulse:
    """When a loop last showed that it lives; the watchdog is fed while every pulse beats."""

    def __init__(self) -> None:
        self._good_until = time.monotonic() + 300

    def beat(self, allowed_seconds: float = 120.0) -> None:
        """Progress was made; the next step may take so long."""
        self._good_until = time.monotonic() + allowed_seconds

    @property
    def alive(self) -> bool:
        """Whether the last step is still within its time."""
        return time.monotonic() < self._good_until


def utc_now() -> datetime:
    """The clock of the daemon."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that the loops are made of. `lookup_txt` is None where signatures are not verified."""

    database: Database
    settings: Settings
    parser: Parser
    postman: Callable[[], Postman]
    mailboxes: Sequence[Watched] = ()
    alert_postman: Callable[[], Postman] | None = None
    lookup_txt: LookUp | None = None
    holder: str = "mailbot"  # names this process in leases: no other process ever has the same name
    lease_seconds: float = 60.0  # of a mailbox, and of the daemon itself; where several share a database
    clock: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random  # 0..1, for jitter
    wakes: Wakes = field(default_factory=Wakes)

    @property
    def snapshot(self) -> Snapshot:
        """The settings of the moment: take them once a turn."""
        return self.settings.current

    def backoff(self, failures: int, base_seconds: float, cap_seconds: float) -> timedelta:
        """How long to wait after so many failures in a row: exponential, with full jitter, at least a second."""
        longest = min(cap_seconds, base_seconds * 2 ** min(max(failures - 1, 0), 20))
        return timedelta(seconds=max(1.0, longest * self.chance()))


def configure_root() -> None:
    """Libraries stay silent below warnings: their debug output holds mail and passwords."""
    logging.getLogger().setLevel(logging.WARNING)
