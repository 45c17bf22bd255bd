"""Odd texts: whatever a mail holds, both databases take it and give back the same."""

import json
from dataclasses import replace

import pytest

from mailbot.desk.people import Person
from mailbot.store.rows import Understood
from mailbot.store.storable import dump_json, storable
from mailbot.store.unit_of_work import Work
from tests.store.material import ANN, DONE, NOW, a_ticket, claimed, opened, queued, said

ODD = {
    "nul": "a\0b",
    "half a pair": "a\ud83db",
    "other half": "\ude00",
    "halves the wrong way": "\ude00\ud83d",
    "a whole letter": "\U0001f600",
    "not a character": "\ufffe\uffff\U0010ffff",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028",
    "right to left": "\u202etxt.exe\u202c",
    "combining": "e" + "\u0301" * 500,
    "backslashes": "\\u0000 \\x00 \\ud800 %s %(a)s :name ? $1",
    "quotes": "'; DROP TABLE tickets; --\"",
    "long": "x" * 3_000,
    "wide": "".join(chr(0x4E00 + letter * 7919 % 20_000) for letter in range(3_000)),  # nothing to be compressed
}


@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
def test_every_text_of_a_ticket_can_be_kept(odd: str, work: Work) -> None:
    odd_ticket = a_ticket(requester_name=odd, subject=odd, service=odd, language=odd, facts={odd: odd}, missing=(odd,))
    work.tickets.save(odd_ticket, NOW)
    kept = work.tickets.get(1)
    assert kept is not None
    assert kept.subject == storable(odd)
    assert kept.missing == (storable(odd),)
    assert kept.language == storable(odd, 64)
    assert kept.facts == {storable(odd, 200): storable(odd)}


@pytest.mark.parametrize("odd", ODD.values(), ids=list(ODD))
def test_every_text_of_a_mail_can_be_kept_and_found(odd: str, work: Work) -> None:
    opened(work)
    understood = Understood(message_id=odd, sender=odd, subject=odd, class_reason=odd, parsed={odd: [odd, {"a": odd}]})
    row = claimed(work)
    work.inbox.note_dkim(row, odd)
    work.inbox.finish(row, replace(DONE, reason=odd), NOW, understood=understood, ticket=1)
    work.tickets.add_entries(1, (said(odd, author=odd, author_name=odd),), message_id=odd)
    work.people.save(Person(odd, name=odd, same_as=(odd,)), NOW)
    queued(work, ticket=1, subject=odd, text=odd, recipient=odd)
    assert work.inbox.lines()[0].subject == storable(odd)
    assert work.tickets.entries(1)[0].text == storable(odd)
    assert work.outbox.lines()[0].subject == storable(odd)
    found = work.people.get(odd)
    assert found is not None
    assert found.name == storable(odd)


def test_a_message_id_joins_a_thread_in_the_form_in_which_it_is_found_again(work: Work) -> None:
    opened(work)
    odd = "a\0\ud800@x"
    work.tickets.extend_chain(1, a_side := said("").side, odd)
    assert work.tickets.chain(1, a_side) == ("a\ufffd\ufffd@x",)
    assert work.tickets.of_references(["a\ufffd\ufffd@x"]) == 1


def test_a_text_that_may_be_indexed_ends_with_a_whole_letter_within_the_bytes_of_an_index() -> None:
    assert storable(ODD["wide"], 998) == ODD["wide"][:666]
    assert storable("x" * 3_000, 998) == "x" * 998
    assert storable(ODD["wide"]) == ODD["wide"]


def test_a_message_id_that_cannot_be_kept_whole_is_in_no_thread(work: Work) -> None:
    opened(work)
    for message_id in (ODD["wide"][:998], ODD["wide"][:666], "x" * 999, "x" * 998, ""):
        work.tickets.extend_chain(1, said("").side, message_id)
    assert work.tickets.chain(1, said("").side) == (ODD["wide"][:666], "x" * 998)
    assert work.tickets.of_references([ODD["wide"][:666]]) == 1
    assert work.tickets.of_references([ODD["wide"][:998]]) is None


def test_what_is_plain_stays_as_it_is() -> None:
    assert storable("Grüße \U0001f600\r\n") == "Grüße \U0001f600\r\n"
    assert json.loads(dump_json({"a": ["\U0001f600", 1, None, True, 1.5]})) == {"a": ["\U0001f600", 1, None, True, 1.5]}


def test_json_that_only_speaks_of_escapes_keeps_its_words() -> None:
    assert json.loads(dump_json(["\\u0000", "\\ud800", ANN])) == ["\\u0000", "\\ud800", ANN]
