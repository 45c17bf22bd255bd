"""Which of the configured languages a text is in, by its commonest words, its letters or its script.

Function words make up half of any text, so a short list of them decides; a text without enough of them has no
language. The whole detector is a few tables: it costs some kilobytes and, on a normal mail, a fifth of a millisecond
at most (`bench/language.py`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import cache

from mailbot.mail.vocabulary import LETTERS, SCRIPTS, WORDS

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SPECIAL = re.compile(r"[^\x00-\x7f]")
_TEXT_LETTERS = 2_000
_LEAST_SHARE = 0.12
_SCRIPT_SHARE = 0.3
_LETTER_WEIGHT = 0.3


def detect_language(text: str, languages: tuple[str, ...] = ("en", "de", "fr", "es")) -> str:
    """ISO 639-1 code of one of `languages`, or "" where the text is too short or none fits."""
    text = text[:_TEXT_LETTERS].lower()
    special = Counter(_SPECIAL.findall(text))
    if special and (script := _by_script(special, text, languages)):
        return script
    words = [word.replace("’", "'") for word in _WORD.findall(text)]
    scores = _scores(words, special, languages) if words else {}
    ranked = sorted(scores, key=lambda language: scores[language], reverse=True)
    if not ranked or scores[ranked[0]] / len(words) < _LEAST_SHARE:
        return ""
    tied = len(ranked) > 1 and scores[ranked[0]] == scores[ranked[1]]
    return "" if tied else ranked[0]


def _by_script(special: Counter[str], text: str, languages: tuple[str, ...]) -> str:
    """The language whose script a good part of the text is written in."""
    letters = sum(map(str.isalpha, text))
    for language, (first, last) in SCRIPTS.items():
        if language in languages:
            own = sum(times for letter, times in special.items() if first <= letter <= last)
            if own >= max(1, _SCRIPT_SHARE * letters):
                return language
    return ""


def _scores(words: list[str], special: Counter[str], languages: tuple[str, ...]) -> dict[str, float]:
    """Hits; a word of few of the languages says more than one of many, and letters of its own speak for a language."""
    scores = dict.fromkeys((language for language in languages if language in WORDS), 0.0)
    table = _table(tuple(scores))
    for word, times in Counter(words).items():
        for language, weight in table.get(word, ()):
            scores[language] += weight * times
    for language in scores if special else ():
        own = sum(special[letter] for letter in LETTERS.get(language, ""))
        scores[language] += min(own, len(words)) * _LETTER_WEIGHT
    return scores


@cache
def _table(languages: tuple[str, ...]) -> dict[str, tuple[tuple[str, float], ...]]:
    """Word -> the languages that have it, each with what it says for it."""
    found: dict[str, list[str]] = {}
    for language in languages:
        for word in set(WORDS[language].split()):
            found.setdefault(word, []).append(language)
    return {word: tuple((one, 1.0 / math.sqrt(len(all_of))) for one in all_of) for word, all_of in found.items()}
