"""Orders about mail that waits: `#undo` stops what has not left, `#send`, `#accept`, `#reject` settle what is held."""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.clues import addresses_of, in_group
from mailbot.desk.commands import Command
from mailbot.desk.conversation import reopened
from mailbot.desk.course import Course
from mailbot.desk.deadline import DeadlineKind
from mailbot.desk.decision import Release
from mailbot.desk.opening import unclaimed
from mailbot.desk.remarks import RefusalCode, Remark, ResultCode
from mailbot.desk.situation import HeldMail
from mailbot.desk.ticket import State, Ticket, WaitingFor
from mailbot.mail.model import ascii_fold


def undo(course: Course, command: Command) -> Course:
    """Stops mail that has not left yet, one's own before a colleague's; else restores a ticket that was cancelled.

    A colleague's too, because that is how a forged command is taken back (decisions.md, "Evidence and rights").
    """
    relays = tuple(mail for mail in course.situation.pending if mail.author)
    mine = tuple(mail.id for mail in relays if mail.author == course.event.specialist)
    stopped = mine or tuple(mail.id for mail in relays)
    if stopped:
        return replace(
            course.done(command, ResultCode.MAIL_STOPPED),
            ticket=_without_question(course),
            cancels=(*course.cancels, DeadlineKind.REMINDER),
            cancel_mails=(*course.cancel_mails, *stopped),
        )
    if course.ticket.state is State.CANCELLED and course.ticket.former_state is not None:
        return _restore(course, command, course.ticket.former_state)
    return course.refuse(command, Remark(RefusalCode.NOTHING_TO_UNDO))


def _without_question(course: Course) -> Ticket:
    """The ticket when the mail was stopped that asked the requester to confirm or to answer: nobody waits for that."""
    ticket = course.ticket
    owner = ticket.owner or course.event.specialist
    if ticket.state is State.RESOLVED:
        return replace(reopened(ticket), state=State.IN_PROGRESS, owner=owner)
    if ticket.state is State.WAITING and ticket.waiting_for is WaitingFor.REQUESTER:
        return replace(ticket, state=State.IN_PROGRESS, owner=owner, waiting_for=None)
    return ticket


def _restore(course: Course, command: Command, state: State) -> Course:
    owner = course.ticket.owner
    if state is State.IN_PROGRESS:
        owner = owner or course.event.specialist
    ticket = replace(course.ticket, state=state, owner=owner, former_state=None, cancel_reason=None, merged_into=None)
    clock = (unclaimed(ticket, course.policy.groups[ticket.group]),) if state is State.ASSIGNED else ()
    restored = course.done(command, ResultCode.RESTORED, state.value)
    return replace(restored, ticket=ticket, arms=(*course.arms, *clock))


def send(course: Course, command: Command) -> Course:
    """The held reply goes out as it was shown."""
    held = _find(course, command)
    if held is not None and not _is_specialist(held.sender, course):
        return course.refuse(command, Remark(RefusalCode.NEEDS_ACCEPT, held.sender))
    return _release(course, command, discard=False, result=ResultCode.HELD_SENT)


def accept(course: Course, command: Command) -> Course:
    """The held mail of an unknown colleague joins the ticket."""
    return _release(course, command, discard=False, result=ResultCode.HELD_ACCEPTED)


def reject(course: Course, command: Command) -> Course:
    """The held mail is dismissed."""
    return _release(course, command, discard=True, result=ResultCode.HELD_REJECTED)


def _find(course: Course, command: Command) -> HeldMail | None:
    """The held mail of that row, or the newest."""
    wanted = (mail for mail in course.situation.held if not command.argument or mail.id == int(command.argument))
    return next(wanted, None)


def _is_specialist(sender: str, course: Course) -> bool:
    return in_group(addresses_of(ascii_fold(sender), course.policy), course.ticket.group, course.policy)


def _release(course: Course, command: Command, *, discard: bool, result: ResultCode) -> Course:
    held = _find(course, command)
    if held is None:
        return course.refuse(command, Remark(RefusalCode.NOT_HELD))
    release = Release(held.id, course.event.specialist, discard)
    return replace(course.done(command, result, str(held.id)), releases=(*course.releases, release))
