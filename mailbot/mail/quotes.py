"""Quote marks, rules and the footers of mailing lists: what tells other people's lines from the writer's own.

Every pattern is tried on the first letters of one line and has no nested repetition.
"""

from __future__ import annotations

import re

_LINE_LETTERS = 400
_RULE = re.compile(r"[\s>*]{0,20}[_-]{10,200}\s*$")
_LIST_FOOTER = re.compile(
    r"mailing[- ]?list\b|to unsubscribe|unsubscribe (?:from|send|at|visit|:)|mailman/listinfo|list (?:archives?"
    r"|info|help)\b|/listinfo/|"
    r"vger\.kernel\.org|abmelden|-leave@|you received this message because|majordomo|um sich auszutragen|se"
    r" désabonner",
    re.IGNORECASE,
)
_ARCHIVE = re.compile(
    r"\s{0,10}(?:(?:view|read|see|reply to) this (?:message|thread|topic|discussion)\b.*https?://"
    r"|sent from(?: the|:) .*(?:archive|https?://))",
    re.IGNORECASE,
)
_WRAPPED_LETTERS = 60  # no program breaks lines earlier
_OVERFLOW_LINES = 12
_FULL_SHARE = 0.85  # of the width: a longer word would have to follow for a line to be broken earlier
_SENTENCE_ENDS = (".", "?", "!", ":", ";", "。", "？", "！")


def is_quoted(line: str) -> bool:
    """Whether a line carries a quote mark."""
    if line[:1].isalnum():  # nearly always, and this is asked of every line several times
        return False
    return line.lstrip(" \t\xa0\ufeff").startswith((">", "|>", "&gt;")) or line.startswith("| ") or line.rstrip() == "|"


def is_rule(line: str) -> bool:
    """Whether a line is a long rule of dashes or underscores."""
    return _RULE.match(line[:_LINE_LETTERS]) is not None


def overflow_end(lines: list[str], start: int, width: int) -> int:
    """Where a run of lines ends that a program broke off the quoted line above `start`; `start` if it is somebody's.

    Broken off is what would not have fitted: each line but the last is full, the one above ends in the middle of a
    sentence, and quoted lines go on right below. An answer stands apart or follows a whole sentence.
    """
    if _is_short_overflow(lines, start):
        return start + 1
    end = start
    while end < len(lines) and end - start <= _OVERFLOW_LINES and lines[end].strip() and not is_quoted(lines[end]):
        above = lines[end - 1].rstrip()
        if len(above) < max(_WRAPPED_LETTERS, width * _FULL_SHARE):
            return start
        end += 1
    if end == start or end >= len(lines) or not is_quoted(lines[end]):
        return start
    return start if lines[start - 1].rstrip().endswith(_SENTENCE_ENDS) else end


def _is_short_overflow(lines: list[str], start: int) -> bool:
    """A few words in small letters that go on with a long line, glued between quoted ones."""
    above, words = lines[start - 1].rstrip(), lines[start].split(maxsplit=4)
    is_glued = len(above) >= _WRAPPED_LETTERS and start + 1 < len(lines) and is_quoted(lines[start + 1])
    return is_glued and 0 < len(words) <= 4 and words[0][0].islower() and not above.endswith(_SENTENCE_ENDS)


def quoted_width(lines: list[str]) -> int:
    """The length at which the quoted lines of a text were broken: that of the longest that has several words."""
    lengths = [len(line) for line in lines if is_quoted(line) and len(line) <= 200 and line.count(" ") >= 4]
    return max(lengths, default=0)


def list_footer_start(lines: list[str], end: int, *, below_quotes: bool) -> int:
    """Where the footers that mailing lists add begin, looking up from line `end`; `end` if there is none.

    Below quoted mail the line that leads to a web archive was somebody else's.
    """
    start = end
    for place in range(end - 1, max(-1, end - 40), -1):
        is_edge = is_rule(lines[place]) or lines[place].strip() in ("--", "---", "__")
        if is_edge and not below_quotes and leads_to_archive(lines[place + 1 : start]):
            break
        if is_edge and any(_LIST_FOOTER.search(line[:_LINE_LETTERS]) for line in lines[place + 1 : start][:8]):
            start = place
        elif is_edge or is_quoted(lines[place]):
            break
    return start


def leads_to_archive(lines: list[str]) -> bool:
    """Whether the lines below a delimiter say only where a web archive keeps the mail: no signature, and of use."""
    spoken = [line[:_LINE_LETTERS] for line in lines if line.strip()]
    return 0 < len(spoken) <= 4 and all(_ARCHIVE.match(line) for line in spoken)
