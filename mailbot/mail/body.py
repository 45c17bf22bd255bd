"""Where the new words of a mail end and its signature and history begin.

One scan over the lines: marks above quoted mail (attributions, header blocks, separators, mailbot's own marker) cut;
quoted lines go to the history; answers written between or below them stay. In doubt more is kept, and `certainty`
says so, because for the ticket a word too many is better than one lost, and towards a requester a doubtful cut is held.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mailbot.mail.attributions import attribution_end, is_between_chevrons, is_short_attribution
from mailbot.mail.closing import find_signature, is_appended
from mailbot.mail.doubts import Doubt, Findings, Mark, find_doubt
from mailbot.mail.labels import author_lines_above, find_block
from mailbot.mail.model import Certainty
from mailbot.mail.quotes import is_quoted, is_rule, list_footer_start, overflow_end, quoted_width
from mailbot.mail.separators import is_reply_marker, is_separator


@dataclass(frozen=True, slots=True)
class Split:
    """A body taken apart; `reason` says which mark decided, and what speaks against the cut."""

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
    marks: list[Mark] = field(default_factory=list)
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
    end = list_footer_start(lines, len(lines), below_quotes=bool(scan.marks))
    for place in range(end, len(lines)):
        scan.kinds[place] = _Kind.HISTORY
    _absorb_overflow(scan)
    _keep_citations(scan, end)
    places = [place for place, kind in enumerate(scan.kinds) if kind is _Kind.NEW]
    new = [lines[place] for place in places]
    history = "\n".join(line for line, kind in zip(lines, scan.kinds, strict=True) if kind is _Kind.HISTORY)
    span = find_signature(new)
    reply, signature = _tidy([*new[: span.start], *new[span.end :]]), _tidy(new[span.start : span.end])
    below = _appended_below(scan, end)
    said = [*places[: span.start], *(place for place in places[span.start :] if place < below)]
    certainty, reason = _judge(scan, reply, said)
    return Split(reply, signature, history.strip("\n"), certainty, reason)


def _step(scan: _Scan) -> None:
    """Classify the line at `place`, and those that belong to it."""
    line, lines = scan.lines[scan.place], scan.lines
    if not line.strip():
        scan.take(_Kind.NEW, scan.place + 1)
    elif is_between_chevrons(line):
        _attributed(scan, scan.place + 1)
    elif is_quoted(line):
        scan.marks.append(_mark_of_quoted(scan))
        scan.take(_Kind.HISTORY, scan.place + 1)
    elif is_reply_marker(line) or is_separator(line):
        _cut(scan, Mark.SEPARATOR, scan.place)
    elif (end := attribution_end(lines, scan.place)) > scan.place:
        _attributed(scan, end)
    elif is_short_attribution(lines, scan.place):
        _attributed(scan, scan.place + 1)
    elif block := find_block(lines, scan.place):
        _cut(scan, Mark.BLOCK, author_lines_above(lines, block.start))
    else:
        scan.take(_Kind.NEW, scan.place + 1)


def _mark_of_quoted(scan: _Scan) -> Mark:
    """A quoted line, or the attribution of what is quoted with a quote mark of its own."""
    is_attributed = bool(scan.marks) and scan.marks[-1] is not Mark.QUOTE
    if is_attributed or attribution_end(scan.lines, scan.place) > scan.place or is_separator(scan.lines[scan.place]):
        return Mark.ATTRIBUTION
    return Mark.QUOTE


def _cut(scan: _Scan, mark: Mark, start: int) -> None:
    """From `start` (and the rules just above it) to the end all is history."""
    scan.marks.append(mark)
    above = start = max(start, 0)
    while above and _belongs_to_mark(scan.lines[above - 1]):
        above -= 1
        if scan.lines[above].strip():
            start = above
    for place in range(start, scan.place):
        scan.kinds[place] = _Kind.HISTORY
    scan.take(_Kind.HISTORY, len(scan.lines))


def _belongs_to_mark(line: str) -> bool:
    return not line.strip() or is_rule(line) or is_separator(line)


def _attributed(scan: _Scan, end: int) -> None:
    """An attribution: with quote marks below only those lines are history, without any all that follows."""
    following = [line for line in scan.lines[end : end + 6] if line.strip()]
    scan.marks.append(Mark.ATTRIBUTION)
    scan.take(_Kind.HISTORY, end if following and is_quoted(following[0]) else len(scan.lines))


def _absorb_overflow(scan: _Scan) -> None:
    """What was broken off long quoted lines belongs to them."""
    lines, width, place = scan.lines, quoted_width(scan.lines), 1
    while place < len(lines):
        end = place
        if scan.kinds[place] is _Kind.NEW and is_quoted(lines[place - 1]):
            end = overflow_end(lines, place, width)
            for inside in range(place, end):
                scan.kinds[inside] = _Kind.HISTORY
        place = max(end, place + 1)


def _keep_citations(scan: _Scan, end: int) -> None:
    """Quoted lines that nobody attributes, with words below them or none at all, are what the writer cites."""
    if not scan.marks or any(mark is not Mark.QUOTE for mark in scan.marks):
        return
    quoted = [place for place in range(end) if scan.kinds[place] is _Kind.HISTORY]
    spoken = [place for place in range(end) if scan.kinds[place] is _Kind.NEW and scan.lines[place].strip()]
    signed = find_signature(scan.lines[:end])
    first, below = min(quoted, default=end), _appended_below(scan, end)
    said = [place for place in spoken if first < place < below and not signed.start <= place < signed.end]
    if said or not spoken:
        for place in quoted:
            scan.kinds[place] = _Kind.NEW


def _appended_below(scan: _Scan, end: int) -> int:
    """Where a signature that a program put right below the last quoted line before `end` begins; else `end`."""
    place = end
    while place and scan.kinds[place - 1] is _Kind.NEW:
        place -= 1
    return place if place and is_appended(scan.lines[place:end]) else end


def _judge(scan: _Scan, reply: str, said: list[int]) -> tuple[Certainty, str]:
    """Whether the cut can be relied on, and the mark and the doubt in words."""
    first = next((place for place, line in enumerate(scan.lines) if _is_others(scan, place, line)), len(scan.lines))
    more_below = any(place > first and scan.lines[place].strip() for place in said)
    doubt = find_doubt(Findings(tuple(dict.fromkeys(scan.marks)), reply, bool(scan.marks) and more_below))
    reason: str = scan.marks[0] if scan.marks else "no quoted mail"
    if doubt is None:
        return Certainty.SURE, reason
    return Certainty.DOUBTFUL, doubt if doubt is Doubt.UNATTRIBUTED else f"{reason}: {doubt}"


def _is_others(scan: _Scan, place: int, line: str) -> bool:
    return scan.kinds[place] is _Kind.HISTORY or is_quoted(line)


def _tidy(lines: list[str]) -> str:
    """The lines as a text: no blank lines around, at most two in a row, no spaces at line ends."""
    kept: list[str] = []
    for line in lines:
        if line.strip() or not kept or any(one.strip() for one in kept[-2:]):
            kept.append(line.rstrip())
    return "\n".join(kept).strip("\n")
