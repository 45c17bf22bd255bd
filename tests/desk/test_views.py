"""What a mail may show of a request: who must approve it, by name or by role, but never by a private address."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailbot.desk.outgoing import Approver
from mailbot.desk.people import Person
from mailbot.desk.policy import Policy
from mailbot.desk.ticket import State
from mailbot.desk.views import internal_view, public_view
from mailbot.triage.assessment import Kind
from mailbot.triage.policy import Terms
from tests.desk.world import ANN, POLICY, SAM, TRIAGE, situation_of, ticket_in

BOSS = Person("boss@corp.example", "Bea Boss")


def with_approval(approval: str, *people: Person) -> Policy:
    service = replace(TRIAGE.services["vpn"], terms=Terms(approval=approval))
    triage = replace(TRIAGE, services={**TRIAGE.services, "vpn": service})
    return replace(POLICY, triage=triage, people={person.address: person for person in people})


@pytest.mark.parametrize(
    ("policy", "role", "outside", "inside"),
    [
        (with_approval("manager", replace(ANN, manager=BOSS.address), BOSS), Approver.MANAGER, "Bea Boss", "Bea Boss"),
        (with_approval("manager", replace(ANN, manager=BOSS.address)), Approver.MANAGER, "", BOSS.address),
        (with_approval("manager", ANN), Approver.MANAGER, "", ""),
        (with_approval("manager"), Approver.MANAGER, "", ""),
        (with_approval(SAM, ANN), Approver.OTHER, "", SAM),
        (with_approval(SAM, ANN, Person(SAM, "Sam Smith")), Approver.OTHER, "Sam Smith", "Sam Smith"),
        (with_approval(SAM, ANN, Person(SAM)), Approver.OTHER, "", SAM),
    ],
    ids=["manager", "manager without a name", "no manager", "unknown requester", "address", "name", "nameless"],
)
def test_who_must_approve_is_shown_by_name_else_inside_by_address_and_outside_by_role(
    policy: Policy, role: Approver, outside: str, inside: str
) -> None:
    ticket = replace(ticket_in(State.ASSIGNED), kind=Kind.REQUEST)
    public = public_view(ticket, situation_of(ticket), None, policy)
    internal = internal_view(ticket, situation_of(ticket), policy)
    assert public.terms is not None
    assert internal.terms is not None
    assert (public.terms.approval, public.terms.approver) == (role, outside)
    assert (internal.terms.approval, internal.terms.approver) == (role, inside)
