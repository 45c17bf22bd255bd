"""A note that autocorrection, bold type or a phone's keyboard has disguised: it never reaches the requester."""

from __future__ import annotations

from datetime import date

import pytest

from mailbot.desk.commands import CommandBlock, read_commands
from tests.desk.world import POLICY


def read(text: str, *sent: str) -> CommandBlock:
    return read_commands(text, frozenset(sent), date(2026, 3, 2), POLICY)


@pytest.mark.parametrize(
    "line",
    [
        "\uff03note she is wrong",  # full-width
        "#\uff4e\uff4f\uff54\uff45 she is wrong",
        "\ufe5fnote she is wrong",
        "\u200b#note she is wrong",  # zero-width space
        "#\u200bnote she is wrong",
        "#\u00adnote she is wrong",  # soft hyphen
        "\u200e#note she is wrong",  # left-to-right mark
        "#note\xa0she is wrong",
    ],
)
def test_a_note_with_invisible_or_wide_characters_is_a_note(line: str) -> None:
    block = read(f"{line}\nReally.")
    assert [(one.name, one.argument) for one in block.commands] == [("note", "she is wrong\nReally.")]
    assert not block.broken


@pytest.mark.parametrize(
    "line",
    [
        "# note she is wrong",
        "#\xa0note she is wrong",
        "#\tnote she is wrong",
        "##note she is wrong",
        "\\#note she is wrong",
        "*#note* she is wrong",
        "_#note_ she is wrong",
        "**#note** she is wrong",
        "- #note she is wrong",
        '"#note she is wrong"',
        "(#note) she is wrong",
        "/note she is wrong",
        "@note she is wrong",
    ],
)
def test_what_was_probably_meant_as_a_note_stays_internal(line: str) -> None:
    assert read(line).broken
    assert read(f"#claim\n{line}").broken
    assert read(f"Hi,\n{line}").broken


@pytest.mark.parametrize("line", ["/etc/note is the file", "@helpdesk wrote", "#1 restart it", "C#note", "a/#note"])
def test_paths_and_numbers_are_text(line: str) -> None:
    assert read(line) == CommandBlock((), line, False)


def test_a_disguised_command_of_the_requester_that_comes_back_in_a_reply_commands_nothing() -> None:
    block = read("#resolve\nDone.", "\u200b#resolve")
    assert block.broken


@pytest.mark.parametrize("line", ["#" * 300_000, "_" * 300_000, "/@!#" * 75_000])
def test_a_line_of_signs_is_read_at_once(line: str) -> None:
    assert not read(line).commands
