"""Diagnosis (ITIL incident management): what the words of a mail say about disruption, urgency and the people affected.

All words come from the policy's word lists. The mail's own language is read first; where it says nothing about
disruption, every other language is asked, because a short mail is easily taken for the wrong one.

"No more errors" is no disruption: a phrase of `no_disruption` hides the words of `disruption` inside it, and so does a
negation right before them. A negation that belongs to a disruption itself ("does not open") hides nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailbot.triage.assessment import Disruption, Kind
from mailbot.triage.policy import Matter, TriagePolicy, Words
from mailbot.triage.words import Found, find_places, split_words

_REACH = 2  # words between which a negation still belongs to what follows: "no errors", "no more errors"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found, list by list; each finding is the phrase as the word list has it."""

    disruption: Disruption = Disruption.UNKNOWN
    disruption_words: tuple[str, ...] = ()
    no_disruption_words: tuple[str, ...] = ()
    request_words: tuple[str, ...] = ()
    question_words: tuple[str, ...] = ()
    urgent_words: tuple[str, ...] = ()
    not_urgent_words: tuple[str, ...] = ()
    many_words: tuple[str, ...] = ()
    everyone_words: tuple[str, ...] = ()
    affected: int | None = None

    @property
    def kind(self) -> Kind:
        """Unknown is an incident: an overlooked disruption costs more than a request that was looked at early."""
        return Kind.REQUEST if self.disruption is Disruption.NO else Kind.INCIDENT

    @property
    def question(self) -> bool:
        """A request that asks for knowledge, not for work."""
        return self.kind is Kind.REQUEST and bool(self.question_words) and not self.request_words


def diagnose(matter: Matter, policy: TriagePolicy) -> Diagnosis:
    """What the words of `matter` say, read with the word lists of its language."""
    text = full_text(matter)
    own = policy.words.get(matter.language)
    if own is not None:
        diagnosis = _read(text, (own,))
        if diagnosis.disruption is not Disruption.UNKNOWN:
            return diagnosis
    return _read(text, tuple(policy.words.values()))


def full_text(matter: Matter) -> str:
    """Subject and new words; the gap keeps a phrase from running from one into the other."""
    return f"{matter.subject}\n\n{matter.text}"


def _read(text: str, lists: tuple[Words, ...]) -> Diagnosis:
    denied = _places(text, lists, lambda words: words.no_disruption)
    disruption = _without_negated(text, lists, _uncovered(_places(text, lists, lambda words: words.disruption), denied))
    not_urgent = _places(text, lists, lambda words: words.not_urgent)
    urgent = _uncovered(_places(text, lists, lambda words: words.urgent), not_urgent)
    request = _places(text, lists, lambda words: words.request + words.work_order)
    question = _places(text, lists, lambda words: words.question)
    many = _places(text, lists, lambda words: words.many_affected)
    everyone = _places(text, lists, lambda words: words.everyone_affected)
    otherwise = Disruption.NO if denied or request or question else Disruption.UNKNOWN
    return Diagnosis(
        disruption=Disruption.YES if disruption else otherwise,
        disruption_words=_phrases(disruption),
        no_disruption_words=_phrases(denied),
        request_words=_phrases(request),
        question_words=_phrases(question),
        urgent_words=_phrases(urgent),
        not_urgent_words=_phrases(not_urgent),
        many_words=_phrases(many),
        everyone_words=_phrases(everyone),
        affected=_largest_number(text, many + everyone),
    )


def _places(text: str, lists: tuple[Words, ...], choose: Callable[[Words], tuple[str, ...]]) -> tuple[Found, ...]:
    return tuple(place for words in lists for place in find_places(text, choose(words)))


def _phrases(places: tuple[Found, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place.phrase for place in places))


def _uncovered(places: tuple[Found, ...], covers: tuple[Found, ...]) -> tuple[Found, ...]:
    """Places that are not wholly inside one of `covers`: "works fine" does not hide "no longer works"."""
    inside = {span for cover in covers for span in _spans(cover)}
    return tuple(place for place in places if (place.first, place.after) not in inside)


def _spans(cover: Found) -> list[tuple[int, int]]:
    """Every run of words inside a phrase; phrases are short."""
    ends = range(cover.first + 1, cover.after + 1)
    return [(first, after) for after in ends for first in range(cover.first, after)]


def _without_negated(text: str, lists: tuple[Words, ...], places: tuple[Found, ...]) -> tuple[Found, ...]:
    words = split_words(text)
    negations = _uncovered(_places(text, lists, lambda each: each.negation), places)
    ends = {place.after - 1 for place in negations}

    def is_negated(place: Found) -> bool:
        before = range(max(0, place.first - _REACH), place.first)
        return any(index in ends and words[index].clause == words[place.first].clause for index in before)

    return tuple(place for place in places if not is_negated(place))


def _largest_number(text: str, places: tuple[Found, ...]) -> int | None:
    words = split_words(text)
    used = (words[index].text for place in places if "#" in place.phrase for index in range(place.first, place.after))
    return max((int(word) for word in used if word.isdecimal()), default=None)
