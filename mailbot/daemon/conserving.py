"""Conservation: the folder's UIDs minus the inbox rows must be nothing (promise 1, checked from outside of intake).

Once an hour everything that stands in the watched folder is held against the rows of its UIDVALIDITY. What is missing
makes the next turn compare the whole folder, and the check is repeated soon: mail that is missing twice in a row can
not be fetched (a server that names a message and does not give it), so the admins are told, once. The result stands in
the health row "conservation:ACCOUNT/FOLDER": when it was checked (`updated_at`) and how many were missing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.log import log, warn
from mailbot.daemon.parts import Parts
from mailbot.desk.outgoing import NoteCode
from mailbot.store.health import conservation_component
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.store.unit_of_work import Work
from mailbot.transport.mailbox import Mailbox

EVERY = timedelta(hours=1)
AGAIN_AFTER = timedelta(minutes=10)  # while something is missing
SHOWN_UIDS = 10


class Conservation:
    """The check of one mailbox; `guard` raises in a transaction if that is no longer ours to read."""

    def __init__(self, parts: Parts, mailbox: Mailbox, guard: Callable[[Work], None] = lambda work: None) -> None:
        self._parts = parts
        self._mailbox = mailbox
        self._guard = guard
        self._component = conservation_component(mailbox.account, mailbox.folder)
        self._due_at: datetime | None = None

    def forget(self) -> None:
        """Another daemon may have checked in the meantime."""
        self._due_at = None

    def is_due(self, now: datetime) -> bool:
        """Whether an hour has passed since the last check, which may have been that of a daemon before."""
        if self._due_at is None:
            last = self._last()
            self._due_at = now if last is None else min(now + EVERY, _next(last.state, last.updated_at))
        return now >= self._due_at

    def check(self, validity: int, now: datetime) -> bool:
        """Compare the open folder with the inbox and write down the result; whether nothing is missing."""
        standing = {ref.uid for ref in self._mailbox.uids()}
        with self._parts.database.write() as work:
            self._guard(work)
            known = work.inbox.known_uids(self._mailbox.account, self._mailbox.folder, validity)
            missing = sorted(standing - known)
            state = self._tell(work, missing, len(standing), now)
        self._due_at = _next(state, now)
        if missing:
            shown = ",".join(map(str, missing[:SHOWN_UIDS]))
            warn("mail_missing", account=self._mailbox.account, mails=len(missing), uids=shown)
            self._parts.wakes.delivery.set()
        else:
            log("conserved", account=self._mailbox.account, mails=len(standing))
        return not missing

    def _last(self) -> HealthRecord | None:
        with self._parts.database.read() as work:
            return work.health.get(self._component)

    def _tell(self, work: Work, missing: Collection[int], standing: int, now: datetime) -> HealthState:
        before = work.health.get(self._component)
        again = before is not None and before.state is not HealthState.OK
        state = (HealthState.NEEDS_PERSON if again else HealthState.RETRYING) if missing else HealthState.OK
        news = work.health.tell(self._component, state, f"{len(missing)} of {standing} mails missing", now)
        if news and state is HealthState.NEEDS_PERSON:
            where = f"{self._mailbox.account}/{self._mailbox.folder}"
            detail = f"{where}: {len(missing)} of {standing} mails cannot be fetched, UID {min(missing)} for one"
            alert_admins(work, self._parts.snapshot, NoteCode.CONSERVATION, detail, now, remedy="mailbot status")
        return state


def _next(state: HealthState, checked_at: datetime) -> datetime:
    return checked_at + (EVERY if state is HealthState.OK else AGAIN_AFTER)
