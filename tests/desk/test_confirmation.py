"""Replies to "is it solved?", read with the word lists that mailbot ships."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from mailbot.desk.confirmation import read_intent
from mailbot.desk.event import Meaning
from mailbot.triage.policy import Words

CONFIG = Path(__file__).resolve().parents[2] / "config"


def shipped(language: str) -> Words:
    lists = tomllib.loads((CONFIG / f"words.{language}.toml").read_text(encoding="utf-8"))
    return Words(language=language, **{name: tuple(phrases) for name, phrases in lists.items()})


WORDS = {language: shipped(language) for language in ("en", "de")}

CONFIRMED = """
Yes
yes!
Solved, thanks Tom
It works again, thank you so much!
The printer is back online. You can close the ticket.
No more errors since the update.
The message no longer appears.
I had to restart twice. All good now.
Resolved itself over night.
We have no further questions, case closed.
Hello, the error is gone and I can log in again. Kind regards, Ann
Ja
Erledigt, danke!
Läuft wieder, vielen Dank für die schnelle Hilfe.
Der Fehler tritt nicht mehr auf.
Keine Probleme mehr. Das Ticket kann geschlossen werden.
Hat geklappt, viele Grüße, Jürgen
Ich kann mich wieder anmelden.
"""
REJECTED = """
No
Still the same.
It does not work.
Thanks, but that did not help.
Yes, it is broken again.
The problem persists.
It worked for a minute and then stopped again.
I cannot say that it works.
Why did you close it? It is still broken.
Nein
Geht leider immer noch nicht.
Danke, aber es funktioniert nicht.
Ja, ist schon wieder kaputt.
Bitte nicht schließen.
"""
UNCLEAR = """
I will test it tomorrow.
If it works on Monday you can close the ticket.
Is it solved?
Is it not solved?
Does it work from home too?
Thanks in advance!
It works now, but my calendar is empty.
That is solved, thanks. Another thing: I need a mouse.
It seems to work.
I am out of the office until Monday.
Hope it works soon
The first one is fixed. The scanner draws stripes on every page.
Yes, and the laptop was delivered to my home
How do I know that it works
It works, the left speaker crackles
Fixed. The old error sits elsewhere.
Please call me.
Danke, probiere ich morgen aus.
Ob es geht, weiß ich nicht
Geht wieder, aber jetzt fehlt mein Kalender.
Ist es erledigt?
Es geht um den Drucker im dritten Stock.
Der Kollege sagt, es funktioniert wieder.
Vielen Dank im Voraus!
The weather is nice.
"""
COURTESY = """
Thanks!
Thank you very much, Tom
ok
Vielen Dank!
Danke, schönes Wochenende
"""


def table(meaning: Meaning, texts: str) -> list[tuple[str, Meaning]]:
    return [(text, meaning) for text in texts.strip().splitlines()]


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        *table(Meaning.CONFIRMED, CONFIRMED),
        *table(Meaning.REJECTED, REJECTED),
        *table(Meaning.UNCLEAR, UNCLEAR),
        *table(Meaning.COURTESY, COURTESY),
        ("", Meaning.UNCLEAR),
    ],
)
def test_a_reply_means(text: str, meaning: Meaning) -> None:
    assert read_intent(text, WORDS).value is meaning, read_intent(text, WORDS).words


def test_a_quoted_question_says_nothing() -> None:
    assert read_intent("Yes\n> Is it solved?\n > no, still broken", WORDS).value is Meaning.CONFIRMED


def test_the_words_that_decided_are_named() -> None:
    assert read_intent("no, still broken", WORDS).words == ("no", "still", "still broken", "broken")


def test_a_long_reply_confirms_in_its_own_language_only() -> None:
    text = "Das funktioniert wieder einwandfrei seit heute früh"
    assert read_intent(text, WORDS, "de").value is Meaning.CONFIRMED
    assert read_intent(text, WORDS, "en").value is Meaning.UNCLEAR
    assert read_intent(text, WORDS, "xx").value is Meaning.CONFIRMED


def test_a_short_reply_may_be_of_any_language() -> None:
    assert read_intent("ok works", WORDS, "de").value is Meaning.CONFIRMED


def test_what_speaks_against_counts_in_every_language() -> None:
    text = "Es funktioniert wieder seit heute früh but not always"
    assert read_intent(text, WORDS, "de").value is Meaning.REJECTED


def test_without_word_lists_nothing_confirms() -> None:
    assert read_intent("yes", {}).value is Meaning.UNCLEAR
