"""Impact × urgency → priority (ITIL), each with its reasons.

Impact begins with the rule's word or the default and is only ever raised: by the service, by a VIP, by the number of
people affected. Urgency is the rule's, else what the words say, else the default; the priority is the admin's matrix.
"""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.triage.assessment import Level, Priority, Reason
from mailbot.triage.diagnosis import Diagnosis
from mailbot.triage.policy import Matter, Rule, Service, TriagePolicy


@dataclass(frozen=True, slots=True)
class Ranking:
    """How important and how soon, and why."""

    impact: Level
    urgency: Level
    priority: Priority
    reasons: tuple[Reason, ...]


def rank(
    matter: Matter, diagnosis: Diagnosis, rule: Rule | None, service: Service | None, policy: TriagePolicy
) -> Ranking:
    """Impact, urgency and the priority that the matrix gives them."""
    impact, impact_reasons = _find_impact(matter, diagnosis, rule, service, policy)
    urgency, urgency_reason = _find_urgency(diagnosis, rule, policy)
    priority = policy.matrix[impact, urgency]
    matrix = Reason(f"priority {priority.value}", f"matrix: impact {impact.value}, urgency {urgency.value}")
    return Ranking(impact, urgency, priority, (*impact_reasons, urgency_reason, matrix))


def _find_impact(
    matter: Matter, diagnosis: Diagnosis, rule: Rule | None, service: Service | None, policy: TriagePolicy
) -> tuple[Level, list[Reason]]:
    if rule is not None and rule.impact is not None:
        impact, because = rule.impact, f'rule "{rule.name}"'
    else:
        impact, because = policy.default_impact, "default"
    reasons = [_reason(impact, because)]
    for level, why in _find_raises(matter, diagnosis, service, policy):
        if level.rank > impact.rank:
            impact = level
            reasons.append(_reason(level, f"raised: {why}"))
    return impact, reasons


def _reason(impact: Level, because: str) -> Reason:
    return Reason(f"impact {impact.value}", because)


def _find_raises(
    matter: Matter, diagnosis: Diagnosis, service: Service | None, policy: TriagePolicy
) -> list[tuple[Level, str]]:
    """What asks for a higher impact, with its reason."""
    raises: list[tuple[Level, str]] = []
    if service is not None:
        raises.append((service.impact, f'service "{service.name}"'))
    if matter.vip:
        raises.append((Level.MEDIUM, "VIP"))
    if many := tuple(phrase for phrase in diagnosis.many_words if "#" not in phrase):
        raises.append((Level.MEDIUM, f"affected: {_quote(many)}"))
    if everyone := tuple(phrase for phrase in diagnosis.everyone_words if "#" not in phrase):
        raises.append((Level.HIGH, f"affected: {_quote(everyone)}"))
    if diagnosis.affected is not None:
        raises.append((_level_of(diagnosis.affected, policy), f"affected: {diagnosis.affected} people"))
    return raises


def _level_of(people: int, policy: TriagePolicy) -> Level:
    if people >= policy.high_from_people:
        return Level.HIGH
    return Level.MEDIUM if people >= policy.medium_from_people else Level.LOW


def _find_urgency(diagnosis: Diagnosis, rule: Rule | None, policy: TriagePolicy) -> tuple[Level, Reason]:
    if rule is not None and rule.urgency is not None:
        urgency, because = rule.urgency, f'rule "{rule.name}"'
    elif diagnosis.urgent_words:
        urgency, because = Level.HIGH, f"words: {_quote(diagnosis.urgent_words)}"
    elif diagnosis.not_urgent_words:
        urgency, because = Level.LOW, f"words: {_quote(diagnosis.not_urgent_words)}"
    else:
        urgency, because = policy.default_urgency, "default"
    return urgency, Reason(f"urgency {urgency.value}", because)


def _quote(phrases: tuple[str, ...]) -> str:
    return ", ".join(f'"{phrase}"' for phrase in phrases)
