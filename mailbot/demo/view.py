"""What the demo shows: each mail as it passes, then the tickets with their histories, for a person at a terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import parseaddr

from rich.console import Console, Group
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mailbot.demo.correspondent import text_of
from mailbot.demo.settings import SUPPORT
from mailbot.demo.story import Act
from mailbot.desk.ticket import Visibility
from mailbot.store.rows import TicketHistory

_LINES = 16
_STATE_STYLE = {"closed": "green", "resolved": "green", "waiting": "yellow", "assigned": "cyan", "in_progress": "cyan"}


class View:
    """The terminal. `show_mail` may be called from the thread of the servers."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self.mails = 0

    def open(self, folder: str) -> None:
        """What is about to happen."""
        self._print(
            Panel(
                Text.from_markup(
                    "A whole service desk on this machine: an IMAP and an SMTP server on loopback, the production\n"
                    "daemon, and people who only write and read mail. Its configuration and database lie in\n"
                    f"[bold]{folder}[/]."
                ),
                title="mailbot demo",
                border_style="blue",
            )
        )

    def open_act(self, act: Act) -> None:
        """The title of a part."""
        self._print("", Rule(Text(act.title, style="bold blue"), style="blue"), Text(act.told, style="italic"), "")

    def show_mail(self, mail_from: str, recipient: str, raw: bytes) -> None:
        """A mail on its way, its first lines, coloured by who wrote it."""
        mail = BytesParser(policy=default).parsebytes(raw)
        assert isinstance(mail, EmailMessage)
        self.mails += 1
        by_desk = parseaddr(str(mail["From"]))[1] == SUPPORT
        style = "green" if by_desk else "magenta"
        head = Text.assemble(
            (_short(str(mail["From"])), f"bold {style}"), (" → ", "dim"), (_base(recipient), "bold"), "\n"
        )
        head.append(str(mail["Subject"]), style="bold")
        self._print(Panel(Group(head, Text(""), Text(_words(mail))), border_style=style, width=self._width()))

    def show_histories(self, histories: Iterable[TicketHistory]) -> None:
        """Every ticket with all that was said, as `mailbot tickets show` tells it."""
        self._print("", Rule(Text("The tickets", style="bold blue"), style="blue"))
        for history in histories:
            self._print(_history(history))

    def close(self, seconds: float) -> None:
        """The last line."""
        self._print(Text(f"{self.mails} mails in {seconds:.1f} s. The story is told.", style="bold green"))

    def say(self, text: str) -> None:
        """A line."""
        self._print(Text(text))

    def _width(self) -> int:
        return min(self._console.width, 104)

    def _print(self, *things: object) -> None:
        with self._lock:
            for thing in things:
                self._console.print(thing, soft_wrap=False)


def _words(mail: EmailMessage) -> str:
    """The new words: without the quotation and the reference at the end."""
    lines = [line.rstrip() for line in text_of(mail).splitlines()]
    new = [line for line in lines if not line.startswith((">", "[ref:"))]
    new = [line for line in new if not (line.startswith("On ") and line.endswith("wrote:"))]
    text = "\n".join(new).strip().splitlines()
    return "\n".join(text[:_LINES]) + (f"\n… {len(text) - _LINES} more lines" if len(text) > _LINES else "")


def _short(address: str) -> str:
    name, mailbox = parseaddr(address)
    return f"{name} <{mailbox}>" if name else mailbox


def _base(address: str) -> str:
    local, _, domain = address.partition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _history(history: TicketHistory) -> Panel:
    ticket = history.ticket
    table = Table(box=None, pad_edge=False, show_header=False, expand=True)
    table.add_column(style="dim", width=8)
    table.add_column(style="cyan", width=22, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    for entry in history.entries:
        who = entry.author_name or entry.author or "mailbot"
        inside = " (internal)" if entry.visibility is Visibility.INTERNAL else ""
        first = " ".join(entry.text.split())
        table.add_row(f"{entry.at.astimezone():%H:%M:%S}", Text(who + inside), Text(first[:180]))
    due = f", due {ticket.resolution_due_at.astimezone():%a %H:%M}" if ticket.resolution_due_at else ""
    facts = "; ".join(f"{name}: {value}" for name, value in ticket.facts.items())
    head = f"{ticket.kind.value}, {ticket.priority.value}, {ticket.service or 'no service'}, {ticket.group}{due}"
    title = Text(f"#{ticket.number} {ticket.subject}", style="bold")
    state = Text(ticket.state.value, style=_STATE_STYLE.get(ticket.state.value, ""))
    body = Group(Text(head, style="bold"), Text(facts, style="dim"), Text(""), table)
    return Panel(body, title=title, title_align="left", subtitle=state, subtitle_align="right")
