"""Opening a ticket: triage it, look for an answer, acknowledge it, and hand it to the right group (ITIL: log,
categorise, prioritise, first diagnosis, functional escalation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from mailbot.desk.addressing import to_group, to_requester
from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Decision, Disposition, Outcome
from mailbot.desk.event import Origin, RequestReceived
from mailbot.desk.evidence import Evidence
from mailbot.desk.outgoing import Cause, NoteCode, Outgoing, OutgoingKind
from mailbot.desk.policy import Group, Policy
from mailbot.desk.relay import travelling
from mailbot.desk.service_levels import due_times
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import AttachmentRef, Entry, Joined, Participant, Side, State, Ticket, Visibility
from mailbot.desk.trust import Action, allows
from mailbot.desk.views import internal_view, language_of, public_view
from mailbot.mail.model import Mail
from mailbot.triage.assess import assess
from mailbot.triage.assessment import Abstain, Answer, Assessment, Kind, Priority, Reason
from mailbot.triage.faq import FaqIndex, match
from mailbot.triage.policy import FaqEntry, FaqPolicy, Matter

SUGGESTED_FROM = 0.2  # a specialist reads three lines, not noise


@dataclass(frozen=True, slots=True)
class Answering:
    """What the FAQ contributes: an entry to send (or None), suggestions for specialists, and why."""

    entry: FaqEntry | None
    suggestions: tuple[tuple[str, str, float], ...]
    reason: Reason


def open_request(event: RequestReceived, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """A new ticket for a person, a form or a machine: acknowledged or answered, and handed over."""
    matter = matter_of(event, mail, situation, policy)
    assessment = assess(matter, policy.triage)
    ticket = new_ticket(event, mail, situation, assessment, policy)
    answering = find_answer(matter, assessment, event, policy)
    situation = situation if event.origin is Origin.MACHINE else replace(situation, requester=event.person)
    ticket, outgoing, arms = _first_mails(ticket, mail, situation, event.evidence, answering, policy)
    return Decision(
        Disposition(Outcome.DONE, "follows" if event.follows else "opened"),
        ticket=ticket,
        entries=(_first_entry(event, mail, situation, policy),),
        participants=_first_participants(event),
        outgoing=outgoing,
        arms=arms,
        person=event.person if event.origin is not Origin.MACHINE else None,
        reasons=(*event.reasons, *assessment.reasons, answering.reason),
    )


def matter_of(event: RequestReceived, mail: Mail, situation: Situation, policy: Policy) -> Matter:
    """What triage reads of this mail."""
    forwarded = mail.forwarded if event.forwarded_by else None
    return Matter(
        subject=forwarded.subject if forwarded and forwarded.subject else mail.subject,
        text=event.text,
        language=language_of(event.person, mail.language, policy),
        sender=event.person.address,
        to=tuple(address.address for address in mail.to),
        account=situation.account,
        vip=event.person.vip,
        attachments=tuple(attachment.name for attachment in mail.attachments),
        headers=mail.headers,
    )


def find_answer(matter: Matter, assessment: Assessment, event: RequestReceived, policy: Policy) -> Answering:
    """Whether the desk may answer by itself; the guards of the FAQ come before the matcher's own silence."""
    faq = policy.triage.faq
    result = match(matter, index_of(faq), policy.triage)
    titles = {entry.id: entry for entry in faq.entries}
    suggestions = tuple(
        (found.entry, titles[found.entry].title, found.score)
        for found in result.candidates[:3]
        if found.entry in titles
    )
    if isinstance(result, Abstain):
        return Answering(None, suggestions, Reason("no FAQ answer", result.reason))
    if guard := _guard(result, assessment, event, policy):
        return Answering(None, suggestions, Reason("no FAQ answer", guard))
    because = f"entry {result.entry} with confidence {result.confidence:.2f}"
    return Answering(titles[result.entry], suggestions, Reason("FAQ answer", because))


def _guard(answer: Answer, assessment: Assessment, event: RequestReceived, policy: Policy) -> str:
    verdict = allows(Action.FAQ_ANSWER, event.evidence, policy)
    urgent = assessment.priority in (Priority.P1, Priority.P2)
    guards = (
        (policy.triage.faq.mode != "answer", f"faq.mode is {policy.triage.faq.mode}"),
        (event.origin is not Origin.PERSON or bool(event.follows), "not the first mail of a person"),
        (bool(event.forwarded_by), "forwarded for somebody else"),
        (not verdict.allowed, verdict.reason),
        (assessment.kind is Kind.INCIDENT and urgent, f"an incident of priority {assessment.priority}"),
        (event.person.vip, "VIP"),
        ((assessment.affected or 1) > 1, "several people are affected"),
    )
    return next((reason for holds, reason in guards if holds), "")


@lru_cache(maxsize=4)
def index_of(faq: FaqPolicy) -> FaqIndex:
    """The index of a snapshot's FAQ, built once: equal entries give an equal index."""
    return FaqIndex.build(faq.entries)


def new_ticket(event: RequestReceived, mail: Mail, situation: Situation, found: Assessment, policy: Policy) -> Ticket:
    """The ticket that triage proposes: assigned to a group, with its targets."""
    opened_at = _opened_at(situation)
    response_due_at, resolution_due_at = due_times(found.priority, opened_at, policy.levels)
    forwarded = mail.forwarded if event.forwarded_by else None
    return Ticket(
        number=situation.next_number,
        opened_at=opened_at,
        kind=found.kind,
        state=State.ASSIGNED,
        requester=event.person.address,
        requester_name=event.person.name,
        language=language_of(event.person, mail.language, policy),
        subject=forwarded.subject if forwarded and forwarded.subject else mail.subject,
        group=found.group,
        impact=found.impact,
        urgency=found.urgency,
        priority=found.priority,
        question=found.question,
        service=found.service,
        follows=event.follows,
        disruption=found.disruption,
        disruption_words=found.disruption_words,
        rule=found.rule,
        affected=found.affected,
        vip=event.person.vip,
        facts={fact.name: fact.value for fact in found.facts},
        missing=found.missing,
        response_due_at=response_due_at,
        resolution_due_at=resolution_due_at,
        changed_at=situation.now,
        config_hash=policy.config_hash,
    )


def _opened_at(situation: Situation) -> datetime:
    """When the mail reached our server (never its own Date header), and never the future."""
    return min(situation.internal_date or situation.now, situation.now)


def _first_mails(
    ticket: Ticket, mail: Mail, situation: Situation, evidence: Evidence, answering: Answering, policy: Policy
) -> tuple[Ticket, tuple[Outgoing, ...], tuple[Arm, ...]]:
    entry = answering.entry
    by_itself = entry is not None and ticket.kind is Kind.REQUEST
    if entry is not None:
        ticket = replace(ticket, faq_entry=entry.id, cycle=1, state=State.ANSWERED if by_itself else ticket.state)
    view = public_view(ticket, situation, evidence, policy)
    if entry is not None:
        verdict = Arm(DeadlineKind.FAQ_VERDICT, cycle=ticket.cycle, business=policy.levels.answered_verdict_after)
        view = replace(view, words=entry.answer, faq_title=entry.title, missing=())
        told = to_requester(OutgoingKind.FAQ_ANSWER, ticket, view, arms=verdict if by_itself else None)
    else:
        told = to_requester(OutgoingKind.ACKNOWLEDGEMENT, ticket, view)
    if by_itself:
        return ticket, told, ()
    with_it = travelling(mail, situation, policy)
    handed, arms = hand_over(
        ticket,
        situation,
        policy,
        author=(ticket.requester, ticket.requester_name),
        words=_words(mail, ticket),
        attachments=with_it.refs,
        left_behind=with_it.left_behind,
        suggestions=answering.suggestions,
    )
    return ticket, (*told, *handed), arms


def _words(mail: Mail, ticket: Ticket) -> str:
    return mail.text if mail.forwarded else (mail.reply or mail.text)


def hand_over(
    ticket: Ticket,
    situation: Situation,
    policy: Policy,
    *,
    author: tuple[str, str],
    words: str,
    attachments: tuple[AttachmentRef, ...] = (),
    left_behind: tuple[str, ...] = (),
    suggestions: tuple[tuple[str, str, float], ...] = (),
    cause: Cause | None = None,
    note: NoteCode | None = None,
) -> tuple[tuple[Outgoing, ...], tuple[Arm, ...]]:
    """The mail that gives a ticket to its group, and the clock that notices when nobody takes it."""
    group = policy.groups[ticket.group]
    view = replace(
        internal_view(ticket, situation, policy),
        author=author[0],
        author_name=author[1],
        words=words,
        left_behind=left_behind,
        suggestions=suggestions,
        note=note,
    )
    handed = to_group(OutgoingKind.HAND_OVER, group, view, cause=cause, attachments=attachments)
    return handed, (unclaimed(ticket, group),)


def unclaimed(ticket: Ticket, group: Group, step: int = 0, cycle: int | None = None) -> Arm:
    """The clock of a hand-over. It starts at the decision, not with the mail, so that a stuck delivery is noticed as
    well.
    """
    return Arm(
        DeadlineKind.UNCLAIMED,
        step=step,
        cycle=ticket.version if cycle is None else cycle,
        business=group.unclaimed_after * 2 ** min(max(step - 2, 0), 5),
    )


def _first_entry(event: RequestReceived, mail: Mail, situation: Situation, policy: Policy) -> Entry:
    author = event.forwarded_by or event.person.address
    name = mail.sender.name if event.forwarded_by else event.person.name
    kept = travelling(mail, situation, policy).kept
    return Entry(Side.REQUESTER, Visibility.PUBLIC, author, name, event.text, situation.now, attachments=kept)


def _first_participants(event: RequestReceived) -> tuple[Participant, ...]:
    joined = Joined.ON_BEHALF if event.forwarded_by else Joined.OPENED
    return (Participant(event.person.address, event.person.name, Side.REQUESTER, joined),)
