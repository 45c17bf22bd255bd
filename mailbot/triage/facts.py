"""Facts that a specialist needs: found in the requester's words by the patterns of the service, or missing."""

from __future__ import annotations

from mailbot.triage.assessment import Fact
from mailbot.triage.diagnosis import full_text
from mailbot.triage.patterns import find_value
from mailbot.triage.policy import FactWanted, Matter, Service

_LENGTH_MAX = 200  # a fact is a number, a name, a line; more is the mail itself


def find_facts(matter: Matter, service: Service | None) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """The facts that `matter` tells, and the names of required ones that it does not."""
    wanted = service.facts if service is not None else ()
    values = {fact.name: _find(fact, full_text(matter)) for fact in wanted}
    found = tuple(Fact(name, value) for name, value in values.items() if value)
    return found, tuple(fact.name for fact in wanted if fact.required and not values[fact.name])


def _find(fact: FactWanted, text: str) -> str:
    """The first value that one of the patterns finds; a fact without patterns can only be asked for."""
    for pattern in fact.patterns:
        if value := " ".join((find_value(pattern, text) or "").split()):
            return value[:_LENGTH_MAX]
    return ""
