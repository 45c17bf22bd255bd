"""What the clock does when nobody did anything first: each kind of deadline has one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from mailbot.desk.addressing import to_admins, to_group, to_members, to_requester
from mailbot.desk.conversation import closed_ticket, to_work
from mailbot.desk.deadline import ENDING_WITH_THE_TICKET, Arm, Deadline, DeadlineKind
from mailbot.desk.decision import Decision, Disposition, Outcome
from mailbot.desk.event import DeadlinePassed
from mailbot.desk.opening import hand_over, unclaimed
from mailbot.desk.outgoing import Cause, NoteCode, Outgoing, OutgoingKind
from mailbot.desk.policy import Policy
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Side, State, Ticket, Visibility, WaitingFor
from mailbot.desk.views import internal_view, public_view
from mailbot.triage.assessment import Reason

_DONE = Disposition(Outcome.DONE, "deadline")


def pass_deadline(event: DeadlinePassed, situation: Situation, policy: Policy) -> Decision:
    """What happens now; a deadline whose ticket has moved on does nothing."""
    ticket = situation.ticket
    deadline = event.deadline
    passed = Reason(f"{deadline.kind} passed", f"step {deadline.step}, due {deadline.due_at:%Y-%m-%d %H:%M}")
    if ticket is None:
        return Decision(_DONE, reasons=(passed, Reason("nothing", "the ticket is gone")))
    decision = _PASSED[deadline.kind](deadline, ticket, situation, policy)
    if decision is None:
        return Decision(_DONE, reasons=(passed, Reason("nothing", f"the ticket is {ticket.state}")))
    return decision.because(passed)


def _unclaimed(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    """Nobody took it: to the members, then to the fallback, then to the admins, ever more rarely but never no more."""
    if ticket.state is not State.ASSIGNED or ticket.number != deadline.ticket:
        return None
    group = policy.groups[ticket.group]
    outgoing: tuple[Outgoing, ...]
    if deadline.step == 0:
        outgoing = _hand_over_again(group.members or (group.fallback,), ticket, situation, policy)
    elif deadline.step == 1:
        outgoing = _hand_over_again((group.fallback,), ticket, situation, policy)
    else:
        detail = f"{ticket.priority}, {group.name}"
        remedy = f"mailbot tickets show {ticket.number}"
        outgoing = to_admins(NoteCode.UNCLAIMED, detail, policy, ticket=ticket.number, remedy=remedy)
    again = unclaimed(ticket, group, deadline.step + 1, deadline.cycle)
    return Decision(_DONE, ticket=ticket, outgoing=outgoing, arms=(again,))


def _hand_over_again(
    addresses: tuple[str, ...], ticket: Ticket, situation: Situation, policy: Policy
) -> tuple[Outgoing, ...]:
    words = "\n\n".join(entry.text for entry in situation.entries if entry.side is Side.REQUESTER)
    view = replace(
        internal_view(ticket, situation, policy),
        author=ticket.requester,
        author_name=ticket.requester_name,
        words=words,
        note=NoteCode.UNCLAIMED,
    )
    return to_members(OutgoingKind.HAND_OVER, policy.groups[ticket.group], view, addresses, cause=Cause.CLOCK)


def _reminder(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    if ticket.state is not State.WAITING or ticket.waiting_for is not WaitingFor.REQUESTER:
        return None
    if deadline.step >= policy.levels.reminders:
        return _back_to_work(ticket, NoteCode.REMINDERS_UNANSWERED, situation, policy)
    number = deadline.step + 1
    view = replace(public_view(ticket, situation, None, policy), step=number, words=_last_words(situation))
    next_one = Arm(DeadlineKind.REMINDER, number, deadline.cycle, policy.levels.remind_after)
    reminder = to_requester(OutgoingKind.REMINDER, ticket, view, cause=Cause.CLOCK, arms=next_one)
    return Decision(_DONE, ticket=ticket, outgoing=reminder)


def _last_words(situation: Situation) -> str:
    """What the specialist last wrote to the requester, as far as it left (`#undo` may have stopped it): the reminder
    says again what is waited for.
    """
    left = [" ".join(text.split()) for text in situation.sent_texts]
    said = (
        entry.text
        for entry in reversed(situation.entries)
        if entry.side is Side.GROUP and entry.visibility is Visibility.PUBLIC
    )
    return next((words for words in said if any(" ".join(words.split()) in text for text in left)), "")


def _faq_verdict(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    if ticket.state is not State.ANSWERED or deadline.cycle != ticket.cycle:
        return None
    if policy.levels.silence_resolves:
        return _resolve_by_silence(ticket, situation, policy)
    assigned = replace(ticket, state=State.ASSIGNED, changed_at=situation.now)
    words = "\n\n".join(entry.text for entry in situation.entries if entry.side is Side.REQUESTER)
    handed, arms = hand_over(
        assigned,
        situation,
        policy,
        author=(ticket.requester, ticket.requester_name),
        words=words,
        cause=Cause.CLOCK,
        note=NoteCode.FAQ_SILENCE,
    )
    return Decision(_DONE, ticket=assigned, outgoing=handed, arms=arms)


def _resolve_by_silence(ticket: Ticket, situation: Situation, policy: Policy) -> Decision:
    resolved = replace(
        ticket, state=State.RESOLVED, cycle=ticket.cycle + 1, resolved_at=situation.now, changed_at=situation.now
    )
    closing = Arm(DeadlineKind.AUTO_CLOSE, cycle=resolved.cycle, business=policy.levels.close_resolved_after)
    view = public_view(resolved, situation, None, policy)
    asked = to_requester(OutgoingKind.REQUEST_TO_CONFIRM, resolved, view, cause=Cause.CLOCK, arms=closing)
    return Decision(_DONE, ticket=resolved, outgoing=asked)


def _auto_close(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    if ticket.state is not State.RESOLVED or deadline.cycle != ticket.cycle:
        return None
    closed = replace(closed_ticket(ticket, situation), changed_at=situation.now)
    view = public_view(closed, situation, None, policy)
    told = to_requester(OutgoingKind.CLOSED, closed, view, cause=Cause.CLOCK)
    note = _note(NoteCode.CLOSED_BY_SILENCE, closed, situation, policy)
    return Decision(_DONE, ticket=closed, outgoing=(*told, *note), cancels=ENDING_WITH_THE_TICKET)


def _wait_over(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    if ticket.state is not State.WAITING or ticket.waiting_for is WaitingFor.REQUESTER:
        return None
    return _back_to_work(ticket, NoteCode.WAIT_OVER, situation, policy)


def _approval(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    if ticket.state is not State.WAITING or ticket.waiting_for is not WaitingFor.APPROVAL:
        return None
    return _back_to_work(ticket, NoteCode.NO_APPROVAL, situation, policy)


def _held_mail(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    """`cycle` of this kind is the inbox row."""
    held = next((mail for mail in situation.held if mail.id == deadline.cycle), None)
    if held is None:
        return None
    remedy = f"mailbot inbox show {deadline.cycle}"
    alert = to_admins(
        NoteCode.HELD_MAIL, held.sender, policy, ticket=ticket.number, inbox_row=deadline.cycle, remedy=remedy
    )
    again = Arm(DeadlineKind.HELD_MAIL, deadline.step + 1, deadline.cycle, policy.levels.held_after * 2)
    return Decision(_DONE, ticket=ticket, outgoing=alert, arms=(again,))


def _target(deadline: Deadline, ticket: Ticket, situation: Situation, policy: Policy) -> Decision | None:
    """Escalations come with service levels; nothing arms these deadlines yet."""
    return None


def _back_to_work(ticket: Ticket, note: NoteCode, situation: Situation, policy: Policy) -> Decision:
    back, arms = to_work(ticket, policy)
    back = replace(back, changed_at=situation.now)
    return Decision(_DONE, ticket=back, outgoing=_note(note, back, situation, policy), arms=arms)


def _note(note: NoteCode, ticket: Ticket, situation: Situation, policy: Policy) -> tuple[Outgoing, ...]:
    view = replace(internal_view(ticket, situation, policy), note=note)
    group = policy.groups[ticket.group]
    return to_group(OutgoingKind.NOTE_TO_GROUP, group, view, owner=ticket.owner, cause=Cause.CLOCK)


_PASSED: Mapping[DeadlineKind, Callable[[Deadline, Ticket, Situation, Policy], Decision | None]] = {
    DeadlineKind.UNCLAIMED: _unclaimed,
    DeadlineKind.REMINDER: _reminder,
    DeadlineKind.FAQ_VERDICT: _faq_verdict,
    DeadlineKind.AUTO_CLOSE: _auto_close,
    DeadlineKind.WAIT_OVER: _wait_over,
    DeadlineKind.APPROVAL: _approval,
    DeadlineKind.HELD_MAIL: _held_mail,
    DeadlineKind.RESPONSE: _target,
    DeadlineKind.RESOLUTION: _target,
}
