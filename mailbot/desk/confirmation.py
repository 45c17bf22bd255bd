"""Does this reply confirm? Reads a requester's answer to "is it solved?" with the word lists of the configuration.

A wrong `confirmed` closes an unsolved ticket, so everything that speaks against it is asked first: absence, future and
condition ("will test", "if"), questions, negation and failure, "but". Phrases such as "no more errors" stand among the
confirming ones and take their negation with them. What is left must be mostly positive words, or it is unclear.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from mailbot.desk.event import Meaning
from mailbot.triage.policy import Words
from mailbot.triage.words import Found, Word, find_places, split_words

_SHORT_REPLY_WORDS = 4  # its language is guesswork, so every list counts
_OTHER_WORDS = 12  # that a clear statement may have around it
_WORDS_AFTERWARDS = 2  # in clauses that follow it: a name, but no second matter
_OTHER_WORDS_BESIDE_ONE = 1  # when all that confirms is a single word such as "yes"


@dataclass(frozen=True, slots=True)
class Intent:
    """What a reply says: confirmed, rejected, courtesy or unclear, and the words that said so."""

    value: Meaning
    words: tuple[str, ...] = ()


class _Reply:
    """The words of a reply, and where the phrases of each list stand in it."""

    def __init__(self, text: str, words: Mapping[str, Words], language: str) -> None:
        self.text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(">"))
        self.words = split_words(self.text)
        lists = tuple(words.values())
        known = language in words and len(self.words) > _SHORT_REPLY_WORDS
        spoken = (words[language],) if known else lists
        self.confirmed = self.find(lambda one: one.confirmed, spoken)
        self.thanks = self.find(lambda one: one.thanks, lists)
        self.doubt = self.outside(self.find(lambda one: (*one.doubt, *one.out_of_office), lists))
        self.contrast = self.outside(self.find(lambda one: one.contrast, lists))
        self.question = tuple(
            place for place in self.find(lambda one: one.question, lists) if self.begins_a_sentence(place)
        )
        self.against = self.outside(self.find(lambda one: (*one.rejected, *one.negation), lists))
        self.troubles = tuple(
            place for place in self.find(lambda one: one.disruption, lists) if not self.shares_a_clause(place)
        )

    def find(self, choose: Callable[[Words], tuple[str, ...]], lists: Iterable[Words]) -> tuple[Found, ...]:
        phrases = tuple(phrase for one in lists for phrase in choose(one))
        return tuple(place for place in find_places(self.text, phrases) if self.is_in_one_clause(place))

    def outside(self, places: tuple[Found, ...]) -> tuple[Found, ...]:
        """Those that are not part of a longer phrase that confirms."""
        return tuple(place for place in places if not _is_inside(place, self.confirmed))

    def clause_of(self, place: Found) -> int:
        return self.words[place.first].clause

    def begins_a_sentence(self, place: Found) -> bool:
        return place.first == 0 or not _is_word(self.words[place.first - 1])

    def shares_a_clause(self, place: Found) -> bool:
        return self.clause_of(place) in {self.clause_of(other) for other in self.confirmed}

    def is_in_one_clause(self, place: Found) -> bool:
        covered = self.words[place.first : place.after]
        return len({word.clause for word in covered if word.text not in "?!"}) <= 1

    def others(self) -> tuple[int, ...]:
        """Where the words stand that neither confirm nor are courtesy."""
        covered = {number for place in (*self.confirmed, *self.thanks) for number in range(place.first, place.after)}
        return tuple(number for number, word in enumerate(self.words) if _is_word(word) and number not in covered)


def read_intent(text: str, words: Mapping[str, Words], language: str = "") -> Intent:
    """The intent of the new words of a reply; `language` narrows what may confirm, where it is known."""
    reply = _Reply(text, words, language)
    if reply.doubt:
        return _intent(Meaning.UNCLEAR, reply.doubt)
    if reply.against:
        asked_only = _asks(reply) and all(_ends_in_question(reply, place) for place in reply.against)
        return _intent(Meaning.UNCLEAR if asked_only else Meaning.REJECTED, reply.against)
    if _asks(reply) or reply.question:
        return _intent(Meaning.UNCLEAR, reply.question)
    if reply.contrast or reply.troubles:
        return _intent(Meaning.UNCLEAR, reply.contrast or reply.troubles)
    if reply.confirmed:
        return _intent(Meaning.CONFIRMED if _is_mostly_positive(reply) else Meaning.UNCLEAR, reply.confirmed)
    courteous = bool(reply.thanks) and len(reply.others()) <= 1  # one more word is a name
    return _intent(Meaning.COURTESY if courteous else Meaning.UNCLEAR, reply.thanks)


def _intent(value: Meaning, places: tuple[Found, ...]) -> Intent:
    return Intent(value, tuple(dict.fromkeys(place.phrase for place in places)))


def _asks(reply: _Reply) -> bool:
    return any(word.text == "?" for word in reply.words)


def _ends_in_question(reply: _Reply, place: Found) -> bool:
    marks = (word.text for word in reply.words[place.after - 1 :] if word.text in (".", "!", "?"))
    return next(marks, "") == "?"


def _is_mostly_positive(reply: _Reply) -> bool:
    others = reply.others()
    if all(place.after - place.first == 1 for place in reply.confirmed):
        return len(others) <= _OTHER_WORDS_BESIDE_ONE
    last = max(reply.clause_of(place) for place in reply.confirmed)
    afterwards = sum(reply.words[number].clause > last for number in others)
    return len(others) <= _OTHER_WORDS and afterwards <= _WORDS_AFTERWARDS


def _is_inside(place: Found, wider: tuple[Found, ...]) -> bool:
    return any(
        other.first <= place.first
        and place.after <= other.after
        and other.after - other.first > place.after - place.first
        for other in wider
    )


def _is_word(word: Word) -> bool:
    return word.text not in (".", "!", "?")
