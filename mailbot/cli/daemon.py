"""`mailbot run` and `once`: the daemon, and one turn of it."""

from __future__ import annotations

import argparse

from mailbot.app import ROLES
from mailbot.cli.console import Console
from mailbot.cli.desk import open_desk
from mailbot.daemon.log import start_logging


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`run [--roles …]`; `once` takes none."""
    if parser.prog.endswith(" run"):
        parser.add_argument("--roles", default=",".join(ROLES), help=f"which loops start (default: {','.join(ROLES)})")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Work until told to stop, or once. `run` works with the last good files while those of the folder have errors."""
    with open_desk(arguments, last_good=arguments.verb == "run") as desk:
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
        unknown = [role for role in roles if role not in ROLES]
        if unknown or not roles:
            console.complain(f"no such role: {', '.join(unknown) or '(none)'}; there are {', '.join(ROLES)}")
            return 2
        start_logging()
        desk.run(roles)
    return 0
