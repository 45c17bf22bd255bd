"""Mailbox -> inbox rows. First the bytes are committed, only then does anything change on the server.

Promise 1: every message that sits in the folder for one poll becomes exactly one inbox row. What is new is the
difference between the folder's UIDs and those already here (never "unseen": people read the folder too, never "above
the last": UIDs may appear late): in a window below the newest, once a day in the whole folder, and whenever the hourly
check finds something missing. A change of UIDVALIDITY means that every message is looked at afresh; processing knows
the old ones again (`store/duplicates.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.conserving import Conservation
from mailbot.daemon.health import Vital
from mailbot.daemon.log import log, warn
from mailbot.daemon.parts import Parts, Pulse, Watched
from mailbot.desk.outgoing import NoteCode
from mailbot.failpoints import Failpoint, reach
from mailbot.store.health import mailbox_component
from mailbot.store.rows import MailboxRecord
from mailbot.store.states import HealthState
from mailbot.transport.mailbox import Fetched, Mailbox, MailboxUnavailable

BATCH_MAILS = 50
BATCH_BYTES = 16 * 1024**2
WINDOW_UIDS = 5_000  # below the newest known UID; once a day the whole folder is compared
WHOLE_FOLDER_EVERY = timedelta(days=1)
PERSON_NEEDED_WAIT = timedelta(minutes=15)  # a login that is tried too often gets locked
ALERT_AFTER_FAILURES = 5
CLOCKS_DIFFER = timedelta(days=1)  # of mail servers; what is read in vain is known again


class Intake:
    """The loop of one mailbox."""

    def __init__(self, parts: Parts, watched: Watched, pulse: Pulse | None = None) -> None:
        self._parts = parts
        self._mailbox, self._archive = watched.mailbox, watched.archive
        self._pulse = pulse or Pulse()
        self._vital = Vital(parts, mailbox_component(self._mailbox.account, self._mailbox.folder))
        self._conservation = Conservation(parts, self._mailbox)
        self._whole_folder_at: datetime | None = None
        self._failures = 0
        self._retry_at: datetime | None = None
        self.problem = ""  # why the mailbox cannot be read at the moment

    @property
    def account(self) -> str:
        """The mailbox this loop reads."""
        return self._mailbox.account

    def turn(self, now: datetime) -> int:
        """Take in what is new; how many mails that was."""
        if self._retry_at is not None and now < self._retry_at:
            return 0
        try:
            stored = self._look(now)
        except MailboxUnavailable as failure:
            self._fail(failure, now)
            return 0
        self._recover(now)
        if stored:
            self._parts.wakes.processing.set()
        return stored

    def wait(self, timeout_seconds: float) -> None:
        """Until something may have come (IDLE), or the time is over."""
        stop = self._parts.wakes.stop
        if self.problem:
            stop.wait(min(timeout_seconds, 5.0))
            return
        try:
            self._mailbox.wait(timeout_seconds, stop)
        except MailboxUnavailable as failure:
            self._fail(failure, self._parts.clock())

    def close(self) -> None:
        """Let go of the connection."""
        self._mailbox.close()

    # ---------------------------------------------------------------- steps

    def _look(self, now: datetime) -> int:
        validity = self._mailbox.open()
        record = self._register(validity, now)
        reach(Failpoint.OPENED)
        known = self._known_uids(validity)
        new = [ref.uid for ref in self._mailbox.uids(self._from_uid(known, record, now)) if ref.uid not in known]
        stored = self._take_in(self._mailbox, new, validity, now)
        self._mark(validity)
        if record.rescan_from is not None:
            stored += self._rescan(record.rescan_from, now)
        self._pulse.beat()
        if self._conservation.is_due(now) and not self._conservation.check(validity, now):
            self._whole_folder_at = None  # the next turn looks for it everywhere
        return stored

    def _register(self, validity: int, now: datetime) -> MailboxRecord:
        with self._parts.database.write() as work:
            record = work.mailboxes.register(self.account, self._mailbox.folder, validity, now)
            if record.renumbered:
                detail = f"{self.account}: the server renumbered {self._mailbox.folder} (UIDVALIDITY {validity})"
                alert_admins(work, self._parts.snapshot, NoteCode.RENUMBERED, detail, now)
                warn("renumbered", account=self.account, uidvalidity=validity)
        return record

    def _known_uids(self, validity: int) -> set[int]:
        with self._parts.database.read() as work:
            return work.inbox.known_uids(self.account, self._mailbox.folder, validity)

    def _from_uid(self, known: set[int], record: MailboxRecord, now: datetime) -> int:
        """1 for the whole folder, else the start of the window in which late UIDs are still looked for."""
        due = self._whole_folder_at is None or now >= self._whole_folder_at + WHOLE_FOLDER_EVERY
        if due or record.renumbered or not known:
            self._whole_folder_at = now
            return 1
        return max(1, max(known) - WINDOW_UIDS)

    def _rescan(self, since: datetime, now: datetime) -> int:
        """The database was restored: what was stored and moved to the archive since its backup is not in it."""
        stored, archive = 0, self._archive
        if archive is not None:
            validity = archive.open()
            with self._parts.database.read() as work:
                known = work.inbox.known_uids(archive.account, archive.folder, validity)
            lately = (ref.uid for ref in archive.uids() if ref.internal_date >= since - CLOCKS_DIFFER)
            stored = self._take_in(archive, [uid for uid in lately if uid not in known], validity, now)
            archive.close()
        with self._parts.database.write() as work:
            work.restores.rescanned(self.account, self._mailbox.folder)
        log("rescanned", account=self.account, from_archive=stored)
        return stored

    def _take_in(self, mailbox: Mailbox, uids: Sequence[int], validity: int, now: datetime) -> int:
        return sum(self._store(mailbox.folder, batch, validity, now) for batch in self._fetch(mailbox, uids))

    def _fetch(self, mailbox: Mailbox, uids: Sequence[int]) -> Iterator[list[Fetched]]:
        """Messages in batches that one short transaction can take."""
        batch: list[Fetched] = []
        size_bytes = 0
        for fetched in mailbox.fetch(uids, self._parts.snapshot.policy.limits.message_bytes):
            self._pulse.beat()
            batch.append(fetched)
            size_bytes += len(fetched.raw)
            if len(batch) >= BATCH_MAILS or size_bytes >= BATCH_BYTES:
                yield batch
                batch, size_bytes = [], 0
        if batch:
            yield batch

    def _store(self, folder: str, batch: Sequence[Fetched], validity: int, now: datetime) -> int:
        """Commit; from here on nothing can get lost."""
        account, stored = self.account, 0
        reach(Failpoint.FETCHED)
        with self._parts.database.write() as work:
            for mail in batch:
                row = work.inbox.receive(
                    account,
                    folder,
                    validity,
                    mail.uid,
                    mail.raw,
                    mail.internal_date,
                    mail.size_bytes,
                    mail.truncated,
                    now,
                )
                stored += row is not None
            reach(Failpoint.STORING)
        reach(Failpoint.STORED)
        log("stored", account=account, mails=stored)
        return stored

    def _mark(self, validity: int) -> None:
        """Show people what is stored, also what a crash left unmarked."""
        with self._parts.database.read() as work:
            unmarked = work.inbox.unmarked(self.account, self._mailbox.folder, validity)
        if unmarked:
            self._mailbox.mark_stored([uid for _, uid in unmarked])
            with self._parts.database.write() as work:
                work.inbox.marked([row for row, _ in unmarked])

    # ---------------------------------------------------------------- failures

    def _fail(self, failure: MailboxUnavailable, now: datetime) -> None:
        self._failures += 1
        self.problem = failure.reason
        wait = self._parts.backoff(self._failures, 5, 900) if failure.temporary else PERSON_NEEDED_WAIT
        self._retry_at = now + wait
        self._whole_folder_at = None  # who knows where it broke: compare everything next time
        self._mailbox.close()
        self._vital.tell(HealthState.RETRYING if failure.temporary else HealthState.NEEDS_PERSON, now, failure.reason)
        warn(
            "mailbox_unavailable", account=self.account, reason=failure.reason, again_in=f"{wait.total_seconds():.0f}s"
        )
        if self._failures == ALERT_AFTER_FAILURES or (self._failures == 1 and not failure.temporary):
            with self._parts.database.write() as work:
                detail = f"{self.account} cannot be read: {failure.reason}"
                alert_admins(work, self._parts.snapshot, NoteCode.MAILBOX, detail, now, remedy="mailbot doctor")
            self._parts.wakes.delivery.set()

    def _recover(self, now: datetime) -> None:
        if self.problem:
            log("mailbox_available", account=self.account, after_failures=self._failures)
        self._failures, self._retry_at, self.problem = 0, None, ""
        self._vital.tell(HealthState.OK, now)
