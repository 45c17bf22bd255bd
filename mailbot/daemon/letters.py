"""One outgoing mail on its way into the outbox: gate, bytes, last check, row.

The id of the row is reserved first, because Message-ID and envelope sender carry it. What the last check finds does
not leave: the row is `stopped`, and its reason says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailbot.daemon.log import log
from mailbot.daemon.parts import Snapshot
from mailbot.desk.evidence import Evidence
from mailbot.desk.gate import Allowed, Denied, judge
from mailbot.desk.outgoing import MailClass, Outgoing
from mailbot.desk.situation import GateCounts, Situation
from mailbot.desk.ticket import Side, Visibility
from mailbot.mail.model import Mail
from mailbot.render.last_check import check
from mailbot.render.mails import Rendered
from mailbot.store.restores import PERHAPS_SENT
from mailbot.store.rows import QueuedMail
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.triage.assessment import Priority, Reason


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one outgoing mail: a row of the outbox, or a denial."""

    outgoing: Outgoing
    outbox_id: int | None = None
    rendered: Rendered | None = None
    not_before: datetime | None = None
    denial: Reason | None = None
    findings: tuple[str, ...] = ()
    withheld: bool = False  # class B whose cause is older than the last restore: it may have left then

    @property
    def stopped(self) -> bool:
        """Whether the last check found something."""
        return bool(self.findings)

    @property
    def trouble(self) -> str:
        """Why somebody must learn that this mail does not leave; "" where it does, or where nobody waits for it."""
        if self.findings:
            return "; ".join(self.findings)
        if self.withheld:
            return PERHAPS_SENT if self.outgoing.arms is not None else ""
        waited_for = self.outgoing.arms is not None or self.outgoing.declared.class_ is MailClass.A
        return self.denial.because if self.denial is not None and waited_for else ""


@dataclass(slots=True)
class Letters:
    """Writes the mails of one event. `quiet`: every row is `cancelled: import` and counts for nothing."""

    work: Work
    snapshot: Snapshot
    situation: Situation
    mail: Mail | None = None
    evidence: Evidence | None = None
    author: str = ""
    quiet: bool = False
    caused_at: datetime | None = None  # when the mail arrived, or the deadline was due
    _notes: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def write(self, outgoing: Outgoing) -> Written:
        """Put the mail into the outbox, unless the gate denies it."""
        if self.quiet:
            outgoing = replace(outgoing, arms=None)
        verdict = self._judge(outgoing)
        if isinstance(verdict, Denied):
            log("denied", kind=outgoing.kind.value, ticket=outgoing.ticket, rule=verdict.rule)
            because = f"{verdict.rule}: {verdict.reason}"
            return Written(outgoing, denial=Reason(f"no {outgoing.kind} to {outgoing.to}", because))
        outbox_id = self.work.outbox.reserve_id()
        rendered = self._render(outgoing, outbox_id)
        findings = self._check(outgoing, rendered)
        not_before, withheld = self._not_before(outgoing, verdict), self._is_withheld(outgoing)
        written = Written(outgoing, outbox_id, rendered, not_before, findings=findings, withheld=withheld)
        self._queue(written, rendered)
        return written

    # ---------------------------------------------------------------- steps

    def _judge(self, outgoing: Outgoing) -> Allowed | Denied:
        now, policy = self.situation.now, self.snapshot.policy
        person = policy.people.get(outgoing.to)
        counts = self.work.gate.counts(
            outgoing.to,
            outgoing.ticket,
            outgoing.kind.value,
            self.situation.inbox_id,
            now,
            aliases=person.same_as if person else (),
        )
        counts = GateCounts() if self.quiet else counts
        verdict = judge(outgoing, self.mail, self.evidence, counts, policy, now, self.situation.internal_date)
        if isinstance(verdict, Allowed) and not self.quiet:
            self.work.gate.count(outgoing.to, outgoing.ticket, outgoing.kind.value, now)
        return verdict

    def _render(self, outgoing: Outgoing, outbox_id: int) -> Rendered:
        contents = {ref.content_hash: self._content(ref.content_hash) for ref in outgoing.attachments}
        chain = self._chain(outgoing.ticket, outgoing.declared.side)
        snapshot, now = self.snapshot, self.situation.now
        return snapshot.renderer.render(outgoing, snapshot.policy, snapshot.keyring, outbox_id, chain, now, contents)

    def _content(self, content_hash: str) -> bytes:
        content = self.work.tickets.attachment_content(content_hash)
        assert content is not None, f"attachment {content_hash} was stored before"
        return content

    def _check(self, outgoing: Outgoing, rendered: Rendered) -> tuple[str, ...]:
        others = self._foreign_ids(outgoing)
        policy, keyring = self.snapshot.policy, self.snapshot.keyring
        return check(rendered, outgoing, policy, keyring, self._internal_texts(outgoing.ticket), other_chain=others)

    def _not_before(self, outgoing: Outgoing, verdict: Allowed) -> datetime:
        held = self.situation.now + timedelta(seconds=outgoing.hold_seconds)
        return held if verdict.not_before is None else max(held, verdict.not_before)

    def _is_withheld(self, outgoing: Outgoing) -> bool:
        """Whether a database that was restored since has perhaps forgotten that this mail was sent."""
        if self.caused_at is None or outgoing.declared.class_ is not MailClass.B:
            return False
        restored_at = self.work.restores.restored_at()
        return restored_at is not None and self.caused_at <= restored_at

    def _queue(self, written: Written, rendered: Rendered) -> None:
        outgoing, declared = written.outgoing, written.outgoing.declared
        state, reason = self._first_state(written)
        assert written.outbox_id is not None
        assert written.not_before is not None
        self.work.outbox.queue(
            QueuedMail(
                id=written.outbox_id,
                kind=outgoing.kind.value,
                class_=declared.class_,
                cause=outgoing.caused_by,
                side=declared.side,
                recipient=rendered.recipient,
                mail_from=rendered.mail_from,
                message_id=rendered.message_id,
                subject=rendered.subject,
                raw=rendered.raw,
                not_before=written.not_before,
                ticket=outgoing.ticket,
                inbox_id=self.situation.inbox_id,
                group_name=outgoing.group,
                author=self.author if declared.side is Side.REQUESTER else "",
                priority=self._priority(outgoing),
                arms=outgoing.arms,
                config_hash=self.snapshot.hash,
                text=rendered.text,
                state=state,
                reason=reason,
            ),
            self.situation.now,
        )
        if state is OutboxState.READY and written.withheld:
            self.work.restores.withhold(written.outbox_id)
        if outgoing.ticket is not None and not written.stopped:
            self.work.tickets.extend_chain(outgoing.ticket, declared.side, rendered.message_id)
        log("queued", outbox=written.outbox_id, kind=outgoing.kind.value, ticket=outgoing.ticket, state=state.value)

    def _first_state(self, written: Written) -> tuple[OutboxState, str]:
        if self.quiet:
            return OutboxState.CANCELLED, "import"
        if written.stopped:
            return OutboxState.STOPPED, written.trouble
        return OutboxState.READY, ""

    # ---------------------------------------------------------------- what the ticket holds

    def _chain(self, ticket: int | None, side: Side) -> Sequence[str]:
        return () if ticket is None else self.work.tickets.chain(ticket, side)

    def _foreign_ids(self, outgoing: Outgoing) -> tuple[str, ...]:
        """Message-IDs of the other threads. To specialists a requester may name their own, in their words."""
        side = outgoing.declared.side
        others = [one for other in Side if other is not side for one in self._chain(outgoing.ticket, other)]
        if side is Side.REQUESTER or not others:
            return tuple(others)
        assert outgoing.ticket is not None, "only a ticket has threads"
        said = "\n".join(entry.text for entry in self.work.tickets.entries(outgoing.ticket))
        said += self.mail.text if self.mail else ""
        return tuple(one for one in others if one not in said)

    def _priority(self, outgoing: Outgoing) -> Priority:
        ticket = None if outgoing.ticket is None else self.work.tickets.get(outgoing.ticket)
        return ticket.priority if ticket else Priority.P3

    def _internal_texts(self, ticket: int | None) -> tuple[str, ...]:
        """What no requester may read: every internal entry, those of this event included."""
        if ticket is None:
            return ()
        if ticket not in self._notes:
            entries = self.work.tickets.entries(ticket)
            self._notes[ticket] = tuple(entry.text for entry in entries if entry.visibility is Visibility.INTERNAL)
        return self._notes[ticket]
