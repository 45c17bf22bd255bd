"""Which FAQ entry answers a mail, if any: it abstains in doubt, because a wrong answer is far worse than none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailbot.triage.assessment import Abstain, Answer
from mailbot.triage.policy import FaqEntry, Matter, TriagePolicy


@dataclass(frozen=True, slots=True)
class FaqIndex:
    """Everything that can be computed about the entries before a mail comes; build it once a snapshot."""

    entries: tuple[FaqEntry, ...]

    @classmethod
    def build(cls, entries: Iterable[FaqEntry]) -> FaqIndex:
        """The index of `entries`."""
        raise NotImplementedError

    def near_duplicates(self, threshold: float = 0.85) -> tuple[tuple[str, str, float], ...]:
        """Pairs of entries that are too alike to be told apart: (id, id, similarity 0..1), most alike first."""
        raise NotImplementedError


def match(matter: Matter, index: FaqIndex, policy: TriagePolicy) -> Answer | Abstain:
    """The entry that answers `matter`, or why the desk says nothing."""
    raise NotImplementedError
