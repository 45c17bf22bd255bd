"""Triage of whole mails, in English and German: what they are, whose, how important, and why."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.triage.assess import assess
from mailbot.triage.assessment import Disruption, Fact, Kind, Level, Priority
from mailbot.triage.policy import Matter
from tests.triage.desk_words import GROUPS, POLICY

TABLE = [
    # language, text, kind, question, disruption
    ("en", "The layout program does not work.", Kind.INCIDENT, False, Disruption.YES),
    ("en", "It says error 12 and the page stays white", Kind.INCIDENT, False, Disruption.YES),
    ("en", "There are no more errors, I only want the old font.", Kind.REQUEST, False, Disruption.NO),
    ("en", "It is not broken. I would like a second one.", Kind.REQUEST, False, Disruption.NO),
    ("en", "I get no errors. How do I export?", Kind.REQUEST, True, Disruption.NO),
    ("en", "No, error 12 comes again", Kind.INCIDENT, False, Disruption.YES),
    ("en", "It no longer works fine", Kind.INCIDENT, False, Disruption.YES),
    ("en", "There is no connection to the archive", Kind.INCIDENT, False, Disruption.YES),
    ("en", "How can I export a page?", Kind.REQUEST, True, Disruption.NO),
    ("en", "I would like a tablet. How do I get it?", Kind.REQUEST, False, Disruption.NO),
    ("en", "Please create an account for Kim.", Kind.REQUEST, False, Disruption.NO),
    ("en", "How do I export? The menu is broken.", Kind.INCIDENT, False, Disruption.YES),
    ("en", "The colours look odd.", Kind.INCIDENT, False, Disruption.UNKNOWN),
    ("en", "", Kind.INCIDENT, False, Disruption.UNKNOWN),
    ("de", "Das Programm stuerzt ab.", Kind.INCIDENT, False, Disruption.YES),
    ("de", "Kein Fehler, es läuft einwandfrei. Ich hätte gern ein Tablet.", Kind.REQUEST, False, Disruption.NO),
    ("de", "Wie kann ich Seiten ausgeben?", Kind.REQUEST, True, Disruption.NO),
    ("de", "Seit heute keine Verbindung zum Archiv", Kind.INCIDENT, False, Disruption.YES),
    ("en", "Seit heute Störung im Archiv", Kind.INCIDENT, False, Disruption.YES),  # taken for the wrong language
    ("", "Wo finde ich die Vorlagen?", Kind.REQUEST, True, Disruption.NO),
]


@pytest.mark.parametrize(("language", "text", "kind", "question", "disruption"), TABLE)
def test_the_words_tell_what_a_mail_is(
    language: str, text: str, kind: Kind, question: bool, disruption: Disruption
) -> None:
    found = assess(Matter("", text, language), POLICY)
    assert (found.kind, found.question, found.disruption) == (kind, question, disruption)


@pytest.mark.parametrize(
    ("text", "service", "group"),
    [
        ("The layout of the web site", "Web site", "web"),  # one word each: the longest wins
        ("The typesetting layout on the printer", "Typesetting", "prepress"),
        ("printer in the bindery", "Printing", "workplace"),
        ("A cup fell down", None, "desk"),
        ("ISBN for the web site", "Web site", "rights"),
    ],
)
def test_service_and_group_come_from_rule_then_words_then_default(text: str, service: str | None, group: str) -> None:
    found = assess(Matter("", text, "en"), POLICY)
    assert (found.service, found.group) == (service, group)


@pytest.mark.parametrize(
    ("text", "vip", "impact", "urgency", "priority", "because"),
    [
        ("It is broken", False, Level.LOW, Level.MEDIUM, Priority.P4, "default"),
        ("It is broken", True, Level.MEDIUM, Level.MEDIUM, Priority.P3, "raised: VIP"),
        ("The web site is down", False, Level.MEDIUM, Level.MEDIUM, Priority.P3, 'raised: service "Web site"'),
        ("It is broken for our team", False, Level.MEDIUM, Level.MEDIUM, Priority.P3, 'raised: affected: "our team"'),
        ("2 people wait", False, Level.LOW, Level.MEDIUM, Priority.P4, "default"),
        (
            "3 people and 2 colleagues wait",
            False,
            Level.MEDIUM,
            Level.MEDIUM,
            Priority.P3,
            "raised: affected: 3 people",
        ),
        ("60 people wait, urgent", False, Level.HIGH, Level.HIGH, Priority.P1, "raised: affected: 60 people"),
        ("everyone waits, not urgent", False, Level.HIGH, Level.LOW, Priority.P3, 'raised: affected: "everyone"'),
        ("bindery printer broken", True, Level.MEDIUM, Level.MEDIUM, Priority.P3, 'rule "Printers of the bindery"'),
        ("ISBN, urgent", False, Level.LOW, Level.LOW, Priority.P4, "default"),
    ],
)
def test_impact_and_urgency_make_the_priority_and_say_why(
    text: str, vip: bool, impact: Level, urgency: Level, priority: Priority, because: str
) -> None:
    found = assess(Matter("", text, "en", vip=vip), POLICY)
    assert (found.impact, found.urgency, found.priority) == (impact, urgency, priority)
    assert [reason.because for reason in found.reasons if reason.what.startswith("impact")][-1] == because


def test_facts_are_found_and_only_required_ones_are_missing() -> None:
    found = assess(Matter("Layout", "BK-1234 breaks, page\n7 looks odd", "en"), POLICY)
    assert found.facts == (Fact("book", "1234"),)
    assert found.missing == ("machine",)
    told = assess(Matter("Layout", "bk-1234, page 7, iMac-22", "en"), POLICY)
    assert told.facts == (Fact("book", "1234"), Fact("page", "page 7"), Fact("machine", "iMac-22"))
    assert told.missing == ()


def test_a_rule_that_makes_an_incident_takes_the_question_away() -> None:
    rule = replace(POLICY.rules[0], kind=Kind.INCIDENT)
    found = assess(Matter("", "How do I get an ISBN", "en"), replace(POLICY, rules=(rule,)))
    assert (found.kind, found.question) == (Kind.INCIDENT, False)


def test_every_field_has_its_reason() -> None:
    found = assess(Matter("ISBN", "How do I get one?", "en"), POLICY)
    assert [reason.what for reason in found.reasons] == [
        "kind request (question)", "no service", "group rights", "impact low", "urgency low", "priority P4",
    ]  # fmt: skip


WORDS = st.sampled_from(
    [
        "error",
        "no",
        "not",
        "urgent",
        "ISBN",
        "bindery",
        "web site",
        "layout",
        "42",
        "people",
        "?",
        "Störung",
        "\n\n",
        ".",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(WORDS).map(" ".join))


@given(TEXTS, TEXTS, st.sampled_from(["", "en", "de", "xx"]), st.text(), st.booleans())
def test_any_text_is_assessed_and_nothing_is_invented(
    subject: str, text: str, language: str, sender: str, vip: bool
) -> None:
    found = assess(Matter(subject, text, language, sender, vip=vip, attachments=(text,)), POLICY)
    assert found.service is None or found.service in POLICY.services
    assert found.group in GROUPS
    assert found.priority == POLICY.matrix[found.impact, found.urgency]
    assert found.rule not in found.shadowed_rules
    assert not found.question or found.kind is Kind.REQUEST
    assert (found.disruption is Disruption.YES) == bool(found.disruption_words)
