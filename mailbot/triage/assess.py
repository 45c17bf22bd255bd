"""Triage as a whole: rules, diagnosis, service, group, impact and urgency, priority, facts; each with its reason.

The admin's rules speak first. What they leave open, the service decides, then the words of the mail, then the defaults.
"""

from __future__ import annotations

from mailbot.triage.assessment import Assessment, Kind, Reason
from mailbot.triage.diagnosis import Diagnosis, diagnose, full_text
from mailbot.triage.facts import find_facts
from mailbot.triage.policy import Matter, Rule, Service, TriagePolicy
from mailbot.triage.priority import rank
from mailbot.triage.rules import apply_rules
from mailbot.triage.words import find_phrases


def assess(matter: Matter, policy: TriagePolicy) -> Assessment:
    """What the mail is about and who should see it; total for any text."""
    diagnosis = diagnose(matter, policy)
    verdict = apply_rules(policy.rules, matter, diagnosis)
    kind, question, kind_reason = _find_kind(verdict.rule, diagnosis)
    service, service_reason = _find_service(verdict.rule, matter, policy)
    group, group_reason = _find_group(verdict.rule, service, policy)
    ranking = rank(matter, diagnosis, verdict.rule, service, policy)
    facts, missing = find_facts(matter, service)
    return Assessment(
        kind=kind,
        question=question,
        service=service.name if service is not None else None,
        group=group,
        impact=ranking.impact,
        urgency=ranking.urgency,
        priority=ranking.priority,
        disruption=diagnosis.disruption,
        disruption_words=diagnosis.disruption_words,
        rule=verdict.rule.name if verdict.rule is not None else None,
        shadowed_rules=verdict.shadowed,
        affected=diagnosis.affected,
        facts=facts,
        missing=missing,
        reasons=(kind_reason, service_reason, group_reason, *ranking.reasons),
    )


def _find_kind(rule: Rule | None, diagnosis: Diagnosis) -> tuple[Kind, bool, Reason]:
    kind, because = diagnosis.kind, _explain(diagnosis)
    if rule is not None and rule.kind is not None:
        kind, because = rule.kind, f'rule "{rule.name}"'
    question = diagnosis.question
    if rule is not None and rule.question is not None:
        question = rule.question
    question = question and kind is Kind.REQUEST
    return kind, question, Reason(f"kind {kind.value}{' (question)' if question else ''}", because)


def _explain(diagnosis: Diagnosis) -> str:
    told = diagnosis.disruption_words or (
        *diagnosis.no_disruption_words,
        *diagnosis.request_words,
        *diagnosis.question_words,
    )
    if not told:
        return "disruption unknown: no words that tell"
    return f"disruption {diagnosis.disruption.value}: " + ", ".join(f'"{phrase}"' for phrase in told)


def _find_service(rule: Rule | None, matter: Matter, policy: TriagePolicy) -> tuple[Service | None, Reason]:
    if rule is not None and rule.service is not None and rule.service in policy.services:
        return policy.services[rule.service], Reason(f"service {rule.service}", f'rule "{rule.name}"')
    return _recognise_service(matter, policy)


def _recognise_service(matter: Matter, policy: TriagePolicy) -> tuple[Service | None, Reason]:
    """The service most of whose words the mail has; of equals the one with the longest word, then the first."""
    text = full_text(matter)
    found = [(service, find_phrases(text, service.words)) for service in policy.services.values()]
    hits = [(service, words) for service, words in found if words]
    if not hits:
        return None, Reason("no service", "no rule and no word of a service")
    service, words = max(hits, key=lambda hit: (len(hit[1]), max(map(len, hit[1]))))
    return service, Reason(f"service {service.name}", "words: " + ", ".join(f'"{word}"' for word in words))


def _find_group(rule: Rule | None, service: Service | None, policy: TriagePolicy) -> tuple[str, Reason]:
    if rule is not None and rule.group is not None:
        return rule.group, Reason(f"group {rule.group}", f'rule "{rule.name}"')
    if service is not None:
        return service.group, Reason(f"group {service.group}", f'service "{service.name}"')
    return policy.default_group, Reason(f"group {policy.default_group}", "default")
