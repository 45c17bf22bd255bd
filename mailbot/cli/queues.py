"""`mailbot inbox` and `mailbot outbox`: what waits for a person, and the word that lets it go on. Every change is
audited.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from mailbot.app import App
from mailbot.cli.console import Console
from mailbot.cli.desk import now, open_desk, who
from mailbot.daemon.filling import release
from mailbot.store.moves import IllegalMove
from mailbot.store.outbox import WAIT_IN_DOUBT
from mailbot.store.rows import InboxLine, OutboxLine
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.transport.mailbox import MailboxUnavailable

_INBOX = ("list", "show", "raw", "release", "discard", "accept-backlog")
_MANY = 1_000_000
_OUTBOX = ("list", "show", "raw", "resend", "cancel")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`inbox|outbox [list] [--all]`, and an action with row numbers."""
    actions = _INBOX if parser.prog.endswith(" inbox") else _OUTBOX
    parser.add_argument("action", nargs="?", choices=actions, default="list")
    parser.add_argument(
        "rows", nargs="*", metavar="ROW", help="numbers of rows, as `list` shows them (accept-backlog: accounts)"
    )
    parser.add_argument("--all", action="store_true", help="every row, not only those that wait for a person")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """List, show, or let go on."""
    if arguments.action == "accept-backlog":
        return _accept_backlog(arguments, console)
    if arguments.action != "list" and not _numbers(arguments):
        console.complain(f"which row? mailbot {arguments.verb} {arguments.action} ROW")
        return 2
    with open_desk(arguments, last_good=True) as desk:
        if arguments.action in ("list", "show", "raw"):
            with desk.database.read() as work:
                return _look(arguments, desk, work, console)
        return _change(arguments, desk, console)


def _look(arguments: argparse.Namespace, desk: App, work: Work, console: Console) -> int:
    if arguments.action == "raw":
        return _raw(arguments, work, console)
    incoming = arguments.verb == "inbox"
    lines: list[InboxLine | OutboxLine] = (
        [*work.inbox.lines(limit=_MANY)] if incoming else [*work.outbox.lines(limit=_MANY)]
    )
    if arguments.action == "show":
        shown = [line for line in lines if line.id in _numbers(arguments)]
        for line in shown:
            _show(_with_beginning(line, desk, work), console)
        return 0 if len(shown) == len(set(arguments.rows)) else 1
    waiting = [line for line in lines if arguments.all or _waits(line)]
    for line in waiting if console.as_json else ():
        console.record(line)
    _table(waiting, console)
    console.say(f"{len(waiting)} rows" + ("" if arguments.all else " that wait for a person (--all shows every row)"))
    return 0


def _waits(line: InboxLine | OutboxLine) -> bool:
    return line.state in (
        InboxState.HELD,
        InboxState.SET_ASIDE,
        OutboxState.STOPPED,
        OutboxState.FAILED,
        OutboxState.PARKED,
    )


def _with_beginning(line: InboxLine | OutboxLine, desk: App, work: Work) -> InboxLine | OutboxLine:
    """Of a mail that was too big to be read, its kept beginning tells sender and subject (read in the child)."""
    if not isinstance(line, InboxLine) or not line.truncated or (row := work.inbox.row(line.id)) is None:
        return line
    mail = desk.parts.parser.parse(row.raw, desk.parts.snapshot.recognition).mail
    return line if mail is None else replace(line, sender=mail.sender.address, subject=mail.subject)


def _reason(line: InboxLine | OutboxLine) -> str:
    """Why it stands where it stands: of what was too big, its size; of what is in doubt, when it goes on by itself."""
    if isinstance(line, InboxLine):
        return f"{line.reason} ({line.size_bytes:,} bytes)" if line.truncated else line.reason
    if line.state is not OutboxState.UNKNOWN or line.unknown_at is None:
        return line.reason
    again = (line.unknown_at + WAIT_IN_DOUBT).astimezone()
    return f"in doubt: tried again at {again:%H:%M} ({line.reason})"


def _table(lines: list[InboxLine | OutboxLine], console: Console) -> None:
    rows = []
    for line in lines:
        who_else = line.sender if isinstance(line, InboxLine) else line.recipient
        what = line.mail_class if isinstance(line, InboxLine) else line.kind
        ticket = f"#{line.ticket}" if line.ticket else ""
        rows.append((line.id, line.state, _reason(line), what, ticket, who_else, line.subject[:60]))
    console.table(("row", "state", "reason", "what", "ticket", "address", "subject"), rows)


def _show(line: InboxLine | OutboxLine, console: Console) -> None:
    if console.as_json:
        console.record(line)
        return
    for name in line.__slots__:
        console.say(f"{name:15} {_reason(line) if name == 'reason' else getattr(line, name)}")
    console.say("")


def _raw(arguments: argparse.Namespace, work: Work, console: Console) -> int:
    """The bytes of a mail, as they came or will leave."""
    for number in _numbers(arguments):
        row = work.inbox.row(number) if arguments.verb == "inbox" else work.outbox.row(number)
        if row is None:
            console.complain(f"there is no row {number}")
            return 1
        sys.stdout.buffer.write(row.raw)
    return 0


def _change(arguments: argparse.Namespace, desk: App, console: Console) -> int:
    if arguments.action == "release":
        return _release(arguments, desk, console)
    changes = {
        "discard": lambda work, row: work.inbox.discard(row, who(), now()),
        "resend": lambda work, row: work.outbox.resend(row, who(), now()),
        "cancel": lambda work, row: work.outbox.cancel(row, who(), now()),
    }
    failed = 0
    for row in _numbers(arguments):
        try:
            with desk.database.write() as work:
                changes[arguments.action](work, row)
        except IllegalMove:
            console.complain(_why_not(arguments, desk, row))
            failed += 1
        else:
            console.say(f"row {row}: {arguments.action} done")
    return 1 if failed else 0


def _release(arguments: argparse.Namespace, desk: App, console: Console) -> int:
    """A mail above the size limit is fetched whole first."""
    failed = 0
    for row in _numbers(arguments):
        try:
            released = release(desk.parts, row, who(), now())
        except IllegalMove:
            console.complain(_why_not(arguments, desk, row))
            failed += 1
        except MailboxUnavailable as failure:
            console.complain(f"row {row}: the whole message cannot be fetched: {failure.reason}")
            return 3
        else:
            told = "release done" if released else "only its beginning is here, and the message is not in the mailbox"
            (console.say if released else console.complain)(f"row {row}: {told}")
            failed += not released
    return 1 if failed else 0


def _why_not(arguments: argparse.Namespace, desk: App, row: int) -> str:
    with desk.database.read() as work:
        found = work.inbox.row(row) if arguments.verb == "inbox" else _outbox_line(work, row)
    if found is None:
        return f"there is no row {row}"
    return f"row {row} is {found.state.value}: {arguments.action} is not for it"


def _outbox_line(work: Work, row: int) -> OutboxLine | None:
    return next((line for line in work.outbox.lines(limit=_MANY) if line.id == row), None)


def _accept_backlog(arguments: argparse.Namespace, console: Console) -> int:
    """Mail that an outage piled up may open its tickets after all."""
    with open_desk(arguments, last_good=True) as desk:
        accounts = arguments.rows or [settings.account for settings in desk.snapshot.mailboxes]
        released = 0
        with desk.database.write() as work:
            for account in accounts:
                work.mailboxes.accept_backlog(account, who(), now())
                held = work.inbox.lines(states=(InboxState.HELD,), account=account, limit=1_000_000)
                for line in held:
                    if line.reason.startswith("backlog"):
                        work.inbox.release(line.id, who(), now())
                        released += 1
    console.say(f"{released} mails of the backlog of {', '.join(accounts)} go on")
    return 0


def _numbers(arguments: argparse.Namespace) -> list[int]:
    """The rows that the command line names."""
    return [int(row) for row in arguments.rows if row.isdigit()]
