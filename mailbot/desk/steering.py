"""What specialists do from their inbox: they reply, and the requester gets it; they steer with commands, and get a
receipt.
"""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.addressing import to_members, to_requester
from mailbot.desk.course import Course
from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Decision, Disposition, Outcome
from mailbot.desk.event import SpecialistCommanded, SpecialistReplied
from mailbot.desk.evidence import Sender
from mailbot.desk.opening import unclaimed
from mailbot.desk.orders import ORDERS
from mailbot.desk.outgoing import NoteCode, Outgoing, OutgoingKind, Receipt
from mailbot.desk.policy import Policy
from mailbot.desk.relay import Travelling, travelling
from mailbot.desk.remarks import HoldCode, RefusalCode, Remark
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import AttachmentRef, Entry, Joined, Participant, Side, State, Ticket, Visibility
from mailbot.desk.trust import action_of, allows
from mailbot.desk.views import internal_view, public_view
from mailbot.mail.model import Mail
from mailbot.triage.assessment import Priority, Reason


def hear_specialist(event: SpecialistReplied, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """The words go to the requester; the first answer takes the ticket."""
    assert situation.ticket is not None, "a specialist's reply belongs to a ticket"
    before = situation.ticket
    if before.state is State.CANCELLED:
        return _kept_inside(event, before, situation, policy, RefusalCode.TICKET_CANCELLED)
    if before.alert_key is not None:
        taken_over = _answered_by(event.specialist, before, situation)
        return _kept_inside(event, taken_over, situation, policy, RefusalCode.NOBODY_READS)
    ticket = replace(_answered_by(event.specialist, before, situation), changed_at=situation.now)
    taken = ticket.state is State.IN_PROGRESS and before.state is State.ASSIGNED
    travelling_with = travelling(mail, situation, policy)
    relay = _relay(OutgoingKind.RELAY_TO_REQUESTER, ticket, event, event.text, travelling_with, situation, policy, None)
    handed_back = ticket.state is State.ASSIGNED and before.state is not State.ASSIGNED
    return Decision(
        Disposition(Outcome.DONE, "specialist replied"),
        ticket=ticket,
        entries=(_entry(event, event.text, situation, Visibility.PUBLIC, "words", travelling_with.kept),),
        participants=(_participant(event),),
        outgoing=(*relay, *_taken(event, ticket, situation, policy, taken)),
        arms=(unclaimed(ticket, policy.groups[ticket.group]),) if handed_back else (),
        cancels=(DeadlineKind.UNCLAIMED, DeadlineKind.FAQ_VERDICT),
        reasons=event.reasons,
    )


def obey(event: SpecialistCommanded, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """The commands one after the other, a receipt, and the words below them to the requester if nothing was refused."""
    assert situation.ticket is not None, "a command belongs to a ticket"
    if event.broken:
        return _not_understood(event, situation, policy)
    course = Course(event, situation, policy, situation.ticket)
    for command in event.commands:
        verdict = allows(action_of(command), event.evidence, policy)
        if verdict.allowed:
            course = ORDERS[command.name](course, command)
        else:
            course = course.refuse(command, verdict.hold or Remark(HoldCode.NOT_A_SPECIALIST))
    course = _say_words(course, mail)
    changed = course.ticket if course.ticket == situation.ticket else replace(course.ticket, changed_at=situation.now)
    return Decision(
        Disposition(Outcome.DONE, "commands refused" if course.refused else "commands obeyed"),
        ticket=changed,
        entries=(*course.entries, _command_entry(course)),
        participants=(_participant(event),),
        outgoing=(*course.outgoing, *_receipt(course), *_shown_to_group(course)),
        arms=course.arms,
        cancels=course.cancels,
        cancel_mails=course.cancel_mails,
        releases=course.releases,
        reasons=(*event.reasons, *(Reason(line.line, str(line.remark)) for line in course.receipt)),
    )


def _say_words(course: Course, mail: Mail) -> Course:
    """The words below the commands: to the requester, or kept inside when a command was refused."""
    event, text = course.event, course.event.text.strip()
    if not text and not course.asks_to_confirm:
        return course
    if course.refused:
        inside = _entry(event, text, course.situation, Visibility.INTERNAL, "note")
        return replace(course, entries=(*course.entries, inside) if text else course.entries)
    travelling_with = travelling(mail, course.situation, course.policy)
    ticket = course.ticket
    kind = OutgoingKind.REQUEST_TO_CONFIRM if course.asks_to_confirm else OutgoingKind.RELAY_TO_REQUESTER
    if text:
        ticket = _answered_by(event.specialist, ticket, course.situation)
    relay = _relay(kind, ticket, event, text, travelling_with, course.situation, course.policy, course.relay_arms)
    said = _entry(event, text, course.situation, Visibility.PUBLIC, "words", travelling_with.kept)
    return replace(
        course,
        ticket=ticket,
        outgoing=(*course.outgoing, *relay),
        entries=(*course.entries, said) if text else course.entries,
        cancels=(*course.cancels, DeadlineKind.UNCLAIMED) if ticket.state is not State.ASSIGNED else course.cancels,
    )


def _answered_by(specialist: str, ticket: Ticket, situation: Situation) -> Ticket:
    """A first answer takes the ticket; one that waits, is resolved or closed stays so."""
    answered = replace(ticket, specialist_answered=True, first_response_at=ticket.first_response_at or situation.now)
    if ticket.state is State.ASSIGNED:
        return replace(answered, state=State.IN_PROGRESS, owner=specialist)
    if ticket.state is State.ANSWERED:  # a specialist disagrees with the FAQ: it belongs to the group now
        return replace(answered, state=State.ASSIGNED)
    return answered


def _relay(
    kind: OutgoingKind,
    ticket: Ticket,
    event: SpecialistReplied | SpecialistCommanded,
    text: str,
    travelling_with: Travelling,
    situation: Situation,
    policy: Policy,
    arms: Arm | None,
) -> tuple[Outgoing, ...]:
    shown = event.name if policy.groups[ticket.group].show_name else ""
    view = replace(
        public_view(ticket, situation, None, policy),
        words=text,
        specialist_name=shown,
        missing=(),
        left_behind=travelling_with.left_behind,
    )
    hold_seconds = 0 if ticket.priority is Priority.P1 else policy.delivery.hold_seconds
    return to_requester(
        kind,
        ticket,
        view,
        arms=arms,
        hold_seconds=hold_seconds,
        author=event.specialist,
        attachments=travelling_with.refs,
    )


def _taken(
    event: SpecialistReplied, ticket: Ticket, situation: Situation, policy: Policy, taken: bool
) -> tuple[Outgoing, ...]:
    """The others learn that somebody answers, so that nobody does it twice."""
    group = policy.groups[ticket.group]
    others = tuple(member for member in group.members if member != event.specialist)
    if not taken or not others:
        return ()
    view = replace(
        internal_view(ticket, situation, policy),
        note=NoteCode.TAKEN,
        author=event.specialist,
        author_name=event.name,
        words=event.text,
    )
    addresses = (group.list_address,) if group.list_address else others
    return to_members(OutgoingKind.NOTE_TO_GROUP, group, view, addresses)


def _receipt(course: Course) -> tuple[Outgoing, ...]:
    event = course.event
    view = replace(
        internal_view(course.ticket, course.situation, course.policy),
        receipt=course.receipt,
        detail="" if not (course.refused and event.text) else event.text,
    )
    group = course.policy.groups[course.ticket.group]
    return to_members(OutgoingKind.RECEIPT, group, view, (event.specialist,))


def _shown_to_group(course: Course) -> tuple[Outgoing, ...]:
    """Without authentication every command is reported to the group, so that a forgery is seen and can be undone."""
    event = course.event
    silent = all(command.name == "help" for command in event.commands)
    if event.evidence.sender is Sender.AUTHENTICATED or silent:
        return ()
    assert course.situation.ticket is not None
    group = course.policy.groups[course.situation.ticket.group]
    others = tuple(member for member in group.members if member != event.specialist)
    view = replace(
        internal_view(course.ticket, course.situation, course.policy),
        note=NoteCode.COMMAND_USED,
        receipt=course.receipt,
        author=event.specialist,
        author_name=event.name,
    )
    addresses = (group.list_address,) if group.list_address else others
    return to_members(OutgoingKind.NOTE_TO_GROUP, group, view, addresses)


def _not_understood(event: SpecialistCommanded, situation: Situation, policy: Policy) -> Decision:
    """All or nothing: one line was not understood, so nothing was done and nothing went out."""
    assert situation.ticket is not None
    ticket = situation.ticket
    receipt = tuple(
        Receipt(command.line, command.problem or Remark(RefusalCode.OTHER_LINE), done=False)
        for command in event.commands
    )
    view = replace(internal_view(ticket, situation, policy), receipt=receipt, detail=event.text)
    group = policy.groups[ticket.group]
    return Decision(
        Disposition(Outcome.DONE, "commands not understood"),
        ticket=ticket,
        entries=(_entry(event, _as_written(event), situation, Visibility.INTERNAL, "note"),),
        outgoing=to_members(OutgoingKind.RECEIPT, group, view, (event.specialist,)),
        reasons=tuple(Reason(line.line, str(line.remark)) for line in receipt),
    )


def _kept_inside(
    event: SpecialistReplied, ticket: Ticket, situation: Situation, policy: Policy, why: RefusalCode
) -> Decision:
    """Nobody is there to get the words: they are kept as a note, and the specialist is told."""
    line = Receipt("", Remark(why), done=False)
    view = replace(internal_view(ticket, situation, policy), receipt=(line,), detail=event.text)
    return Decision(
        Disposition(Outcome.DONE, "kept as a note"),
        ticket=ticket,
        entries=(_entry(event, event.text, situation, Visibility.INTERNAL, "note"),),
        outgoing=to_members(OutgoingKind.RECEIPT, policy.groups[ticket.group], view, (event.specialist,)),
        cancels=(DeadlineKind.UNCLAIMED,) if ticket.state is not State.ASSIGNED else (),
        reasons=(Reason("kept as a note", str(line.remark)),),
    )


def _command_entry(course: Course) -> Entry:
    lines = (f"{line.line}: {line.remark}" for line in course.receipt)
    return _entry(course.event, "\n".join(lines), course.situation, Visibility.INTERNAL, "command")


def _as_written(event: SpecialistCommanded) -> str:
    return "\n".join((*(command.line for command in event.commands), "", event.text)).strip()


def _entry(
    event: SpecialistReplied | SpecialistCommanded,
    text: str,
    situation: Situation,
    visibility: Visibility,
    what: str,
    attachments: tuple[AttachmentRef, ...] = (),
) -> Entry:
    return Entry(Side.GROUP, visibility, event.specialist, event.name, text, situation.now, what, attachments)


def _participant(event: SpecialistReplied | SpecialistCommanded) -> Participant:
    return Participant(event.specialist, event.name, Side.GROUP, Joined.SPECIALIST)
