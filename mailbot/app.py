"""The composition root: settings -> parts -> daemon. The only place that names implementations.

Everything that a verb of the command line (or the demo) does with a desk it does through `App`: `run`, `once`, `status`,
`explain`, `import_mails`. They return plain data and print nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from mailbot.config.snapshot import Snapshot
from mailbot.store.rows import Status
from mailbot.triage.assessment import Reason

ROLES = ("intake", "processing", "deadlines", "delivery")


class AlreadyRunning(Exception):
    """Another mailbot works on this database; a second `run` or `once` would be in its way."""


@dataclass(frozen=True, slots=True)
class TracedMail:
    """A mail that would leave: `state` is ready, or why it would not ("denied: A13", "stopped: …")."""

    kind: str
    recipient: str
    state: str
    subject: str
    text: str
    raw: bytes
    hold_seconds: int


@dataclass(frozen=True, slots=True)
class Trace:
    """All that one mail would cause, and why; nothing of it has happened."""

    file: str
    mail_class: str
    class_reason: str
    subject: str
    sender: str
    language: str
    reply: str
    defects: tuple[str, ...]
    evidence: Mapping[str, str]
    event: str
    disposition: str  # "done: request_received", "ignored: own", "set_aside: unreadable"
    ticket: Mapping[str, object] | None  # fields of the ticket as it would be
    reasons: tuple[Reason, ...]
    outgoing: tuple[TracedMail, ...]
    deadlines: tuple[str, ...]
    config_hash: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One disposition a file: `dispositions` counts them ("done: request_received" -> 12), `unread` names what could not be read."""

    files: int
    messages: int
    already_known: int
    dispositions: Mapping[str, int]
    unread: tuple[tuple[str, str], ...]
    live: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of every loop did."""

    fetched: int
    processed: int
    deadlines: int
    delivered: int
    problems: tuple[str, ...] = ()


Progress = Callable[[int, int], None]
"""Called with (messages done, messages in all)."""


class App:
    """A desk, put together from a folder of settings. Use it as a context manager, or close it."""

    snapshot: Snapshot

    def run(
        self,
        roles: Iterable[str] = ROLES,
        *,
        stop: threading.Event | None = None,
        handle_signals: bool = True,
    ) -> None:
        """Work until `stop` is set (SIGTERM, SIGINT); SIGHUP reloads. Raises AlreadyRunning beside another daemon."""
        raise NotImplementedError

    def once(self, now: datetime | None = None) -> Turn:
        """One turn of every loop, in the order of a mail's way. Raises AlreadyRunning beside another daemon."""
        raise NotImplementedError

    def status(self, now: datetime | None = None) -> Status:
        """What waits where, and since when."""
        raise NotImplementedError

    def explain(self, raw: bytes, file: str = "", now: datetime | None = None) -> Trace:
        """What this mail would cause, walked through the production code in a transaction that is rolled back."""
        raise NotImplementedError

    def import_mails(
        self,
        paths: Iterable[Path],
        *,
        live: bool = False,
        mbox: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Take in files, folders and Maildirs through the way of every mail; without `live` nothing leaves."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the database and the parser; may be repeated."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def build(folder: Path, *, in_process: bool = False) -> App:
    """The desk of that configuration folder; raises ConfigError. Creates or upgrades its database.

    `in_process` parses without a child process: for tests and short errands over trusted files.
    """
    raise NotImplementedError
