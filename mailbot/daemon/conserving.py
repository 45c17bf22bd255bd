"""Conservation: the folder's UIDs minus the inbox rows must be nothing (promise 1, checked from outside of intake).

Once an hour everything that stands in the watched folder is held against the rows of its UIDVALIDITY. What is missing
makes the next turn compare the whole folder, and the check is repeated soon: mail that is missing twice in a row can
not be fetched (a server that names a message and does not give it), so the admins are told, once. The result stands in
the health row "conservation:ACCOUNT/FOLDER": when it was checked (`updated_at`) and how many were missing.

The same for the folder that stored mail is moved to: what arrived since mailbot watches, stands there and has no row
was forgotten by the database (an older copy of it came back). Mail that people take away is no loss.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.log import log, warn
from mailbot.daemon.parts import Parts, Watched
from mailbot.desk.outgoing import NoteCode
from mailbot.store.health import conservation_component
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.store.unit_of_work import Work
from mailbot.transport.mailbox import MailboxUnavailable, MessageRef

EVERY = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=10)  # while something is missing
SHOWN_UIDS = 10


class Conservation:
    """The check of one mailbox; `guard` raises in a transaction if that is no longer ours to read."""

    def __init__(self, parts: Parts, watched: Watched, guard: Callable[[Work], None] = lambda work: None) -> None:
        self._parts = parts
        self._mailbox = mailbox = watched.mailbox
        self._archive = watched.archive
        self._conserved = (0, 0)  # UIDVALIDITY and UID in the archive up to which nothing was missing
        self._guard = guard
        self._component = conservation_component(mailbox.account, mailbox.folder)
        self._due_at: datetime | None = None

    def forget(self) -> None:
        """Another daemon may have checked in the meantime."""
        self._due_at, self._conserved = None, (0, 0)

    def is_due(self, now: datetime) -> bool:
        """Whether an hour has passed since the last check, which may have been that of a daemon before."""
        if self._due_at is None:
            last = self._last()
            self._due_at = now if last is None else min(now + EVERY, _next(last.state, last.updated_at))
        return now >= self._due_at

    def check(self, validity: int, now: datetime) -> bool:
        """Compare the open folder with the inbox and write down the result; whether nothing is missing."""
        standing, archived = {ref.uid for ref in self._mailbox.uids()}, self._archived()
        with self._parts.database.write() as work:
            self._guard(work)
            known = work.inbox.known_uids(self._mailbox.account, self._mailbox.folder, validity)
            missing = sorted(standing - known)
            strangers = self._strangers(work, archived)
            state = self._tell(work, missing, len(standing), strangers, now)
        self._remember(archived, strangers)
        self._due_at = _next(state, now)
        if missing or strangers:
            shown = ",".join(map(str, [*missing, *strangers][:SHOWN_UIDS]))
            counts = {"mails": len(missing), "in_archive": len(strangers)}
            warn("mail_missing", account=self._mailbox.account, **counts, uids=shown)
            self._parts.wakes.delivery.set()
        else:
            log("conserved", account=self._mailbox.account, mails=len(standing))
        return not missing

    def _archived(self) -> tuple[int, list[MessageRef]]:
        """UIDVALIDITY and what is new in the archive; nothing where that cannot be read: it is looked at next time."""
        if self._archive is None:
            return (0, [])
        try:
            validity = self._archive.open()
            from_uid = self._conserved[1] + 1 if self._conserved[0] == validity else 1
            return validity, list(self._archive.uids(from_uid))
        except MailboxUnavailable as failure:
            warn("archive_unavailable", account=self._archive.account, reason=failure.reason)
            return (0, [])
        finally:
            self._archive.close()

    def _strangers(self, work: Work, archived: tuple[int, list[MessageRef]]) -> list[int]:
        """UIDs in the archive whose mail the inbox does not know."""
        account, folder = self._mailbox.account, self._mailbox.folder
        watched = (one for one in work.mailboxes.all() if (one.account, one.folder) == (account, folder))
        since = min((one.first_start for one in watched), default=None)
        lately = [ref for ref in archived[1] if since is not None and ref.internal_date >= since]
        return work.rescans.strangers(account, [(ref.uid, ref.size_bytes, ref.internal_date) for ref in lately])

    def _remember(self, archived: tuple[int, list[MessageRef]], strangers: Collection[int]) -> None:
        validity, refs = archived
        if refs and not strangers:
            self._conserved = (validity, max(ref.uid for ref in refs))

    def _last(self) -> HealthRecord | None:
        with self._parts.database.read() as work:
            return work.health.get(self._component)

    def _tell(
        self, work: Work, missing: Collection[int], standing: int, strangers: Collection[int], now: datetime
    ) -> HealthState:
        before = work.health.get(self._component)
        again = before is not None and before.state is not HealthState.OK
        wrong = bool(missing or strangers)
        state = (HealthState.NEEDS_PERSON if again else HealthState.RETRYING) if wrong else HealthState.OK
        shown = f"{len(missing)} of {standing} mails missing"
        shown += f", {len(strangers)} in the archive folder unknown" if strangers else ""
        if work.health.tell(self._component, state, shown, now) and state is HealthState.NEEDS_PERSON:
            where = f"{self._mailbox.account}/{self._mailbox.folder}"
            detail = f"{where}: {shown}, UID {min(missing or strangers)} for one"
            alert_admins(work, self._parts.snapshot, NoteCode.CONSERVATION, detail, now, remedy="mailbot status")
        return state


def _next(state: HealthState, checked_at: datetime) -> datetime:
    return checked_at + (EVERY if state is HealthState.OK else AGAIN_AFTER)
