"""`mailbot tickets`: the list, and one ticket with its whole conversation, mail, deadlines and reasons."""

from __future__ import annotations

import argparse

from mailbot.cli.console import Console, as_text
from mailbot.cli.desk import open_desk
from mailbot.cli.history import tell_history
from mailbot.desk.ticket import State


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`tickets [list] [--all]`, `tickets show NUMBER`."""
    parser.add_argument("action", nargs="?", choices=("list", "show"), default="list")
    parser.add_argument("number", nargs="?", type=int, help="of the ticket to show")
    parser.add_argument("--all", action="store_true", help="closed and cancelled tickets too")
    parser.add_argument("--group", help="only the tickets of this group")
    parser.add_argument("--why", action="store_true", help="show the reasons of every decision")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """List open tickets, most urgent first, or show one."""
    if arguments.action == "show" and arguments.number is None:
        console.complain("which one? mailbot tickets show NUMBER")
        return 2
    with open_desk(arguments, last_good=True) as desk, desk.database.read() as work:
        if arguments.action == "show":
            history = work.history(arguments.number)
            if history is None:
                console.complain(f"there is no ticket #{arguments.number}")
                return 1
            if console.as_json:
                console.record(history)
            else:
                tell_history(history, console, why=arguments.why)
            return 0
        states = () if arguments.all else tuple(state for state in State if state.is_open)
        tickets = work.tickets.find(states=states, group=arguments.group)
    if console.as_json:
        for ticket in tickets:
            console.record(ticket)
        return 0
    tickets.sort(key=lambda ticket: (ticket.priority, ticket.opened_at))
    columns = ("ticket", "priority", "kind", "state", "group", "owner", "requester", "due", "subject")
    console.table(
        columns,
        (
            (
                f"#{ticket.number}",
                ticket.priority,
                ticket.kind,
                f"{ticket.state.value} {as_text(ticket.waiting_for)}".strip(),
                ticket.group,
                ticket.owner or "",
                ticket.requester,
                ticket.resolution_due_at,
                ticket.subject[:60],
            )
            for ticket in tickets
        ),
    )
    console.say(f"{len(tickets)} tickets")
    return 0
