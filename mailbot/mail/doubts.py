"""Whether the cut between new words and history can be relied on, and if not, why.

Towards a requester a doubtful cut is held until a person has looked; so each doubt here is a way in which other
people's lines are known to have slipped through, or own ones to have been lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from mailbot.mail.labels import Label, read_label
from mailbot.mail.separators import mentions_original

_LINE_LETTERS = 400
_SAID = re.compile(
    r"(?=.{0,400}(?:@|\d{4}|\d{1,2}[:.]\d{2})).{0,400}\b(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef"
    r"|skrev|napisał\(a\)|kirjoitti|написал|пишет|写道|寫道)\W{0,5}$",
    re.IGNORECASE,
)


class Doubt(StrEnum):
    """Why a cut is doubtful."""

    EMPTY = "nothing is left"
    INTERLEAVED = "words between or below quoted lines"
    UNATTRIBUTED = "quoted lines without an attribution"
    MARK_INSIDE = "a mark of quoted mail inside the new words"


class Mark(StrEnum):
    """What was found above or before quoted mail."""

    QUOTE = "quoted lines"
    SEPARATOR = "separator"
    BLOCK = "header block"
    ATTRIBUTION = "attribution"


@dataclass(frozen=True, slots=True)
class Findings:
    """What the scan of a body met: its marks in order, the new words, and whether some stand below quoted lines."""

    marks: tuple[Mark, ...]
    reply: str
    says_more_below: bool


def find_doubt(found: Findings) -> Doubt | None:
    """The first reason not to rely on the cut, or None."""
    if found.marks and not found.reply:
        return Doubt.EMPTY
    if found.says_more_below:
        return Doubt.INTERLEAVED
    if any(_is_mark(line[:_LINE_LETTERS]) for line in found.reply.split("\n")):
        return Doubt.MARK_INSIDE
    return Doubt.UNATTRIBUTED if set(found.marks) == {Mark.QUOTE} else None


def _is_mark(line: str) -> bool:
    """Whether a line that was kept reads like one above quoted mail, though nothing else spoke for it."""
    read = read_label(line)
    is_author = read is not None and read[0] is Label.FROM and "@" in read[1]
    return is_author or mentions_original(line) or _SAID.match(line) is not None
