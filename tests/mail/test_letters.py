"""Letters of our own, as programs of many languages write answers: what is new, the signature, and how sure it is."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mailbot.mail.language import detect_language
from mailbot.mail.parse import parse
from mailbot.mail.vocabulary import SCRIPTS, WORDS

FOLDER = Path(__file__).parent / "letters"
EXPECTED = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
LANGUAGES = (*WORDS, *SCRIPTS)


def test_every_letter_has_an_expectation() -> None:
    assert {path.stem for path in FOLDER.glob("*.eml")} == set(EXPECTED)


def test_there_are_letters_of_twenty_languages_and_ten_programs() -> None:
    assert len({one["language"] for one in EXPECTED.values()}) >= 20
    assert sum(name.startswith("program_") for name in EXPECTED) >= 10


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_new_in_a_letter(name: str) -> None:
    mail = parse((FOLDER / f"{name}.eml").read_bytes())
    wanted = EXPECTED[name]
    assert mail.reply == wanted["reply"]
    assert mail.signature == wanted["signature"]
    assert mail.certainty == wanted["certainty"], mail.certainty_reason
    assert mail.defects == ()


@pytest.mark.parametrize("name", EXPECTED)
def test_the_language_of_a_letter(name: str) -> None:
    reply = parse((FOLDER / f"{name}.eml").read_bytes()).reply
    assert detect_language(reply, LANGUAGES) == EXPECTED[name]["language"]
