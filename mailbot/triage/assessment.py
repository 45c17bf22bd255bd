"""What a mail is about, as triage sees it: kind, service, impact, urgency and priority, each with its reason.

The words are ITIL's (incident management, request fulfilment).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """An unplanned disruption, or something wanted (ITIL); a mere question is a request with `question = true`."""

    INCIDENT = "incident"
    REQUEST = "request"


class Level(StrEnum):
    """Impact (how many, how important) and urgency (how soon) speak the same three levels."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, 2 for high, so that the higher of two can be taken."""
        return ("low", "medium", "high").index(self.value)


class Priority(StrEnum):
    """The order in which the business needs its services back; P1 is first."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Disruption(StrEnum):
    """The diagnosis: does the mail report that something is broken?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was decided: `what` was decided, `because` of which rule, word, score or evidence."""

    what: str
    because: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something a specialist needs to know, as found in the requester's own words."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The result of triage. `missing` names the facts to ask for; `facts` are those that the mail told."""

    kind: Kind
    question: bool
    service: str | None
    group: str
    impact: Level
    urgency: Level
    priority: Priority
    disruption: Disruption
    disruption_words: tuple[str, ...] = ()
    rule: str | None = None
    shadowed_rules: tuple[str, ...] = ()  # rules that hold too, but stand later
    affected: int | None = None  # number of people, where the mail says it
    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Candidate:
    """One FAQ entry with its score (0..1)."""

    entry: str
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The desk knows: this entry answers the mail, with this confidence (0..1, "the best candidate is right")."""

    entry: str
    confidence: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Abstain:
    """The desk is silent, and `reason` says why; the candidates are suggestions for specialists."""

    reason: str
    confidence: float
    candidates: tuple[Candidate, ...]
