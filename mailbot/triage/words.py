"""Phrases of word lists and rules, found in a text in linear time, however long the lists are.

A phrase is one or more words. Words are compared whole and folded: case, accents and the two spellings of umlauts
("Störung", "stoerung") do not matter. In a phrase, `*` stands for any letters at the place where it stands ("druck*"),
`#` for a number ("# people"), `?` and `!` for themselves. A phrase does not run across the end of a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

_WORD = re.compile(r"\w+|[.!?:;](?=\W|$)|,|\n[^\S\n]*\n")
_PHRASE_WORD = re.compile(r"[\w*]+|#|[?!]")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_NUMBER = "#"
_DIGITS_MAX = 6  # what is longer is an identifier, not a count


@dataclass(frozen=True, slots=True)
class Word:
    """One word or mark of a text: folded, with its place in the NFC text and the number of its clause."""

    text: str
    start: int
    end: int
    clause: int


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase, as its list has it, and the words of the text (first, behind the last) where it stands."""

    phrase: str
    first: int
    after: int


def fold(word: str) -> str:
    """What is compared: without case and accents, umlauts as two letters."""
    if word.isascii():
        return word.lower()
    spelled = unicodedata.normalize("NFC", word.casefold()).translate(_UMLAUTS)
    letters = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


@lru_cache(maxsize=16)
def split_words(text: str) -> tuple[Word, ...]:
    """The words of `text` with the marks that end sentences and clauses."""
    words: list[Word] = []
    clause = 0
    for match in _WORD.finditer(unicodedata.normalize("NFC", text)):
        found = match.group()
        if found[0].isalnum() or found[0] == "_":
            words.append(Word(fold(found), match.start(), match.end(), clause))
            continue
        clause += 1
        if found != ",":
            words.append(Word(found if found in "?!" else ".", match.start(), match.end(), clause))
    return tuple(words)


class Phrases:
    """A list of phrases, prepared once; ValueError names a phrase that holds no word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._literal: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self._prefix: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
        self.order = tuple(dict.fromkeys(phrases))
        for phrase in self.order:
            self._add(phrase, tuple(word if word in "*#?!" else fold(word) for word in _PHRASE_WORD.findall(phrase)))
        self._lengths = sorted({len(prefix) for prefix in self._prefix})

    def _add(self, phrase: str, words: tuple[str, ...]) -> None:
        if not words or set("".join(words)) <= {"*"}:
            raise ValueError(f'"{phrase}" holds no word')
        first = words[0]
        if first == _NUMBER:
            self._prefix.setdefault("", []).append((phrase, words))
        elif "*" in first:
            self._prefix.setdefault(first.partition("*")[0], []).append((phrase, words))
        else:
            self._literal.setdefault(first, []).append((phrase, words))

    def find_in(self, text: str) -> Iterator[Found]:
        """Every place where a phrase stands, from the beginning of the text to its end."""
        words = split_words(text)
        for place, word in enumerate(words):
            for phrase, wanted in self._candidates(word.text):
                if _stands_at(words, place, wanted):
                    yield Found(phrase, place, place + len(wanted))

    def _candidates(self, word: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        yield from self._literal.get(word, ())
        for length in self._lengths:
            if length <= len(word):
                yield from self._prefix.get(word[:length], ())


def _stands_at(words: tuple[Word, ...], place: int, wanted: tuple[str, ...]) -> bool:
    if place + len(wanted) > len(words):
        return False
    return all(_same(words[place + offset].text, word) for offset, word in enumerate(wanted))


def _same(word: str, wanted: str) -> bool:
    if wanted == _NUMBER:
        return word.isdecimal() and len(word) <= _DIGITS_MAX
    if "*" in wanted:
        return word not in (".", "?", "!") and fnmatchcase(word, wanted)
    return word == wanted


@lru_cache(maxsize=512)
def _prepare(phrases: tuple[str, ...]) -> Phrases:
    return Phrases(phrases)


def find_places(text: str, phrases: tuple[str, ...]) -> tuple[Found, ...]:
    """Every place in `text` where one of `phrases` stands."""
    return tuple(_prepare(phrases).find_in(text))


def find_phrases(text: str, phrases: tuple[str, ...]) -> tuple[str, ...]:
    """The phrases that stand in `text`, each once, in the order of the list."""
    found = {place.phrase for place in find_places(text, phrases)}
    return tuple(phrase for phrase in dict.fromkeys(phrases) if phrase in found)
