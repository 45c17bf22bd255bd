"""When mail goes wrong: it did not arrive, a list refused it, a machine answered, or a person must look before it
goes on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailbot.desk.addressing import to_admins, to_group, to_members
from mailbot.desk.conversation import SILENCE_CLOCKS, must_follow, take
from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Decision, Disposition, Mute, Outcome
from mailbot.desk.event import AutomaticMail, HandOverRefused, Held, MailUndelivered, Meaning
from mailbot.desk.meaning import TABLE, Move
from mailbot.desk.opening import hand_over
from mailbot.desk.outgoing import DECLARED, Cause, InternalView, NoteCode, Outgoing, OutgoingKind
from mailbot.desk.policy import Group, Policy
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Entry, Side, Ticket, Visibility
from mailbot.desk.views import internal_view
from mailbot.mail.model import Mail
from mailbot.triage.assessment import Reason

BAD_ADDRESS = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")  # RFC 3463: the address itself is bad


def hear_bounce(event: MailUndelivered, situation: Situation, policy: Policy) -> Decision:
    """One of our mails did not arrive: whoever relied on it is told, and no ticket closes because of it."""
    ticket = situation.ticket
    words = f"{event.recipient}: {event.status} {event.reason}".rstrip()
    what = Reason("undelivered", f"{event.kind} to {words}")
    done = Disposition(Outcome.DONE, "mail undelivered")
    if ticket is None:
        return Decision(done, outgoing=_tell_admins(event, None, policy), reasons=(what,))
    entry = _event_entry(words, situation, "bounce")
    if not event.permanent:
        return Decision(replace(done, reason="mail delayed"), ticket=ticket, entries=(entry,), reasons=(what,))
    if DECLARED[OutgoingKind(event.kind)].side is not Side.REQUESTER:
        return _group_not_reached(event, ticket, entry, situation, policy).because(what)
    return _requester_not_reached(event, ticket, entry, situation, policy).because(what)


def _requester_not_reached(
    event: MailUndelivered, ticket: Ticket, entry: Entry, situation: Situation, policy: Policy
) -> Decision:
    cell = TABLE[ticket.state][Meaning.BOUNCE]
    assert not must_follow(cell.move, ticket, situation, policy), "a bounce opens no ticket"
    step = take(cell, ticket, situation, policy, Meaning.BOUNCE)
    outgoing: tuple[Outgoing, ...] = ()
    if cell.move is Move.HAND_OVER:
        words = "\n\n".join(said.text for said in situation.entries if said.side is Side.REQUESTER)
        author = (ticket.requester, ticket.requester_name)
        outgoing, _ = hand_over(step.ticket, situation, policy, author=author, words=words, note=NoteCode.UNREACHABLE)
    elif step.tells:
        outgoing = _unreachable(event, step.ticket, entry.text, situation, policy)
    return Decision(
        Disposition(Outcome.DONE, "mail undelivered"),
        ticket=replace(step.ticket, changed_at=situation.now),
        entries=(entry,),
        outgoing=outgoing,
        arms=step.arms,
        cancels=(*step.cancels, *SILENCE_CLOCKS),
        mute=_mute(event, situation, policy),
    )


def _mute(event: MailUndelivered, situation: Situation, policy: Policy) -> Mute | None:
    """A verified hard bounce: no automatic mail to this address for a while (gate rule A16)."""
    if event.status not in BAD_ADDRESS:
        return None
    return Mute(event.recipient, situation.now + timedelta(days=policy.limits.mute_days), event.status)


def _group_not_reached(
    event: MailUndelivered, ticket: Ticket, entry: Entry, situation: Situation, policy: Policy
) -> Decision:
    """What a group must read goes to its members, then to its fallback; admins learn of it in any case."""
    kind = OutgoingKind(event.kind)
    group = policy.groups[ticket.group]
    again: tuple[Outgoing, ...] = ()
    if kind in (OutgoingKind.HAND_OVER, OutgoingKind.RELAY_TO_GROUP):
        again = _hand_over_to(_next_addresses(event.recipient, group), group, ticket, situation, policy)
    return Decision(
        Disposition(Outcome.DONE, "mail undelivered"),
        ticket=ticket,
        entries=(entry,),
        outgoing=(*again, *_tell_admins(event, ticket.number, policy)),
    )


def _next_addresses(failed: str, group: Group) -> tuple[str, ...]:
    if failed == group.fallback:
        return ()
    return group.members if failed == group.list_address and group.members else (group.fallback,)


def _hand_over_to(
    addresses: tuple[str, ...], group: Group, ticket: Ticket, situation: Situation, policy: Policy
) -> tuple[Outgoing, ...]:
    words = "\n\n".join(entry.text for entry in situation.entries if entry.side is Side.REQUESTER)
    view = replace(
        internal_view(ticket, situation, policy),
        author=ticket.requester,
        author_name=ticket.requester_name,
        words=words,
        note=NoteCode.HAND_OVER_REFUSED,
    )
    return to_members(OutgoingKind.HAND_OVER, group, view, addresses, cause=Cause.MAIL)


def repeat_hand_over(
    addresses: tuple[str, ...], ticket: Ticket, situation: Situation, policy: Policy, view: InternalView
) -> tuple[Outgoing, ...]:
    """The hand-over once more, to these addresses."""
    return to_members(OutgoingKind.HAND_OVER, policy.groups[ticket.group], view, addresses, cause=Cause.CLOCK)


def hear_refusal(event: HandOverRefused, situation: Situation, policy: Policy) -> Decision:
    """The list software denied or holds our post: the members get it directly, and admins must let the desk post."""
    ticket = situation.ticket
    what = Reason("hand-over refused", f"{event.group}: {event.reason}")
    alert = to_admins(
        NoteCode.HAND_OVER_REFUSED,
        what.because,
        policy,
        ticket=ticket.number if ticket else None,
    )
    done = Disposition(Outcome.DONE, "hand-over refused")
    if ticket is None:
        return Decision(done, outgoing=alert, reasons=(what,))
    group = policy.groups[ticket.group]
    again = _hand_over_to(group.members or (group.fallback,), group, ticket, situation, policy)
    entry = _event_entry(what.because, situation, "bounce")
    return Decision(done, ticket=ticket, entries=(entry,), outgoing=(*again, *alert), reasons=(what,))


def hear_machine(event: AutomaticMail, situation: Situation) -> Decision:
    """An absence note or a receipt on a ticket: kept, and nothing moves."""
    done = Disposition(Outcome.DONE, f"automatic: {event.mail_class}")
    if situation.ticket is None:
        return Decision(replace(done, outcome=Outcome.IGNORED))
    text = ": ".join(filter(None, (event.sender, event.text)))
    return Decision(done, ticket=situation.ticket, entries=(_event_entry(text, situation, "automatic"),))


def hold(event: Held, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """A person must say go: the one who can is asked at once, and the clock watches that they do."""
    held = Disposition(Outcome.HELD, str(event.reason))
    reason = Reason("held", str(event.reason))
    ticket = situation.ticket
    if ticket is None or not event.ask:
        alert = to_admins(
            NoteCode.HELD_MAIL,
            mail.sender.address,
            policy,
            ticket=ticket.number if ticket else None,
            inbox_row=situation.inbox_id,
            remedy=f"mailbot inbox show {situation.inbox_id}",
            why=event.reason,
        )
        return Decision(held, outgoing=alert, reasons=(reason,))
    arm = Arm(DeadlineKind.HELD_MAIL, cycle=situation.inbox_id or 0, business=policy.levels.held_after)
    question = _question(event, mail, ticket, situation, policy)
    return Decision(held, ticket=ticket, outgoing=question, arms=(arm,), reasons=(reason,))


def _question(event: Held, mail: Mail, ticket: Ticket, situation: Situation, policy: Policy) -> tuple[Outgoing, ...]:
    group = policy.groups[ticket.group]
    view = replace(
        internal_view(ticket, situation, policy),
        author=mail.sender.address,
        author_name=mail.sender.name,
        words=event.preview,
        note=event.note,
        why=event.reason,
        held_row=situation.inbox_id,
    )
    kind = OutgoingKind.QUESTION_TO_SPECIALIST
    if "@" in event.ask:
        return to_members(kind, group, view, (event.ask,))
    return to_group(kind, group, view, owner=ticket.owner)


def _unreachable(
    event: MailUndelivered, ticket: Ticket, detail: str, situation: Situation, policy: Policy
) -> tuple[Outgoing, ...]:
    view = replace(
        internal_view(ticket, situation, policy),
        note=NoteCode.UNREACHABLE,
        undelivered=OutgoingKind(event.kind),
        detail=detail,
    )
    return to_group(OutgoingKind.NOTE_TO_GROUP, policy.groups[ticket.group], view, owner=ticket.owner)


def _tell_admins(event: MailUndelivered, ticket: int | None, policy: Policy) -> tuple[Outgoing, ...]:
    """Admins learn of it, unless it was the alert to them that failed: that shows in `mailbot status`."""
    if event.kind == OutgoingKind.ALERT_TO_ADMINS:
        return ()
    detail = f"{event.kind}, {event.recipient}: {event.status} {event.reason}".strip()
    remedy = f"mailbot outbox show {event.outbox_id}"
    return to_admins(NoteCode.UNDELIVERED, detail, policy, ticket=ticket, remedy=remedy)


def _event_entry(text: str, situation: Situation, what: str) -> Entry:
    return Entry(Side.DESK, Visibility.INTERNAL, "", "", text, situation.now, what)
