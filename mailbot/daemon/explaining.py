"""What one mail would cause: the production steps in a transaction that is rolled back, without any transport.

Nothing is asked of DNS, nothing is stored, nothing leaves: `mailbot explain FILE.eml` may be run beside a working
daemon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from mailbot.daemon.carrying_out import Done, Happening, due_at, react
from mailbot.daemon.knowing import Known, know
from mailbot.daemon.letters import Written
from mailbot.daemon.parts import Parts
from mailbot.desk.evidence import Evidence
from mailbot.desk.interpret import interpret
from mailbot.desk.policy import Policy
from mailbot.mail.model import Mail
from mailbot.store.unit_of_work import Work
from mailbot.triage.assessment import Reason


@dataclass(frozen=True, slots=True)
class TracedMail:
    """A mail that would leave: `state` is ready, or why it would not ("A13: …", "stopped: …")."""

    kind: str
    recipient: str
    state: str
    subject: str = ""
    text: str = ""
    raw: bytes = b""
    hold_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Trace:
    """All that one mail would cause, and why; nothing of it has happened."""

    file: str
    mail_class: str
    class_reason: str
    subject: str
    sender: str
    language: str
    reply: str
    defects: tuple[str, ...]
    evidence: Mapping[str, object]
    event: str
    disposition: str  # "done: opened", "ignored: own mail", "set_aside: unreadable"
    ticket: Mapping[str, object] | None  # fields of the ticket as it would be
    reasons: tuple[Reason, ...]
    outgoing: tuple[TracedMail, ...]
    deadlines: tuple[str, ...]
    config_hash: str


def explain(parts: Parts, raw: bytes, file: str, now: datetime) -> Trace:
    """Walk the way of this mail, and leave no trace of it but the one that is returned."""
    snapshot = parts.snapshot
    parsed = parts.parser.parse(raw, snapshot.recognition)
    if parsed.mail is None:
        return _unreadable(file, parsed.problem, snapshot.hash)
    with parts.database.rehearse() as work:
        known = _know(work, parts, raw, parsed.mail, now)
        event = interpret(known.mail, known.situation, known.evidence, known.reading, snapshot.policy)
        happening = Happening(event, known.situation, known.mail, known.evidence)
        done = react(work, snapshot, happening)
        return _trace(file, known, happening, done, snapshot.policy)


def _know(work: Work, parts: Parts, raw: bytes, mail: Mail, now: datetime) -> Known:
    """As if the mail had just come into the first mailbox."""
    account = parts.mailboxes[0].mailbox.account if parts.mailboxes else ""
    row_id = work.inbox.receive(account, "explain", 0, 1, raw, now, len(raw), False, now)
    assert row_id is not None, "no mailbox has this folder and number"
    row = work.inbox.row(row_id)
    assert row is not None, "it was received in this transaction"
    return know(work, parts.snapshot, row, mail, "", now)


def _trace(file: str, known: Known, happening: Happening, done: Done, policy: Policy) -> Trace:
    mail, decision = known.mail, done.decision
    starting = [f"{arm.kind} at {due_at(arm, known.situation.now, policy).isoformat()}" for arm in decision.arms]
    riding = [f"{one.outgoing.arms.kind} once {one.outgoing.kind} is sent" for one in done.written if one.outgoing.arms]
    return Trace(
        file=file,
        mail_class=mail.class_.value,
        class_reason=mail.class_reason,
        subject=mail.subject,
        sender=mail.sender.address,
        language=mail.language,
        reply=mail.reply,
        defects=mail.defects,
        evidence=_evidence(known.evidence),
        event=happening.name,
        disposition=f"{decision.disposition.outcome}: {decision.disposition.reason}",
        ticket=asdict(decision.ticket) if decision.ticket else None,
        reasons=decision.reasons,
        outgoing=tuple(map(_mail, done.written)),
        deadlines=(*starting, *riding),
        config_hash=policy.config_hash,
    )


def _evidence(evidence: Evidence) -> Mapping[str, object]:
    return {name: value for name, value in asdict(evidence).items() if value != ""}


def _mail(written: Written) -> TracedMail:
    outgoing = written.outgoing
    if written.rendered is None:
        because = written.denial.because if written.denial else ""
        return TracedMail(outgoing.kind.value, outgoing.to, because)
    rendered = written.rendered
    state = f"stopped: {written.trouble}" if written.stopped else "ready"
    return TracedMail(
        outgoing.kind.value,
        outgoing.to,
        state,
        rendered.subject,
        rendered.text,
        rendered.raw,
        outgoing.hold_seconds,
    )


def _unreadable(file: str, problem: str, config_hash: str) -> Trace:
    return Trace(
        file=file,
        mail_class="",
        class_reason="",
        subject="",
        sender="",
        language="",
        reply="",
        defects=(),
        evidence={},
        event="",
        disposition=f"set_aside: unreadable: {problem}",
        ticket=None,
        reasons=(Reason("set aside", problem),),
        outgoing=(),
        deadlines=(),
        config_hash=config_hash,
    )
