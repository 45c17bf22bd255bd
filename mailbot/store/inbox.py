"""The inbox queue: mails that came in, from the first byte kept to their disposition (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from mailbot.desk.decision import Disposition
from mailbot.desk.evidence import Evidence
from mailbot.store.rows import (
    Claimed,
    InboxLine,
    InboxRow,
    MailboxRecord,
    Understood,
)
from mailbot.store.states import InboxState


class Inbox:
    """The inbox inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def register(self, account: str, folder: str, uidvalidity: int, now: datetime) -> MailboxRecord:
        """The record of a watched folder, made at its first start; `renumbered` when UIDVALIDITY changed."""
        raise NotImplementedError

    def accept_backlog(self, account: str, by: str, now: datetime) -> None:
        """An admin lets old mail open tickets, audited."""
        raise NotImplementedError

    def receive(
        self,
        account: str,
        folder: str,
        uidvalidity: int,
        uid: int,
        raw: bytes,
        internal_date: datetime,
        size_bytes: int,
        truncated: bool,
        now: datetime,
    ) -> int | None:
        """The id of the new row, or None where the mail is already here."""
        raise NotImplementedError

    def known_uids(self, account: str, folder: str, uidvalidity: int) -> set[int]:
        """The UIDs already here."""
        raise NotImplementedError

    def fill(self, row_id: int, raw: bytes, by: str, now: datetime) -> None:
        """The whole bytes of a row that was above the size limit: it is received once more."""
        raise NotImplementedError

    def unmarked(self, account: str, folder: str, uidvalidity: int, limit: int = 500) -> list[tuple[int, int]]:
        """(row, UID) of committed rows whose mark on the server is due."""
        raise NotImplementedError

    def marked(self, row_ids: Collection[int]) -> None:
        """The server shows these rows as stored."""
        raise NotImplementedError

    def claim(self, limit: int, holder: str, now: datetime, lease_seconds: float) -> Claimed:
        """The oldest rows, attempts already counted: commit before parsing."""
        raise NotImplementedError

    def row(self, row_id: int) -> InboxRow | None:
        """One row with its bytes."""
        raise NotImplementedError

    def hand_back(self, row: InboxRow) -> None:
        """The row is received again and its attempt not counted: a clean stop, not a crash."""
        raise NotImplementedError

    def note_dkim(self, row: InboxRow, verdict: str) -> None:
        """Our own verification of the signature."""
        raise NotImplementedError

    def finish(
        self,
        row: InboxRow,
        disposition: Disposition,
        now: datetime,
        *,
        understood: Understood | None = None,
        ticket: int | None = None,
        duplicate_of: int | None = None,
        config_hash: str = "",
    ) -> None:
        """The disposition of a claimed row; ClaimLost where another claim came later."""
        raise NotImplementedError

    def duplicate_of(
        self, row: InboxRow, fingerprint_content: str, evidence: Evidence | None, now: datetime
    ) -> int | None:
        """The done row that holds the same mail with evidence at least as strong."""
        raise NotImplementedError

    def release(self, row_id: int, by: str, now: datetime) -> None:
        """A held or set-aside row is received again with `released_by`, audited."""
        raise NotImplementedError

    def discard(self, row_id: int, by: str, now: datetime) -> None:
        """A held or set-aside row is discarded, audited."""
        raise NotImplementedError

    def lines(
        self,
        *,
        states: Collection[InboxState] = (),
        ticket: int | None = None,
        account: str | None = None,
        limit: int = 1000,
    ) -> list[InboxLine]:
        """Rows for people, newest first."""
        raise NotImplementedError

    def held_and_set_aside(self) -> list[InboxLine]:
        """What waits for a person, oldest first."""
        raise NotImplementedError
