"""`routing.toml`: the services that the business uses, the groups that solve, the machines that write, the rules."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from mailbot.config.kinds import (
    Address,
    Duration,
    Language,
    Name,
    OneLine,
    OneOrMany,
    PatternText,
    Phrase,
    Sender,
    Table,
    Text,
    read_duration,
)
from mailbot.triage.assessment import Kind, Level

DEFAULT_UNCLAIMED = read_duration("1h")


def _words(value: Any) -> Any:
    """What `when` may say: one word, several, a number, or true and false."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(one, str | int | float) for one in values):
        raise ValueError('must be a text, a list of texts, a number, or true or false (such as subject = ["vpn"])')
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


class FactTable(Table):
    """[[facts]]"""

    name: Name = Field(description="name by which services ask for it")
    label: Text = Field(description="what it is called in mails to specialists")
    question: Text = Field(description="how the desk asks for it")
    patterns: tuple[PatternText, ...] = Field((), description="what finds it in a mail: /RE2/ (group 1, else all)")
    required: bool = Field(True, description="false: shown if found, never asked for")


class TermsTable(Table):
    """[services.terms]"""

    delivery: Text = Field(default_factory=dict, description="how long it takes")
    cost: Text = Field(default_factory=dict, description="what it costs whom")
    needed: Text = Field(default_factory=dict, description="what is needed for it")
    approval: Literal["manager"] | Address | None = Field(None, description='who must approve: "manager" or an address')


class ServiceTable(Table):
    """[[services]]"""

    name: Name = Field(description="name by which rules and FAQ entries know it")
    label: Text = Field(default_factory=dict, description="what requesters read; default: the name")
    group: Name = Field(description="the group that looks after it")
    impact: Level = Field(Level.LOW, description="least impact when it fails: low, medium, high")
    words: tuple[Phrase, ...] = Field((), description="words that recognise it where no rule names it")
    facts: tuple[Name, ...] = Field((), description="what specialists need to know, in this order")
    terms: TermsTable | None = Field(None, description="what a requester of something can expect")


class GroupTable(Table):
    """[[groups]]"""

    name: Name = Field(description="name by which services and rules know it")
    label: OneLine = Field(description="what people read")
    members: tuple[Address, ...] = Field((), description="addresses of its specialists; only these may command")
    list: Address | None = Field(None, description="mailing list; without one the members get their mail directly")
    list_id: OneLine | None = Field(None, description="List-Id of that list, where it is not the address with a dot")
    lead: Address | None = Field(None, description="who leads it, and is told when promises break")
    fallback: Address = Field(description="who is asked when nobody reacts")
    language: Language | None = Field(None, description="language of its mails; default: the desk's first")
    show_name: bool = Field(False, description="requesters see the specialist's name as sender")
    unclaimed_after: Duration = Field(DEFAULT_UNCLAIMED, description="business time until members are reminded")

    @model_validator(mode="after")
    def _reaches_somebody(self) -> GroupTable:
        if self.list is None and not self.members:
            raise ValueError("reaches nobody: it needs a list or members")
        return self


class SourceKind(StrEnum):
    """What kind of machine writes."""

    ALERT = "alert"
    FORM = "form"
    IGNORE = "ignore"


class SourceTable(Table):
    """[[sources]]"""

    name: Name = Field(description="what admins call it")
    kind: SourceKind = Field(description='"alert" (monitoring), "form" (a person behind it) or "ignore"')
    senders: Annotated[tuple[Sender, ...], OneOrMany] = Field(min_length=1, description='addresses, or "@domain"')
    key: PatternText | None = Field(None, description="alert: what it is about; one open ticket for each (group 1)")
    recovered: PatternText | None = Field(None, description="alert: what says that it is over")
    service: Name | None = Field(None, description="alert: service of its tickets")
    group: Name | None = Field(None, description="alert: group of its tickets; default: that of the service")
    impact: Level | None = Field(None, description="alert: impact of its tickets")
    urgency: Level | None = Field(None, description="alert: urgency of its tickets")
    on_recovery: Literal["resolve", "note"] = Field("resolve", description='alert: "resolve" the ticket or "note" it')
    person: PatternText | None = Field(None, description="form: finds the address (group 1); default: Reply-To")
    person_name: PatternText | None = Field(None, description="form: finds the name (group 1)")
    text: PatternText | None = Field(None, description="form: finds the words of the person (group 1)")
    subject: PatternText | None = Field(None, description="ignore: only mail whose subject fits")

    @model_validator(mode="after")
    def _alert_is_whole(self) -> SourceTable:
        if self.kind is SourceKind.ALERT and (self.key is None or self.recovered is None):
            raise ValueError("an alert source needs key and recovered")
        strange = sorted(self.model_fields_set - _FIELDS_OF_KIND[self.kind] - {"name", "kind", "senders"})
        if strange:
            raise ValueError(f"{strange[0]} has no meaning for a source of kind {self.kind.value}")
        return self


_FIELDS_OF_KIND = {
    SourceKind.ALERT: {"key", "recovered", "service", "group", "impact", "urgency", "on_recovery"},
    SourceKind.FORM: {"person", "person_name", "text"},
    SourceKind.IGNORE: {"subject"},
}


class RuleTable(Table):
    """[[rules]]"""

    name: OneLine = Field(min_length=1, description="what admins call it; tickets name it as their reason")
    when: dict[str, Annotated[tuple[str, ...], BeforeValidator(_words)]] = Field(
        min_length=1, description="conditions that must all hold; of a list one is enough"
    )
    kind: Kind | None = Field(None, description='"incident" or "request"')
    question: bool | None = Field(None, description="a request that only wants to know something")
    service: Name | None = Field(None, description="sets the service, and with it the group")
    group: Name | None = Field(None, description="sets the group; default: that of the service")
    impact: Level | None = Field(None, description="sets the impact: low, medium, high")
    urgency: Level | None = Field(None, description="sets the urgency: low, medium, high")
    examples: tuple[str, ...] = Field((), description="mails that it must decide (first line: subject), checked")
    counterexamples: tuple[str, ...] = Field((), description="mails that it must not decide, checked")

    @model_validator(mode="after")
    def _sets_something(self) -> RuleTable:
        if not self.model_fields_set - {"name", "when", "examples", "counterexamples"}:
            raise ValueError("sets nothing: it needs a kind, service, group, impact or urgency")
        return self


class RoutingFile(Table):
    """routing.toml"""

    default_group: Name = Field(description="who gets what nothing else decides")
    default_impact: Level = Field(Level.LOW, description="impact where nothing says otherwise")
    default_urgency: Level = Field(Level.MEDIUM, description="urgency where nothing says otherwise")
    medium_from_people: int = Field(3, ge=2, description="so many affected people make the impact medium")
    high_from_people: int = Field(50, ge=2, description="so many affected people make the impact high")
    on_machine: Literal["ticket", "store"] = Field("ticket", description="mail of machines that no source names")
    facts: tuple[FactTable, ...] = ()
    services: tuple[ServiceTable, ...] = Field(min_length=1)
    groups: tuple[GroupTable, ...] = Field(min_length=1)
    sources: tuple[SourceTable, ...] = ()
    rules: tuple[RuleTable, ...] = ()
