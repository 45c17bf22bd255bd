"""Every condition of a rule, with a mail for which it holds and one for which it does not."""

from dataclasses import replace

import pytest

from mailbot.triage.conditions import CONDITIONS, make_condition
from mailbot.triage.diagnosis import diagnose
from mailbot.triage.policy import Matter
from mailbot.triage.rules import apply_rules
from tests.triage.desk_words import POLICY, RULES

MAIL = Matter(
    subject="Cover proof",
    text="The colours of the proof are wrong.",
    language="en",
    sender="Ann@House.example",
    to=("help+abc@house.example", "boss@house.example"),
    account="help",
    attachments=("Proof final.PDF",),
    headers=(("x-priority", "1 (highest)"), ("subject", "Cover proof")),
)
TABLE = [
    ("subject", "cover", True),
    ("subject", "colours", False),
    ("body", "colours", True),
    ("body", "cover", False),
    ("text", "cover", True),
    ("text", "/colou?rs/", True),
    ("text", "proof the", False),  # subject and text are two things
    ("unless", "cover", False),
    ("unless", "invoice", True),
    ("from", "ann@house.example", True),
    ("from", "@house.example", True),
    ("from", "@example", False),
    ("from", "nn@house.example", False),
    ("from", "ann@house.exämple", False),
    ("to", "help@house.example", True),
    ("to", "help+abc@house.example", True),
    ("to", "@house.example", True),
    ("to", "elp@house.example", False),
    ("account", "Help", True),
    ("account", "sales", False),
    ("language", "en", True),
    ("language", "de", False),
    ("attachment", "*.pdf", True),
    ("attachment", "*.zip", False),
    ("header", "X-Priority: /^1/", True),
    ("header", "X-Priority: highest", True),
    ("header", "X-Priority: 3", False),
    ("header", "X-Priority", True),
    ("header", "X-Mailer", False),
    ("vip", "false", True),
    ("vip", "true", False),
    ("kind", "incident", True),
    ("kind", "request", False),
    ("kind", "question", False),
]


@pytest.mark.parametrize(("key", "value", "holds"), TABLE)
def test_condition(key: str, value: str, holds: bool) -> None:
    assert CONDITIONS[key](make_condition(key, [value]), MAIL, diagnose(MAIL, POLICY)) is holds


@pytest.mark.parametrize("holds", [True, False])
def test_every_condition_has_rows(holds: bool) -> None:
    assert {key for key, _, expected in TABLE if expected is holds} == set(CONDITIONS)


@pytest.mark.parametrize("key", sorted(CONDITIONS))
def test_every_condition_has_one_line_of_help(key: str) -> None:
    line = CONDITIONS[key].__doc__ or ""
    assert line.endswith(".")
    assert "\n" not in line


def test_one_of_several_values_is_enough() -> None:
    assert CONDITIONS["text"](make_condition("text", ["invoice", "colours"]), MAIL, diagnose(MAIL, POLICY))


def test_a_question_is_a_request_too_and_a_vip_is_one() -> None:
    asks = replace(MAIL, subject="", text="How do I embed fonts?", vip=True)
    diagnosis = diagnose(asks, POLICY)
    assert CONDITIONS["kind"](make_condition("kind", ["question"]), asks, diagnosis)
    assert CONDITIONS["kind"](make_condition("kind", ["request"]), asks, diagnosis)
    assert CONDITIONS["vip"](make_condition("vip", ["true"]), asks, diagnosis)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("colour", "red", "unknown condition"),
        ("vip", "maybe", "true, false"),
        ("kind", "problem", "incident, request, question"),
        ("from", "house.example", "neither an address nor a domain"),
        ("to", "@", "neither an address nor a domain"),
        ("header", ": x", "names no header"),
        ("text", "/(/", "no RE2 expression"),
        ("account", " ", "empty value"),
    ],
)
def test_a_wrong_condition_says_why(key: str, value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        make_condition(key, [value])


def test_a_condition_without_values_is_wrong() -> None:
    with pytest.raises(ValueError, match="no value"):
        make_condition("text", [])


def test_the_first_rule_decides_and_later_ones_are_named() -> None:
    mail = Matter("ISBN for the bindery", "One more, please.", sender="jo@bindery.example")
    verdict = apply_rules(RULES, mail, diagnose(mail, POLICY))
    assert verdict.rule is RULES[0]
    assert verdict.shadowed == ("Printers of the bindery", "Anything from the bindery")


def test_a_rule_needs_all_of_its_conditions() -> None:
    both = replace(RULES[0], when=(make_condition("text", ["cover"]), make_condition("language", ["de"])))
    assert apply_rules((both,), MAIL, diagnose(MAIL, POLICY)).rule is None
    german = replace(MAIL, language="de")
    assert apply_rules((both,), german, diagnose(german, POLICY)).rule is both


def test_a_sender_without_a_domain_is_of_no_domain() -> None:
    nobody = replace(MAIL, sender="house.example")
    assert not CONDITIONS["from"](make_condition("from", ["@house.example"]), nobody, diagnose(nobody, POLICY))


def test_where_no_rule_holds_none_decides() -> None:
    assert apply_rules(RULES, MAIL, diagnose(MAIL, POLICY)).rule is None
