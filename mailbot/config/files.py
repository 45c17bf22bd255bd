"""Reading the folder: all files at one moment, their hash, and what `tomllib` and UTF-8 have to say about them."""

from __future__ import annotations

import hashlib
import re
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mailbot.config.findings import ConfigError, Finding
from mailbot.config.toml_lines import Lines, find_lines

KEYS_FILE = "keys.toml"
PATTERNS = ("*.toml", "people.csv", "faq/*.md")
KNOWN = re.compile(r"(?:mailbot|routing|service_levels|words\.[a-z]{2})\.toml|people\.csv|faq/[^/]+\.md")
TRIES = 10
_PLACE = re.compile(r"\s*\((?:at line (\d+), column \d+|at end of document)\)$")


@dataclass(frozen=True, slots=True)
class Files:
    """The bytes of every file but the keys, by name below the folder ("faq/vpn.md")."""

    folder: Path
    raw: Mapping[str, bytes]
    hash: str

    def shown(self, name: str) -> str:
        """The name as findings show it: with the folder as the admin wrote it."""
        return f"{self.folder.name}/{name}"


@dataclass(frozen=True, slots=True)
class Document:
    """One TOML text: its values and on which line each stands; `first_line` where it is part of a file."""

    file: str
    data: dict[str, Any] = field(default_factory=dict)
    lines: Lines = field(default_factory=lambda: Lines({}))
    first_line: int = 1

    def line(self, path: tuple[str | int, ...]) -> int:
        """The line of that path in the file, 0 if nothing of it stands there."""
        found = self.lines.find(path)
        return found + self.first_line - 1 if found else 0


Reader = Callable[[Path], dict[str, bytes]]


def read_files(folder: Path, read: Reader | None = None, pause_seconds: float = 0.05) -> Files:
    """All files as they are at one moment: read again and again until two readings agree; raises ConfigError."""
    read = read or read_once
    before = read(folder)
    for _ in range(TRIES):
        after = read(folder)
        if before == after:
            return Files(folder, after, hash_of(after))
        before = after
        time.sleep(pause_seconds)
    message = "the files change while they are read"
    raise ConfigError([Finding(str(folder), 0, "", message, "try again when nobody is writing them")])


def read_once(folder: Path) -> dict[str, bytes]:
    """The bytes of every file but the keys, one after the other."""
    found: dict[str, bytes] = {}
    for pattern in PATTERNS:
        for path in sorted(folder.glob(pattern)):
            name = path.relative_to(folder).as_posix()
            if name != KEYS_FILE and path.is_file():
                found[name] = _read_one(path)
    return found


def _read_one(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError([Finding(str(path), 0, "", f"cannot be read: {error.strerror}")]) from None


def hash_of(raw: Mapping[str, bytes]) -> str:
    """A name for exactly this content."""
    digest = hashlib.sha256()
    for name in sorted(raw):
        digest.update(f"{name}\0{len(raw[name])}\0".encode())
        digest.update(raw[name])
    return digest.hexdigest()[:16]


def decode(raw: bytes, file: str, found: list[Finding]) -> str | None:
    """The text of a file, or a finding that says which line is not UTF-8."""
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found.append(Finding(file, line, "", "is not UTF-8 text", "save the file as UTF-8"))
        return None


def read_toml(text: str, file: str, found: list[Finding], first_line: int = 1) -> Document | None:
    """The document, or a finding that says where it breaks off."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.search(str(error))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1
        reason = _PLACE.sub("", str(error))
        remedy = 'text stands between straight quotes: name = "value"' if reason.startswith("Invalid value") else ""
        found.append(Finding(file, line + first_line - 1, "", f"not valid TOML: {reason}", remedy))
        return None
    return Document(file, data, find_lines(text), first_line)
