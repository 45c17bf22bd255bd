"""What a specialist may write on top of a reply, and what the desk makes of it."""

from __future__ import annotations

from datetime import date

import pytest

from mailbot.desk.commands import COMMANDS, CommandBlock, Risk, read_commands
from mailbot.desk.remarks import ProblemCode, Remark
from tests.desk.world import POLICY

TODAY = date(2026, 3, 2)


def read(text: str, *sent: str) -> CommandBlock:
    return read_commands(text, frozenset(sent), TODAY, POLICY)


@pytest.mark.parametrize(
    ("line", "name", "argument"),
    [
        ("#resolve", "resolve", ""),
        ("#RESOLVE.", "resolve", ""),
        ("  #Claim  ", "claim", ""),
        ("#priority p2", "priority", "P2"),
        ("#priority 1", "priority", "P1"),
        ("#assign network", "assign", "network"),
        ("#assign Service Desk", "assign", "desk"),
        ("#assign network@lists.corp.example", "assign", "network"),
        ("#assign <Sam@Corp.example>", "assign", "sam@corp.example"),
        ("#assign new.colleague@corp.example", "assign", "new.colleague@corp.example"),
        ("#wait requester", "wait", "requester"),
        ("#wait for vendor", "wait", "vendor"),
        ("#wait until 2026-12-01", "wait", "2026-12-01"),
        ("#wait 1.12.2026", "wait", "2026-12-01"),
        ("#wait 3 days", "wait", "2026-03-05"),
        ("#wait 2 Wochen", "wait", "2026-03-16"),
        ("#wait 1 month", "wait", "2026-04-02"),
        ("#send", "send", ""),
        ("#send 17", "send", "17"),
        ("#accept #17", "accept", "17"),
        ("#help\xa0", "help", ""),
    ],
)
def test_a_command_is_read_with_its_argument_in_one_spelling(line: str, name: str, argument: str) -> None:
    block = read(f"{line}\nAll is well.")
    assert [(one.name, one.argument, one.problem) for one in block.commands] == [(name, argument, None)]
    assert (block.text, block.broken) == ("All is well.", False)


@pytest.mark.parametrize(
    ("line", "problem", "value"),
    [
        ("#resolv", ProblemCode.UNKNOWN_COMMAND, "#resolve"),
        ("#hashtag", ProblemCode.UNKNOWN_COMMAND, ""),
        ("#priority", ProblemCode.NO_PRIORITY, ""),
        ("#priority P5", ProblemCode.NO_PRIORITY, ""),
        ("#assign", ProblemCode.NO_ASSIGNEE, "network, desk"),
        ("#assign netwrok", ProblemCode.UNKNOWN_GROUP, "network"),
        ("#assign plumbers", ProblemCode.UNKNOWN_GROUP, ""),
        ("#assign eve@elsewhere.example", ProblemCode.OUTSIDER, "eve@elsewhere.example"),
        ("#assign support+x@corp.example", ProblemCode.THE_DESK, ""),
        ("#wait", ProblemCode.NO_WAIT, ""),
        ("#wait soon", ProblemCode.NO_WAIT, ""),
        ("#wait 2026-02-31", ProblemCode.NO_WAIT, ""),
        ("#wait 2026-03-02", ProblemCode.NOT_FUTURE, "2026-03-02"),
        ("#wait 2028-01-01", ProblemCode.TOO_FAR, "2028-01-01"),
        ("#send now", ProblemCode.NO_ROW, ""),
        ("#resolve restarted it", ProblemCode.TAKES_NOTHING, ""),
        ("# resolve", ProblemCode.MISSPELT, "#resolve"),
        ("## resolve", ProblemCode.MISSPELT, "#resolve"),
        ("#note", ProblemCode.EMPTY_NOTE, ""),
    ],
)
def test_a_line_that_cannot_be_obeyed_breaks_the_block_and_says_why(
    line: str, problem: ProblemCode, value: str
) -> None:
    block = read(line)
    assert block.broken
    assert block.commands[0].problem == Remark(problem, value)


@pytest.mark.parametrize(
    "first", ["#1042 is the same", "# heading", "#!/bin/sh", "Hello,", "> #resolve", "## Background"]
)
def test_other_lines_are_text_and_end_the_block(first: str) -> None:
    block = read(f"{first}\nmore")
    assert block == CommandBlock((), f"{first}\nmore", False)


def test_several_commands_stand_on_top_with_blank_lines_between() -> None:
    block = read("\n#claim\n\n#priority P1\n\nI look into it.\n\nSam")
    assert [one.name for one in block.commands] == ["claim", "priority"]
    assert block.text == "I look into it.\n\nSam"


def test_a_command_twice_is_a_mistake() -> None:
    assert read("#claim\n#claim").commands[1].problem == Remark(ProblemCode.TWICE)


def test_a_note_takes_the_rest_of_the_mail_and_leaves_nothing_to_relay() -> None:
    block = read("#claim\n#note The user is rude.\n#resolve\nReally.")
    assert [one.name for one in block.commands] == ["claim", "note"]
    assert block.commands[1].argument == "The user is rude.\n#resolve\nReally."
    assert (block.text, block.broken) == ("", False)


def test_a_note_on_the_lines_below_is_a_note() -> None:
    assert read("#note\nOnly for us.").commands[0].argument == "Only for us."


def test_a_line_that_mailbot_sent_is_never_a_command() -> None:
    block = read("#resolve\nDone.", "#resolve")
    assert block.broken
    assert block.commands[0].problem == Remark(ProblemCode.QUOTED)


def test_a_command_below_the_first_word_is_not_obeyed_and_not_relayed() -> None:
    block = read("Hi,\n#note she is wrong\nbye")
    assert block.broken
    assert [one.problem for one in block.commands] == [Remark(ProblemCode.MISPLACED)]


def test_a_quoted_line_of_ours_below_the_first_word_harms_nothing() -> None:
    assert not read("Hi,\n#resolve\nbye", "#resolve").broken


def test_an_empty_reply_commands_nothing() -> None:
    assert read("  \n ") == CommandBlock()


@pytest.mark.parametrize(
    ("line", "risk"),
    [
        ("#assign network", Risk.PLAIN),
        ("#assign sam@corp.example", Risk.RISKY),
        ("#accept 3", Risk.RISKY),
        ("#reject", Risk.RISKY),
        ("#send", Risk.PLAIN),
        ("#nonsense", Risk.PLAIN),
    ],
)
def test_what_could_not_be_undone_is_risky(line: str, risk: Risk) -> None:
    assert read(line).commands[0].risk is risk


def test_the_registry_holds_what_the_desk_promises() -> None:
    promised = "resolve note assign claim priority wait incident request reopen undo send accept reject help"
    assert list(COMMANDS) == promised.split()
    assert all(declaration.help and declaration.name == name for name, declaration in COMMANDS.items())
