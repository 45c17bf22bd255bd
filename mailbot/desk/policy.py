"""What admins decide about the desk, as data. `config` builds it from files; every name in it has been checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from mailbot.desk.people import Person
from mailbot.triage.assessment import Level, Priority
from mailbot.triage.policy import Pattern, TriagePolicy


class Calendar(Protocol):
    """Business hours: service-level clocks run only inside them."""

    def add(self, start: datetime, business: timedelta, /) -> datetime:
        """The UTC instant at which `business` time has passed since `start`."""
        ...


@dataclass(frozen=True, slots=True)
class Group:
    """A specialist group. Without a `list_address` its members get hand-overs directly; `fallback` is asked when
    nobody reacts.
    """

    name: str
    label: str
    members: tuple[str, ...]
    fallback: str
    list_address: str | None = None
    list_id: str | None = None
    lead: str | None = None
    language: str = "en"
    show_name: bool = False  # "Ann (IT Support)" instead of "IT Support" as the sender of relays
    unclaimed_after: timedelta = timedelta(hours=1)  # business time


@dataclass(frozen=True, slots=True)
class Target:
    """Agreed times of one priority, in business time of the service level's calendar."""

    response: timedelta
    resolution: timedelta


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """Targets and the waits of the desk itself, in business time of `calendar` (reopening in plain days)."""

    calendar: Calendar
    targets: Mapping[Priority, Target]
    remind_after: timedelta = timedelta(hours=16)  # waiting for the requester: first reminder
    reminders: int = 2
    close_resolved_after: timedelta = timedelta(hours=40)  # silence after "is it solved?"
    answered_verdict_after: timedelta = timedelta(hours=4)  # silence after an FAQ answer
    silence_resolves: bool = False  # an FAQ answer met with silence: resolved instead of handed over
    reopen_days: int = 14
    approval_after: timedelta = timedelta(hours=16)
    held_after: timedelta = timedelta(hours=4)  # alert about mail that waits for a person


@dataclass(frozen=True, slots=True)
class AlertSource:
    """Mail of a monitoring system: `key` finds what it is about, `recovered` says that it is over (RE2, searched in
    subject then body).
    """

    name: str
    senders: tuple[str, ...]  # addresses, or "@domain"
    key: Pattern
    recovered: Pattern
    service: str | None = None
    group: str | None = None
    impact: Level | None = None
    urgency: Level | None = None
    on_recovery: str = "resolve"


@dataclass(frozen=True, slots=True)
class FormSource:
    """Mail of a web form: the person stands in Reply-To, or in the body where `person` (group 1) finds the address."""

    name: str
    senders: tuple[str, ...]
    person: Pattern | None = None
    person_name: Pattern | None = None
    text: Pattern | None = None  # group 1 = the words of the person


@dataclass(frozen=True, slots=True)
class IgnoredSource:
    """Machines whose mail is stored and nothing else."""

    name: str
    senders: tuple[str, ...]
    subject: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the desk is in the outside world."""

    name: str  # "IT Support"
    address: str  # support@corp.example
    organisation: str
    instance: str  # X-Loop id
    domain: str  # of Message-IDs
    aliases: tuple[str, ...] = ()  # every other address that is the desk
    token_base: str | None = None  # short alias for plus-addresses
    own_domains: tuple[str, ...] = ()
    arrives_through: tuple[str, ...] = ()  # List-Ids of the lists that the support address itself is
    signature: Mapping[str, str] = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)  # first = default
    phone: str = ""
    timezone: str = "UTC"  # IANA name; dates in mails are written in it

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address that is the desk itself."""
        base = (self.address, *self.aliases)
        return base if self.token_base is None else (*base, self.token_base)


@dataclass(frozen=True, slots=True)
class Trust:
    """`results`: none | authserv | topmost (decisions.md, "Evidence and rights")."""

    results: str = "none"
    authserv_id: str = ""
    submission: str = ""
    colleagues: bool = True
    acknowledge_unknown: bool = True


@dataclass(frozen=True, slots=True)
class Limits:
    """Sliding windows of the gate, and bounds of one turn (reliability: limits and breaker)."""

    address_per_hour: int = 3
    address_per_day: int = 10
    domain_per_hour: int = 30
    ticket_per_day: int = 5
    group_per_hour: int = 60
    global_per_hour: int = 200
    automatic_in_a_row: int = 2
    mute_days: int = 60
    backlog_hours: int = 48
    tickets_per_turn: int = 20
    machine_fold_per_hour: int = 5
    message_bytes: int = 26_214_400
    attachments_bytes: int = 10_485_760
    recipients: int = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """How mail leaves."""

    hold_seconds: int = 30  # relays wait, so that #undo can stop them; 0 for P1
    give_up_hours: int = 48
    verp: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """One immutable snapshot of all that the pure part needs; `config_hash` names it in every decision."""

    identity: Identity
    admins: tuple[str, ...]
    groups: Mapping[str, Group]
    triage: TriagePolicy
    levels: ServiceLevels
    alerts: tuple[AlertSource, ...] = ()
    forms: tuple[FormSource, ...] = ()
    ignored: tuple[IgnoredSource, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)  # by lower-case address, aliases included
    trust: Trust = field(default_factory=Trust)
    limits: Limits = field(default_factory=Limits)
    delivery: Delivery = field(default_factory=Delivery)
    on_machine: str = "ticket"  # or "store": mail of machines that no source names
    token_lifetime_days: int = 400
    follow_days: int = 60  # beyond this after closing, a valid token opens a ticket that follows
    public_providers: frozenset[str] = frozenset()
    config_hash: str = ""

    def group_of_member(self, address: str) -> tuple[Group, ...]:
        """The groups in whose `members` (or as lead) this address stands; the caller has folded A-Z."""
        return tuple(group for group in self.groups.values() if address in group.members or address == group.lead)
