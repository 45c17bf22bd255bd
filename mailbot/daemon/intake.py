"""Mailbox -> inbox rows. First the bytes are committed, only then does anything change on the server.

Promise 1: every message that sits in the folder for one poll becomes exactly one inbox row. What is new is the
difference between the folder's UIDs and those already here (`comparing.py`); whenever the hourly check finds something
missing, that of the whole folder. A change of UIDVALIDITY means that every message is looked at afresh; processing
knows the old ones again (`store/duplicates.py`).

Of several daemons one reads the mailbox, by a lease; the others stand by (`leasing.py`). Every transaction here asks
first whether it is still this one (`_writing`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.comparing import Comparing
from mailbot.daemon.conserving import Conservation
from mailbot.daemon.fetching import Fetching
from mailbot.daemon.health import Vital
from mailbot.daemon.leasing import Tenure
from mailbot.daemon.log import log, warn
from mailbot.daemon.parts import Parts, Pulse, Watched
from mailbot.desk.outgoing import NoteCode
from mailbot.failpoints import Failpoint, reach
from mailbot.store.health import mailbox_component
from mailbot.store.moves import ClaimLost
from mailbot.store.rows import MailboxRecord
from mailbot.store.states import HealthState
from mailbot.store.unit_of_work import Work
from mailbot.transport.mailbox import Fetched, Mailbox, MailboxUnavailable

MARKS_AT_ONCE, MARKS_A_TURN = 500, 10_000
PERSON_NEEDED_WAIT = timedelta(minutes=15)  # a login that is tried too often gets locked
ALERT_AFTER_FAILURES = 5
CLOCKS_DIFFER = timedelta(days=1)  # of mail servers; what is read in vain is known again


class Intake:
    """The loop of one mailbox."""

    def __init__(self, parts: Parts, watched: Watched, pulse: Pulse | None = None) -> None:
        self._parts = parts
        self._mailbox, self._archive = watched.mailbox, watched.archive
        self._pulse = pulse or Pulse()
        self.tenure = Tenure(parts, self._mailbox, self._pulse, self._begin)
        component = mailbox_component(self._mailbox.account, self._mailbox.folder)
        self._vital = Vital(parts, component, guard=self.tenure.keep)
        self._conservation = Conservation(parts, watched, self.tenure.keep)
        self._comparing = Comparing(parts.database, self._mailbox)
        self._fetching = Fetching(parts, self._pulse)
        self._failures = 0
        self._retry_at: float | None = None  # monotonic: a clock that somebody turns keeps no mail waiting
        self._alerted = False
        self.problem = ""  # why the mailbox cannot be read at the moment

    @property
    def account(self) -> str:
        """The mailbox this loop reads."""
        return self._mailbox.account

    @property
    def standing_by(self) -> str:
        """Which daemon reads the mailbox instead of this one."""
        return "" if self.tenure.mine else self.tenure.other

    @property
    def pausing(self) -> bool:
        """Whether the last turn failed, and the mail server is left alone for a while."""
        return self._retry_at is not None

    def turn(self, now: datetime) -> int:
        """Take in what is new; how many mails that was."""
        if self._retry_at is not None and self._parts.monotonic() < self._retry_at:
            return 0
        if not self.tenure.hold():
            self._failures, self._retry_at, self.problem = 0, None, ""  # another daemon reads it
            return 0
        stored = 0
        with self._guarded(now):
            stored = self._look(now)
            self._recover(now)
        if stored:
            self._parts.wakes.processing.set()
        return stored

    def wait(self, timeout_seconds: float) -> None:
        """Until something may have come (IDLE), or the time is over."""
        stop = self._parts.wakes.stop
        if self.pausing:
            stop.wait(min(timeout_seconds, 5.0))
        elif not self.tenure.mine:
            stop.wait(min(timeout_seconds, self.tenure.look_seconds))
        elif not self._comparing.left:
            with self._guarded(None):
                self._mailbox.wait(timeout_seconds, stop)

    def close(self) -> None:
        """Let go of the connection, and let another daemon read the mailbox."""
        self._mailbox.close()
        self.tenure.release()

    # ---------------------------------------------------------------- who reads the mailbox

    def _begin(self) -> None:
        """Another daemon may have read it in the meantime: nothing that is remembered counts."""
        self._comparing.forget()
        self._conservation.forget()
        self._vital.forget()

    @contextmanager
    def _guarded(self, now: datetime | None) -> Iterator[None]:
        """What the server does to us costs a pause; a lease that is lost, the connection."""
        try:
            try:
                yield
            except MailboxUnavailable as failure:
                self._fail(failure, now or self._parts.clock())
        except ClaimLost as lost:
            self.tenure.lose(lost)
            self._mailbox.close()
        except Exception:
            # A fault of ours, or of the database: the mail server is not to suffer from our trying again.
            self._comparing.forget()
            self._retry_at = self._parts.monotonic() + self._parts.backoff(2, 5, 10).total_seconds()
            raise

    @contextmanager
    def _writing(self) -> Iterator[Work]:
        """A transaction that is committed only if no other daemon reads the mailbox."""
        with self._parts.database.write() as work:
            self.tenure.keep(work)
            yield work

    # ---------------------------------------------------------------- steps

    def _look(self, now: datetime) -> int:
        with self._parts.database.read():  # if it is away, nothing is said to the mail server
            pass
        validity = self._mailbox.open()
        record = self._register(validity, now)
        reach(Failpoint.OPENED)
        new = self._comparing.missing(validity, record.renumbered, now)
        stored = self._take_in(self._mailbox, new, validity, now)
        self._mark(validity)
        if record.rescan_from is not None:
            stored += self._rescan(record.rescan_from, now)
        self._pulse.beat()
        whole = not self._comparing.left and self._conservation.is_due(now)
        if whole and not self._conservation.check(validity, now):
            self._comparing.forget()  # the next turn looks for it everywhere
        return stored

    def _register(self, validity: int, now: datetime) -> MailboxRecord:
        with self._writing() as work:
            record = work.mailboxes.register(self.account, self._mailbox.folder, validity, now)
            if record.renumbered:
                self._fetching.forget()
                detail = f"{self.account}: the server renumbered {self._mailbox.folder} (UIDVALIDITY {validity})"
                alert_admins(work, self._parts.snapshot, NoteCode.RENUMBERED, detail, now)
                warn("renumbered", account=self.account, uidvalidity=validity)
        return record

    def _rescan(self, since: datetime, now: datetime) -> int:
        """The database was restored: what was stored and moved to the archive since its backup is not in it."""
        stored, gone = 0, ""
        if self._archive is not None:
            try:
                validity = self._archive.open()
            except MailboxUnavailable as failure:
                if failure.temporary:
                    raise
                gone = f"{self.account}: the archive folder cannot be read after the restore: {failure.reason}"
            else:
                stored = self._take_in_archived(self._archive, validity, since, now)
            self._archive.close()
        with self._writing() as work:
            work.restores.rescanned(self.account, self._mailbox.folder)
            if gone:  # the mailbox goes on without it; nobody would mend it by our asking for ever
                warn("archive_not_rescanned", account=self.account, reason=gone)
                alert_admins(work, self._parts.snapshot, NoteCode.MAILBOX, gone, now, remedy="mailbot doctor")
        log("rescanned", account=self.account, from_archive=stored)
        return stored

    def _take_in_archived(self, archive: Mailbox, validity: int, since: datetime, now: datetime) -> int:
        with self._parts.database.read() as work:
            known = work.inbox.known_uids(archive.account, archive.folder, validity)
        lately = (ref.uid for ref in archive.uids() if ref.internal_date >= since - CLOCKS_DIFFER)
        return self._take_in(archive, [uid for uid in lately if uid not in known], validity, now)

    def _take_in(self, mailbox: Mailbox, uids: Sequence[int], validity: int, now: datetime) -> int:
        wanted = self._fetching.askable(mailbox, validity, uids)
        stored, missing = 0, set(wanted)
        for batch in self._fetching.batches(mailbox, validity, wanted):
            stored += self._store(mailbox.folder, batch, validity, now)
            missing.difference_update(mail.uid for mail in batch)
        if missing:  # somebody deleted or moved them since they were listed; what is still there is found missing again
            log("vanished", account=self.account, mails=len(missing), uids=",".join(map(str, sorted(missing)[:10])))
        return stored

    def _store(self, folder: str, batch: Sequence[Fetched], validity: int, now: datetime) -> int:
        """Commit; from here on nothing can get lost."""
        account, stored = self.account, 0
        reach(Failpoint.FETCHED)
        with self._writing() as work:
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
        for _ in range(MARKS_A_TURN // MARKS_AT_ONCE):
            self._pulse.beat()
            with self._parts.database.read() as work:
                self.tenure.check(work)
                unmarked = work.inbox.unmarked(self.account, self._mailbox.folder, validity, MARKS_AT_ONCE)
            if not unmarked:
                return
            self._mailbox.mark_stored([uid for _, uid in unmarked])
            with self._writing() as work:
                work.inbox.marked([row for row, _ in unmarked])

    # ---------------------------------------------------------------- failures

    def _fail(self, failure: MailboxUnavailable, now: datetime) -> None:
        self._failures += 1
        wait = self._parts.backoff(self._failures, 5, 900) if failure.temporary else PERSON_NEEDED_WAIT
        self._retry_at = self._parts.monotonic() + wait.total_seconds()
        self.problem = failure.reason
        self._comparing.forget()
        self._mailbox.close()
        self._vital.tell(HealthState.RETRYING if failure.temporary else HealthState.NEEDS_PERSON, now, failure.reason)
        warn(
            "mailbox_unavailable", account=self.account, reason=failure.reason, again_in=f"{wait.total_seconds():.0f}s"
        )
        lasting = self._failures >= ALERT_AFTER_FAILURES or not failure.temporary
        if lasting and not self._alerted:
            with self._writing() as work:
                detail = f"{self.account} cannot be read: {failure.reason}"
                alert_admins(work, self._parts.snapshot, NoteCode.MAILBOX, detail, now, remedy="mailbot doctor")
            self._alerted = True
            self._parts.wakes.delivery.set()
        if lasting:
            self.tenure.release()  # another daemon may see the server, or know the right password

    def _recover(self, now: datetime) -> None:
        if self.problem:
            log("mailbox_available", account=self.account, after_failures=self._failures)
        self._failures, self._retry_at, self.problem, self._alerted = 0, None, "", False
        left = self._comparing.left
        self._vital.tell(HealthState.OK, now, f"{left} older mails are still to be fetched" if left else "")
