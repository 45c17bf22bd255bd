"""Phrases and patterns: what stands in a text, and what only seems to."""

import pytest

from mailbot.triage.patterns import compile_pattern, find_value
from mailbot.triage.terms import find_terms
from mailbot.triage.words import find_phrases


@pytest.mark.parametrize(
    ("phrase", "text", "stands"),
    [
        ("down", "The server is DOWN.", True),
        ("down", "I downloaded it", False),
        ("download*", "I downloaded it", True),
        ("*drucker", "Der Etagendrucker klemmt", True),
        ("druck*papier", "Druckerpapier ist aus", True),
        ("störung", "STOERUNG im Netz", True),
        ("stoerung", "Störung im Netz", True),
        ("stoerung", "Sto\u0308rung im Netz", True),
        ("grüße", "viele GRÜSSE", True),
        ("reunion", "la réunion", True),
        ("imprimante", "l'imprimante fume", True),
        ("can't", "I can’t print", True),
        ("is down", "It is\ndown", True),
        ("is down", "Here it is. Down there", False),
        ("is down", "Here it is\n\nDown there", False),
        ("# people", "12 people wait", True),
        ("# people", "many people wait", False),
        ("# people", "1234567 people", False),
        ("?", "Really?", True),
        ("?", "see http://x.example/?a=b", False),
        ("# *", "12.", False),
    ],
)
def test_a_phrase_stands_in_a_text_as_whole_words(phrase: str, text: str, stands: bool) -> None:
    assert find_phrases(text, (phrase,)) == ((phrase,) if stands else ())


def test_found_phrases_keep_the_order_of_the_list_and_come_once() -> None:
    assert find_phrases("two one two", ("one", "three", "two", "one")) == ("one", "two")


@pytest.mark.parametrize(
    ("pattern", "text", "value"),
    [
        ("Bad Gateway", "it says: BAD  GATEWAY!", "BAD  GATEWAY"),
        ("*.exe", "setup.EXE", "setup.EXE"),
        (r"/room (\d+)/", "in ROOM 12", "12"),
        (r"/^room \d+$/", "Hello\nroom 7\nBye", "room 7"),
        (r"/(x)?room/", "room", "room"),
        (r"/room \d+/", "rooms", None),
        ("room", "rooms", None),
    ],
)
def test_a_pattern_finds_its_group_or_the_whole(pattern: str, text: str, value: str | None) -> None:
    assert find_value(compile_pattern(pattern), text) == value


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("/(?=a)b/", "invalid perl operator"),
        ("/a*/", "holds for every text"),
        ("//", "holds for every text"),
        ("++", "holds no word"),
        ("", "holds no word"),
        ("*", "holds no word"),
    ],
)
def test_a_wrong_pattern_says_why(pattern: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "resetting the passwords", "reset password"),
        ("en", "copies", "copy"),
        ("de", "die Drucker der Abteilungen", "Druckern Abteilung"),
        ("de", "Bücher", "buechern"),
    ],
)
def test_inflection_does_not_part_terms(language: str, one: str, other: str) -> None:
    assert find_terms(one, language) == find_terms(other, language)


def test_asking_words_and_numbers_are_terms_and_others_are_left_alone() -> None:
    assert find_terms("When does db01s the", "en") == ("when", "db01s")
    assert find_terms("imprimantes", "fr") == ("imprimantes",)
