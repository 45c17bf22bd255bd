"""On which line of a TOML document each key stands, which `tomllib` does not tell.

The text has already been read by `tomllib`, so it is known to be valid and the scanner only has to find its way:
tables, arrays of tables, dotted keys, arrays, inline tables, all kinds of strings. A path is what pydantic calls `loc`:
("rules", 3, "when", "subject", 0).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)+")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(r'\"{3}(?:[^\\]|\\.)*?\"{3,5}|\'{3}.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_PLAIN = re.compile(r"[^,\]}#\n]+")


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one document."""

    known: Mapping[Path, int]

    def find(self, path: Iterable[str | int]) -> int:
        """The line of that path, else of the nearest thing around it; 0 where nothing of it stands in the document.

        Parts of the path that the document does not know (pydantic names the branches of a union) are passed over.
        """
        here: Path = ()
        for part in path:
            if (*here, part) in self.known:
                here = (*here, part)
        return self.known.get(here, 0)


def find_lines(text: str) -> Lines:
    """The line (from 1) of every key, table and array element of a valid document."""
    scanner = _Scanner(text)
    scanner.document()
    return Lines(scanner.lines)


@dataclass(slots=True)
class _Scanner:
    """One pass; `base` is the table that the last header opened, `counts` how often each array of tables has been."""

    text: str
    position: int = 0
    base: Path = ()
    lines: dict[Path, int] = field(default_factory=dict)
    counts: dict[Path, int] = field(default_factory=dict)

    def document(self) -> None:
        self.blank()
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                self.header()
            else:
                self.pair(self.base)
            self.blank()

    def header(self) -> None:
        start, array = self.position, self.text.startswith("[[", self.position)
        self.position += 2 if array else 1
        keys = self.keys()
        self.position += 2 if array else 1
        path = self.resolve(keys if not array else keys[:-1], start)
        if array:
            path = (*path, keys[-1])
            self.counts[path] = self.counts.get(path, -1) + 1
            self.note(path, start)
            path = (*path, self.counts[path])
        self.base = path
        self.note(path, start)

    def resolve(self, keys: list[str], start: int) -> Path:
        """Names of arrays of tables mean their last table; tables on the way begin here if they are new."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self.note(path, start)
            if path in self.counts:
                path = (*path, self.counts[path])
        return path

    def pair(self, base: Path) -> None:
        start = self.position
        keys = self.keys()
        path = base
        for key in keys:
            path = (*path, key)
            self.note(path, start)
        self.position += 1  # the equals sign
        self.value(path)

    def keys(self) -> list[str]:
        """The parts of a dotted key."""
        parts = []
        while found := _KEY.match(self.text, self.position):
            self.position = found.end()
            parts.append(_unquote(found[1]))
            if self.text[self.position : self.position + 1] != ".":
                break
            self.position += 1
        return parts

    def value(self, path: Path) -> None:
        self.blank()
        letter = self.text[self.position]
        if letter == "[":
            self.array(path)
        elif letter == "{":
            self.inline_table(path)
        else:
            pattern = _STRING if letter in "\"'" else _PLAIN
            found = pattern.match(self.text, self.position)
            self.position = found.end() if found else self.position + 1

    def array(self, path: Path) -> None:
        self.position += 1
        index = 0
        while not self.closes("]"):
            self.note((*path, index), self.position)
            self.value((*path, index))
            index += 1

    def inline_table(self, path: Path) -> None:
        self.position += 1
        while not self.closes("}"):
            self.pair(path)

    def closes(self, bracket: str) -> bool:
        """Pass over what separates elements; True (and past the bracket) at the end."""
        self.blank()
        while self.text[self.position : self.position + 1] == ",":
            self.position += 1
            self.blank()
        if self.position >= len(self.text) or self.text[self.position] == bracket:
            self.position += 1
            return True
        return False

    def blank(self) -> None:
        if found := _BLANK.match(self.text, self.position):
            self.position = found.end()

    def note(self, path: Path, position: int) -> None:
        self.lines.setdefault(path, self.text.count("\n", 0, position) + 1)


def _unquote(key: str) -> str:
    """A key as `tomllib` names it."""
    return next(iter(tomllib.loads(f"{key} = 0")))
