"""What admins decide about triage, as data: services, rules, words, the priority matrix and the FAQ.

`config` builds these values from files and has checked every reference between them; nothing here can be wrong by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from mailbot.triage.assessment import Kind, Level, Priority


class Pattern(Protocol):
    """A compiled RE2 expression (linear time); what `triage` needs of one."""

    def search(self, text: str, /) -> Match | None:
        """The first match in `text`, or None."""
        ...


class Match(Protocol):
    """A match of a `Pattern`."""

    def group(self, index: int = 0, /) -> str | None:
        """The text of a group; 0 is the whole match."""
        ...


@dataclass(frozen=True, slots=True)
class FactWanted:
    """A fact to ask for: its label in mails and the question of the desk, per language, and the patterns that find it.

    A pattern's first group is the value, else its whole match.
    """

    name: str
    label: Mapping[str, str]
    question: Mapping[str, str]
    patterns: tuple[Pattern, ...] = ()
    required: bool = True


@dataclass(frozen=True, slots=True)
class Terms:
    """What a requester can expect of a service request, per language; empty texts are left out of mails."""

    delivery: Mapping[str, str] = field(default_factory=dict)
    cost: Mapping[str, str] = field(default_factory=dict)
    needed: Mapping[str, str] = field(default_factory=dict)
    approval: str | None = None  # address of who must approve; "manager" = the requester's manager in the directory


@dataclass(frozen=True, slots=True)
class Service:
    """What the business uses. `impact` can only raise that of a ticket; `words` recognise it without a rule."""

    name: str
    label: Mapping[str, str]
    group: str
    impact: Level = Level.LOW
    words: tuple[str, ...] = ()
    facts: tuple[FactWanted, ...] = ()
    terms: Terms | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule: `key` names a function in `conditions.py`, `values` are what the admin wrote.

    Any one of the values is enough. `conditions.make_condition` builds it.
    """

    key: str
    values: tuple[str, ...]
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """First rule whose conditions all hold decides; None leaves a field to service, words and defaults."""

    name: str
    when: tuple[Condition, ...]
    kind: Kind | None = None
    question: bool | None = None
    service: str | None = None
    group: str | None = None
    impact: Level | None = None
    urgency: Level | None = None
    examples: tuple[str, ...] = ()
    counterexamples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Word lists of one language (`config/words.<language>.toml`), in the notation of `words.py`.

    `*` stands for any letters, `#` for a number ("# people" says how many are affected), `?` for a question mark.
    """

    language: str
    disruption: tuple[str, ...] = ()
    no_disruption: tuple[str, ...] = ()
    request: tuple[str, ...] = ()
    question: tuple[str, ...] = ()
    urgent: tuple[str, ...] = ()
    not_urgent: tuple[str, ...] = ()
    many_affected: tuple[str, ...] = ()
    everyone_affected: tuple[str, ...] = ()
    already_tried: tuple[str, ...] = ()
    work_order: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()  # the rest is for reading replies, see desk/confirmation.py
    rejected: tuple[str, ...] = ()
    thanks: tuple[str, ...] = ()
    doubt: tuple[str, ...] = ()
    negation: tuple[str, ...] = ()
    contrast: tuple[str, ...] = ()
    out_of_office: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FaqEntry:
    """One file of `config/faq/`; `answer` is Markdown, `automatic` allows the desk to send it by itself."""

    id: str
    title: str
    questions: tuple[str, ...]
    answer: str
    language: str
    services: tuple[str, ...] = ()
    automatic: bool = False


@dataclass(frozen=True, slots=True)
class FaqPolicy:
    """When the desk may answer: `mode` shadow (log only), suggest (to specialists) or answer."""

    mode: str = "suggest"
    threshold: float = 0.9
    margin: float = 0.05
    entries: tuple[FaqEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class TriagePolicy:
    """Everything `assess` and `match` need besides the mail."""

    services: Mapping[str, Service]
    rules: tuple[Rule, ...]
    words: Mapping[str, Words]
    matrix: Mapping[tuple[Level, Level], Priority]  # (impact, urgency)
    default_group: str
    default_impact: Level = Level.LOW
    default_urgency: Level = Level.MEDIUM
    medium_from_people: int = 3  # so many affected people raise the impact
    high_from_people: int = 50
    faq: FaqPolicy = field(default_factory=FaqPolicy)


@dataclass(frozen=True, slots=True)
class Matter:
    """What triage reads: the words of one mail and who wrote it; made from a `Mail`, a form or a line of JSON."""

    subject: str
    text: str  # only new words: quoted text never counts
    language: str = ""
    sender: str = ""  # address, lower case
    to: tuple[str, ...] = ()
    account: str = ""  # the mailbox it arrived in
    vip: bool = False
    attachments: tuple[str, ...] = ()  # names
    headers: tuple[tuple[str, str], ...] = ()
