"""Which FAQ entry answers a mail, if any: it abstains in doubt, because a wrong answer is far worse than none.

Every sentence of the mail and the whole are compared with every entry of the mail's language; each entry counts with
its best. Then the winner's *confidence*, the chance that it is right, is estimated from how alike it is and how far
ahead of the second. Guards have the last word: the same topic is not the same need.

The two logistic functions below were fitted (L-BFGS, weights bounded at zero, so that more likeness never means less)
on questions of three domains (CLINC150, BANKING77, an IT desk), bare and inside mails, with one, two and five phrasings
an entry, in the mix of 50 % answerable, 25 % near and 25 % far mail. Each domain was checked with weights learned from
the others: precision .90 to 1.0 at a confidence of .9, a tenth of answerable mail answered. `_CERTAINTY` is stricter
than the fit (-4.4), so that the precision is .95 and more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from mailbot.triage.assessment import Abstain, Answer, Candidate
from mailbot.triage.diagnosis import diagnose, full_text
from mailbot.triage.faq_index import FaqIndex, Likeness, Shelf
from mailbot.triage.policy import FaqEntry, Matter, TriagePolicy
from mailbot.triage.words import find_phrases, split_words

__all__ = ["FaqIndex", "match"]

_CANDIDATES = 5
_SENTENCES_MAX = 40  # a longer mail has more than one matter
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_MATCHED_MAX = 2.2  # of the logarithm of matched terms
_LEAD_MAX = 4.0
_EXACT = 0.97  # the mail asks a phrasing word by word
_DOUBT = 0.3  # what a guard about the mail's need leaves of the confidence
_FOREIGN = 0.1  # what another language leaves of it: few words are shared


def match(matter: Matter, index: FaqIndex, policy: TriagePolicy) -> Answer | Abstain:
    """The entry that answers `matter`, or why the desk says nothing.

    That the mail is the first of a person, and all limits, are for the caller to check.
    """
    own = index.shelves.get(matter.language)
    shelves = (own,) if own is not None else tuple(index.shelves.values())
    ranked = _rank(matter, shelves)
    if not ranked:
        return Abstain("no entry is alike", 0.0, ())
    (score, best, likeness), second = ranked[0], ranked[1] if len(ranked) > 1 else None
    lead = score - second[0] if second is not None else _LEAD_MAX
    rival = second is not None and second[2].exact
    confidence = _find_confidence(likeness, lead, rival)
    candidates = tuple(Candidate(entry.id, round(_squash(value), 4)) for value, entry, _ in ranked[:_CANDIDATES])
    if own is None:
        reason = f"no entry in the language of the mail ({matter.language or 'unknown'})"
        return Abstain(reason, round(confidence * _FOREIGN, 4), candidates)
    if doubt := _find_doubt(matter, best, policy):
        return Abstain(doubt, round(confidence * _DOUBT, 4), candidates)
    confidence = round(confidence, 4)
    if reason := _find_obstacle(best, confidence, candidates, policy):
        return Abstain(reason, confidence, candidates)
    return Answer(best.id, confidence, candidates)


def _rank(matter: Matter, shelves: Iterable[Shelf]) -> list[tuple[float, FaqEntry, Likeness]]:
    """Every entry that is alike at all, with its best sentence; the best entry first."""
    best: dict[str, tuple[float, FaqEntry, Likeness]] = {}
    for shelf in shelves:
        for sentence in _split_sentences(matter):
            for number, likeness in shelf.compare(sentence).items():
                entry, score = shelf.entries[number], _score(likeness)
                if entry.id not in best or score > best[entry.id][0]:
                    best[entry.id] = (score, entry, likeness)
    return sorted(best.values(), key=lambda row: (-row[0], row[1].id))


def _split_sentences(matter: Matter) -> tuple[str, ...]:
    sentences = [sentence for sentence in _SENTENCE_END.split(full_text(matter)) if sentence.strip()]
    return tuple(dict.fromkeys((full_text(matter), *sentences[:_SENTENCES_MAX])))


def _score(likeness: Likeness) -> float:
    """Log-odds that this entry is the right one of the FAQ."""
    return (
        1.94 * likeness.words
        + 3.01 * likeness.letters
        + 0.21 * likeness.answer
        + 0.86 * likeness.phrasing_covered
        + 0.53 * _dampen(likeness.matched)
        + (_LEAD_MAX if likeness.exact else 0.0)
        - 3.94
    )


_CERTAINTY = -5.2


def _find_confidence(likeness: Likeness, lead: float, rival: bool) -> float:
    """The chance that the winner is right; `rival` says that a second entry has the very same phrasing."""
    if likeness.exact and not rival:
        return _EXACT
    return _squash(
        0.80 * min(lead, _LEAD_MAX)
        + 3.70 * likeness.letters_support
        + 0.42 * likeness.mail_covered
        + 1.63 * _dampen(likeness.matched)
        + _CERTAINTY
    )


def _dampen(matched: int) -> float:
    return min(math.log1p(matched), _MATCHED_MAX)


def _squash(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def _find_doubt(matter: Matter, best: FaqEntry, policy: TriagePolicy) -> str:
    """What in the mail says that its writer needs more than the entry, "" where nothing does."""
    text, entry_text = full_text(matter), "\n".join((best.title, *best.questions, best.answer))
    own = policy.words.get(matter.language)
    for words in (own,) if own is not None else policy.words.values():
        if tried := find_phrases(text, words.already_tried):
            return f'already tried: "{tried[0]}"'
        if order := find_phrases(text, words.work_order):
            return f'order of work: "{order[0]}"'
    broken = diagnose(matter, policy).disruption_words
    if broken and not find_phrases(entry_text, broken):
        return f'reports a disruption, and the entry speaks of none: "{broken[0]}"'
    if strange := _find_identifiers(text) - _find_identifiers(entry_text):
        return f'identifier or error code: "{min(strange)}"'
    return ""


def _find_identifiers(text: str) -> set[str]:
    """Words such as db04, F5, 0x8007 and 1603: they speak of one thing, an entry of a kind of thing."""
    return {word.text for word in split_words(text) if _is_identifier(word.text)}


def _is_identifier(word: str) -> bool:
    digits = sum(letter.isdecimal() for letter in word)
    return digits > 2 or 0 < digits < len(word)


def _find_obstacle(best: FaqEntry, confidence: float, candidates: tuple[Candidate, ...], policy: TriagePolicy) -> str:
    """Which of the policy's conditions for an answer does not hold, "" where all do."""
    if not best.automatic:
        return f'entry "{best.id}" is not automatic'
    if confidence < policy.faq.threshold:
        return f"confidence {confidence:.2f} is below {policy.faq.threshold:.2f}"
    if len(candidates) > 1 and candidates[0].score - candidates[1].score < policy.faq.margin:
        return f'entry "{candidates[1].entry}" is nearly as likely'
    return ""
