"""`mailbot explain FILE.eml`: the whole decision, walked through the production code and thrown away."""

from __future__ import annotations

import argparse

from mailbot.app import Trace
from mailbot.cli.console import Console
from mailbot.cli.desk import open_desk
from mailbot.cli.mail_files import read_mail


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`explain FILE…`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a mail as a file, or - for stdin")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print a trace a file; nothing is written, nothing is sent."""
    with open_desk(arguments) as desk:
        for name in arguments.files:
            trace = desk.explain(read_mail(name), name)
            if console.as_json:
                console.record(trace)
            else:
                _tell(trace, console)
    return 0


def _tell(trace: Trace, console: Console) -> None:
    console.say(trace.file, "bold")
    console.say(f"  from      {trace.sender}")
    console.say(f"  subject   {trace.subject}")
    console.say(f"  class     {trace.mail_class} ({trace.class_reason})")
    console.say(f"  evidence  {', '.join(f'{key} {value}' for key, value in trace.evidence.items())}")
    console.say(f"  event     {trace.event}")
    console.say(f"  outcome   {trace.disposition}", "bold")
    for defect in trace.defects:
        console.say(f"  defect    {defect}", "yellow")
    if trace.ticket:
        shown = (
            "number",
            "kind",
            "state",
            "service",
            "group",
            "impact",
            "urgency",
            "priority",
            "requester",
            "language",
        )
        console.say("  ticket    " + ", ".join(f"{key} {trace.ticket[key]}" for key in shown if trace.ticket.get(key)))
    for reason in trace.reasons:
        console.say(f"  because   {reason.what}: {reason.because}")
    for deadline in trace.deadlines:
        console.say(f"  deadline  {deadline}")
    for mail in trace.outgoing:
        console.say(f"  mail      {mail.kind} to {mail.recipient}: {mail.state}", "cyan")
        console.say(f"            {mail.subject}")
        for line in mail.text.splitlines():
            console.say(f"            | {line}", "dim")
    console.say("")
