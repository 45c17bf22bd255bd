"""The FAQ of the publishing house: when the desk answers by itself, and when it had better be silent."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.triage.assessment import Abstain, Answer
from mailbot.triage.faq import FaqIndex, match
from mailbot.triage.policy import FaqEntry, FaqPolicy, Matter
from tests.triage.desk_words import POLICY


def _entry(name: str, title: str, *questions: str, language: str = "en", answer: str = "Like this.") -> FaqEntry:
    return FaqEntry(name, title, questions, answer, language, automatic=True)


ENTRIES = (
    _entry(
        "fonts", "Embed fonts in a manuscript",
        "How do I embed the fonts in my manuscript?", "Can I embed fonts when exporting the manuscript?",
        "Embedding fonts in a manuscript file", answer="Tick *embed* when exporting. Code F12 is a missing font.",
    ),
    _entry("proof", "Order a printed proof", "Where do I order a printed proof?", "How can I get a proof on paper?"),
    _entry("leave", "Ask for days off", "How do I ask for days off?", "Where can I enter my holidays?"),
    _entry("archive", "Find an old edition", "Where are old editions kept?", "How do I find an earlier edition?"),
    _entry("schrift", "Schriften einbetten", "Wie kann ich Schriften in ein Manuskript einbetten?", language="de"),
    _entry("urlaub", "Urlaub eintragen", "Wo finde ich die Urlaubsliste?", language="de"),
)  # fmt: skip
INDEX = FaqIndex.build(ENTRIES)


def _ask(text: str, language: str = "en", subject: str = "") -> Answer | Abstain:
    return match(Matter(subject, text, language), INDEX, POLICY)


@pytest.mark.parametrize(
    ("language", "text", "entry"),
    [
        ("en", "How do I embed the fonts in my manuscript?", "fonts"),
        ("en", "HOW DO I EMBED THE FONTS IN MY MANUSCRIPT", "fonts"),
        ("en", "Hello,\n\nI started last week. Where do I order a printed proof? Kind regards", "proof"),
        ("en", "Hello, how do I get the fonts embedded when I export a manuscript?", "fonts"),
        ("de", "Guten Tag,\nwie kann ich Schriften in ein Manuskript einbetten?\nDanke", "schrift"),
    ],
)
def test_the_desk_answers_what_the_faq_asks(language: str, text: str, entry: str) -> None:
    found = _ask(text, language)
    assert isinstance(found, Answer), found
    assert found.entry == entry
    assert found.confidence >= POLICY.faq.threshold


@pytest.mark.parametrize(
    ("language", "text", "reason"),
    [
        ("en", "Where do I order more coffee?", "confidence"),
        ("en", "The proof has wrong colours", "confidence"),
        ("en", "Which font is the nicest?", "confidence"),
        ("en", "Could you embed something?", "confidence"),
        ("fr", "How do I embed the fonts in my manuscript?", "no entry in the language of the mail (fr)"),
        ("", "How do I embed the fonts in my manuscript?", "no entry in the language of the mail (unknown)"),
        ("de", "How do I embed the fonts in my manuscript?", "confidence"),
        ("en", "How do I embed the fonts in my manuscript? I already tried the export.", "already tried"),
        ("en", "How do I embed the fonts in my manuscript? Please move my desk as well.", "order of work"),
        ("en", "How do I embed the fonts in my manuscript? It says 80070005.", "identifier or error code"),
        ("en", "How do I embed the fonts in my manuscript? It is broken.", "reports a disruption"),
        ("de", "Wie kann ich Schriften in ein Manuskript einbetten? Habe alles schon versucht.", "already tried"),
        ("en", "xyzzy", "no entry is alike"),
        ("en", "", "no entry is alike"),
    ],
)
def test_the_desk_is_silent_in_doubt(language: str, text: str, reason: str) -> None:
    found = _ask(text, language)
    assert isinstance(found, Abstain), found
    assert reason in found.reason
    assert found.confidence < POLICY.faq.threshold


def test_an_identifier_that_the_entry_names_does_not_silence_the_desk() -> None:
    assert isinstance(_ask("How do I embed the fonts in my manuscript? It says F12."), Answer)


def test_an_entry_that_is_not_automatic_is_only_suggested() -> None:
    index = FaqIndex.build([replace(entry, automatic=False) for entry in ENTRIES])
    found = match(Matter("", "How do I embed the fonts in my manuscript?", "en"), index, POLICY)
    assert isinstance(found, Abstain)
    assert found.reason == 'entry "fonts" is not automatic'
    assert found.candidates[0].entry == "fonts"


def test_two_entries_with_the_same_question_silence_each_other() -> None:
    twin = replace(ENTRIES[0], id="fonts-2")
    no_margin = replace(POLICY, faq=FaqPolicy(margin=0.0))
    found = match(Matter("", twin.questions[0], "en"), FaqIndex.build([*ENTRIES, twin]), no_margin)
    assert isinstance(found, Abstain)


def test_the_threshold_and_the_margin_of_the_policy_count() -> None:
    matter = Matter("", "How do I embed the fonts in my manuscript?", "en")
    strict = replace(POLICY, faq=FaqPolicy(threshold=0.99))
    assert "below 0.99" in match(matter, INDEX, strict).reason  # type: ignore[union-attr]  # an Answer has no reason
    wide = replace(POLICY, faq=FaqPolicy(margin=1.0))
    assert "nearly as likely" in match(matter, INDEX, wide).reason  # type: ignore[union-attr]  # an Answer has no reason


def test_near_duplicates_are_named_most_alike_first() -> None:
    twin = _entry("fonts-2", "How do I embed the fonts in a manuscript?")
    pairs = FaqIndex.build([*ENTRIES, twin]).near_duplicates(0.85)
    assert [pair[:2] for pair in pairs] == [("fonts", "fonts-2")]
    assert INDEX.near_duplicates(0.85) == ()


def test_an_index_without_entries_answers_nothing() -> None:
    empty = FaqIndex.build(())
    assert match(Matter("", "How do I?", "en"), empty, POLICY) == Abstain("no entry is alike", 0.0, ())
    assert empty.near_duplicates() == ()


@given(st.text(), st.text(), st.sampled_from(["", "en", "de", "xx"]))
def test_any_text_gets_known_candidates_in_order(subject: str, text: str, language: str) -> None:
    found = _ask(text, language, subject)
    assert 0 <= found.confidence <= 1
    assert {candidate.entry for candidate in found.candidates} <= {entry.id for entry in ENTRIES}
    scores = [candidate.score for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) <= 5
    assert isinstance(found, Abstain) or found.entry == found.candidates[0].entry
