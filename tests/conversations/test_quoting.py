"""However a specialist's mail program quotes the hand-over, no line of it reaches the requester.

`make test` takes a sample of the material folder's replies, MAILBOT_FULL=1 all of them; `python -m bench.quoting` says
how many were held, and why.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.conversations.quoting import Style, answer, leaked, styles
from tests.conversations.scenes import handed_over

FULL = os.environ.get("MAILBOT_FULL") == "1"
SAMPLE = 60
ANSWERS_A_TICKET = 20
HELD_AT_MOST = 0.05


@dataclass(frozen=True)
class Outcome:
    """What became of one answer."""

    style: Style
    relayed: tuple[str, ...]  # texts that reached the requester
    leaked: tuple[str, ...]
    held: str  # the question to the specialist, "" where there was none

    @property
    def is_doubtful(self) -> bool:
        """Whether the words were held because the cut was doubtful, not because there were none."""
        return "cannot be told from the quoted ones" in " ".join(self.held.split())


def outcomes(chosen: list[Style], *, with_marker: bool = True) -> Iterator[Outcome]:
    """Every style as an answer to a hand-over, through the whole desk; some people delete its first line."""
    for start in range(0, len(chosen), ANSWERS_A_TICKET):
        desk = Desk()
        requester = Correspondent(desk, "ann@corp.example", "Ann Archer")
        specialist = Correspondent(desk, "sam@corp.example", "Sam Sato")
        handed_over(requester, specialist)
        for style in chosen[start : start + ANSWERS_A_TICKET]:
            yield _outcome(style, requester, specialist, with_marker=with_marker)
        desk.close()


def _outcome(style: Style, requester: Correspondent, specialist: Correspondent, *, with_marker: bool) -> Outcome:
    hand_over = specialist.inbox[0]
    before = len(requester.inbox), len(specialist.inbox)
    thread = {"In-Reply-To": hand_over.message_id, "References": hand_over.message_id}
    text = answer(style, hand_over.text if with_marker else hand_over.text.partition("\n")[2].lstrip())
    specialist.sends(specialist.composes(f"Re: {hand_over.subject}", text, to=hand_over.answer_to, headers=thread))
    relayed = tuple(one.text for one in requester.inbox[before[0] :] if one.kind == "relay_to_requester")
    asked = [one.text for one in specialist.inbox[before[1] :] if one.kind == "question_to_specialist"]
    ours = hand_over.text
    frame = () if not relayed else _frame(relayed[0])
    slipped = tuple(line for one in relayed for line in leaked(one, ours, style, frame))
    return Outcome(style, relayed, slipped, asked[0] if asked else "")


def _frame(relayed: str) -> tuple[str, ...]:
    """The lines that the desk itself puts around every relay: its marker and its foot."""
    lines = relayed.rstrip().splitlines()
    return lines[0], *lines[-3:]


@pytest.fixture(scope="module", params=[True, False], ids=["with the marker", "without it"])
def found(shared: Path, request: pytest.FixtureRequest) -> list[Outcome]:
    every = [style for style in styles(shared / "corpus") if style.quotes]
    chosen = every if FULL else every[:: max(1, len(every) // SAMPLE)]
    return list(outcomes(chosen, with_marker=request.param))


def test_no_line_of_the_hand_over_reaches_the_requester(found: list[Outcome]) -> None:
    assert len(found) >= SAMPLE
    assert [(one.style.name, one.leaked) for one in found if one.leaked] == []


def test_few_answers_are_held_for_doubt(found: list[Outcome]) -> None:
    held = [one.style.name for one in found if one.is_doubtful]
    assert len(held) <= HELD_AT_MOST * len(found), held


def test_most_answers_go(found: list[Outcome]) -> None:
    assert sum(bool(one.relayed) for one in found) >= 0.9 * len(found)
