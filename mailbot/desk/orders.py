"""What each specialist command does to a ticket; `commands.py` declares them, `steering.py` runs them one after the
other.

An order is a function (Course, Command) -> Course. One that cannot be obeyed is `refused` with the reason: it then
stands in the receipt, and the words below the commands stay inside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time

from mailbot.desk.addressing import to_group, to_requester
from mailbot.desk.commands import Command
from mailbot.desk.conversation import SILENCE_CLOCKS, reopened
from mailbot.desk.course import Course
from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.opening import hand_over
from mailbot.desk.outgoing import Cause, NoteCode, Outgoing, OutgoingKind
from mailbot.desk.remarks import RefusalCode, Remark, ResultCode
from mailbot.desk.service_levels import due_times
from mailbot.desk.ticket import Entry, Side, State, Visibility, WaitingFor, may_move
from mailbot.desk.views import internal_view, public_view
from mailbot.desk.waiting_mail import accept, reject, send, undo
from mailbot.triage.assessment import Kind, Priority


def _may_become(state: State, course: Course) -> bool:
    """A cancelled ticket may become anything again, but only by `#undo`."""
    return course.ticket.state is not State.CANCELLED and may_move(course.ticket.state, state)


def _resolve(course: Course, command: Command) -> Course:
    ticket, now = course.ticket, course.situation.now
    if not _may_become(State.RESOLVED, course) or ticket.state is State.RESOLVED:
        return course.refuse_in_state(command)
    resolved = replace(
        ticket,
        state=State.RESOLVED,
        owner=ticket.owner or course.event.specialist,
        cycle=ticket.cycle + 1,
        asked_unclear=False,
        waiting_for=None,
        waiting_until=None,
        resolved_at=now,
        first_response_at=ticket.first_response_at or now,
    )
    closing = Arm(DeadlineKind.AUTO_CLOSE, cycle=resolved.cycle, business=course.policy.levels.close_resolved_after)
    nobody_asked = ticket.alert_key is not None  # a machine confirms nothing: the clock starts at once
    return replace(
        course.done(command, ResultCode.RESOLVED_ALONE if nobody_asked else ResultCode.RESOLVED),
        ticket=resolved,
        arms=(*course.arms, closing) if nobody_asked else course.arms,
        cancels=(
            *course.cancels,
            *SILENCE_CLOCKS,
            DeadlineKind.UNCLAIMED,
            DeadlineKind.WAIT_OVER,
            DeadlineKind.APPROVAL,
        ),
        relay_arms=closing,
        asks_to_confirm=True,
    )


def _note(course: Course, command: Command) -> Course:
    event = course.event
    note = Entry(
        Side.GROUP, Visibility.INTERNAL, event.specialist, event.name, command.argument, course.situation.now, "note"
    )
    return replace(course.done(command, ResultCode.NOTE_KEPT), entries=(*course.entries, note))


def _assign(course: Course, command: Command) -> Course:
    if not _may_become(State.ASSIGNED, course):
        return course.refuse_in_state(command)
    return _assign_person(course, command) if "@" in command.argument else _assign_group(course, command)


def _assign_group(course: Course, command: Command) -> Course:
    ticket = replace(
        course.ticket, state=State.ASSIGNED, group=command.argument, owner=None, waiting_for=None, waiting_until=None
    )
    ticket = reopened(ticket) if course.ticket.state in (State.RESOLVED, State.CLOSED) else ticket
    said = (entry for entry in course.situation.entries if entry.visibility is Visibility.PUBLIC)
    words = "\n\n".join(entry.text for entry in said)
    handed, arms = hand_over(
        ticket,
        course.situation,
        course.policy,
        author=(ticket.requester, ticket.requester_name),
        words=words,
        cause=Cause.SPECIALIST,
    )
    label = course.policy.groups[ticket.group].label
    return replace(
        course.done(command, ResultCode.HANDED_OVER, label),
        ticket=ticket,
        outgoing=(*course.outgoing, *handed),
        arms=(*course.arms, *arms),
        cancels=(
            *course.cancels,
            DeadlineKind.UNCLAIMED,
            *SILENCE_CLOCKS,
            DeadlineKind.WAIT_OVER,
            DeadlineKind.APPROVAL,
        ),
    )


def _assign_person(course: Course, command: Command) -> Course:
    address = command.argument
    groups = course.policy.group_of_member(address)
    if not groups:
        return course.refuse(command, Remark(RefusalCode.IN_NO_GROUP, address))
    group = next((group for group in groups if group.name == course.ticket.group), groups[0])
    return _own(replace(course, ticket=replace(course.ticket, group=group.name)), command, address)


def _claim(course: Course, command: Command) -> Course:
    if course.ticket.state not in (State.ASSIGNED, State.IN_PROGRESS, State.WAITING, State.RESOLVED):
        return course.refuse_in_state(command)
    return _own(course, command, course.event.specialist)


def _own(course: Course, command: Command, owner: str) -> Course:
    """A person has it now, and the group is told."""
    before = course.ticket
    working = before.state if before.state in (State.WAITING, State.RESOLVED) else State.IN_PROGRESS
    ticket = replace(before, state=working, owner=owner)
    group = course.policy.groups[ticket.group]
    view = replace(
        internal_view(ticket, course.situation, course.policy),
        note=NoteCode.TAKEN,
        author=owner,
        author_name=_name_of(owner, course),
    )
    others = tuple(member for member in group.members if member not in (owner, course.event.specialist))
    told: tuple[Outgoing, ...] = ()
    if group.list_address or others:
        told = to_group(OutgoingKind.NOTE_TO_GROUP, group, view, cause=Cause.SPECIALIST)
    cancels = (*course.cancels, DeadlineKind.UNCLAIMED)
    return replace(
        course.done(command, ResultCode.OWNED, _name_of(owner, course) or owner),
        ticket=ticket,
        outgoing=(*course.outgoing, *told),
        cancels=cancels,
    )


def _name_of(address: str, course: Course) -> str:
    if address == course.event.specialist:
        return course.event.name
    person = course.policy.people.get(address)
    return person.name if person else ""


def _priority(course: Course, command: Command) -> Course:
    priority = Priority(command.argument)
    response, resolution = due_times(priority, course.ticket.opened_at, course.policy.levels)
    ticket = replace(course.ticket, priority=priority, response_due_at=response, resolution_due_at=resolution)
    change = f"{course.ticket.priority} → {priority}"
    return replace(course.done(command, ResultCode.PRIORITY_CHANGED, change), ticket=ticket)


def _wait(course: Course, command: Command) -> Course:
    if not _may_become(State.WAITING, course):
        return course.refuse_in_state(command)
    waiting_for, until, clock = _waiting(course, command.argument)
    if waiting_for is WaitingFor.REQUESTER and course.ticket.alert_key is not None:
        return course.refuse(command, Remark(RefusalCode.NOBODY_READS))
    ticket = replace(
        course.ticket,
        state=State.WAITING,
        waiting_for=waiting_for,
        waiting_until=until,
        owner=course.ticket.owner or course.event.specialist,
    )
    words_follow = waiting_for is WaitingFor.REQUESTER and bool(course.event.text.strip())
    return replace(
        course.done(command, *_waits(waiting_for, until)),
        ticket=ticket,
        arms=course.arms if words_follow else (*course.arms, clock),
        cancels=(
            *course.cancels,
            DeadlineKind.UNCLAIMED,
            DeadlineKind.REMINDER,
            DeadlineKind.WAIT_OVER,
            DeadlineKind.APPROVAL,
        ),
        relay_arms=clock if words_follow else course.relay_arms,
    )


def _waiting(course: Course, argument: str) -> tuple[WaitingFor, datetime | None, Arm]:
    """For whom, until when, and the clock that ends it."""
    levels, cycle = course.policy.levels, course.ticket.version
    if argument == WaitingFor.REQUESTER:
        return WaitingFor.REQUESTER, None, Arm(DeadlineKind.REMINDER, cycle=cycle, business=levels.remind_after)
    if argument == WaitingFor.APPROVAL:
        return WaitingFor.APPROVAL, None, Arm(DeadlineKind.APPROVAL, cycle=cycle, business=levels.approval_after)
    if argument == WaitingFor.VENDOR:
        clock = Arm(DeadlineKind.WAIT_OVER, cycle=cycle, business=levels.remind_after * levels.reminders)
        return WaitingFor.VENDOR, None, clock
    morning = datetime.combine(date.fromisoformat(argument), time(7), tzinfo=UTC)
    return WaitingFor.DATE, morning, Arm(DeadlineKind.WAIT_OVER, cycle=cycle, due_at=morning)


def _waits(waiting_for: WaitingFor, until: datetime | None) -> tuple[ResultCode, str]:
    if until:
        return ResultCode.WAITS_UNTIL, f"{until:%Y-%m-%d}"
    return ResultCode.WAITS_FOR, waiting_for.value


def _incident(course: Course, command: Command) -> Course:
    return replace(
        course.done(command, ResultCode.IS_INCIDENT), ticket=replace(course.ticket, kind=Kind.INCIDENT, question=False)
    )


def _request(course: Course, command: Command) -> Course:
    return replace(course.done(command, ResultCode.IS_REQUEST), ticket=replace(course.ticket, kind=Kind.REQUEST))


def _reopen(course: Course, command: Command) -> Course:
    if course.ticket.state not in (State.RESOLVED, State.CLOSED):
        return course.refuse_in_state(command)
    ticket = replace(reopened(course.ticket), state=State.IN_PROGRESS, owner=course.event.specialist)
    view = public_view(ticket, course.situation, None, course.policy)
    told = to_requester(OutgoingKind.REOPENED, ticket, view, cause=Cause.SPECIALIST)
    return replace(
        course.done(command, ResultCode.REOPENED),
        ticket=ticket,
        outgoing=(*course.outgoing, *told),
        cancels=(*course.cancels, *SILENCE_CLOCKS),
    )


def _help(course: Course, command: Command) -> Course:
    return course.done(command, ResultCode.HELP_FOLLOWS)  # the receipt shows the list


ORDERS: Mapping[str, Callable[[Course, Command], Course]] = {
    "resolve": _resolve,
    "note": _note,
    "assign": _assign,
    "claim": _claim,
    "priority": _priority,
    "wait": _wait,
    "incident": _incident,
    "request": _request,
    "reopen": _reopen,
    "undo": undo,
    "send": send,
    "accept": accept,
    "reject": reject,
    "help": _help,
}
