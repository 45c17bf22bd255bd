"""Conservation: the folder's UIDs minus the inbox rows must be nothing (promise 1, checked from outside of intake).

Once an hour everything that stands in the watched folder is held against the rows of its UIDVALIDITY. What is missing
makes the next turn compare the whole folder, and the check is repeated soon: mail that is missing twice in a row can
not be fetched (a server that names a message and does not give it), so the admins are told, once. The result stands in
the health row "conservation:ACCOUNT/FOLDER": when it was checked (`updated_at`) and how many were missing.

The same for the folder that stored mail is moved to: what arrived since mailbot watches, stands there and has no row
was forgotten by the database (an older copy of it came back), or a person filed it there. It is told once and passed
over from then on; only how many they are is still said. Servers that change a message when they move it are no reason
to tell every mail: where most sizes differ the moment of arrival decides alone, and where most mail is foreign all the
same, no more than the first of it is told. Mail that people take away is no loss.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
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
MANY_FOREIGN = 10  # and more than half of all: then the server changes the date of what it moves
CLOCKS_DIFFER = timedelta(days=1)  # of mail servers


@dataclass(frozen=True, slots=True)
class ArchiveLook:
    """What is new in the archive folder, up to which UID, and what of it no row holds."""

    validity: int = 0
    last_uid: int = 0
    compared: int = 0
    foreign: Sequence[int] = ()  # UIDs that the admins may not know of yet
    told: int = 0  # how many they have heard of before a restart


class Conservation:
    """The check of one mailbox; `guard` raises in a transaction if that is no longer ours to read."""

    def __init__(self, parts: Parts, watched: Watched, guard: Callable[[Work], None] = lambda work: None) -> None:
        self._parts = parts
        self._mailbox = mailbox = watched.mailbox
        self._archive = watched.archive
        self._conserved = (0, 0)  # UIDVALIDITY and UID in the archive up to which everything is known or told
        self._compared, self._foreign = 0, 0  # how many mails up to there, and how many of them were told
        self._guard = guard
        self._component = conservation_component(mailbox.account, mailbox.folder)
        self._checked: tuple[datetime, HealthState] | None = None

    def forget(self) -> None:
        """Another daemon may have checked in the meantime."""
        self._checked, self._conserved, self._compared, self._foreign = None, (0, 0), 0, 0

    def is_due(self, now: datetime) -> bool:
        """Whether an hour has passed since the last check, which may have been that of a daemon before."""
        if self._checked is None and (last := self._last()) is not None:
            self._checked = (last.updated_at, last.state)
        if self._checked is None:
            return True
        at, state = self._checked
        return not at <= now < at + (EVERY if state is HealthState.OK else AGAIN_AFTER)

    def check(self, validity: int, now: datetime) -> bool:
        """Compare the open folder with the inbox and write down the result; whether nothing is missing."""
        standing, archive = {ref.uid for ref in self._mailbox.uids()}, self._look_into_archive()
        strangers = [] if self._is_changing(archive) else list(archive.foreign)
        with self._parts.database.write() as work:
            self._guard(work)
            known = work.inbox.known_uids(self._mailbox.account, self._mailbox.folder, validity)
            missing = sorted(standing - known)
            state, told = self._tell(work, missing, len(standing), strangers, archive, now)
        if told or not strangers:
            self._remember(archive)
        self._checked = (now, state)
        if missing or strangers:
            shown = ",".join(map(str, [*missing, *strangers][:SHOWN_UIDS]))
            counts = {"mails": len(missing), "in_archive": len(strangers)}
            warn("mail_missing", account=self._mailbox.account, **counts, uids=shown)
            self._parts.wakes.delivery.set()
        else:
            log("conserved", account=self._mailbox.account, mails=len(standing))
        return not missing

    def _look_into_archive(self) -> ArchiveLook:
        """Before anything is written: the listing may be long, and so may the question."""
        validity, refs = self._archived()
        if not refs:
            return ArchiveLook(validity)
        account, folder = self._mailbox.account, self._mailbox.folder
        with self._parts.database.read() as work:
            watched = (one for one in work.mailboxes.all() if (one.account, one.folder) == (account, folder))
            since = min((one.first_start for one in watched), default=None)
            lately = [ref for ref in refs if since is not None and ref.internal_date >= since]
            arrivals = [(ref.uid, ref.size_bytes, ref.internal_date) for ref in lately]
            strangers = set(work.rescans.strangers(account, arrivals))
            if 2 * len(strangers) > len(lately):
                strangers = set(work.rescans.strangers(account, arrivals, by_size=False))
            last = work.health.get(self._component)
        # After a restart: the check before has told what lay there then, unless it wanted to see it once more.
        first = self._conserved == (0, 0) and last is not None and last.state is not HealthState.RETRYING
        told_until = last.updated_at - CLOCKS_DIFFER if last is not None and first else None
        found = [ref for ref in lately if ref.uid in strangers]
        foreign = [ref.uid for ref in found if told_until is None or ref.internal_date >= told_until]
        return ArchiveLook(validity, max(ref.uid for ref in refs), len(lately), foreign, len(found) - len(foreign))

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

    def _is_changing(self, archive: ArchiveLook) -> bool:
        """Whether the server gives mail another date when it is moved, so that nothing can be said of it."""
        before = self._foreign + archive.told
        foreign, compared = before + len(archive.foreign), self._compared + archive.compared
        return before >= MANY_FOREIGN and 2 * foreign > compared

    def _remember(self, archive: ArchiveLook) -> None:
        if not archive.validity:  # it could not be read
            return
        if self._conserved[0] != archive.validity:
            self._conserved, self._compared, self._foreign = (archive.validity, 0), 0, 0
        self._conserved = (archive.validity, max(self._conserved[1], archive.last_uid))
        self._compared += archive.compared
        self._foreign += len(archive.foreign) + archive.told

    def _last(self) -> HealthRecord | None:
        with self._parts.database.read() as work:
            return work.health.get(self._component)

    def _tell(
        self,
        work: Work,
        missing: Collection[int],
        standing: int,
        strangers: Collection[int],
        archive: ArchiveLook,
        now: datetime,
    ) -> tuple[HealthState, bool]:
        """How it is, and whether the strangers need not be told again: whoever is seen twice is."""
        before = work.health.get(self._component)
        again = before is not None and before.state is not HealthState.OK
        wrong = bool(missing or (strangers and not again))
        state = (HealthState.NEEDS_PERSON if again else HealthState.RETRYING) if wrong else HealthState.OK
        foreign = self._foreign + len(archive.foreign) + archive.told
        shown = f"{len(missing)} of {standing} mails missing"
        shown += f", {foreign} in the archive folder unknown" if foreign else ""
        news = work.health.tell(self._component, state, shown, now) and state is HealthState.NEEDS_PERSON
        if news or (strangers and again):
            where = f"{self._mailbox.account}/{self._mailbox.folder}"
            detail = f"{where}: {shown}, UID {min(missing or strangers)} for one"
            alert_admins(work, self._parts.snapshot, NoteCode.CONSERVATION, detail, now, remedy="mailbot status")
        return state, again
