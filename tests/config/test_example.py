"""The example configuration: whole, sound, explained, and good enough to start from."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from mailbot.config.desk_file import DeskFile
from mailbot.config.levels_file import FaqFront, LevelsFile, WordsFile
from mailbot.config.load import Snapshot, check, load
from mailbot.config.locate import packaged
from mailbot.config.routing_file import RoutingFile
from mailbot.config.secrets import Secret
from mailbot.desk.policy import AlertSource, FormSource
from mailbot.triage.assess import assess
from mailbot.triage.assessment import Kind, Level, Priority
from mailbot.triage.conditions import CONDITIONS
from mailbot.triage.policy import Matter

FILES: dict[str, type[BaseModel]] = {
    "mailbot.toml": DeskFile,
    "routing.toml": RoutingFile,
    "service_levels.toml": LevelsFile,
    "words.en.toml": WordsFile,
    "words.de.toml": WordsFile,
}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from models_in(part)


def settings_of(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    for name, field in model.model_fields.items():
        inner: list[type[BaseModel]] = [one for one in models_in(field.annotation) if one is not Secret]
        yield model, name
        for one in inner:
            yield from settings_of(one)


ALL: tuple[type[BaseModel], ...] = (*FILES.values(), FaqFront, Secret)
SETTINGS = sorted({(file, model.__name__, name) for file, top in FILES.items() for model, name in settings_of(top)})
DESCRIBED = sorted(
    {(model, name) for top in ALL for model, name in settings_of(top)},
    key=lambda one: (one[0].__name__, one[1]),
)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return load(packaged("config"), keys_needed=False)


def test_the_example_is_sound_but_for_the_advice_to_verify_senders(example: Path) -> None:
    assert [finding.key for finding in check(example)] == ["trust.results"]


@pytest.mark.parametrize(("file", "table", "setting"), SETTINGS)
def test_the_example_holds_every_setting_possibly_commented_out(file: str, table: str, setting: str) -> None:
    text = (packaged("config") / file).read_text("utf-8")
    name = re.escape(setting)
    as_key = rf"^(?:# )?(?:\w+\.)?{name}(?:\.\w+)? = |[{{,] {name} = "
    as_table = rf"^(?:# )?\[+(?:\w+\.)?{name}\]+"
    assert re.search(f"{as_key}|{as_table}", text, re.MULTILINE), f"{table}.{setting} is not in {file}"


@pytest.mark.parametrize(("model", "setting"), [one for one in DESCRIBED if one[1] != "text" or one[0] is not Secret])
def test_every_setting_has_its_words(model: type[BaseModel], setting: str) -> None:
    described = model.model_fields[setting].description or model.__doc__
    is_table = any(models_in(model.model_fields[setting].annotation))
    assert model.model_fields[setting].description or (is_table and described)


def test_a_department_could_start_from_it(snapshot: Snapshot) -> None:
    policy = snapshot.policy
    services = policy.triage.services.values()
    assert sum(len(service.facts) >= 4 for service in services) >= 6
    assert sum(service.terms is not None for service in services) >= 3
    assert len(policy.groups) >= 5
    assert {group.list_address is None for group in policy.groups.values()} == {True, False}
    assert len(policy.triage.rules) >= 14
    assert all(rule.examples and rule.counterexamples for rule in policy.triage.rules)
    assert len(policy.triage.faq.entries) >= 14
    assert {entry.language for entry in policy.triage.faq.entries} == {"en", "de"}
    assert min(len(entry.questions) for entry in policy.triage.faq.entries) >= 3
    assert len({person.address for person in policy.people.values()}) >= 12
    assert policy.triage.faq.mode == "suggest"


def test_every_condition_is_explained_above_the_rules() -> None:
    text = (packaged("config") / "routing.toml").read_text("utf-8")
    explained = text.partition("Conditions:")[2].partition("Examples must")[0]
    assert [key for key in CONDITIONS if not re.search(rf"\b{key}\b", explained)] == []


def test_the_matrix_is_the_usual_one(snapshot: Snapshot) -> None:
    matrix = snapshot.policy.triage.matrix
    assert matrix[Level.HIGH, Level.HIGH] is Priority.P1
    assert matrix[Level.MEDIUM, Level.HIGH] is Priority.P2
    assert matrix[Level.LOW, Level.LOW] is Priority.P4
    assert len(matrix) == 9


MAILS = [
    ("The copier eats paper", "The printer in room 14 jams with every page since Monday.", Kind.INCIDENT, "Printing"),
    ("Drucker", "Der Drucker neben der Küche druckt nicht mehr.", Kind.INCIDENT, "Printing"),
    ("No tunnel at home", "The VPN does not connect from home.", Kind.INCIDENT, "VPN"),
    ("Monitor", "Could I get a second monitor, please?", Kind.REQUEST, "New equipment"),
    ("Zugriff", "Ich brauche Zugriff auf den Ordner Verträge.", Kind.REQUEST, "Access rights"),
    ("Absence", "How do I set an out of office reply in Outlook?", Kind.REQUEST, "Mail"),
    ("Kasse", "Kunden können im Webshop nicht bezahlen.", Kind.INCIDENT, "Web shop"),
    ("Pay slip", "My payslip for May is missing.", Kind.INCIDENT, "Payroll"),
]


@pytest.mark.parametrize(("subject", "text", "kind", "service"), MAILS)
def test_everyday_mail_finds_its_kind_and_service(
    subject: str, text: str, kind: Kind, service: str, snapshot: Snapshot
) -> None:
    assessment = assess(Matter(subject=subject, text=text), snapshot.policy.triage)
    assert (assessment.kind, assessment.service) == (kind, service)


FACTS = [
    ("error", 'It says "The gateway did not answer" and stops.', "The gateway did not answer"),
    ("error", "Fehler 0x80070035 beim Öffnen", "Fehler 0x80070035"),
    ("since", "It has been like this since yesterday noon.", "since yesterday noon"),
    ("since", "Das geht seit Montag nicht.", "seit Montag nicht"),
    ("device", "It is LT-20417.", "LT-20417"),
    ("place", "I sit in room 3.114.", "room 3.114"),
    ("printer", "PRN-3-12 is offline", "PRN-3-12"),
    ("callback", "You can call me at +44 20 7946 0111 today.", "+44 20 7946 0111"),
    ("resource", "I need \\\\files.corp.example\\sales please", "\\\\files.corp.example\\sales"),
    ("needed_by", "I need it by next Friday.", "next Friday"),
    ("cost_centre", "Kostenstelle: 4711", "4711"),
    ("user", "My user name is jbloggs", "jbloggs"),
]


@pytest.mark.parametrize(("fact", "text", "found"), FACTS)
def test_facts_are_found_in_the_words_of_requesters(fact: str, text: str, found: str, snapshot: Snapshot) -> None:
    wanted = next(f for one in snapshot.policy.triage.services.values() for f in one.facts if f.name == fact)
    matches = [match for match in (pattern.search(text) for pattern in wanted.patterns) if match]
    assert matches, f"no pattern of {fact} finds anything"
    assert found in (matches[0].group(0), matches[0].group(1))


@pytest.mark.parametrize(
    ("subject", "key", "recovered"),
    [
        ("PROBLEM: db1.corp.example/disk is CRITICAL", "db1.corp.example/disk", False),
        ("RECOVERY: db1.corp.example/disk is OK", "db1.corp.example/disk", True),
        ("** PROBLEM Service Alert: web2/http is WARNING **", "web2/http", False),
    ],
)
def test_the_monitoring_source_knows_its_alerts(subject: str, key: str, recovered: bool, snapshot: Snapshot) -> None:
    source: AlertSource = snapshot.policy.alerts[0]
    match = source.key.search(subject)
    assert match is not None
    assert match.group(1) == key
    assert (source.recovered.search(subject) is not None) is recovered


def test_the_web_form_finds_the_person_and_their_words(snapshot: Snapshot) -> None:
    source: FormSource = snapshot.policy.forms[0]
    body = "Name: Dilip Rao\nE-mail: dilip.rao@corp.example\n\nMessage: My screen\nstays dark."
    found = [pattern.search(body) for pattern in (source.person_name, source.person, source.text) if pattern]
    assert [match and match.group(1) for match in found] == [
        "Dilip Rao",
        "dilip.rao@corp.example",
        "My screen\nstays dark.",
    ]
