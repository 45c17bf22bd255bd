"""Where the new words of a mail end and its signature and history begin.

One scan over the lines: marks above quoted mail (attributions, header blocks, separators, mailbot's own marker) cut;
quoted lines go to the history; answers written between or below them stay. In doubt more is kept, and `certainty`
says so, because for the ticket a word too many is better than one lost, and towards a requester a doubtful cut is held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mailbot.mail.closing import is_delimiter, signature_start
from mailbot.mail.labels import author_lines_above, find_block
from mailbot.mail.model import Certainty
from mailbot.mail.quotes import (
    attribution_end,
    is_quoted,
    is_reply_marker,
    is_rule,
    is_separator,
    is_short_attribution,
    list_footer_start,
)


@dataclass(frozen=True, slots=True)
class Split:
    """A body taken apart; `reason` says which mark decided."""

    reply: str
    signature: str
    history: str
    certainty: Certainty
    reason: str


class _Kind(StrEnum):
    NEW = "new"
    HISTORY = "history"


@dataclass(slots=True)
class _Scan:
    """The lines with what each one is, and the marks that were met."""

    lines: list[str]
    kinds: list[_Kind] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    place: int = 0

    def take(self, kind: _Kind, end: int) -> None:
        self.kinds.extend([kind] * (end - self.place))
        self.place = end


def split_body(text: str) -> Split:
    """The new words, the signature and the quoted history of a body."""
    lines = text.split("\n")
    scan = _Scan(lines)
    while scan.place < len(lines):
        _step(scan)
    end = list_footer_start(lines, len(lines))
    for place in range(end, len(lines)):
        scan.kinds[place] = _Kind.HISTORY
    _absorb_wrapped(scan)
    places = [place for place, kind in enumerate(scan.kinds) if kind is _Kind.NEW]
    new = [lines[place] for place in places]
    history = "\n".join(line for line, kind in zip(lines, scan.kinds, strict=True) if kind is _Kind.HISTORY)
    start = signature_start(new)
    reply, signature = _tidy(new[:start]), _tidy(new[start:])
    below = _delimiter_below(scan, end)
    said = places[:start] + [place for place in places[start:] if place < below]
    certainty, reason = _judge(scan, reply, said)
    return Split(reply, signature, history.strip("\n"), certainty, reason)


def _step(scan: _Scan) -> None:
    """Classify the line at `place`, and those that belong to it."""
    line, lines = scan.lines[scan.place], scan.lines
    if not line.strip():
        scan.take(_Kind.NEW, scan.place + 1)
    elif is_quoted(line):
        scan.marks.append("quoted lines")
        scan.take(_Kind.HISTORY, scan.place + 1)
    elif is_reply_marker(line) or is_separator(line):
        _cut(scan, "separator", scan.place)
    elif (end := attribution_end(lines, scan.place)) > scan.place:
        _attributed(scan, end)
    elif is_short_attribution(lines, scan.place):
        _attributed(scan, scan.place + 1)
    elif block := find_block(lines, scan.place):
        _cut(scan, "header block", author_lines_above(lines, block.start))
    else:
        scan.take(_Kind.NEW, scan.place + 1)


def _cut(scan: _Scan, mark: str, start: int) -> None:
    """From `start` (and a rule just above it) to the end all is history."""
    scan.marks.append(mark)
    start = max(start, 0)
    above = start - 1
    while above >= 0 and not scan.lines[above].strip():
        above -= 1
    if above >= 0 and (is_rule(scan.lines[above]) or is_separator(scan.lines[above])):
        start = above
    for place in range(start, scan.place):
        scan.kinds[place] = _Kind.HISTORY
    scan.take(_Kind.HISTORY, len(scan.lines))


def _attributed(scan: _Scan, end: int) -> None:
    """An attribution: with quote marks below only those lines are history, without any all that follows."""
    following = [line for line in scan.lines[end : end + 6] if line.strip()]
    if following and is_quoted(following[0]):
        scan.marks.append("attribution")
        scan.take(_Kind.HISTORY, end)
    else:
        scan.marks.append("attribution" if scan.place or not following else "attribution without quote marks")
        scan.take(_Kind.HISTORY, len(scan.lines))


def _absorb_wrapped(scan: _Scan) -> None:
    """A short run of lines glued between quoted ones is their overflow, not an answer: answers stand apart."""
    lines, place = scan.lines, 0
    while place < len(lines):
        if scan.kinds[place] is _Kind.NEW and lines[place].strip() and place and _is_glued(lines, place):
            scan.kinds[place] = _Kind.HISTORY
        place += 1


def _is_glued(lines: list[str], place: int) -> bool:
    before, after = lines[place - 1], lines[place + 1] if place + 1 < len(lines) else ""
    return is_quoted(before) and len(before) >= 60 and is_quoted(after) and len(lines[place]) < 60


def _delimiter_below(scan: _Scan, end: int) -> int:
    """Where a signature, or the footer of a list, begins right below the last quoted line before `end`; else `end`."""
    place = end
    while place and scan.kinds[place - 1] is _Kind.NEW:
        place -= 1
    while place < end and not scan.lines[place].strip():
        place += 1
    return place if place < end and is_delimiter(scan.lines[place]) else end


def _judge(scan: _Scan, reply: str, said: list[int]) -> tuple[Certainty, str]:
    """Doubtful: answers between quotes, or a mark that leaves nothing or stands alone."""
    if not scan.marks:
        return Certainty.SURE, "no quoted mail"
    reason = scan.marks[0]
    first = scan.kinds.index(_Kind.HISTORY) if _Kind.HISTORY in scan.kinds else len(scan.kinds)
    later = any(place > first and scan.lines[place].strip() for place in said)
    if not reply:
        return Certainty.DOUBTFUL, f"{reason}: nothing is left"
    if later:
        return Certainty.DOUBTFUL, f"{reason}: words between or below quoted lines"
    if reason == "attribution without quote marks":
        return Certainty.DOUBTFUL, reason
    return Certainty.SURE, reason


def _tidy(lines: list[str]) -> str:
    """The lines as a text: no blank lines around, at most two in a row, no spaces at line ends."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or not kept or any(one.strip() for one in kept[-2:]):
            kept.append(line.rstrip())
    return "\n".join(kept).strip("\n")
