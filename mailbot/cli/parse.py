"""`mailbot parse PATH…`: what mails are, one JSON line each (DESIGN section 7), read as the daemon reads them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from mailbot.cli.console import Console
from mailbot.cli.mail_files import mail_files
from mailbot.daemon.parsing import ChildParser, Parser
from mailbot.mail.describe import as_record
from mailbot.mail.model import Recognition


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`parse PATH…`."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files and folders of any name, one mail a file")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Stream a record a file, in order; a mail that cannot be digested has an `error` and stops nothing."""
    parser = ChildParser()
    set_aside = 0
    try:
        for path in mail_files(arguments.paths):
            record = _record(path, parser)
            set_aside += "error" in record
            console.record(record)
    finally:
        parser.close()
    return 1 if set_aside else 0


def _record(path: Path, parser: Parser) -> dict[str, object]:
    started = time.perf_counter()
    try:
        parsed = parser.parse(path.read_bytes(), Recognition())
    except OSError as error:
        return {"file": str(path), "error": f"cannot be read: {error.strerror}"}
    seconds = time.perf_counter() - started
    if parsed.mail is None:
        return {"file": str(path), "error": parsed.problem, "seconds": round(seconds, 4)}
    return as_record(parsed.mail, str(path), seconds)
