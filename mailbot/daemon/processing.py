"""Inbox rows -> committed decisions. The page to read first: what happens to a mail, in named steps.

    claim (committed) -> parse (in a child) -> verify signatures          outside of any transaction
                         (not where a message is known again, or is from long before mailbot's time)
    clues -> situation -> evidence -> duplicate? -> interpret             what it means
    decide -> backlog? -> carry out -> finish the row                     what it causes

All that a mail causes is committed in one transaction, each row in a savepoint of its own: a mail that makes us fail
is undone alone, tried again, and set aside after three attempts; the next one proceeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mailbot.daemon.backlog import Backlog
from mailbot.daemon.carrying_out import Done, Happening, alert_admins, carry_out, react
from mailbot.daemon.knowing import Known, know
from mailbot.daemon.log import crash, log, warn
from mailbot.daemon.parsing import Parsed
from mailbot.daemon.parts import Parts, Pulse, Snapshot
from mailbot.daemon.proving import take_as_proof
from mailbot.desk.decide import decide
from mailbot.desk.decision import Decision, Disposition, Outcome
from mailbot.desk.event import Duplicate, Event, Ignored, MailUndelivered
from mailbot.desk.interpret import interpret
from mailbot.desk.outgoing import NoteCode
from mailbot.desk.situation import Situation
from mailbot.failpoints import Failpoint, reach
from mailbot.mail.carriers import is_own_probe
from mailbot.mail.dkim import DkimResult
from mailbot.store.failures import DatabaseUnavailable
from mailbot.store.inbox import ATTEMPTS, IMPORTED
from mailbot.store.moves import ClaimLost
from mailbot.store.rows import InboxRow
from mailbot.store.unit_of_work import Work

ROWS_A_TURN = 20
LEASE_SECONDS = 1_800.0  # more than twenty mails that take the parser to its limit
DNS_SECONDS = 5.0
Claim = tuple[InboxRow, Event | None]  # a claimed row, and what it means where it need not be read for that
QUIET_FOLDER = "quiet"  # of `mailbot import` without --live: nothing leaves, no clock starts


@dataclass(frozen=True, slots=True)
class Read:
    """A claimed row and what the parser made of it; `problem` where it made nothing."""

    row: InboxRow
    parsed: Parsed
    dkim: str = ""
    unread: Event | None = None  # what it means although nobody read it


class Processing:
    """The loop that turns mails into decisions."""

    def __init__(self, parts: Parts, pulse: Pulse | None = None) -> None:
        self._parts = parts
        self._pulse = pulse or Pulse()
        self._backlog = Backlog(parts)
        self._held: tuple[InboxRow, ...] = ()  # claimed by us and not yet decided

    def turn(self, now: datetime, only: Sequence[int] | None = None) -> int:
        """Work on the oldest rows (or on `only` these); how many there were."""
        self._hand_back()
        claimed = self._claim(now, only)
        if claimed:
            reach(Failpoint.CLAIMED)
            self._work_on(claimed, now)
            self._pass_over(claimed, now)
            self._parts.wakes.delivery.set()
            self._parts.wakes.deadlines.set()
        else:
            self._backlog.drained()
        return len(claimed)

    def _work_on(self, claimed: Sequence[Claim], now: datetime) -> None:
        """If the transaction itself fails (a full disk, a lost database) no mail is to blame: no attempt is counted."""
        self._held = tuple(row for row, _ in claimed)
        try:
            self.process([self._read(row, unread) for row, unread in claimed], now)
        except Exception:
            with suppress(Exception):  # the database may still be away: then the next turn begins with it
                self._hand_back()
            raise
        self._held = ()

    def _hand_back(self) -> None:
        """What a turn before this one could neither decide nor hand back must not wait until its lease has ended."""
        if not self._held:
            return
        with self._parts.database.write() as work:
            for row in self._held:
                with suppress(ClaimLost):  # decided after all, or somebody else's since
                    work.inbox.hand_back(row)
        self._held = ()

    def _pass_over(self, claimed: Sequence[Claim], now: datetime) -> None:
        """Where one row was too old to be read there may be thousands."""
        if any(isinstance(unread, Ignored) for _, unread in claimed):
            with self._parts.database.write() as work:
                passed = self._backlog.pass_over(work, now)
            log("passed_over", mails=passed)

    def process(self, reads: Sequence[Read], now: datetime) -> None:
        """All that these mails cause, in one transaction."""
        reach(Failpoint.PARSED)
        with self._parts.database.write() as work:
            for read in reads:
                self._pulse.beat()
                self._guarded(work, read, now)
            reach(Failpoint.CARRIED_OUT)
        reach(Failpoint.DECIDED)

    # ---------------------------------------------------------------- before the transaction

    def _claim(self, now: datetime, only: Sequence[int] | None) -> tuple[Claim, ...]:
        """Count the attempt and commit it: a mail that kills its reader is not tried for ever."""
        with self._parts.database.write() as work:
            claimed = work.inbox.claim(ROWS_A_TURN, self._parts.holder, now, LEASE_SECONDS, only=only)
            for row in filter(None, map(work.inbox.row, claimed.poisoned)):
                self._alert_set_aside(work, row, "three attempts did not end", now)
            return tuple((row, self._unread(work, row)) for row in claimed.rows)

    def _unread(self, work: Work, row: InboxRow) -> Event | None:
        """What a row means that is not worth reading: a message known again, or one from long before our time."""
        if row.released_by:
            return None
        if (known_as := work.rescans.known_again(row)) is not None:
            return Duplicate(known_as)
        return Ignored("before_start") if self._backlog.long_before_start(work, row) else None

    def _read(self, row: InboxRow, unread: Event | None) -> Read:
        """Parse in the child, and verify the signatures with what DNS says."""
        self._pulse.beat()
        if unread is not None:
            return Read(row, Parsed(None), unread=unread)
        if row.truncated:
            return Read(row, Parsed(None, "too_big"))
        parsed = self._parts.parser.parse(row.raw, self._parts.snapshot.recognition)
        return Read(row, parsed, row.dkim or self._verify(row, parsed))

    def _verify(self, row: InboxRow, parsed: Parsed) -> str:
        """The verdict is stored with the row: keys are gone from DNS when a held mail is released."""
        if self._parts.lookup_txt is None or parsed.mail is None or not parsed.dkim_names:
            return ""
        answers = self._parts.lookup_txt(parsed.dkim_names, DNS_SECONDS)
        from_domain = parsed.mail.sender.address.rpartition("@")[2]
        verdict = self._parts.parser.verify(row.raw, answers, from_domain)
        return f"{verdict.result} {verdict.domain}".strip() if verdict.result is not DkimResult.NONE else ""

    # ---------------------------------------------------------------- inside the transaction

    def _guarded(self, work: Work, read: Read, now: datetime) -> None:
        """One row, in a savepoint: a fault of ours undoes this row and nothing else."""
        try:
            with work.savepoint():
                self._handle(work, read, now)
        except ClaimLost:
            log("claim_lost", inbox=read.row.id)
        except DatabaseUnavailable:
            raise  # no mail is to blame
        except Exception as error:
            crash("row_failed", error, inbox=read.row.id, attempt=read.row.attempts)
            self._after_failure(work, read.row, error, now)

    def _handle(self, work: Work, read: Read, now: datetime) -> None:
        if read.unread is not None:
            self._leave_unread(work, read.row, read.unread, now)
            return
        if read.parsed.mail is None:
            self._without_mail(work, read, now)
            return
        if read.dkim and not read.row.dkim:
            work.inbox.note_dkim(read.row, read.dkim)
        snapshot = self._parts.snapshot
        known = know(work, snapshot, read.row, read.parsed.mail, read.dkim, now)
        same = self._same_as(work, read.row, known)
        if same is None and not read.row.released_by and work.rescans.differing(read.row, known.understood):
            self._set_aside(work, read.row, "rescan_differs", now, known)
            return
        event = self._event(work, read.row, known, snapshot, same)
        decision = decide(event, known.mail, known.situation, snapshot.policy)
        if self._backlog.holds(work, read.row, decision, now):
            self._finish(work, read.row, known, Done(_held_backlog(), None, ()), snapshot, now)
            return
        done = carry_out(work, snapshot, happening(read.row, known, event), decision)
        self._finish(work, read.row, known, done, snapshot, now, event)

    def _same_as(self, work: Work, row: InboxRow, known: Known) -> int | None:
        """The row whose duplicate this one is."""
        if row.released_by:
            return None
        return work.inbox.duplicate_of(row, known.understood.fingerprint_content, known.evidence, known.situation.now)

    def _event(self, work: Work, row: InboxRow, known: Known, snapshot: Snapshot, same: int | None) -> Event:
        """What this mail means; first whether it counts at all."""
        if is_own_probe(known.mail, snapshot.policy.identity.addresses, snapshot.keyring):
            return Ignored("probe")
        if self._backlog.before_start(work, row):
            return Ignored("before_start")
        if same is not None:
            return Duplicate(same)
        event = interpret(known.mail, known.situation, known.evidence, known.reading, snapshot.policy)
        return self._once(work, event, known)

    def _once(self, work: Work, event: Event, known: Known) -> Event:
        """A bounce makes the mail it speaks of `failed`, once; whatever else comes back proves that one arrived."""
        if not isinstance(event, MailUndelivered) or not event.permanent:
            take_as_proof(work, self._parts.snapshot, known, known.situation.now)
            return event
        bounced = work.proofs.bounced(event.outbox_id, f"{event.status} {event.reason}".strip(), known.situation.now)
        return event if bounced is not None else Ignored("bounce of a mail that had failed before")

    def _leave_unread(self, work: Work, row: InboxRow, event: Event, now: datetime) -> None:
        """The folder was renumbered: what this message caused, it caused under its old UID. Or it is too old for us."""
        snapshot, situation = self._parts.snapshot, Situation(now, next_number=0, inbox_id=row.id)
        done = react(work, snapshot, Happening(event, situation, quiet=is_quiet(row)))
        of = event.of if isinstance(event, Duplicate) else None
        work.inbox.finish(row, done.decision.disposition, now, duplicate_of=of, config_hash=snapshot.hash)

    def _finish(
        self,
        work: Work,
        row: InboxRow,
        known: Known,
        done: Done,
        snapshot: Snapshot,
        now: datetime,
        event: Event | None = None,
    ) -> None:
        """The row reaches its one disposition."""
        of = event.of if isinstance(event, Duplicate) else None
        work.inbox.finish(
            row,
            done.decision.disposition,
            now,
            understood=known.understood,
            ticket=done.ticket,
            duplicate_of=of,
            config_hash=snapshot.hash,
        )

    # ---------------------------------------------------------------- what could not be digested

    def _without_mail(self, work: Work, read: Read, now: datetime) -> None:
        """Too big, or the parser died of it twice: what is here is kept, and a person is told."""
        if read.parsed.problem == "too_big":
            self._set_aside(work, read.row, "too_big", now)
        elif read.row.attempts >= ATTEMPTS:
            self._set_aside(work, read.row, f"unreadable: {read.parsed.problem}", now)
        else:
            warn("unreadable", inbox=read.row.id, attempt=read.row.attempts, problem=read.parsed.problem)
            work.inbox.try_again(read.row)

    def _after_failure(self, work: Work, row: InboxRow, error: Exception, now: datetime) -> None:
        """Tried again; after the last attempt the row waits for a person."""
        if row.attempts >= ATTEMPTS:
            self._set_aside(work, row, f"error: {type(error).__name__}", now)
        else:
            work.inbox.try_again(row)

    def _set_aside(self, work: Work, row: InboxRow, reason: str, now: datetime, known: Known | None = None) -> None:
        hash_, understood = self._parts.snapshot.hash, known.understood if known else None
        disposition = Disposition(Outcome.SET_ASIDE, reason)
        work.inbox.finish(row, disposition, now, understood=understood, config_hash=hash_)
        self._alert_set_aside(work, row, reason, now)

    def _alert_set_aside(self, work: Work, row: InboxRow, reason: str, now: datetime) -> None:
        """Never the poison itself."""
        warn("set_aside", inbox=row.id, reason=reason)
        detail, remedy = f"inbox row {row.id}: {reason}", f"mailbot inbox show {row.id}"
        snapshot, quiet, note = self._parts.snapshot, is_quiet(row), NoteCode.SET_ASIDE
        if row.truncated:
            limit_bytes = snapshot.policy.limits.message_bytes
            note, remedy = NoteCode.TOO_BIG, f"mailbot inbox release {row.id}"
            detail += f", {row.size_bytes:,} bytes; the limit is {limit_bytes:,} bytes"
        alert_admins(work, snapshot, note, detail, now, inbox_row=row.id, remedy=remedy, quiet=quiet)


def happening(row: InboxRow, known: Known, event: Event) -> Happening:
    """The event with all that is known about it."""
    return Happening(event, known.situation, known.mail, known.evidence, is_quiet(row))


def is_quiet(row: InboxRow) -> bool:
    """Whether the row came by `mailbot import` without --live."""
    return row.account == IMPORTED and row.folder == QUIET_FOLDER


def _held_backlog() -> Decision:
    return Decision(Disposition(Outcome.HELD, "backlog"))
