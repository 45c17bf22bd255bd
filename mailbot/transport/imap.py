"""A mailbox behind IMAP (RFC 9051, RFC 3501).

UIDs only, never sequence numbers, SEARCH lists or mail-derived strings; nothing but integers and the validated folder
names of the settings goes into a command. Bodies are fetched with PEEK, in batches bounded in messages and bytes.
What is stored gets the keyword $MailbotStored or moves to the archive folder: MOVE (RFC 6851), else COPY and UID
EXPUNGE (RFC 4315), and never a plain EXPUNGE, which would remove what other people have marked. IDLE (RFC 2177) is
a hint to look earlier than the next poll.
"""

import contextlib
import imaplib
import logging
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from imapclient import DELETED, IMAPClient

from mailbot.failpoints import Failpoint, reach
from mailbot.transport.imap_folders import name_on_server
from mailbot.transport.imap_idle import Confused, Quiet, await_news, probe
from mailbot.transport.imap_lists import LISTED, read_list
from mailbot.transport.imap_login import ImapSettings, connect, hang_up, says_later, unavailable
from mailbot.transport.imap_patience import SLOWEST_BYTES_A_SECOND, within
from mailbot.transport.mailbox import (
    EXCERPT_BYTES,
    HEADER_LIMIT_BYTES,
    Fetched,
    MailboxUnavailable,
    MessageRef,
    excerpt,
    excerpt_raw,
)

__all__ = ["STORED_KEYWORD", "ImapMailbox", "ImapSettings"]

STORED_KEYWORD = b"$MailbotStored"
BATCH_MESSAGES = 100
BATCH_BYTES = 4 * 1024 * 1024
FIRST_RANGE_UIDS = 2_000
LAST_RANGE_UIDS = 32_000
CONNECTION_AGE_SECONDS = 3600.0
LISTING_PATIENCE = 4.0  # a server may have to read messages to tell their sizes
GOODBYE_SECONDS = 5.0

log = logging.getLogger(__name__)
Answers = dict[int, dict[bytes, Any]]


class ImapMailbox:
    """One folder of one IMAP account over one connection, made when first needed and renewed every hour."""

    def __init__(self, settings: ImapSettings) -> None:
        self.settings = settings
        self._client: IMAPClient | None = None
        self._connected_at = 0.0
        self._selected: dict[bytes, Any] = {}
        self._server_folder = settings.folder
        self._server_archive = settings.archive_folder

    @property
    def account(self) -> str:
        """The name under which the inbox rows of this mailbox are kept."""
        return self.settings.account

    @property
    def folder(self) -> str:
        """The watched folder."""
        return self.settings.folder

    def open(self) -> int:
        """Connect where needed, select the folder afresh, and return its UIDVALIDITY."""
        if self._client is not None and time.monotonic() - self._connected_at > CONNECTION_AGE_SECONDS:
            self.close()
        if self._client is not None:
            # A connection may have died since the last turn; that is not worth an error, nor a long wait.
            with contextlib.suppress(MailboxUnavailable), self._speaking() as client:
                probe(client, self.settings.probe_timeout_seconds)
            if self._client is not None:
                return self._select()
        self._client = connect(self.settings)
        self._connected_at = time.monotonic()
        self._find_folders()
        return self._select()

    def uids(self, from_uid: int = 1) -> Sequence[MessageRef]:
        """All messages that stood in the folder at the last `open`, from that UID up, ascending."""
        refs: list[MessageRef] = []
        first, width, end = max(1, from_uid), FIRST_RANGE_UIDS, int(self._selected.get(b"UIDNEXT", 0))
        while self._selected.get(b"EXISTS") and first < end:
            last = min(first + width, end) - 1
            found = self._look(f"{first}:{last}")
            refs.extend(found)
            first = last + 1
            # Long-lived folders have wide gaps: a thin range makes the next one wider.
            width = min(width * 2, LAST_RANGE_UIDS) if len(found) < width // 4 else FIRST_RANGE_UIDS
        return refs

    def fetch(self, uids: Iterable[int], limit_bytes: int) -> Iterator[Fetched]:
        """The messages that still exist, in bounded batches, unmarked; those above the limit truncated."""
        for chunk in _chunks(uids):
            for batch in _batches(self._look(_uid_set(chunk)), limit_bytes):
                yield from self._read(batch, limit_bytes)

    def mark_stored(self, uids: Iterable[int]) -> None:
        """Move what is stored to the archive folder, or label it, as the server can; a refusal is only logged."""
        for chunk in _chunks(uids):
            with self._asking() as client:
                try:
                    self._mark(client, chunk)
                except imaplib.IMAP4.abort:
                    raise
                except imaplib.IMAP4.error as refusal:
                    log.warning("event=mark_refused account=%s reason=%r", self.account, str(refusal))

    def wait(self, timeout_seconds: float, stop: threading.Event) -> None:
        """Return when something new may have come, when `stop` is set, or after the time."""
        if self._client is None:
            stop.wait(timeout_seconds)
            return
        with contextlib.suppress(Confused), self._speaking() as client:
            if client.has_capability("IDLE"):
                quiet = Quiet(self.settings.idle_seconds, self.settings.probe_timeout_seconds)
                await_news(client, int(self._selected[b"UIDNEXT"]), quiet, timeout_seconds, stop)
            else:
                stop.wait(timeout_seconds)

    def close(self) -> None:
        """Log out and let go of the connection; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.socket().settimeout(GOODBYE_SECONDS)  # a dead peer must not hold up a shutdown
                client.logout()
            hang_up(client)

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[IMAPClient]:
        """The connection; whatever goes wrong on it, no more is said on it."""
        client = self._client
        if client is None:
            raise MailboxUnavailable(f"{self.account}: not open", temporary=True)
        try:
            with unavailable(self.account):
                yield client
        except BaseException:
            self._client = None
            hang_up(client)
            raise

    @contextlib.contextmanager
    def _asking(self, patience: float = 1.0, more_seconds: float = 0.0) -> Iterator[IMAPClient]:
        """The same for questions whose whole answers must come in time."""
        seconds = patience * self.settings.read_timeout_seconds + more_seconds
        with self._speaking() as client, within(seconds, client.socket()):
            yield client

    def _find_folders(self) -> None:
        archive = self.settings.archive_folder
        with self._asking() as client:
            self._server_folder = name_on_server(client, self.folder)
            self._server_archive = None if archive is None else name_on_server(client, archive)

    def _select(self) -> int:
        with self._asking() as client:
            try:
                self._selected = dict(client.select_folder(self._server_folder))
            except imaplib.IMAP4.abort:
                raise
            except imaplib.IMAP4.error as refusal:
                # Gone or renamed: a person must look; a new, empty folder would hide the loss.
                raise MailboxUnavailable(f"{self.folder}: {refusal}", temporary=says_later(str(refusal))) from refusal
            if b"UIDNEXT" not in self._selected:
                self._selected[b"UIDNEXT"] = client.folder_status(self._server_folder, [b"UIDNEXT"])[b"UIDNEXT"]
            return int(self._selected[b"UIDVALIDITY"])

    def _look(self, uid_set: str) -> list[MessageRef]:
        with self._asking(LISTING_PATIENCE) as client:
            # Past imapclient's own `fetch`, which since 4.1 drops all answers to a range.
            verdict, lines = client._imap.uid("FETCH", uid_set, LISTED)
            if verdict != "OK":
                raise imaplib.IMAP4.error(f"FETCH failed: {lines}")
            return read_list(lines)

    def _read(self, batch: Sequence[MessageRef], limit_bytes: int) -> Iterator[Fetched]:
        large = batch[0].size_bytes > limit_bytes
        parts = [f"BODY.PEEK[HEADER]<0.{HEADER_LIMIT_BYTES}>", f"BODY.PEEK[TEXT]<0.{EXCERPT_BYTES}>"]
        size_bytes = min(sum(ref.size_bytes for ref in batch), limit_bytes)  # some servers are wrong about sizes
        with self._asking(more_seconds=size_bytes / SLOWEST_BYTES_A_SECOND) as client:
            answers: Answers = client.fetch([ref.uid for ref in batch], parts if large else ["BODY.PEEK[]"])
        for ref in batch:
            raw = _bytes_of(answers.get(ref.uid, {}), large)
            # A server may name a message and give nothing of it: that is no mail yet, and is found missing again.
            if raw or (raw is not None and not ref.size_bytes):
                # Some servers are wrong about sizes, so the limit is held here as well.
                truncated = large or len(raw) > limit_bytes
                kept = raw if large or not truncated else excerpt_raw(raw)
                yield Fetched(ref.uid, kept, ref.internal_date, ref.size_bytes, truncated)

    def _mark(self, client: IMAPClient, uids: Sequence[int]) -> None:
        archive = self._server_archive
        if archive is not None and client.has_capability("MOVE"):
            client.move(uids, archive)
            reach(Failpoint.MARKED)
        elif archive is not None and client.has_capability("UIDPLUS"):
            client.copy(uids, archive)
            reach(Failpoint.MARKED)
            client.add_flags(uids, [DELETED], silent=True)
            client.uid_expunge(uids)
        elif self._keeps_keyword():
            client.add_flags(uids, [STORED_KEYWORD], silent=True)
            reach(Failpoint.MARKED)

    def _keeps_keyword(self) -> bool:
        allowed = self._selected.get(b"PERMANENTFLAGS", ())
        return rb"\*" in allowed or STORED_KEYWORD in allowed


def _bytes_of(answer: dict[bytes, Any], large: bool) -> bytes | None:
    """The body in one FETCH answer; servers differ in how they repeat a partial section's name."""
    if not large:
        raw: bytes | None = answer.get(b"BODY[]")
        return raw
    found = {key.split(b"]")[0]: value for key, value in answer.items() if key.startswith(b"BODY[")}
    header = found.get(b"BODY[HEADER")
    return None if header is None else excerpt(header, found.get(b"BODY[TEXT") or b"")


def _batches(refs: Sequence[MessageRef], limit_bytes: int) -> Iterator[Sequence[MessageRef]]:
    """Consecutive messages up to BATCH_BYTES together; one above the limit stands alone."""
    batch: list[MessageRef] = []
    for ref in refs:
        large = ref.size_bytes > limit_bytes
        if batch and (large or sum(each.size_bytes for each in batch) + ref.size_bytes > BATCH_BYTES):
            yield batch
            batch = []
        if large:
            yield [ref]
        else:
            batch.append(ref)
    if batch:
        yield batch


def _chunks(uids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(sorted({int(uid) for uid in uids}))
    while chunk := list(islice(rest, BATCH_MESSAGES)):
        yield chunk


def _uid_set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))
