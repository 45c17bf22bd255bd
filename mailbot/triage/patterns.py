"""Patterns of admins: plain text is a phrase (see `words.py`), `/…/` is a regular expression.

Regular expressions are RE2's: no look-around and no back-references, and therefore linear time for any mail. They
ignore case, and `^` and `$` match at every line.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import re2

from mailbot.triage.policy import Match, Pattern
from mailbot.triage.words import Phrases, split_words


@dataclass(frozen=True, slots=True)
class PhraseMatch:
    """Where a phrase stood; it has no groups."""

    found: str

    def group(self, index: int = 0, /) -> str | None:
        """The words as the text has them."""
        if index:
            raise IndexError("no such group")
        return self.found


@dataclass(frozen=True, slots=True)
class PhrasePattern:
    """A phrase that can be searched for like a regular expression."""

    phrases: Phrases

    def search(self, text: str, /) -> Match | None:
        """The first place where the phrase stands, or None."""
        place = next(self.phrases.find_in(text), None)
        if place is None:
            return None
        words = split_words(text)
        plain = unicodedata.normalize("NFC", text)
        return PhraseMatch(plain[words[place.first].start : words[place.after - 1].end])


def compile_pattern(text: str) -> Pattern:
    """A case-insensitive pattern; ValueError says why `text` is none."""
    written = text.strip()
    if len(written) > 1 and written.startswith("/") and written.endswith("/"):
        return _compile_expression(written[1:-1])
    return PhrasePattern(Phrases([written]))


def _compile_expression(expression: str) -> Pattern:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        pattern: Pattern = re2.compile(f"(?m){expression}", options)
    except re2.error as error:
        detail = error.args[0] if error.args else ""
        reason = detail.decode(errors="replace") if isinstance(detail, bytes) else str(detail)
        raise ValueError(f"/{expression}/ is no RE2 expression: {reason}") from error
    if pattern.search("") and pattern.search("\x01"):
        raise ValueError(f"/{expression}/ holds for every text")
    return pattern


def find_value(pattern: Pattern, text: str) -> str | None:
    """What `pattern` captures in `text`: its first group, else the whole match; None without a match."""
    match = pattern.search(text)
    if match is None:
        return None
    try:
        captured = match.group(1)
    except IndexError:
        captured = None
    return captured if captured is not None else match.group(0)
