"""The FAQ, prepared for matching: everything about the entries that can be computed before a mail comes.

Lexical information retrieval in four views, because each fails differently: TF-IDF cosine of words and of letter
groups with every phrasing (title and questions), BM25 over the answer, and how much of a phrasing the mail says.
Entries of one language stand on one shelf; shelves do not influence each other.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mailbot.triage.policy import FaqEntry
from mailbot.triage.terms import find_terms
from mailbot.triage.words import split_words

_SATURATION, _LENGTH = 1.2, 0.5  # BM25's k1 and b
_SUPPORT = 3  # phrasings whose likeness is averaged: an entry that was asked in several ways is known better
_GROUPS = (3, 4)  # letters
_TERMS_MAX = 200  # of one unit of a mail
_EXACT_WORDS_MIN = 3

Postings = dict[str, list[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How an entry and one sentence (or the whole) of a mail are alike; all but `matched` are 0..1."""

    words: float = 0.0  # cosine of words, mean of the best three phrasings
    letters: float = 0.0  # cosine of letter groups, best phrasing
    letters_support: float = 0.0  # the same, mean of the best three
    answer: float = 0.0  # BM25 over the answer, of what would be possible
    phrasing_covered: float = 0.0  # share of the best phrasing that the mail says
    mail_covered: float = 0.0  # share of the sentence that the entry's phrasings say
    matched: int = 0  # terms in common with the best phrasing
    exact: bool = False  # the sentence is a phrasing, word by word


class Shelf:
    """The entries of one language."""

    def __init__(self, entries: tuple[FaqEntry, ...]) -> None:
        self.entries = entries
        self.language = entries[0].language
        self._exact: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self._owners: list[int] = []
        self._phrasings: list[frozenset[str]] = []
        for number, entry in enumerate(entries):
            for phrasing in dict.fromkeys((entry.title, *entry.questions)):
                self._exact[_plain_words(phrasing)].add(number)
                if terms := find_terms(phrasing, self.language):
                    self._owners.append(number)
                    self._phrasings.append(frozenset(terms))
        self._weigh_words()
        self._weigh_letters()
        self._weigh_answers()

    def _weigh_words(self) -> None:
        self._vocabulary = [set[str]() for _ in self.entries]
        for owner, terms in zip(self._owners, self._phrasings, strict=True):
            self._vocabulary[owner] |= terms
        self._word_weight = _Rarity(self._vocabulary)
        self._words = _make_postings(self._word_weight.normalise(Counter(terms)) for terms in self._phrasings)

    def _weigh_letters(self) -> None:
        groups = [_letter_groups(terms) for terms in self._phrasings]
        owned = [set[str]() for _ in self.entries]
        for owner, counted in zip(self._owners, groups, strict=True):
            owned[owner] |= counted.keys()
        self._letter_weight = _Rarity(owned)
        self._letters = _make_postings(self._letter_weight.normalise(counted) for counted in groups)

    def _weigh_answers(self) -> None:
        answers = [Counter(find_terms(entry.answer, self.language)) for entry in self.entries]
        rarity = _Rarity([set(answer) for answer in answers])
        usual = sum(answer.total() for answer in answers) / len(answers) or 1.0
        self._answers = _make_postings(
            {term: rarity[term] * _saturate(count, answer.total() / usual) for term, count in answer.items()}
            for answer in answers
        )

    def compare(self, sentence: str) -> dict[int, Likeness]:
        """The likeness of `sentence` to every entry that shares a group of letters with it, by number of the entry."""
        terms = Counter(find_terms(sentence, self.language)[:_TERMS_MAX])
        if not terms:
            return {}
        words = _accumulate(self._words, self._word_weight.normalise(terms))
        letters = _accumulate(self._letters, self._letter_weight.normalise(_letter_groups(terms)))
        total = sum(self._word_weight[term] for term in terms)
        answers = _accumulate(self._answers, dict.fromkeys(terms, 1 / (total * (_SATURATION + 1))))
        plain = _plain_words(sentence)
        exact = self._exact.get(plain, set()) if len(plain) >= _EXACT_WORDS_MIN else set()
        owned: dict[int, list[int]] = defaultdict(list)
        for phrasing in letters:
            owned[self._owners[phrasing]].append(phrasing)
        return {
            owner: self._liken(
                owner, frozenset(terms), phrasings, words, letters, answers.get(owner, 0.0), owner in exact
            )
            for owner, phrasings in owned.items()
        }

    def _liken(
        self,
        owner: int,
        terms: frozenset[str],
        phrasings: list[int],
        words: Mapping[int, float],
        letters: Mapping[int, float],
        answer: float,
        exact: bool,
    ) -> Likeness:
        by_words = sorted((words.get(phrasing, 0.0) for phrasing in phrasings), reverse=True)[:_SUPPORT]
        by_letters = sorted((letters[phrasing] for phrasing in phrasings), reverse=True)[:_SUPPORT]
        best = self._phrasings[max(phrasings, key=lambda phrasing: words.get(phrasing, 0.0))]
        return Likeness(
            words=sum(by_words) / _SUPPORT,
            letters=by_letters[0],
            letters_support=sum(by_letters) / _SUPPORT,
            answer=answer,
            phrasing_covered=self._word_weight.share(best & terms, best),
            mail_covered=self._word_weight.share(terms & self._vocabulary[owner], terms),
            matched=len(best & terms),
            exact=exact,
        )

    def near_pairs(self) -> dict[tuple[int, int], float]:
        """For two entries the cosine of their most alike phrasings (words and letter groups averaged)."""
        pairs: dict[tuple[int, int], float] = defaultdict(float)
        for owner, terms in zip(self._owners, self._phrasings, strict=True):
            words = _accumulate(self._words, self._word_weight.normalise(Counter(terms)))
            letters = _accumulate(self._letters, self._letter_weight.normalise(_letter_groups(terms)))
            for phrasing, likeness in letters.items():
                other = self._owners[phrasing]
                if owner < other:
                    alike = (likeness + words.get(phrasing, 0.0)) / 2
                    pairs[owner, other] = max(pairs[owner, other], alike)
        return pairs


@dataclass(frozen=True, slots=True)
class FaqIndex:
    """All shelves; build it once a snapshot, it never changes."""

    entries: tuple[FaqEntry, ...]
    shelves: Mapping[str, Shelf] = field(repr=False, compare=False)

    @classmethod
    def build(cls, entries: Iterable[FaqEntry]) -> FaqIndex:
        """The index of `entries`."""
        known = tuple(entries)
        languages = dict.fromkeys(entry.language for entry in known)
        shelves = {each: Shelf(tuple(entry for entry in known if entry.language == each)) for each in languages}
        return cls(known, shelves)

    def near_duplicates(self, threshold: float = 0.85) -> tuple[tuple[str, str, float], ...]:
        """Pairs of entries that are too alike to be told apart: (id, id, similarity 0..1), most alike first."""
        pairs = [
            (shelf.entries[one].id, shelf.entries[other].id, round(min(alike, 1.0), 3))
            for shelf in self.shelves.values()
            for (one, other), alike in shelf.near_pairs().items()
            if alike >= threshold
        ]
        return tuple(sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1])))


class _Rarity:
    """Inverse document frequency: what few entries say weighs more; what none says weighs most."""

    def __init__(self, documents: list[set[str]]) -> None:
        self._count = len(documents)
        self._frequency = Counter(term for document in documents for term in document)

    def __getitem__(self, term: str) -> float:
        seen = self._frequency[term]
        return math.log(1 + (self._count - seen + 0.5) / (seen + 0.5))

    def share(self, part: frozenset[str], whole: frozenset[str]) -> float:
        """The weight of `part` in `whole`."""
        return sum(map(self.__getitem__, part)) / sum(map(self.__getitem__, whole))

    def normalise(self, counted: Counter[str]) -> dict[str, float]:
        """The TF-IDF vector of length 1."""
        vector = {term: (1 + math.log(count)) * self[term] for term, count in counted.items()}
        length = math.sqrt(sum(weight * weight for weight in vector.values()))
        return {term: weight / length for term, weight in vector.items()}


def _make_postings(vectors: Iterable[Mapping[str, float]]) -> Postings:
    postings: Postings = defaultdict(list)
    for number, vector in enumerate(vectors):
        for term, weight in vector.items():
            postings[term].append((number, weight))
    return dict(postings)


def _accumulate(postings: Postings, vector: Mapping[str, float]) -> dict[int, float]:
    """The product of `vector` with every document that shares a term with it."""
    products: dict[int, float] = defaultdict(float)
    for term, weight in vector.items():
        for number, other in postings.get(term, ()):
            products[number] += weight * other
    return products


def _saturate(count: int, length: float) -> float:
    return count * (_SATURATION + 1) / (count + _SATURATION * (1 - _LENGTH + _LENGTH * length))


def _letter_groups(terms: Iterable[str]) -> Counter[str]:
    padded = (f" {term} " for term in terms)
    return Counter(
        term[start : start + size] for term in padded for size in _GROUPS for start in range(len(term) - size + 1)
    )


def _plain_words(text: str) -> tuple[str, ...]:
    return tuple(word.text for word in split_words(text) if word.text[0].isalnum())
