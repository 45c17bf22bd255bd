"""One ticket as people read it: what it is, what was said, what left, what is due, and why."""

from __future__ import annotations

from mailbot.cli.console import Console, as_text
from mailbot.desk.ticket import Entry, Visibility
from mailbot.store.rows import TicketHistory


def tell_history(history: TicketHistory, console: Console, *, why: bool = False) -> None:
    """The whole ticket, oldest entry first."""
    ticket = history.ticket
    console.say(f"#{ticket.number} {ticket.subject}", "bold")
    person = history.requester
    details = f", {person.phone}" if person and person.phone else ""
    console.say(f"  {ticket.kind.value} of {ticket.requester_name or ticket.requester} <{ticket.requester}>{details}")
    console.say(
        f"  {ticket.priority.value} (impact {ticket.impact.value}, urgency {ticket.urgency.value}), "
        f"service {ticket.service or '-'}"
    )
    waiting = f" for {as_text(ticket.waiting_for)}" if ticket.waiting_for else ""
    console.say(f"  {ticket.state.value}{waiting}, group {ticket.group}, owner {ticket.owner or '-'}")
    console.say(f"  response due {as_text(ticket.response_due_at)}, resolution due {as_text(ticket.resolution_due_at)}")
    for name, value in ticket.facts.items():
        console.say(f"  {name}: {value}")
    for entry in history.entries:
        _tell_entry(entry, console)
    _tell_queues(history, console)
    if why:
        for decision in history.decisions:
            console.say(f"  {as_text(decision.at)} {decision.event} -> {decision.disposition}", "bold")
            for reason in decision.reasons:
                console.say(f"      {reason.what}: {reason.because}", "dim")


def _tell_entry(entry: Entry, console: Console) -> None:
    internal = entry.visibility is Visibility.INTERNAL
    who = entry.author_name or entry.author or "mailbot"
    mark = f" [{entry.what}, internal]" if internal else ""
    console.say("")
    console.say(f"  {as_text(entry.at)} {who} ({entry.side.value}){mark}", "yellow" if internal else "cyan")
    for line in entry.text.splitlines():
        console.say(f"    {line}")
    for attachment in entry.attachments:
        console.say(f"    + {attachment.name} ({attachment.size_bytes} bytes)", "dim")


def _tell_queues(history: TicketHistory, console: Console) -> None:
    if history.mails_in or history.mails_out:
        console.say("")
    for came in history.mails_in:
        console.say(f"  in   {as_text(came.received_at)} row {came.id} {came.state.value}: {came.reason}")
    for left in history.mails_out:
        console.say(
            f"  out  {as_text(left.created_at)} row {left.id} {left.kind} to {left.recipient}: "
            f"{left.state.value} {left.reason}".rstrip()
        )
    for line in history.deadlines:
        deadline = line.deadline
        console.say(
            f"  due  {as_text(deadline.due_at)} {deadline.kind.value} (step {deadline.step}): {line.state.value}"
        )
