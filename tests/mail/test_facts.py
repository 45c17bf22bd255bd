"""Small facts: the language of a text, what a signature tells, and the record that the command line prints."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.describe import as_record
from mailbot.mail.language import detect_language
from mailbot.mail.parse import parse
from mailbot.mail.signature import Contact, read_contact
from tests.mail.letters import letter, multipart


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, the printer on the third floor does not work since this morning. Can you help?", "en"),
        ("my mouse is broken", "en"),
        ("Hallo, der Drucker im dritten Stock geht seit heute früh nicht mehr. Können Sie bitte helfen?", "de"),
        ("meine Maus ist kaputt", "de"),
        ("Bonjour, l'imprimante du troisième étage ne marche plus depuis ce matin.", "fr"),
        ("Hola, la impresora de la tercera planta no funciona desde esta mañana.", "es"),
        ("ERR_4711 0x80070005", ""),
        ("", ""),
        ("Привет, принтер не работает", ""),
    ],
)
def test_the_language_of_a_few_words(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_only_configured_languages_are_found() -> None:
    assert detect_language("Bonjour, l'imprimante ne marche plus depuis ce matin.", ("en", "de")) in ("", "en", "de")
    assert detect_language("my mouse is broken", ("de",)) == ""
    assert detect_language("my mouse is broken", ()) == ""


@given(st.text(), st.lists(st.sampled_from(["en", "de", "fr", "xx"])).map(tuple))
def test_no_text_makes_the_detector_raise(text: str, languages: tuple[str, ...]) -> None:
    assert detect_language(text, languages) in ("", *languages)


def test_a_signature_tells_number_firm_and_title() -> None:
    signature = "-- \nAnn Lee\nHead of Purchasing\nExample GmbH\nTel. +49 30 12345678\n"
    assert read_contact(signature) == Contact(("+493012345678",), "Example GmbH", "Head of Purchasing")


def test_the_last_lines_tell_of_firm_and_title_where_no_signature_does() -> None:
    reply = "Our Head of Sales saw it fail on Monday in the Group office.\n\nAnn Lee\nHead of Purchasing\nExample GmbH"
    assert read_contact("", reply) == Contact((), "Example GmbH", "Head of Purchasing")


@pytest.mark.parametrize(
    ("signature", "reply", "region", "phones"),
    [
        ("Tel. 030 12345678", "", "DE", ("+493012345678",)),
        ("Tel. 030 12345678", "", "", ()),
        ("", "Please call me: +44 20 7946 0958", "", ("+442079460958",)),
        ("", "Serial +49 30 12345678\n" + "words\n" * 10, "", ()),
        ("", "order 12345", "DE", ()),
        ("", "", "DE", ()),
    ],
)
def test_numbers_are_read_where_a_person_leaves_theirs(
    signature: str, reply: str, region: str, phones: tuple[str, ...]
) -> None:
    assert read_contact(signature, reply, region).phones == phones


def test_the_record_has_the_agreed_keys_and_types() -> None:
    field, body = multipart("mixed", "Content-Type: text/plain\n\nwords", 'Content-Type: a/b; name="x.bin"\n\n123')
    record = as_record(parse(letter(body, field)), "one.eml", 0.25)
    assert list(record) == [
        "file", "class", "reason", "message_id", "in_reply_to", "references", "subject", "date", "from", "author", "to",
        "cc", "reply_to", "text", "reply", "reply_certainty", "signature", "language", "attachments", "unpacked",
        "bounces", "original_message_id", "forwarded", "defects", "seconds",
    ]  # fmt: skip
    assert record["from"] == {"name": "Ann Lee", "address": "ann@example.org"}
    assert record["date"] == "2024-09-02T10:00:00+02:00"
    assert record["attachments"] == [{"name": "x.bin", "type": "a/b", "size": 3, "inline": False}]
    assert record["forwarded"] is None


@given(st.binary(max_size=300))
def test_every_record_is_json(raw: bytes) -> None:
    json.dumps(as_record(parse(raw), "x", 0.0)).encode()
