"""Old mail: what arrived before mailbot's time is ignored, and a heap of it opens no heap of tickets unasked.

The first start on a mailbox that people have used for years: what arrived long before is kept, but nobody reads it, so
that ten years of mail do not occupy the parser for an hour; what came shortly before, people may look for and release.
An outage, a restored server, a rescan: a mail that is older than
`limits.backlog_hours` may open a ticket, but when more than `limits.tickets_per_turn` in a row would do so the rest
is held (`backlog`) and an admin is asked once: `mailbot inbox accept-backlog`. Mail of `mailbot import` is exempt
from both.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.log import warn
from mailbot.daemon.parts import EVERYTHING, Parts
from mailbot.desk.decision import Decision
from mailbot.desk.outgoing import NoteCode
from mailbot.store.rows import InboxRow, MailboxRecord
from mailbot.store.unit_of_work import Work

SHORTLY = timedelta(days=30)


class Backlog:
    """Counts tickets from old mail since the inbox was last empty."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._counts_from = {watched.mailbox.account: watched.counts_from for watched in parts.mailboxes}
        self._opened: Counter[str] = Counter()

    def drained(self) -> None:
        """Nothing waits any more: the next heap is another one."""
        self._opened.clear()

    def before_start(self, work: Work, row: InboxRow) -> bool:
        """Whether the mail is older than what counts in its mailbox."""
        return not row.released_by and row.internal_date < self._start(work, row)

    def long_before_start(self, work: Work, row: InboxRow) -> bool:
        """Whether it is so old that it is not even read, or before the start and too big to be read."""
        if not self.before_start(work, row):
            return False
        return row.truncated or row.internal_date + SHORTLY < self._start(work, row)

    def pass_over(self, work: Work, now: datetime) -> int:
        """What is so old that it is not even read reaches its end in bulk; how many rows did."""
        parts, passed = self._parts, 0
        for record in work.mailboxes.all():
            start = self._counts_from.get(record.account, EVERYTHING) or record.first_start
            if start != EVERYTHING:
                before = start - SHORTLY
                passed += work.bygones.pass_over(
                    record.account, record.folder, before, parts.holder, now, parts.snapshot.hash
                )
        return passed

    def _start(self, work: Work, row: InboxRow) -> datetime:
        """From when on mail of this mailbox counts."""
        counts_from = self._counts_from.get(row.account, EVERYTHING)
        if counts_from is None:
            record = _record_of(work, row)
            return record.first_start if record else EVERYTHING
        return counts_from

    def holds(self, work: Work, row: InboxRow, decision: Decision, now: datetime) -> bool:
        """Whether this mail has to wait for an admin, who is asked with the first of them."""
        limits = self._parts.snapshot.policy.limits
        if not _opens(decision) or row.account not in self._counts_from or row.released_by:
            return False
        if row.internal_date >= now - timedelta(hours=limits.backlog_hours) or _accepted(work, row):
            return False
        self._opened[row.account] += 1
        over = self._opened[row.account] - limits.tickets_per_turn
        if over == 1:
            self._ask(work, row.account, limits.tickets_per_turn, now)
        return over > 0

    def _ask(self, work: Work, account: str, opened: int, now: datetime) -> None:
        warn("backlog", account=account, opened=opened)
        detail = f"{account}: {opened} tickets were opened from old mail, and there is more"
        remedy = f"mailbot inbox accept-backlog {account}"
        alert_admins(work, self._parts.snapshot, NoteCode.BACKLOG, detail, now, remedy=remedy)


def _opens(decision: Decision) -> bool:
    return decision.ticket is not None and decision.ticket.version == 0


def _record_of(work: Work, row: InboxRow) -> MailboxRecord | None:
    found = (one for one in work.mailboxes.all() if (one.account, one.folder) == (row.account, row.folder))
    return next(found, None)


def _accepted(work: Work, row: InboxRow) -> bool:
    record = _record_of(work, row)
    return (
        record is not None and record.backlog_accepted_at is not None and row.received_at <= record.backlog_accepted_at
    )
