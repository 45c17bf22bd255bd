"""A mail carries its ticket in several places; every one of them is found, and foreign addresses are not ours."""

from datetime import date

from mailbot.mail.carriers import CarrierSource, find_bounce, find_carriers, is_own_address
from mailbot.mail.keyring import Key, Keyring
from mailbot.mail.parse import parse
from mailbot.mail.tokens import (
    Role,
    footer_reference,
    plus_address,
    sign_address,
    sign_bounce,
    sign_message_id,
    subject_tag,
)
from tests.mail.letters import letter

KEYRING = Keyring((Key("k", b"1" * 32),))
OWN = ("support@desk.example", "it@desk.example")
EXPIRES = date(2027, 10, 1)
PLUS = sign_address(KEYRING, 1042, Role.REQUESTER, "ann@example.org", EXPIRES)
MESSAGE_ID = sign_message_id(KEYRING, 1042, Role.REQUESTER, "ann@example.org", EXPIRES, 3, "desk.example")


def carriers(raw: bytes) -> list[tuple[CarrierSource, int, bool]]:
    return [(one.source, one.ticket, one.genuine) for one in find_carriers(parse(raw), OWN, KEYRING)]


def test_every_place_of_a_token_is_found() -> None:
    raw = letter(
        f"It works again.\n\n> old words\n> {footer_reference(PLUS)}\n",
        f"Cc: x <{plus_address('Support@Desk.example', PLUS.upper())}>",
        f"References: <other@example.org> <{MESSAGE_ID}>",
        f"Subject: Re: Printer {subject_tag(KEYRING, 1042)}",
    ).replace(b"Subject: Printer\r\n", b"")
    assert carriers(raw) == [
        (CarrierSource.ADDRESS, 1042, True),
        (CarrierSource.MESSAGE_ID, 1042, True),
        (CarrierSource.FOOTER, 1042, True),
        (CarrierSource.SUBJECT, 1042, True),
    ]


def test_an_address_that_only_the_envelope_names_counts() -> None:
    assert carriers(letter("Hi", f"X-Original-To: {plus_address('it@desk.example', PLUS)}")) == [
        (CarrierSource.ADDRESS, 1042, True)
    ]


def test_a_token_at_a_foreign_address_is_none_of_ours() -> None:
    assert carriers(letter("Hi", f"Cc: {plus_address('support@other.example', PLUS)}")) == []


def test_a_tag_inside_an_encoded_word_is_found() -> None:
    tag = subject_tag(KEYRING, 1042).replace("[", "=5B").replace("]", "=5D")
    raw = letter("Hi", f"Subject: =?utf-8?q?Re:_Dr=C3=BCcker_{tag}?=").replace(b"Subject: Printer\r\n", b"")
    assert carriers(raw) == [(CarrierSource.SUBJECT, 1042, True)]


def test_an_altered_token_is_reported_as_such() -> None:
    assert carriers(letter("Hi", f"Cc: {plus_address('it@desk.example', 's' + PLUS[1:])}")) == [
        (CarrierSource.ADDRESS, 1042, False)
    ]


def test_a_bounce_finds_its_row() -> None:
    raw = letter("Sorry", f"Delivered-To: {plus_address('support@desk.example', sign_bounce(KEYRING, 77))}")
    assert find_bounce(parse(raw), OWN, KEYRING) == 77
    assert find_bounce(parse(letter()), OWN, KEYRING) is None


def test_own_addresses_are_known_in_plain_and_plus_form() -> None:
    assert is_own_address("Support+abc@desk.example", OWN)
    assert not is_own_address("support@desk.example.evil.example", OWN)
    assert not is_own_address("ſupport@desk.example", OWN), "a look-alike that lower-cases to s is a stranger"
