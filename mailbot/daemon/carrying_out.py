"""A decision carried out: everything that one event causes, inside the transaction of its cause.

The loops for mail, clock and delivery share this page. Promise: ticket, entries, deadlines and the final bytes of
every mail are committed together or not at all. A mail that the gate denies although a silence clock waits for it,
and a mail that the last check stops, is undelivered: that is an event like any other and is decided at once, so that
no ticket ever waits for an answer to a mail that was never sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from mailbot.daemon.letters import Letters, Written
from mailbot.daemon.log import log, warn
from mailbot.daemon.parts import Snapshot
from mailbot.desk.addressing import to_admins
from mailbot.desk.deadline import Arm
from mailbot.desk.decide import decide
from mailbot.desk.decision import Decision, Outcome
from mailbot.desk.event import (
    DeadlinePassed,
    Event,
    MailUndelivered,
    Origin,
    RequesterReplied,
    RequestReceived,
    SpecialistCommanded,
    SpecialistReplied,
)
from mailbot.desk.evidence import Evidence
from mailbot.desk.outgoing import NoteCode, Outgoing
from mailbot.desk.policy import Policy
from mailbot.desk.situation import Clues, OurMail, Situation
from mailbot.desk.ticket import Side
from mailbot.failpoints import Failpoint, reach
from mailbot.mail.model import Mail
from mailbot.store.rows import DecisionRecord
from mailbot.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Happening:
    """An event with all that is known about it. `quiet`: nothing may leave and no clock starts (`mailbot import`)."""

    event: Event
    situation: Situation
    mail: Mail | None = None
    evidence: Evidence | None = None
    quiet: bool = False

    @property
    def name(self) -> str:
        """The event as decisions name it: `request_received`."""
        name = type(self.event).__name__
        return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a decision: the ticket it touched and the mails that were written, denied or stopped."""

    decision: Decision
    ticket: int | None
    written: tuple[Written, ...]


def react(work: Work, snapshot: Snapshot, happening: Happening, depth: int = 0) -> Done:
    """Decide what the event causes, and carry it out."""
    decision = decide(happening.event, happening.mail, happening.situation, snapshot.policy)
    return carry_out(work, snapshot, happening, decision, depth)


def carry_out(work: Work, snapshot: Snapshot, happening: Happening, decision: Decision, depth: int = 0) -> Done:
    """Everything that the decision says, step by step."""
    now = happening.situation.now
    ticket = _save_ticket(work, happening, decision, now)
    _save_people(work, decision, now)
    if ticket is not None:
        _say(work, happening, decision, ticket, now)
        _set_clocks(work, happening, decision, ticket, snapshot.policy)
        reach(Failpoint.TICKET_WRITTEN)
    _let_go(work, decision, now)
    written = _write(work, snapshot, happening, decision.outgoing)
    decision = decision.because(*(one.denial for one in written if one.denial is not None))
    _record(work, snapshot, happening, decision, ticket)
    for one in written:
        if one.trouble:
            _tell_undelivered(work, snapshot, one, now, depth, happening.quiet)
    return Done(decision, ticket, written)


def mail_undelivered(
    work: Work,
    snapshot: Snapshot,
    mail: OurMail,
    reason: str,
    now: datetime,
    *,
    status: str = "",
    depth: int = 0,
    quiet: bool = False,
) -> None:
    """One of our mails will not arrive: whoever relied on it learns of it, in this transaction."""
    if depth >= 1:
        detail = f"{mail.kind} to {mail.recipient}: {reason}"
        alert_admins(work, snapshot, NoteCode.UNDELIVERED, detail, now, quiet=quiet)
        return
    event = MailUndelivered(mail.id, mail.kind, mail.recipient, permanent=True, status=status, reason=reason)
    clues = Clues(sender="", ticket=mail.ticket, outbox_id=mail.id)
    situation = work.situation(clues, now, directory=snapshot.policy.people)
    react(work, snapshot, Happening(event, situation, quiet=quiet), depth + 1)


def alert_admins(
    work: Work,
    snapshot: Snapshot,
    note: NoteCode,
    detail: str,
    now: datetime,
    *,
    ticket: int | None = None,
    inbox_row: int | None = None,
    remedy: str = "",
    quiet: bool = False,
) -> None:
    """Tell the admins something that no mail and no deadline is the cause of."""
    outgoing = to_admins(note, detail, snapshot.policy, ticket=ticket, inbox_row=inbox_row, remedy=remedy)
    letters = Letters(work, snapshot, Situation(now, next_number=0), quiet=quiet)
    for one in outgoing:
        if trouble := letters.write(one).trouble:
            warn("alert_not_written", note=note.value, reason=trouble)


# ---------------------------------------------------------------- steps


def _save_ticket(work: Work, happening: Happening, decision: Decision, now: datetime) -> int | None:
    if decision.ticket is None:
        return None
    used = {ref.content_hash for entry in decision.entries for ref in entry.attachments}
    used |= {ref.content_hash for outgoing in decision.outgoing for ref in outgoing.attachments}
    work.tickets.store_attachments(_contents(happening.mail, used), now)
    return work.tickets.save(decision.ticket, now).number


def _contents(mail: Mail | None, wanted: set[str]) -> Iterable[tuple[str, str, bytes]]:
    for attachment in mail.attachments if mail else ():
        if (content_hash := sha256(attachment.content).hexdigest()) in wanted:
            yield content_hash, attachment.type, attachment.content


def _save_people(work: Work, decision: Decision, now: datetime) -> None:
    if decision.person is not None and decision.person.address:
        work.people.save(decision.person, now)
    if decision.mute is not None:
        work.gate.mute(decision.mute, now)


def _say(work: Work, happening: Happening, decision: Decision, ticket: int, now: datetime) -> None:
    """Participants and entries; the Message-ID of the mail joins the thread of its side."""
    mail = happening.mail
    message_id = mail.message_id if mail else ""
    work.tickets.add_participants(ticket, decision.participants, now)
    work.tickets.add_entries(ticket, decision.entries, message_id=message_id, inbox_id=happening.situation.inbox_id)
    side = _side_of(happening.event)
    if side is None or not message_id or decision.disposition.outcome is not Outcome.DONE:
        return
    if not any(message_id in work.tickets.chain(ticket, other) for other in Side if other is not side):
        work.tickets.extend_chain(ticket, side, message_id)  # an id belongs to the side that used it first


def _side_of(event: Event) -> Side | None:
    """In whose thread the mail stands; a form's mail is in nobody's, because the person never saw its Message-ID."""
    if isinstance(event, RequestReceived):
        return Side.REQUESTER if event.origin is Origin.PERSON and not event.forwarded_by else None
    if isinstance(event, RequesterReplied):
        return Side.REQUESTER
    return Side.GROUP if isinstance(event, SpecialistReplied | SpecialistCommanded) else None


def _set_clocks(work: Work, happening: Happening, decision: Decision, ticket: int, policy: Policy) -> None:
    now = happening.situation.now
    if decision.cancels:
        work.deadlines.cancel(ticket, decision.cancels)
    for arm in () if happening.quiet else decision.arms:
        work.deadlines.arm(ticket, arm, due_at(arm, now, policy), policy.config_hash, now)


def due_at(arm: Arm, start: datetime, policy: Policy) -> datetime:
    """When the deadline comes that starts now: at its date, or after so much business time."""
    if arm.due_at is not None:
        return arm.due_at
    assert arm.business is not None, "a deadline has a date or a duration"
    return policy.levels.calendar.add(start, arm.business)


def _let_go(work: Work, decision: Decision, now: datetime) -> None:
    """Mails that must not leave any more, and held mails that a person released or dismissed."""
    if decision.cancel_mails:
        stopped = work.outbox.cancel_mails(decision.cancel_mails, "undone")
        log("cancelled", outbox=",".join(map(str, stopped)))
    for release in decision.releases:
        move = work.inbox.discard if release.discard else work.inbox.release
        move(release.inbox_id, release.by, now)


def _write(work: Work, snapshot: Snapshot, happening: Happening, outgoing: Iterable[Outgoing]) -> tuple[Written, ...]:
    event = happening.event
    letters = Letters(
        work,
        snapshot,
        happening.situation,
        mail=happening.mail,
        evidence=happening.evidence,
        author=_author(event),
        quiet=happening.quiet,
        caused_at=event.deadline.due_at if isinstance(event, DeadlinePassed) else happening.situation.internal_date,
    )
    return tuple(letters.write(one) for one in outgoing)


def _author(event: Event) -> str:
    return event.specialist if isinstance(event, SpecialistReplied | SpecialistCommanded) else ""


def _record(work: Work, snapshot: Snapshot, happening: Happening, decision: Decision, ticket: int | None) -> None:
    event = happening.event
    passed = event.deadline if isinstance(event, DeadlinePassed) else None
    work.audit.decision(
        DecisionRecord(
            event=happening.name,
            at=happening.situation.now,
            config_hash=snapshot.hash,
            reasons=decision.reasons,
            inbox_id=happening.situation.inbox_id,
            ticket=ticket if ticket is not None else (passed.ticket if passed else None),
            deadline=f"{passed.kind}/{passed.step}/{passed.cycle}" if passed else "",
            disposition=f"{decision.disposition.outcome}: {decision.disposition.reason}",
        )
    )
    log(
        "decided",
        what=happening.name,
        ticket=ticket,
        inbox=happening.situation.inbox_id,
        why=decision.disposition.reason,
    )


def _tell_undelivered(work: Work, snapshot: Snapshot, written: Written, now: datetime, depth: int, quiet: bool) -> None:
    """A mail that was stopped, or that the gate denied although a silence clock waits for it."""
    outgoing = written.outgoing
    warn("undelivered", kind=outgoing.kind.value, ticket=outgoing.ticket, reason=written.trouble)
    if written.stopped:
        detail = f"outbox {written.outbox_id}, {outgoing.kind} of ticket {outgoing.ticket}: {written.trouble}"
        remedy = f"mailbot outbox show {written.outbox_id}"
        alert_admins(work, snapshot, NoteCode.STOPPED, detail, now, ticket=outgoing.ticket, remedy=remedy, quiet=quiet)
    if outgoing.ticket is not None:
        mail = OurMail(
            id=written.outbox_id or 0,
            ticket=outgoing.ticket,
            kind=outgoing.kind.value,
            side=outgoing.declared.side,
            recipient=outgoing.to,
            message_id="",
            state="stopped" if written.stopped else "denied",
        )
        mail_undelivered(work, snapshot, mail, written.trouble, now, depth=depth, quiet=quiet)
