"""Diagnosis (ITIL incident management): what the words of a mail say about disruption, urgency and the people affected.

All words come from the policy's word lists. The mail's own language is read first; where it says nothing, every other
language is asked, because a short mail is easily taken for the wrong one.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.triage.assessment import Disruption, Kind
from mailbot.triage.policy import Matter, TriagePolicy


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
    raise NotImplementedError
