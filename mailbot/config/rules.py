"""The rules, tried on the mails that the admin wrote beside them: what must be decided by a rule, and what must not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mailbot.config.findings import Finding, did_you_mean
from mailbot.config.kinds import refuse_bare_expression
from mailbot.config.parts import ROUTING, Parts
from mailbot.config.references import finding_at
from mailbot.config.validate import Loc
from mailbot.triage.assess import assess
from mailbot.triage.conditions import CONDITIONS, make_condition
from mailbot.triage.policy import Matter, TriagePolicy


def check_conditions(parts: Parts) -> Iterator[Finding]:
    """Conditions that do not exist, and values that they do not take."""
    for rule in parts.routing.rules if parts.routing else ():
        for key, values in rule.when.items():
            path = ("rules", parts.place("rules", rule.name), "when", key)
            if key not in CONDITIONS:
                yield finding_at(
                    parts.document(ROUTING), path, f'unknown condition "{key}"', did_you_mean(key, CONDITIONS)
                )
                continue
            try:
                if make_condition(key, values).patterns:
                    _refuse_bare_expressions(values)
            except ValueError as error:
                yield finding_at(parts.document(ROUTING), path, f"{key}: {error}")


def _refuse_bare_expressions(values: Iterable[str]) -> None:
    for value in values:
        refuse_bare_expression(value)


def try_examples(parts: Parts, policy: TriagePolicy) -> Iterator[Finding]:
    """Examples that a rule does not decide, and counterexamples that it does."""
    for rule in policy.rules:
        place = parts.place("rules", rule.name)
        for index, text in enumerate(rule.examples):
            if problem := _misses(rule.name, text, policy):
                yield _finding(parts, ("rules", place, "examples", index), f"example {_short(text)} {problem}")
        for index, text in enumerate(rule.counterexamples):
            if assess(read_example(text), policy).rule == rule.name:
                message = f"counterexample {_short(text)} is decided by it"
                yield _finding(parts, ("rules", place, "counterexamples", index), message)


def read_example(text: str) -> Matter:
    """An example as mail: its first line is the subject; a text of one line is subject and words alike."""
    subject, _, words = text.strip().partition("\n")
    return Matter(subject=subject.strip(), text=words.strip() or subject.strip())


def _misses(name: str, text: str, policy: TriagePolicy) -> str:
    assessment = assess(read_example(text), policy)
    if assessment.rule == name:
        return ""
    if name in assessment.shadowed_rules:
        return f'is decided by the rule "{assessment.rule}" above'
    return "does not match" + (f' (it goes to the rule "{assessment.rule}")' if assessment.rule else "")


def _finding(parts: Parts, path: Loc, message: str) -> Finding:
    return finding_at(parts.document(ROUTING), path, message)


def _short(text: str, length: int = 50) -> str:
    line = " ".join(text.split())
    return f'"{line if len(line) <= length else line[: length - 1] + "…"}"'
