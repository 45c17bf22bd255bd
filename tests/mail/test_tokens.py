"""Tokens: what they state comes back, from every carrier, and nothing altered ever verifies."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.keyring import ALPHABET, Key, Keyring
from mailbot.mail.tokens import (
    Intent,
    Role,
    TokenState,
    find_footers,
    find_subject_tags,
    footer_reference,
    is_probe,
    plus_address,
    plus_part,
    read_bounce,
    read_serial,
    read_token,
    sign_address,
    sign_bounce,
    sign_message_id,
    sign_probe,
    subject_tag,
)

OLD, NEW = Key("k", b"1" * 32), Key("m", b"2" * 32)
KEYRING = Keyring((NEW, OLD))
EXPIRES = date(2027, 10, 1)

tickets = st.integers(0, 32**7 - 1)
roles = st.sampled_from(Role)
recipients = st.one_of(st.emails(), st.sampled_from(["group:network", "group:workplace"]))
dates = st.dates(date(2020, 1, 1), date(2100, 1, 1))
cycles = st.integers(0, 1023)


@given(tickets, roles, recipients, dates, cycles)
def test_an_address_states_what_was_signed(ticket: int, role: Role, recipient: str, expires: date, cycle: int) -> None:
    plus = sign_address(KEYRING, ticket, role, recipient, expires, cycle=cycle)
    reading = read_token(plus, KEYRING)
    assert reading is not None
    token = reading.token
    assert token is not None
    assert (token.ticket, token.role, token.expires, token.cycle, token.intent) == (ticket, role, expires, cycle, None)
    assert token.is_for(recipient, KEYRING)
    assert not token.is_for("x" + recipient, KEYRING)


@given(tickets, roles, recipients, dates)
def test_all_three_carriers_state_the_same(ticket: int, role: Role, recipient: str, expires: date) -> None:
    plus = sign_address(KEYRING, ticket, role, recipient, expires)
    message_id = sign_message_id(KEYRING, ticket, role, recipient, expires, 7, "desk.example")
    texts = (plus, plus_part(plus_address("support@desk.example", plus)), footer_reference(plus), message_id)
    readings = [read_token(text, KEYRING) for text in (*texts, *(text.upper() for text in texts), f"<{message_id}>")]
    assert len(set(readings)) == 1
    assert readings[0] is not None
    assert readings[0].token is not None


@given(st.data())
def test_no_altered_letter_of_an_address_verifies(data: st.DataObject) -> None:
    plus = sign_address(KEYRING, 1042, data.draw(roles), "ann@example.org", EXPIRES)
    place = data.draw(st.integers(0, len(plus) - 1))
    letter = data.draw(
        st.one_of(st.sampled_from(ALPHABET), st.characters()).filter(lambda one: one.lower() != plus[place])
    )
    reading = read_token(plus[:place] + letter + plus[place + 1 :], KEYRING)
    assert reading is None or reading.token is None


@given(st.data())
def test_no_altered_letter_of_a_message_id_verifies(data: st.DataObject) -> None:
    whole = sign_message_id(KEYRING, 1042, data.draw(roles), "group:network", EXPIRES, 9, "desk.example")
    place = data.draw(st.integers(0, len(whole) - 1))
    letter = data.draw(st.sampled_from(ALPHABET + ".@-+").filter(lambda one: one != whole[place]))
    reading = read_token(whole[:place] + letter + whole[place + 1 :], KEYRING)
    assert reading is None or reading.token is None


@given(tickets, recipients, dates, st.sampled_from("rsayn"), st.sampled_from([None, *Intent]))
def test_no_requester_token_ever_reads_as_a_specialist_one(
    ticket: int, recipient: str, expires: date, kind: str, intent: Intent | None
) -> None:
    plus = sign_address(KEYRING, ticket, Role.REQUESTER, recipient, expires, intent=intent)
    reading = read_token(kind + plus[1:], KEYRING)
    assert reading is not None
    assert reading.token is None or reading.token.role is Role.REQUESTER


@given(st.binary(min_size=32, max_size=32).filter(lambda secret: secret != NEW.secret), tickets, roles)
def test_a_token_of_another_desk_is_forged(secret: bytes, ticket: int, role: Role) -> None:
    theirs = Keyring((Key("m", secret),))
    reading = read_token(sign_address(theirs, ticket, role, "ann@example.org", EXPIRES), KEYRING)
    assert reading is not None
    assert reading.state is TokenState.FORGED


def test_the_codes_of_an_address_and_of_a_message_id_are_no_substitutes() -> None:
    plus = sign_address(KEYRING, 5, Role.SPECIALIST, "group:network", EXPIRES)
    crossed = read_token(f"{plus[:22]}.aaaaaaaa.{plus[22:]}aaaaaaaaaa@desk.example", KEYRING)
    assert crossed is not None
    assert crossed.state is TokenState.FORGED


def test_the_older_live_key_still_verifies_and_a_lost_one_names_the_ticket() -> None:
    plus = sign_address(Keyring((OLD,)), 1042, Role.REQUESTER, "ann@example.org", EXPIRES)
    now = read_token(plus, KEYRING)
    later = read_token(plus, Keyring((NEW,)))
    assert now is not None
    assert now.state is TokenState.OK
    assert later is not None
    assert (later.state, later.token, later.claims.ticket) == (TokenState.UNKNOWN_KEY, None, 1042)
    assert not later.claims.is_for("ann@example.org", Keyring((NEW,)))


def test_the_local_part_stays_within_64_octets() -> None:
    longest = sign_address(KEYRING, 32**7 - 1, Role.SPECIALIST, "x" * 60 + "@example.org", EXPIRES, cycle=1023)
    local = plus_address("b" * 20 + "@desk.example", longest).partition("@")[0]
    assert len(local) <= 64


@pytest.mark.parametrize("intent", Intent)
def test_a_click_says_what_it_confirms(intent: Intent) -> None:
    plus = sign_address(KEYRING, 7, Role.REQUESTER, "ann@example.org", EXPIRES, intent=intent, cycle=3)
    reading = read_token(plus, KEYRING)
    assert reading is not None
    assert reading.token is not None
    assert (reading.token.intent, reading.token.cycle, reading.token.role) == (intent, 3, Role.REQUESTER)


@given(st.integers(0, 32**8 - 1))
def test_a_bounce_address_names_its_row_and_is_no_token(serial: int) -> None:
    plus = sign_bounce(KEYRING, serial)
    assert read_bounce(plus_address("bounce@desk.example", plus).upper(), KEYRING) == serial
    assert read_bounce(plus[:-1] + ("a" if plus[-1] != "a" else "b"), KEYRING) is None
    assert read_token(plus, KEYRING) is None


def test_the_subject_tag_is_found_among_other_words_and_a_guessed_one_is_not_genuine() -> None:
    tag = subject_tag(KEYRING, 1042)
    assert find_subject_tags(f"AW: Re: Printer {tag.upper()} again", KEYRING) == ((1042, True),)
    assert find_subject_tags(tag.replace("1042", "1043"), KEYRING) == ((1043, False),)
    assert find_subject_tags("[#1042] [#12-short]", KEYRING) == ()


def test_a_footer_is_found_in_quoted_history() -> None:
    plus = sign_address(KEYRING, 7, Role.SPECIALIST, "group:network", EXPIRES)
    line = footer_reference(plus)
    assert find_footers(f"Done.\n\n> words\n> > {line}\n{line.upper()}\n") == (line,)


@given(st.text())
def test_no_text_makes_the_readers_raise(text: str) -> None:
    read_token(text, KEYRING)
    read_bounce(text, KEYRING)
    find_footers(text)
    find_subject_tags(text, KEYRING)


@given(dates)
def test_the_same_fields_give_the_same_token(expires: date) -> None:
    one = sign_message_id(KEYRING, 1, Role.ADMIN, "admin@example.org", expires, 3, "Desk.Example")
    assert one == sign_message_id(KEYRING, 1, Role.ADMIN, "Admin@Example.org", expires, 3, "desk.example")
    assert one != sign_message_id(
        KEYRING, 1, Role.ADMIN, "admin@example.org", expires + timedelta(1), 3, "desk.example"
    )


@given(tickets, roles, recipients, st.integers(0, 32**8 - 1))
def test_a_message_id_names_the_outgoing_mail(ticket: int, role: Role, recipient: str, serial: int) -> None:
    message_id = sign_message_id(KEYRING, ticket, role, recipient, EXPIRES, serial, "desk.example")
    assert read_serial(message_id, KEYRING) == serial
    assert read_serial("x" + message_id, KEYRING) is None
    assert read_serial(message_id, Keyring((OLD,))) is None


@given(st.integers(0, 32**8 - 1), st.integers(0, 25), st.sampled_from(ALPHABET))
def test_a_probe_is_known_again_and_no_altered_one_is(serial: int, place: int, letter: str) -> None:
    plus = sign_probe(KEYRING, serial)
    assert is_probe(plus, KEYRING)
    assert is_probe(plus.upper(), KEYRING)
    altered = plus[:place] + letter + plus[place + 1 :]
    assert is_probe(altered, KEYRING) is (altered == plus)
    assert not is_probe(plus, Keyring((OLD,)))
    assert (read_token(plus, KEYRING), read_bounce(plus, KEYRING)) == (None, None)
    assert not is_probe(sign_bounce(KEYRING, serial), KEYRING)
