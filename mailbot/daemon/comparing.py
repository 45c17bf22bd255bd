"""What of a folder is not here yet: the difference between its UIDs and those of the inbox rows.

Never "unseen", for people read the folder too, and never "above the last", for UIDs may appear late. Every look
compares a window below the newest known UID; the first one, one a day, and the one after anything went wrong compare
the whole folder. That may show two hundred thousand mails: they come in portions, and with each portion what has
arrived meanwhile, so that mail of now does not wait for that of ten years.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailbot.daemon.log import log
from mailbot.store.database import Database
from mailbot.transport.mailbox import Mailbox

WINDOW_UIDS = 5_000
PORTION_UIDS = 2_000
WHOLE_FOLDER_EVERY = timedelta(days=1)


class Comparing:
    """The comparisons of one mailbox, which has to be open."""

    def __init__(self, database: Database, mailbox: Mailbox) -> None:
        self._database = database
        self._mailbox = mailbox
        self._whole_folder_at: datetime | None = None
        self._older: list[int] = []  # what is to be fetched by later turns, ascending

    @property
    def left(self) -> int:
        """How many mails the next turns have to fetch."""
        return len(self._older)

    def forget(self) -> None:
        """Who knows where it broke, or what is missing: compare everything next time."""
        self._whole_folder_at, self._older = None, []

    def missing(self, validity: int, renumbered: bool, now: datetime) -> list[int]:
        """The UIDs to fetch in this turn, ascending."""
        newest = self._newest_uid(validity)
        if renumbered or newest is None or self._is_whole_folder_due(now):
            self._whole_folder_at = now
            return self._portion(self._absent(validity, 1), [])
        if self._older:
            return self._portion(self._older, self._absent(validity, self._older[-1] + 1))
        return self._portion(self._absent(validity, max(1, newest - WINDOW_UIDS)), [])

    def _portion(self, waiting: list[int], arrived: list[int]) -> list[int]:
        """The oldest of what waits, so that a reply comes after what it answers, and what arrived meanwhile."""
        self._older = waiting[PORTION_UIDS:] + arrived[PORTION_UIDS:]
        if self._older:
            log("catching_up", account=self._mailbox.account, left=self.left)
        return waiting[:PORTION_UIDS] + arrived[:PORTION_UIDS]

    def _is_whole_folder_due(self, now: datetime) -> bool:
        """After a clock was turned back too."""
        looked_at = self._whole_folder_at
        return looked_at is None or not looked_at <= now < looked_at + WHOLE_FOLDER_EVERY

    def _newest_uid(self, validity: int) -> int | None:
        with self._database.read() as work:
            return work.inbox.newest_uid(self._mailbox.account, self._mailbox.folder, validity)

    def _absent(self, validity: int, from_uid: int) -> list[int]:
        with self._database.read() as work:
            known = work.inbox.known_uids(self._mailbox.account, self._mailbox.folder, validity, from_uid)
        return [ref.uid for ref in self._mailbox.uids(from_uid) if ref.uid not in known]
