"""The wall between inside and outside, as a property: whatever specialists hide, no byte of it reaches a requester."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.conversations.desk import Desk
from tests.conversations.invariants import find_breaches, holds_foreign_token, sent_outside
from tests.conversations.people import Correspondent
from tests.conversations.scenes import handed_over

FEW = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, phases=(Phase.explicit, Phase.generate)
)  # a story takes long, so a failing one is shown as it was found

HIDING_PLACES = {
    "a note": "#note {marker}",
    "a long note": "#note The requester is difficult.\n\n{marker}",
    "a note below commands": "#claim\n#note {marker}",
    "what is quoted": "Please try again.\n\n> {marker}\n> and more",
    "the signature": "Please try again.\n\n-- \nSam Sato\n{marker}",
    "the argument of a command": "#assign {marker}\nPlease try again.",
    "a command that is none": "#{marker}\nPlease try again.",
    "words beside a mistyped command": "#reslove\n{marker}",
    "words beside a refused command": "#reopen\n{marker}",
    "words above a command": "{marker}\n#resolve",
}
LETTERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789äöüßéñ漢字", min_size=8, max_size=24)
AFTERWARDS = st.lists(
    st.sampled_from(
        ["Please try once more.", "#resolve\nIt works again.", "#wait requester", "#assign infrastructure", "#resolve"]
    ),
    max_size=3,
)


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_what_is_hidden_stays_hidden(place: str) -> None:
    tell(place, "Q4711geheim漢字Q", ["#resolve\nIt works again."])


@FEW
@given(place=st.sampled_from(sorted(HIDING_PLACES)), letters=LETTERS, afterwards=AFTERWARDS)
def test_whatever_is_hidden_anywhere_stays_hidden(place: str, letters: str, afterwards: list[str]) -> None:
    tell(place, f"Q{letters}Q", afterwards)


def tell(place: str, marker: str, afterwards: list[str]) -> None:
    """A whole story around a marker that only specialists may read."""
    desk = Desk()
    try:
        requester = Correspondent(desk, "ann@corp.example", "Ann Archer")
        specialist = Correspondent(desk, "sam@corp.example", "Sam Sato")
        handed_over(requester, specialist)
        hand_over = specialist.inbox[0]
        specialist.replies(HIDING_PLACES[place].format(marker=marker), to=hand_over)
        for text in afterwards:
            specialist.replies(text, to=hand_over)
        requester.replies("No, it still does not work.", to=requester.inbox[-1])
        assert sent_outside(desk), "a story in which nothing leaves proves nothing"
        for _, text in sent_outside(desk):
            assert marker not in text
            assert not holds_foreign_token(desk, text)
        assert find_breaches(desk) == []
    finally:
        desk.close()


def test_the_scan_finds_a_specialists_token(requester: Correspondent, specialist: Correspondent) -> None:
    """The property would be empty if this did not hold."""
    handed_over(requester, specialist)
    desk, letter = requester.desk, specialist.inbox[0]
    assert holds_foreign_token(desk, f"write to {letter.answer_to}, please")
    assert holds_foreign_token(desk, f"In-Reply-To: {letter.message_id}")
    assert holds_foreign_token(desk, letter.text)
    assert not holds_foreign_token(desk, requester.inbox[0].text)


def test_the_thread_of_the_requester_names_no_mail_of_the_group(
    requester: Correspondent, specialist: Correspondent
) -> None:
    handed_over(requester, specialist)
    specialist.replies("Please try once more.")
    inside = [letter.message_id for letter in specialist.inbox]
    letter = requester.gets("relay_to_requester")
    thread = f"{letter.message['References']} {letter.in_reply_to}"
    assert not any(message_id in thread for message_id in inside)
    assert requester.inbox[0].message_id in thread
