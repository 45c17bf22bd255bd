"""`mailbot verify`: the invariants over the database, read-only."""

from __future__ import annotations

import argparse

from mailbot.cli.console import Console
from mailbot.cli.desk import open_desk
from mailbot.store.verify import verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No options of its own."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print what breaks an invariant; 1 if anything does."""
    with open_desk(arguments, last_good=True) as desk, desk.database.read() as work:
        findings = verify(work)
    for finding in findings:
        if console.as_json:
            console.record(finding)
        else:
            console.complain(str(finding))
    if not findings:
        console.say("every invariant holds", "green")
    return 1 if findings else 0
