"""What verbs write to: records for machines on stdout (JSON Lines), words and pictures for people on stderr."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Protocol

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_FILE_COLUMNS = 300


class Advance(Protocol):
    """Tells a progress bar how far the work is."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` things are done."""
        ...


class Console:
    """Both audiences of a verb. With `--json` people get nothing but errors; with `--quiet` they get only errors."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self._quiet = quiet or as_json
        self.rich = RichConsole(stderr=True, highlight=False, soft_wrap=True)

    def record(self, record: Mapping[str, object] | object) -> None:
        """One line of JSON for machines."""
        sys.stdout.write(json.dumps(as_plain(record), ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def say(self, text: str = "", style: str = "") -> None:
        """A line for people; nothing in it is markup."""
        if not self._quiet:
            self.rich.print(Text(printable(text), style=style))

    def complain(self, text: str) -> None:
        """An error: always shown."""
        self.rich.print(Text(printable(text), style="red"))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
        """A table for people."""
        if self._quiet:
            return
        table = Table(
            *columns, title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold"
        )
        for row in rows:
            table.add_row(*(Text(printable(as_text(cell))) for cell in row))
        console = self.rich
        if not console.is_terminal:  # `mailbot tickets 2>&1 | grep vpn`: there is no edge, so no cell is cut
            console = RichConsole(stderr=True, highlight=False, width=_FILE_COLUMNS)
        console.print(table, soft_wrap=False)

    @contextmanager
    def progress(self, what: str) -> Iterator[Advance]:
        """A progress bar for long work; silent where nobody looks."""
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self.rich,
            disable=self._quiet or not self.rich.is_terminal,
            transient=True,
        )
        with bar:
            task = bar.add_task(what, total=None)

            def advance(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            yield advance


def printable(text: str) -> str:
    """Text from a mail cannot steer the terminal: control and direction characters are shown, not sent."""
    return "".join(
        character if character in "\n\t" or (character.isprintable() and not _turns(character)) else _shown(character)
        for character in text
    )


def _turns(character: str) -> bool:
    return "\u202a" <= character <= "\u202e" or "\u2066" <= character <= "\u2069"


def _shown(character: str) -> str:
    return "" if character == "\r" else f"\\x{ord(character):02x}"


def as_text(cell: object) -> str:
    """A cell of a table."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell.astimezone():%Y-%m-%d %H:%M}"
    return str(cell.value) if isinstance(cell, Enum) else str(cell)


def as_plain(value: object) -> object:
    """The same value in what JSON knows: dataclasses as objects, times in ISO 8601, bytes as their number."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(as_plain(key)): as_plain(one) for key, one in value.items()}
    if isinstance(value, Enum):
        return value.value
    return _as_scalar(value)


def _as_scalar(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [as_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
