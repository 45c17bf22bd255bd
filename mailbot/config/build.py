"""From sound models to the values that the pure rooms decide by; nothing is checked here any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from zoneinfo import ZoneInfo

from mailbot.config.desk_file import DeskFile
from mailbot.config.kinds import ANY_LANGUAGE
from mailbot.config.levels_file import CalendarTable, LevelsFile, WordsFile
from mailbot.config.routing_file import FactTable, GroupTable, RoutingFile, RuleTable, ServiceTable, TermsTable
from mailbot.desk.policy import Calendar, Group, ServiceLevels, Target
from mailbot.desk.service_levels import ALWAYS, BusinessHours
from mailbot.triage.assessment import Level, Priority
from mailbot.triage.conditions import make_condition
from mailbot.triage.patterns import compile_pattern
from mailbot.triage.policy import (
    FactWanted,
    FaqEntry,
    FaqPolicy,
    Pattern,
    Rule,
    Service,
    Terms,
    TriagePolicy,
    Words,
)

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Languages = tuple[str, ...]


def build_triage(
    desk: DeskFile,
    routing: RoutingFile,
    levels: LevelsFile,
    words: Mapping[str, WordsFile],
    faq: Iterable[FaqEntry],
) -> TriagePolicy:
    """What triage decides by."""
    languages = desk.identity.languages
    facts = {fact.name: _fact(fact, languages) for fact in routing.facts}
    return TriagePolicy(
        services=MappingProxyType({one.name: _service(one, facts, languages) for one in routing.services}),
        rules=tuple(map(build_rule, routing.rules)),
        words=MappingProxyType({language: build_words(language, one) for language, one in words.items()}),
        matrix=MappingProxyType(_matrix(levels)),
        default_group=routing.default_group,
        default_impact=routing.default_impact,
        default_urgency=routing.default_urgency,
        medium_from_people=routing.medium_from_people,
        high_from_people=routing.high_from_people,
        faq=FaqPolicy(desk.faq.mode.value, desk.faq.threshold, desk.faq.margin, tuple(faq)),
    )


def build_rule(rule: RuleTable) -> Rule:
    """The rule with its conditions compiled; raises ValueError for a condition that does not exist."""
    return Rule(
        name=rule.name,
        when=tuple(make_condition(key, values) for key, values in rule.when.items()),
        kind=rule.kind,
        question=rule.question,
        service=rule.service,
        group=rule.group,
        impact=rule.impact,
        urgency=rule.urgency,
        examples=rule.examples,
        counterexamples=rule.counterexamples,
    )


def build_words(language: str, words: WordsFile) -> Words:
    """The word lists of a language."""
    return Words(language=language, **{name: getattr(words, name) for name in WordsFile.model_fields})


def build_group(group: GroupTable, languages: Languages) -> Group:
    """A specialist group."""
    return Group(
        name=group.name,
        label=group.label,
        members=group.members,
        fallback=group.fallback,
        list_address=group.list,
        list_id=group.list_id,
        lead=group.lead,
        language=group.language or languages[0],
        show_name=group.show_name,
        unclaimed_after=group.unclaimed_after,
    )


def build_levels(levels: LevelsFile, timezone: str) -> ServiceLevels:
    """What is promised, and how long the desk waits."""
    calendar = next(one for one in levels.calendars if one.name == levels.calendar)
    targets = {priority: getattr(levels.targets, priority.value) for priority in Priority}
    return ServiceLevels(
        calendar=build_calendar(calendar, timezone),
        targets=MappingProxyType({key: Target(one.response, one.resolution) for key, one in targets.items()}),
        **levels.waits.model_dump(),
    )


def build_calendar(calendar: CalendarTable, timezone: str) -> Calendar:
    """Business hours, or all hours."""
    if calendar.always:
        return ALWAYS
    country, _, subdivision = (calendar.holidays or "").partition("-")
    return BusinessHours(
        zone=ZoneInfo(calendar.timezone or timezone),
        hours=MappingProxyType({_WEEKDAYS.index(day): spans for day, spans in calendar.hours.items()}),
        dates=frozenset(calendar.closed),
        country=country,
        subdivision=subdivision,
    )


def compiled(text: str | None) -> Pattern | None:
    """The pattern, where there is one."""
    return None if text is None else compile_pattern(text)


def in_all(text: Mapping[str, str], languages: Languages) -> Mapping[str, str]:
    """A text by language; one that was written once stands for all."""
    if ANY_LANGUAGE in text:
        text = dict.fromkeys(languages, text[ANY_LANGUAGE])
    return MappingProxyType(dict(text))


def _fact(fact: FactTable, languages: Languages) -> FactWanted:
    return FactWanted(
        fact.name,
        in_all(fact.label, languages),
        in_all(fact.question, languages),
        tuple(map(compile_pattern, fact.patterns)),
        fact.required,
    )


def _service(service: ServiceTable, facts: Mapping[str, FactWanted], languages: Languages) -> Service:
    return Service(
        name=service.name,
        label=in_all(service.label or {ANY_LANGUAGE: service.name}, languages),
        group=service.group,
        impact=service.impact,
        words=service.words,
        facts=tuple(facts[name] for name in service.facts if name in facts),
        terms=_terms(service.terms, languages) if service.terms else None,
    )


def _terms(terms: TermsTable, languages: Languages) -> Terms:
    return Terms(
        delivery=in_all(terms.delivery, languages),
        cost=in_all(terms.cost, languages),
        needed=in_all(terms.needed, languages),
        approval=terms.approval,
    )


def _matrix(levels: LevelsFile) -> dict[tuple[Level, Level], Priority]:
    rows = {impact: getattr(levels.matrix, impact.value) for impact in Level}
    return {(impact, urgency): getattr(row, urgency.value) for impact, row in rows.items() for urgency in Level}
