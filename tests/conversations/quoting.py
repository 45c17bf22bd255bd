"""Answers of real mail programs, as answers to a mail of ours.

A reply of the material folder shows how its program quotes: what stands above the quoted mail, the marks before its
lines, and where the new words are. Here the quoted lines give way to those of a hand-over; all else stays as it was.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailbot.mail.parse import parse

_MARK = re.compile(r"[\s>|]*[>|][\s>|]*|")
_INTRODUCES = re.compile(
    r"\W*[\w' ]{1,25}\W{0,3}:\s|.*[:：]\s*$|[\s>]*[-_=*‐]{3,}|.*\d{4}.*@|.*@.*\d{4}|.*\b\d{1,2}[:.]\d{2}\b|\W*$"
)
_INTRODUCTION_LINES = 14


@dataclass(frozen=True)
class Style:
    """A reply of the corpus: its name, its lines and which of them its writer wrote."""

    name: str
    lines: tuple[str, ...]
    is_new: tuple[bool, ...]

    @property
    def words(self) -> str:
        return "\n".join(line for line, new in zip(self.lines, self.is_new, strict=True) if new)

    @property
    def quotes(self) -> bool:
        """Whether anything but new words stands in it."""
        return any(line.strip() and not new for line, new in zip(self.lines, self.is_new, strict=True))


def styles(corpus: Path) -> list[Style]:
    """Every reply of the corpus in which somebody says something, as its expectation takes it apart."""
    found: list[Style | None] = []
    for line in (corpus / "expected" / "reply.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        wanted = record["expect"]["reply"]
        text = parse(_whole(record["expect"].get("input", "mail"), (corpus / record["file"]).read_bytes())).text
        if isinstance(wanted, str) and wanted.strip():
            found.append(_style(record["file"], text.splitlines(), wanted))
    return list({style.words: style for style in reversed(found) if style is not None}.values())  # each text once


def _whole(kind: str, data: bytes) -> bytes:
    if kind == "mail":
        return data
    of_type = "html" if kind == "html" else "plain"
    return f"From: a@b.example\nContent-Type: text/{of_type}; charset=utf-8\n\n".encode() + data


def _style(name: str, lines: list[str], wanted: str) -> Style | None:
    """None where the expectation was written of other letters than the mail has: nobody knows what is new in it."""
    left = Counter(" ".join(line.split()) for line in wanted.splitlines() if line.strip())
    is_new = []
    for line in lines:
        bare = " ".join(line.split())
        is_new.append(bool(bare) and left[bare] > 0)
        left[bare] -= is_new[-1]
    return None if left.total() else Style(name, tuple(lines), tuple(is_new))


def answer(style: Style, quoted: str) -> str:
    """The reply with the lines of `quoted` in the place of those that it quoted."""
    body = quoted.splitlines()
    slots, broken = _slots(style)
    answered: list[str] = []
    for place, line in enumerate(style.lines):
        if place not in slots:
            answered += [] if place in broken else [line]
            continue
        number = slots.index(place)
        share = body[number : number + 1] if number + 1 < len(slots) else body[number:]
        answered += [f"{_mark(line)}{one}".rstrip() for one in share]
    return "\n".join(answered)


def _slots(style: Style) -> tuple[list[int], set[int]]:
    """The lines that hold the words of the answered mail, without those that introduce it or were added below.

    The second are the ends of lines that the program broke off without a mark: where the words go, they go.
    """
    others = [place for place, new in enumerate(style.is_new) if not new and style.lines[place].strip()]
    marked = [place for place in others if ">" in _mark(style.lines[place])]
    if marked:
        said = [place for place in marked if not style.lines[place].rstrip().endswith((":", ">>>"))] or marked
        return said, {place for place in others if marked[0] < place < marked[-1] and place not in said}
    begin = next((place for place in others if not _introduces(style, others[0], place)), len(style.lines))
    return [place for place in others if place >= begin], set()


def _introduces(style: Style, first: int, place: int) -> bool:
    return place - first <= _INTRODUCTION_LINES and _INTRODUCES.match(style.lines[place]) is not None


def _mark(line: str) -> str:
    found = _MARK.match(line)
    return found[0] if found else ""


def leaked(text: str, ours: str, style: Style, own: Sequence[str] = ()) -> list[str]:
    """The lines of `ours` that stand in `text`, without those that the writer wrote as well."""
    said = {_bare(line) for line in (*style.words.splitlines(), *own)}
    private = {_bare(line) for line in ours.splitlines()} - said
    return [line for line in map(_bare, text.splitlines()) if line in private and line]


def _bare(line: str) -> str:
    return " ".join(line.lstrip("> |\t").split())
