"""`mailbot run`, `once` and `status`: the daemon, one turn of it, and how it is."""

from __future__ import annotations

import argparse

from mailbot.app import ROLES
from mailbot.cli.console import Console
from mailbot.cli.desk import now, open_desk
from mailbot.daemon.log import start_logging
from mailbot.store.rows import Status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run [--roles …]`; `once` and `status` take none."""
    if parser.prog.endswith(" run"):
        parser.add_argument("--roles", default=",".join(ROLES), help=f"which loops start (default: {','.join(ROLES)})")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Work until told to stop, or once, or tell how things stand."""
    if arguments.verb == "status":
        return _status(arguments, console)
    with open_desk(arguments) as desk:
        if arguments.verb == "once":
            turn = desk.once()
            if console.as_json:
                console.record(turn)
            console.say(
                f"{turn.fetched} fetched, {turn.processed} processed, {turn.deadlines} deadlines, {turn.delivered} sent"
            )
            for problem in turn.problems:
                console.complain(problem)
            return 3 if turn.problems else 0
        roles = tuple(role.strip() for role in arguments.roles.split(",") if role.strip())
        if unknown := [role for role in roles if role not in ROLES]:
            console.complain(f"no such role: {', '.join(unknown)}; there are {', '.join(ROLES)}")
            return 2
        start_logging()
        desk.run(roles)
    return 0


def _status(arguments: argparse.Namespace, console: Console) -> int:
    with open_desk(arguments) as desk:
        status = desk.status()
    if console.as_json:
        console.record(status)
        return 0
    for name in ("inbox", "outbox", "deadlines", "tickets"):
        counts = getattr(status, name)
        console.say(f"{name:10} " + (", ".join(f"{count} {state}" for state, count in counts.items()) or "empty"))
    for mailbox in status.mailboxes:
        console.say(
            f"mailbox    {mailbox.account}/{mailbox.folder}, watched since {mailbox.first_start:%Y-%m-%d %H:%M}"
        )
    for advice in _to_do(status):
        console.say(advice, "yellow")
    return 0


def _to_do(status: Status) -> list[str]:
    """What waits for a person, with the command that helps."""
    waiting = (
        ("inbox", "held", "mails are held for a person: mailbot inbox list"),
        ("inbox", "set_aside", "mails could not be digested: mailbot inbox list"),
        ("outbox", "failed", "mails did not arrive: mailbot outbox list"),
        ("outbox", "parked", "mails are parked, nobody knows whether they arrived: mailbot outbox list"),
        ("outbox", "stopped", "mails were stopped by the last check: mailbot outbox list"),
    )
    advice = [f"{count} {text}" for queue, state, text in waiting if (count := getattr(status, queue).get(state, 0))]
    if status.oldest_ready_at is not None and (now() - status.oldest_ready_at).total_seconds() > 900:
        advice.append(
            f"mail has been waiting to leave since {status.oldest_ready_at:%Y-%m-%d %H:%M}: is the daemon running?"
        )
    return advice
