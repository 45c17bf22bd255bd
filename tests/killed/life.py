"""One life of a desk: killed at some moment, started again, watched until nothing is under way any more."""

from __future__ import annotations

import email
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbot.failpoints import Failpoint
from mailbot.store.database import Database
from mailbot.store.rows import InboxLine, OutboxLine
from mailbot.store.states import DeadlineState, InboxState, OutboxState, Phase
from mailbot.store.unit_of_work import Work
from tests.killed.place import Home
from tests.killed.planted import LATER, Fatal

DEATH_SECONDS = 20.0
REST_SECONDS = 40.0
Signals = Mapping[Failpoint, signal.Signals]
_UNDER_WAY = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN)


class NotReached(AssertionError):
    """The desk lives on: nothing in it says that this moment has come."""


@dataclass
class Life:
    """`doubtful` are the mails that were in the moment of the final dot when the desk died: nobody can know of them."""

    home: Home
    past: bool = True
    sent_in: list[bytes] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)
    _later: timedelta = timedelta()

    def __post_init__(self) -> None:
        self.sent_in = self.home.lay(past=self.past)

    def dies(self, fatal: Fatal, signals: Signals | None = None) -> None:
        """A desk starts and is killed at that moment."""
        pid = self.home.hatch(fatal, signals)
        if (code := self._awaits_end(pid)) != -signal.SIGKILL:
            self._end(pid)
            raise NotReached(f"{fatal.point} ({fatal.point.name}): never reached ({code})\n{self.chronicle()}")
        if fatal.point is Failpoint.MIGRATING:
            return  # there is nothing yet
        with self._as_it_lies() as work:
            self.doubtful |= {line.message_id for line in _lines(work) if _in_doubt(line)}

    def goes_on(self, fatal: Fatal | None = None, signals: Signals | None = None, *, stops: bool = False) -> None:
        """A desk starts and works until nothing is under way; then it is told to stop, or killed once more."""
        database = Database.open(self.home.database_url)
        pid = self.home.hatch(fatal, signals)
        try:
            if self._awaits_rest(pid, database) == OutboxState.UNKNOWN:
                self._end(pid)
                self._later = LATER
                pid = self.home.hatch(fatal, signals, LATER)
                self._awaits_rest(pid, database)
            if stops:
                os.kill(pid, signal.SIGTERM)
                assert self._awaits_end(pid) == 0, self.chronicle()
        finally:
            database.close()
            self._end(pid)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """The database, when everybody is dead."""
        database = Database.open(self.home.database_url)
        with database.read() as work:
            yield work
        database.close()

    def doubts(self, line: OutboxLine) -> bool:
        """Whether a desk died over its final dot."""
        return line.message_id in self.doubtful

    def arrived(self, message_id: str) -> int:
        """How often a mail has come through Postfix."""
        return sum(message_id_of(mail.raw) == message_id for mail in self.home.place.sink.mails)

    def chronicle(self) -> str:
        """What the desk said, for whoever must find out what went wrong."""
        return self.home.log.read_text(errors="replace")[-6000:]

    # ---------------------------------------------------------------- the process

    def _awaits_end(self, pid: int) -> int | None:
        deadline = time.monotonic() + DEATH_SECONDS
        while (code := self.home.end_of(pid)) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        return code

    def _end(self, pid: int) -> None:
        if Path("/proc", str(pid)).exists():
            os.kill(pid, signal.SIGKILL)
            self._awaits_end(pid)

    @contextmanager
    def _as_it_lies(self) -> Iterator[Work]:
        """What the dead desk left. Of SQLite a copy: whoever opens the file first tidies up, and that is the next."""
        with TemporaryDirectory() as folder:
            url = self.home.database_url
            if self.home.way.database == "sqlite":
                for path in self.home.state.glob("desk.sqlite3*"):
                    shutil.copy(path, folder)
                url = f"sqlite:///{folder}/desk.sqlite3"
            database = Database.open(url)
            with database.read() as work:
                yield work
            database.close()

    # ---------------------------------------------------------------- rest

    def _awaits_rest(self, pid: int, database: Database) -> str:
        """Until nothing stirs (""), or nothing does but mails in doubt: nobody waits a quarter of an hour for them."""
        deadline = time.monotonic() + REST_SECONDS
        while not self.past and len(set(database.schema_versions())) > 1 and time.monotonic() < deadline:
            time.sleep(0.03)
        while (stirs := self._stirs(database)) and time.monotonic() < deadline:
            if stirs == OutboxState.UNKNOWN and not self._later:
                return stirs
            assert (code := self.home.end_of(pid)) is None, f"the desk ended ({code})\n{self.chronicle()}"
            time.sleep(0.03)
        assert not stirs, f"no rest: {stirs}\n{self.chronicle()}"
        return ""

    def _stirs(self, database: Database) -> str:
        """What is still under way, in a word."""
        with database.read() as work:
            inside, outside = work.inbox.lines(), _lines(work)
            due = work.deadlines.lines(states=(DeadlineState.PENDING,))
        if not self._all_here(inside):
            return "inbox"
        if states := {line.state for line in outside if line.state in _UNDER_WAY}:
            return OutboxState.UNKNOWN if states == {OutboxState.UNKNOWN} else "outbox"
        if any(line.deadline.due_at <= datetime.now(UTC) + self._later for line in due):
            return "deadlines"
        if self.home.place.postfix.queue():
            return "postfix"
        return "marks" if self.home.unmarked() else ""

    def _all_here(self, lines: list[InboxLine]) -> bool:
        here = [line for line in lines if line.account == "support"]
        unread = (InboxState.RECEIVED, InboxState.CLAIMED)
        return len(here) >= len(self.sent_in) and not any(line.state in unread for line in here)


def _lines(work: Work) -> list[OutboxLine]:
    return work.outbox.lines()


def _in_doubt(line: OutboxLine) -> bool:
    return line.state is OutboxState.SENDING and line.phase is Phase.DATA


def message_id_of(raw: bytes) -> str:
    """As the database keeps it."""
    return str(email.message_from_bytes(raw)["Message-ID"]).strip("<>")
