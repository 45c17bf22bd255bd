"""`mailbot import PATH…`: old mail through the same way as new mail; without `--live` nothing leaves."""

from __future__ import annotations

import argparse
from pathlib import Path

from mailbot.cli.console import Console
from mailbot.cli.desk import open_desk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`import PATH… [--mbox] [--live]`."""
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help="files of any name, folders, Maildirs")
    parser.add_argument("--mbox", action="store_true", help="split the files into the messages of an mbox")
    parser.add_argument("--live", action="store_true", help="answer and hand over as if the mail came in now")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Take everything in, show how far it is, and end with a table of what became of each message."""
    for path in arguments.paths:
        if not path.exists():
            raise FileNotFoundError(2, "not there", str(path))
    with open_desk(arguments) as desk, console.progress("importing") as progress:
        report = desk.import_mails(arguments.paths, live=arguments.live, mbox=arguments.mbox, progress=progress)
    if console.as_json:
        console.record(report)
    total = sum(report.dispositions.values())
    counted = sorted(((count, name) for name, count in report.dispositions.items()), reverse=True)
    console.table(("disposition", "messages"), ((name, count) for count, name in counted))
    console.say(
        f"{report.files} files, {report.messages} messages, {total} dispositions, {report.already_known} known before"
    )
    for name, why in report.unread:
        console.complain(f"{name}: {why}")
    if not report.live:
        console.say(
            "nothing was sent: outgoing mail is kept as cancelled (import); use --live for mail that needs answers"
        )
    return 1 if report.unread else 0
