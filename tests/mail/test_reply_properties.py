"""What holds for every body: nothing a person wrote above the first mark is lost, and cutting twice cuts no more."""

from __future__ import annotations

from hypothesis import assume, example, given
from hypothesis import strategies as st

from mailbot.mail.body import split_body
from tests.mail.wordings import ATTRIBUTIONS, MOBILE_LINES, SEPARATORS

LINES_ABOVE = [
    "Yes, it works.",
    "Thank you!",
    "1. open it",
    "* and close it",
    "",
    "It says: not found",
    "Ann",
    "He wrote",
]
MARKS = [*(line for lines in ATTRIBUTIONS.values() for line in lines), *SEPARATORS]
BELOW = [
    "> old words",
    ">",
    "> > older",
    "old words",
    "",
    "From: Ann Lee <ann@desk.example>",
    "Subject: x",
    "-- ",
    "Ann",
]
ANY_LINE = st.one_of(
    st.sampled_from(
        [*LINES_ABOVE, *MARKS, *BELOW, *MOBILE_LINES, "Regards", "+49 30 1234567", "____________", "PS: x"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=40),
)


def spoken(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


@given(st.lists(st.sampled_from(LINES_ABOVE), min_size=1), st.sampled_from(MARKS), st.lists(st.sampled_from(BELOW)))
@example(["1. open it"], "Ann Lee <ann@desk.example> wrote on 02.09.2024 10:00:00:", [])
def test_nothing_that_was_written_above_the_first_mark_is_lost(above: list[str], mark: str, below: list[str]) -> None:
    said = spoken("\n".join(above))
    assume(said)
    split = split_body("\n".join([*above, "", mark, *below]))
    assert spoken(split.reply)[: len(said)] == said


@given(st.lists(ANY_LINE))
def test_the_reply_is_a_subsequence_of_the_lines(lines: list[str]) -> None:
    rest = iter(spoken("\n".join(lines)))
    assert all(line in rest for line in spoken(split_body("\n".join(lines)).reply))


@given(st.lists(ANY_LINE))
@example(["On 2 Sep 2024 at 10:00", "> old words", "Ann Lee <ann@desk.example> wrote:", "Yes."])
@example(["> old words", "", "Sent from my iPhone"])
def test_quotes_stripped_twice_are_stripped_once(lines: list[str]) -> None:
    once = split_body("\n".join(lines))
    assert split_body(once.reply).history == ""
