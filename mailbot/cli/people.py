"""`mailbot people`: what the desk knows of somebody, from the directory and from their own mails."""

from __future__ import annotations

import argparse

from mailbot.cli.console import Console
from mailbot.cli.desk import open_desk
from mailbot.mail.model import ascii_fold


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`people show ADDRESS`."""
    parser.add_argument("action", choices=("show",))
    parser.add_argument("address")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Show one person and their open tickets."""
    address = ascii_fold(arguments.address)
    with open_desk(arguments, last_good=True) as desk, desk.database.read() as work:
        person = desk.snapshot.policy.people.get(address) or work.people.get(address)
        tickets = work.tickets.find(requester=address)
    if person is None:
        console.complain(f"nothing is known of {address}")
        return 1
    if console.as_json:
        console.record(person)
        return 0
    for name in person.__slots__:
        if value := getattr(person, name):
            console.say(f"{name:12} {value if not isinstance(value, tuple) else ', '.join(value)}")
    for ticket in tickets:
        console.say(f"#{ticket.number} {ticket.state.value}: {ticket.subject}")
    return 0
