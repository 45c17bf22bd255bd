"""What the requester's side says on its ticket, answered by the table state x meaning (`meaning.py`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from mailbot.desk.addressing import to_group, to_requester
from mailbot.desk.deadline import ENDING_WITH_THE_TICKET, Arm, DeadlineKind
from mailbot.desk.decision import Decision, Disposition, Outcome
from mailbot.desk.event import Meaning, Origin, RequesterReplied, RequestReceived
from mailbot.desk.meaning import TABLE, Cell, Move
from mailbot.desk.opening import hand_over, open_request, unclaimed
from mailbot.desk.outgoing import Cause, NoteCode, Outgoing, OutgoingKind
from mailbot.desk.policy import Policy
from mailbot.desk.relay import travelling
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Entry, Joined, Participant, Side, State, Ticket, Visibility, WaitingFor
from mailbot.desk.views import internal_view, public_view, service_of
from mailbot.mail.model import Mail
from mailbot.triage.assessment import Reason
from mailbot.triage.facts import find_facts
from mailbot.triage.policy import Matter

SILENCE_CLOCKS = (DeadlineKind.REMINDER, DeadlineKind.AUTO_CLOSE, DeadlineKind.FAQ_VERDICT)


@dataclass(frozen=True, slots=True)
class Step:
    """What a move makes of the ticket: clocks that start, clocks that stop, and what the group is told with it."""

    ticket: Ticket
    tells: tuple[OutgoingKind, ...]
    arms: tuple[Arm, ...] = ()
    cancels: tuple[DeadlineKind, ...] = ()
    note: NoteCode | None = None


def hear_requester(event: RequesterReplied, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """An entry, and what its meaning does in the ticket's state."""
    assert situation.ticket is not None, "a reply belongs to a ticket"
    ticket = situation.ticket
    cell = TABLE[ticket.state][event.meaning]
    if must_follow(cell.move, ticket, situation, policy):
        return _follow(event, mail, situation, policy)
    known = _with_facts(ticket, event.text, policy)
    step = take(cell, known, situation, policy, event.meaning)
    return Decision(
        Disposition(Outcome.DONE, f"requester: {event.meaning}"),
        ticket=replace(step.ticket, changed_at=situation.now),
        entries=(_entry(event, mail, situation, policy),),
        participants=_joining(event, ticket, situation),
        outgoing=_told(step, event, mail, situation, policy),
        arms=step.arms,
        cancels=step.cancels,
        reasons=(*event.reasons, Reason(f"{ticket.state} x {event.meaning}", f"{cell.move} -> {step.ticket.state}")),
    )


def must_follow(move: Move, ticket: Ticket, situation: Situation, policy: Policy) -> bool:
    """Whether new words on an old ticket open a new one that follows it."""
    if move is not Move.REOPEN_OR_FOLLOW:
        return move is Move.FOLLOW
    closed_at = ticket.closed_at or ticket.opened_at
    return situation.now > closed_at + timedelta(days=policy.levels.reopen_days)


def take(cell: Cell, ticket: Ticket, situation: Situation, policy: Policy, meaning: Meaning) -> Step:
    """The move of a cell, applied to the ticket."""
    return _MOVES[cell.move](cell, ticket, situation, policy, meaning)


def _stay(cell: Cell, ticket: Ticket, situation: Situation, policy: Policy, meaning: Meaning) -> Step:
    return Step(ticket, cell.tells)


def _resume(cell: Cell, ticket: Ticket, situation: Situation, policy: Policy, meaning: Meaning) -> Step:
    if ticket.waiting_for is not WaitingFor.REQUESTER:
        return Step(ticket, cell.tells)
    back, arms = to_work(ticket, policy)
    return Step(back, cell.tells, arms, (DeadlineKind.REMINDER,))


def _hand_over(cell: Cell, ticket: Ticket, situation: Situation, policy: Policy, meaning: Meaning) -> Step:
    assigned = replace(ticket, state=State.ASSIGNED, owner=None, waiting_for=None, waiting_until=None)
    return Step(assigned, cell.tells, (unclaimed(assigned, policy.groups[ticket.group]),), SILENCE_CLOCKS)


def _reopen(cell: Cell, ticket: Ticket, situation: Situation, policy: Policy, meaning: Meaning) -> Step:
    back, arms = to_work(ticket, policy)
    return Step(reopened(back), cell.tells, arms, SILENCE_CLOCKS)


def _close(cell: Cell, ticket: Ticket, situation: Situation, policy: Policy, meaning: Meaning) -> Step:
    closed = closed_ticket(ticket, situation)
    return Step(closed, cell.tells, (), ENDING_WITH_THE_TICKET, NoteCode.CLOSED_BY_REQUESTER)


def _ask_once(cell: Cell, ticket: Ticket, situation: Situation, policy: Policy, meaning: Meaning) -> Step:
    if not ticket.asked_unclear:
        return Step(replace(ticket, asked_unclear=True), cell.tells)
    if ticket.state is State.ANSWERED:
        return _hand_over(Cell(Move.HAND_OVER, (OutgoingKind.HAND_OVER,)), ticket, situation, policy, meaning)
    return Step(ticket, (OutgoingKind.NOTE_TO_GROUP,), (), (), NoteCode.UNCLEAR_AGAIN)


_MOVES: Mapping[Move, Callable[[Cell, Ticket, Situation, Policy, Meaning], Step]] = {
    Move.STAY: _stay,
    Move.RESUME: _resume,
    Move.HAND_OVER: _hand_over,
    Move.REOPEN: _reopen,
    Move.REOPEN_OR_FOLLOW: _reopen,
    Move.FOLLOW: _stay,  # `must_follow` has opened the new ticket; the old one stays as it is
    Move.ASK_ONCE: _ask_once,
    Move.CLOSE: _close,
}


def to_work(ticket: Ticket, policy: Policy) -> tuple[Ticket, tuple[Arm, ...]]:
    """Back to its owner, else to its group, whose clock starts again."""
    group = policy.groups[ticket.group]
    back = replace(ticket, waiting_for=None, waiting_until=None)
    if ticket.owner is not None and ticket.owner in (*group.members, group.lead, group.fallback):
        return replace(back, state=State.IN_PROGRESS), ()
    assigned = replace(back, state=State.ASSIGNED, owner=None)
    return assigned, (unclaimed(assigned, group),)


def reopened(ticket: Ticket) -> Ticket:
    """A new round: a confirmation of the last one closes nothing any more."""
    return replace(ticket, cycle=ticket.cycle + 1, resolved_at=None, closed_at=None, asked_unclear=False)


def closed_ticket(ticket: Ticket, situation: Situation) -> Ticket:
    """The ticket, closed now."""
    resolved_at = ticket.resolved_at or situation.now
    closed = replace(ticket, state=State.CLOSED, waiting_for=None, waiting_until=None)
    return replace(closed, closed_at=situation.now, resolved_at=resolved_at)


def _with_facts(ticket: Ticket, text: str, policy: Policy) -> Ticket:
    """Answers to what was asked for fill the ticket's facts."""
    service = service_of(ticket, policy)
    if service is None or not ticket.missing:
        return ticket
    facts, _ = find_facts(Matter(subject="", text=text, language=ticket.language), service)
    found = {fact.name: fact.value for fact in facts if fact.name in ticket.missing}
    missing = tuple(name for name in ticket.missing if name not in found)
    return replace(ticket, facts={**ticket.facts, **found}, missing=missing)


def _told(
    step: Step, event: RequesterReplied, mail: Mail, situation: Situation, policy: Policy
) -> tuple[Outgoing, ...]:
    mails: list[Outgoing] = []
    for kind in step.tells:
        if kind in (OutgoingKind.CLOSED, OutgoingKind.REOPENED, OutgoingKind.CLARIFYING_QUESTION):
            mails += to_requester(kind, step.ticket, public_view(step.ticket, situation, event.evidence, policy))
        elif kind is OutgoingKind.HAND_OVER:
            mails += _handed_over(step.ticket, event, mail, situation, policy)
        else:
            mails += _to_group(kind, step, event, mail, situation, policy)
    return tuple(mails)


def _handed_over(
    ticket: Ticket, event: RequesterReplied, mail: Mail, situation: Situation, policy: Policy
) -> tuple[Outgoing, ...]:
    first = next((entry.text for entry in situation.entries if entry.side is Side.REQUESTER), "")
    words = f"{first}\n\n{event.text}" if first and event.text not in first else event.text
    with_it = travelling(mail, situation, policy)
    handed, _ = hand_over(
        ticket,
        situation,
        policy,
        author=(event.person.address, event.person.name),
        words=words,
        attachments=with_it.refs,
        left_behind=with_it.left_behind,
        note=NoteCode.FAQ_REJECTED if ticket.faq_entry else None,
    )
    return handed


def _to_group(
    kind: OutgoingKind, step: Step, event: RequesterReplied, mail: Mail, situation: Situation, policy: Policy
) -> tuple[Outgoing, ...]:
    with_it = travelling(mail, situation, policy)
    view = replace(
        internal_view(step.ticket, situation, policy),
        author=event.person.address,
        author_name=event.person.name,
        words=event.text,
        note=step.note if kind is OutgoingKind.NOTE_TO_GROUP else None,
        left_behind=with_it.left_behind,
    )
    group = policy.groups[step.ticket.group]
    return to_group(kind, group, view, owner=step.ticket.owner, cause=Cause.MAIL, attachments=with_it.refs)


def _entry(event: RequesterReplied, mail: Mail, situation: Situation, policy: Policy) -> Entry:
    return Entry(
        Side.REQUESTER,
        Visibility.PUBLIC,
        event.person.address,
        event.person.name,
        event.text,
        situation.now,
        attachments=travelling(mail, situation, policy).kept,
    )


def _joining(event: RequesterReplied, ticket: Ticket, situation: Situation) -> tuple[Participant, ...]:
    known = {ticket.requester, *(participant.address for participant in situation.participants)}
    if event.person.address in known or event.person.address in event.person.same_as:
        return ()
    joined = Joined.ACCEPTED if event.evidence.released_by else Joined.COLLEAGUE
    return (Participant(event.person.address, event.person.name, Side.REQUESTER, joined),)


def _follow(event: RequesterReplied, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """Too late to reopen: a new ticket that names the old one."""
    assert situation.ticket is not None
    request = RequestReceived(
        event.person,
        event.evidence,
        Origin.PERSON,
        event.text,
        follows=situation.ticket.number,
        reasons=(
            *event.reasons,
            Reason("a new ticket that follows", f"#{situation.ticket.number} is {situation.ticket.state}"),
        ),
    )
    return open_request(request, mail, situation, policy)
