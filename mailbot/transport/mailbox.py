"""What intake needs of a mailbox, wherever it lives: IMAP (RFC 9051), a Maildir, or memory in tests.

Promises of every implementation, held by one contract suite:
a message is named by its UID, which never means another message while `open` returns the same UIDVALIDITY;
reading leaves no mark (`BODY.PEEK[]`), so that people and mailbot can share a folder;
nothing is ever deleted: `mark_stored` moves or labels what the caller has already committed, and may be repeated.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

HEADER_LIMIT_BYTES = 1024 * 1024
EXCERPT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message that stands in the folder, not yet read."""

    uid: int
    size_bytes: int
    internal_date: datetime


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes of one message; `truncated` means above the limit: its header and the first 64 KiB of its body."""

    uid: int
    raw: bytes
    internal_date: datetime
    size_bytes: int
    truncated: bool


class MailboxUnavailable(Exception):
    """The mailbox cannot be read; `temporary` is false where only a person can help (login, folder, certificate)."""

    def __init__(self, reason: str, temporary: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.temporary = temporary


class Mailbox(Protocol):
    """One folder of one account. Every method but `close` may raise MailboxUnavailable; `open` then starts anew."""

    @property
    def account(self) -> str:
        """The name under which the inbox rows of this mailbox are kept."""
        ...

    @property
    def folder(self) -> str:
        """The watched folder."""
        ...

    def open(self) -> int:
        """Connect where needed, look at the folder afresh, and return its UIDVALIDITY."""
        ...

    def uids(self, from_uid: int = 1) -> Sequence[MessageRef]:
        """All messages that stood in the folder at the last `open`, from that UID up, ascending."""
        ...

    def fetch(self, uids: Iterable[int], limit_bytes: int) -> Iterator[Fetched]:
        """The messages that still exist, in bounded batches, unmarked; those above the limit truncated."""
        ...

    def mark_stored(self, uids: Iterable[int]) -> None:
        """Show people what the service desk has taken in, after the commit: by keyword or move, as the server can."""
        ...

    def wait(self, timeout_seconds: float, stop: threading.Event) -> None:
        """Return when something new may have come, when `stop` is set, or after the time: a hint, never a promise."""
        ...

    def close(self) -> None:
        """Let go of the connection; never raises, may be repeated, and `open` opens again."""
        ...


def excerpt(header: bytes, body: bytes) -> bytes:
    """What is kept of a message above the size limit."""
    return header[:HEADER_LIMIT_BYTES] + body[:EXCERPT_BYTES]


def excerpt_raw(raw: bytes) -> bytes:
    """What is kept of a whole message above the size limit: the header, its blank line, and the first 64 KiB after."""
    ends = [
        end
        for blank in (b"\r\n\r\n", b"\n\n")
        if (end := raw.find(blank, 0, HEADER_LIMIT_BYTES) + len(blank)) >= len(blank)
    ]
    end = min(ends, default=HEADER_LIMIT_BYTES)
    return excerpt(raw[:end], raw[end : end + EXCERPT_BYTES])
