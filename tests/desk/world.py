"""A small desk for pure tests: two groups, three people, and everything else at its default."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mailbot.desk.evidence import ActingAs, Evidence, Sender, TokenState
from mailbot.desk.people import Person
from mailbot.desk.policy import Group, Identity, Policy, ServiceLevels, Target
from mailbot.desk.service_levels import ALWAYS
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import State, Ticket, WaitingFor
from mailbot.mail.model import Address, Mail
from mailbot.triage.assessment import Kind, Level, Priority
from mailbot.triage.policy import Service, TriagePolicy, Words

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANN = Person("ann@corp.example", "Ann Archer", language="en", source="directory")
SAM = "sam@corp.example"  # a specialist of the network group
TIA = "tia@corp.example"  # another

NETWORK = Group(
    "network", "Network", (SAM, TIA), fallback="lead@corp.example", list_address="network@lists.corp.example"
)
DESK = Group("desk", "Service desk", ("joe@corp.example", "kim@corp.example"), fallback="lead@corp.example")

_LEVELS = tuple(Level)
_MATRIX = {
    (impact, urgency): Priority(f"P{min(4, max(1, 5 - impact.rank - urgency.rank))}")
    for impact in _LEVELS
    for urgency in _LEVELS
}
WORDS = {
    "en": Words(
        "en",
        disruption=("broken", "not working", "error"),
        request=("please order", "i need"),
        question=("how do i",),
        confirmed=("works", "solved", "yes"),
        rejected=("still", "not solved", "no"),
        thanks=("thanks", "thank you"),
        negation=("not", "no longer"),
    )
}
TRIAGE = TriagePolicy(
    services={"vpn": Service("vpn", {"en": "VPN"}, "network"), "mail": Service("mail", {"en": "E-mail"}, "desk")},
    rules=(),
    words=WORDS,
    matrix=_MATRIX,
    default_group="desk",
)
POLICY = Policy(
    identity=Identity(
        "IT Support",
        "support@corp.example",
        "Example Ltd",
        "support@corp.example",
        "corp.example",
        own_domains=("corp.example",),
    ),
    admins=("root@corp.example",),
    groups={"network": NETWORK, "desk": DESK},
    triage=TRIAGE,
    levels=ServiceLevels(ALWAYS, {priority: Target(timedelta(hours=1), timedelta(hours=8)) for priority in Priority}),
    people={ANN.address: ANN},
)
SURE = Evidence(Sender.UNKNOWN, TokenState.OK, ActingAs.REQUESTER, in_directory=True, own_domain=True, plain_from=True)


def ticket_in(state: State) -> Ticket:
    """Ticket #7 of Ann with the network group, as it would be in that state."""
    ticket = Ticket(
        number=7,
        opened_at=NOW - timedelta(hours=2),
        kind=Kind.INCIDENT,
        state=state,
        requester=ANN.address,
        requester_name=ANN.name,
        language="en",
        subject="VPN broken",
        group="network",
        impact=Level.LOW,
        urgency=Level.MEDIUM,
        priority=Priority.P4,
        version=3,
        service="vpn",
        cycle=1,
    )
    extra: dict[State, Ticket] = {
        State.IN_PROGRESS: replace(ticket, owner=SAM),
        State.WAITING: replace(ticket, owner=SAM, waiting_for=WaitingFor.REQUESTER),
        State.RESOLVED: replace(ticket, owner=SAM, resolved_at=NOW),
        State.CLOSED: replace(ticket, owner=SAM, resolved_at=NOW, closed_at=NOW),
        State.CANCELLED: replace(ticket, former_state=State.ASSIGNED),
    }
    return extra.get(state, ticket)


def situation_of(ticket: Ticket | None, **changes: object) -> Situation:
    """What the store would tell about a mail of Ann on that ticket."""
    found = Situation(
        NOW, 8, inbox_id=1, account="support", internal_date=NOW, ticket=ticket, person=ANN, requester=ANN
    )
    return replace(found, **changes)  # type: ignore[arg-type]  # fields by name


def mail_of(text: str, *, sender: str = ANN.address, name: str = ANN.name, subject: str = "VPN broken") -> Mail:
    """A plain mail with these words."""
    return Mail(
        message_id="m1@corp.example",
        subject=subject,
        from_=(Address(name, sender),),
        from_is_plain=True,
        to=(Address("", "support@corp.example"),),
        return_path=sender,
        text=text,
        reply=text,
        language="en",
    )
