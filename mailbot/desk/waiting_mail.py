"""Orders about mail that waits: `#undo` stops what has not left, `#send`, `#accept`, `#reject` settle what is held."""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.commands import Command
from mailbot.desk.conversation import reopened
from mailbot.desk.course import Course
from mailbot.desk.decision import Release
from mailbot.desk.opening import unclaimed
from mailbot.desk.ticket import State


def undo(course: Course, command: Command) -> Course:
    """Stops mail that has not left yet, one's own before a colleague's; else restores a ticket that was cancelled.

    A colleague's too, because that is how a forged command is taken back (decisions.md, "Evidence and rights").
    """
    relays = tuple(mail for mail in course.situation.pending if mail.author)
    mine = tuple(mail.id for mail in relays if mail.author == course.event.specialist)
    stopped = mine or tuple(mail.id for mail in relays)
    if stopped:
        ticket = course.ticket
        if ticket.state is State.RESOLVED:  # the request to confirm was stopped with it
            ticket = replace(reopened(ticket), state=State.IN_PROGRESS, owner=ticket.owner or course.event.specialist)
        return replace(
            course.done(command, "the mail to the requester was stopped"),
            ticket=ticket,
            cancel_mails=(*course.cancel_mails, *stopped),
        )
    if course.ticket.state is State.CANCELLED and course.ticket.former_state is not None:
        return _restore(course, command, course.ticket.former_state)
    return course.refuse(
        command, "nothing waits to leave, so nothing can be undone; #reopen takes up a resolved ticket"
    )


def _restore(course: Course, command: Command, state: State) -> Course:
    owner = course.ticket.owner
    if state is State.IN_PROGRESS:
        owner = owner or course.event.specialist
    ticket = replace(course.ticket, state=state, owner=owner, former_state=None, cancel_reason=None, merged_into=None)
    clock = (unclaimed(ticket, course.policy.groups[ticket.group]),) if state is State.ASSIGNED else ()
    restored = course.done(command, f"the ticket is {state} again")
    return replace(restored, ticket=ticket, arms=(*course.arms, *clock))


def send(course: Course, command: Command) -> Course:
    """The held reply goes out as it was shown."""
    return _release(course, command, discard=False, result="goes to the requester as it was shown")


def accept(course: Course, command: Command) -> Course:
    """The held mail of an unknown colleague joins the ticket."""
    return _release(course, command, discard=False, result="joins the ticket")


def reject(course: Course, command: Command) -> Course:
    """The held mail is dismissed."""
    return _release(course, command, discard=True, result="was dismissed")


def _release(course: Course, command: Command, *, discard: bool, result: str) -> Course:
    held = {mail.id: mail for mail in reversed(course.situation.held)}  # newest last
    row = int(command.argument) if command.argument else next(reversed(held), None)
    if row is None or row not in held:
        return course.refuse(command, "no such mail is held on this ticket")
    release = Release(row, course.event.specialist, discard)
    return replace(course.done(command, f"mail {row} {result}"), releases=(*course.releases, release))
