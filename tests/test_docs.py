"""What admins and newcomers are told is what there is: README, the example configuration and the registries agree."""

from __future__ import annotations

import re

import pytest

from mailbot.cli.command_line import VERBS
from mailbot.desk.commands import COMMANDS
from mailbot.desk.orders import ORDERS
from mailbot.triage.conditions import CONDITIONS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
ROUTING = (ROOT / "config" / "routing.toml").read_text(encoding="utf-8")


def test_its_first_commands_are_those_that_a_newcomer_needs() -> None:
    opening = README.partition("\n## ")[0]
    assert [line.split()[:2] for line in opening.splitlines() if line.startswith("    make")] == [
        ["make", "demo"],
        ["make", "test"],
    ]
    assert "python3 python3-venv make" in opening


def test_every_command_has_an_order() -> None:
    assert ORDERS.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", list(COMMANDS))
def test_the_readme_tells_of_every_command(command: str) -> None:
    assert re.search(rf"`#{command}\b", README), f"#{command} is not in the table of commands"


@pytest.mark.parametrize("condition", list(CONDITIONS))
def test_the_example_names_every_condition_of_a_rule(condition: str) -> None:
    words = set(re.findall(r"\w+", ROUTING.partition("[[rules]]")[0].rpartition("Conditions:")[2]))
    assert condition in words, f"the comment above the rules does not name {condition}"


def test_every_target_of_make_that_the_readme_names_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w.]+):", makefile, re.MULTILINE))
    assert set(re.findall(r"`?make ([\w.]+)", README)) <= targets | {"sure"}


def test_every_verb_that_is_named_anywhere_exists() -> None:
    verbs = {verb.name for verb in VERBS}
    told = "\n".join([README, *(path.read_text(encoding="utf-8") for path in (ROOT / "config").glob("*.toml"))])
    named = set(re.findall(r"`mailbot ([a-z][a-z-]*)", told))
    assert named
    assert named <= verbs


@pytest.mark.parametrize("folder", re.findall(r"^\| `(mailbot/\w+)`", README, re.MULTILINE))
def test_every_folder_of_the_table_is_there(folder: str) -> None:
    assert (ROOT / folder).is_dir()
