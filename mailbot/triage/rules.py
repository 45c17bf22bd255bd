"""Routing rules: the first that holds decides, later ones that hold too are named as shadowed."""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.triage.conditions import CONDITIONS
from mailbot.triage.diagnosis import Diagnosis
from mailbot.triage.policy import Matter, Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """The deciding rule, if any, and the names of later rules that would have held."""

    rule: Rule | None = None
    shadowed: tuple[str, ...] = ()


def apply_rules(rules: tuple[Rule, ...], matter: Matter, diagnosis: Diagnosis) -> Verdict:
    """The first of `rules` whose conditions all hold, and those behind it that hold too."""
    holding = [rule for rule in rules if rule_holds(rule, matter, diagnosis)]
    if not holding:
        return Verdict()
    return Verdict(holding[0], tuple(rule.name for rule in holding[1:]))


def rule_holds(rule: Rule, matter: Matter, diagnosis: Diagnosis) -> bool:
    """Whether every condition of `rule` holds; a rule without conditions always does."""
    return all(CONDITIONS[condition.key](condition, matter, diagnosis) for condition in rule.when)
