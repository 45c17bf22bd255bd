"""Every scanner reads a text in time that grows as the text does, by construction.

Steps are counted, not seconds: a machine that is busy changes nothing. Twice the text may take twice the steps and
little more; and no pattern ever sees more than a bounded piece of it. `bench/scanners.py` measures the seconds.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from mailbot.mail.bodies import unflowed
from mailbot.mail.body import split_body
from mailbot.mail.closing import find_signature
from mailbot.mail.forwarded import find_forwarded
from mailbot.mail.html import to_text
from mailbot.mail.language import detect_language
from tests.mail.hostile import hostile

REPEATS = 150
AT_MOST = 2.6  # times the steps for twice the text
BASE_STEPS = 3_000  # what looking at a bounded number of lines may cost
PIECE_LETTERS = 8_000
SCANNERS: dict[str, Callable[[str], object]] = {
    "reply": split_body,
    "html": to_text,
    "forward": lambda text: find_forwarded(text, "Fwd: x"),
    "flowed": lambda text: unflowed(text, deletes_space=True),
    "signature": lambda text: find_signature(text.split("\n")),
    "language": detect_language,
}
MODULES = ("attributions", "bodies", "body", "cards", "closing", "disclaimers", "doubts", "forwarded", "html", "labels",
           "language", "markup", "programs", "quotes", "separators", "signature")  # fmt: skip
# A bounded number of letters from a given place on, or one class of letters that is either there or not.
BOUNDED_BY_THEMSELVES = {"markup._NAME", "html._SPACE", "signature._DIGITS"}


def steps(scan: Callable[[str], object], text: str) -> int:
    """How many lines of code of the mail package run, each as often as it does."""
    count = 0

    def inside(_: FrameType, event: str, __: Any) -> Any:
        nonlocal count
        count += event == "line"
        return inside

    def entered(frame: FrameType, _: str, __: Any) -> Any:
        return inside if "/mailbot/mail/" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        scan(text)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("name", SCANNERS)
def test_twice_the_text_takes_about_twice_the_steps(name: str) -> None:
    longer = hostile(2 * REPEATS)
    assert len(longer) >= 200
    for title, text in hostile(REPEATS).items():
        once, twice = steps(SCANNERS[name], text), steps(SCANNERS[name], longer[title])
        assert twice <= AT_MOST * once + BASE_STEPS, f"{title}: {once} steps, then {twice}"


class Watched:
    """A pattern that notes how long a text it was given."""

    def __init__(self, pattern: re.Pattern[str], seen: list[int]) -> None:
        self.pattern, self.seen = pattern, seen

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.pattern, name)

        def watched(*given: Any) -> Any:
            self.seen.extend(len(one) for one in given if isinstance(one, str))
            return method(*given)

        return watched if callable(method) else method


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for module_name in MODULES:
        module = importlib.import_module(f"mailbot.mail.{module_name}")
        for name, value in list(vars(module).items()):
            if isinstance(value, re.Pattern):
                lengths = found.setdefault(f"{module_name}.{name}", [])
                monkeypatch.setattr(module, name, Watched(value, lengths))
    return found


def test_no_pattern_sees_more_than_a_piece_of_a_text(seen: dict[str, list[int]]) -> None:
    lines = [text for title, text in hostile(1_500).items() if title.endswith(("''", "' '"))]  # one long line each
    for text in [*lines, "\n".join(lines)]:
        for scan in SCANNERS.values():
            scan(text)
    assert len(seen) > 40
    used = {name: max(lengths) for name, lengths in seen.items() if lengths and name not in BOUNDED_BY_THEMSELVES}
    assert len(used) > 30
    assert {name: length for name, length in used.items() if length > PIECE_LETTERS} == {}
