"""A service request: what the requester can expect, and what the desk must know first (ITIL request fulfilment)."""

from __future__ import annotations

from tests.conversations.people import Correspondent
from tests.conversations.scenes import closed


def test_the_terms_stand_in_the_acknowledgement(requester: Correspondent) -> None:
    thread = requester.writes("New laptop", "I would like to have a new laptop for Gwen Gray, please.")
    letter = requester.gets("acknowledgement")
    assert thread.ticket.kind == "request"
    assert letter.says("New laptop or equipment", "five working days", "£1,150, charged to your cost centre")


def test_the_terms_come_in_the_language_of_the_requester(dora: Correspondent) -> None:
    dora.writes("Neuer Laptop", "Ich möchte bitte einen neuen Laptop bestellen.")
    letter = dora.gets("acknowledgement")
    assert letter.says("Neuer Laptop oder neue Geräte", "fünf Arbeitstage", "1.290 €", "Für wen ist es?")
    assert not letter.says("five working days")


def test_specialists_see_what_was_promised(requester: Correspondent, joe: Correspondent) -> None:
    requester.writes("New laptop", "I would like to have a new laptop for Gwen Gray, please.")
    assert joe.gets("hand_over").says("five working days", "£1,150", "Gwen Gray")


def test_what_is_missing_is_asked_for(requester: Correspondent, joe: Correspondent) -> None:
    thread = requester.writes("New laptop", "I would like to have a new laptop, please.")
    assert requester.gets("acknowledgement").says("Who is it for?")
    assert joe.gets("hand_over").says("Still missing", "For whom")
    assert thread.ticket.missing == ("for_whom",)


def test_nothing_is_asked_that_was_said(requester: Correspondent, joe: Correspondent) -> None:
    thread = requester.writes("New laptop", "I would like to have a new laptop for Gwen Gray, please.")
    assert not requester.gets("acknowledgement").says("Who is it for?")
    assert not joe.gets("hand_over").says("Still missing")
    assert thread.ticket.facts == {"for_whom": "Gwen Gray"}


def test_the_answer_fills_the_fact_and_the_group_reads_it(requester: Correspondent, joe: Correspondent) -> None:
    thread = requester.writes("New laptop", "I would like to have a new laptop, please.")
    requester.gets("acknowledgement")
    joe.gets("hand_over")
    requester.replies("It is for Gwen Gray.")
    assert joe.gets("relay_to_group").says("It is for Gwen Gray.")
    assert thread.ticket.missing == ()
    assert thread.ticket.facts == {"for_whom": "Gwen Gray"}
    joe.replies("#assign network")
    assert thread.desk.post["sam@corp.example"][-1].says("What we know", "For whom", "Gwen Gray")


def test_an_answer_about_something_else_leaves_the_question_open(requester: Correspondent, joe: Correspondent) -> None:
    thread = requester.writes("New laptop", "I would like to have a new laptop, please.")
    requester.replies("The blue one, if there is a choice.", to=requester.gets("acknowledgement"))
    joe.gets("hand_over")
    joe.gets("relay_to_group")
    assert thread.ticket.missing == ("for_whom",)


def test_an_incident_states_no_terms(requester: Correspondent) -> None:
    thread = requester.writes("My new laptop is broken", "The new laptop for Gwen Gray does not start any more.")
    assert thread.ticket.kind == "incident"
    assert not requester.gets("acknowledgement").says("five working days")


def test_a_request_is_fulfilled_and_confirmed(requester: Correspondent, joe: Correspondent) -> None:
    thread = requester.writes("New laptop", "I would like to have a new laptop for Gwen Gray, please.")
    requester.gets("acknowledgement")
    joe.gets("hand_over")
    joe.replies("#resolve\nThe laptop lies ready at the reception.")
    joe.gets("receipt")
    requester.replies("Thank you, solved.", to=requester.gets("request_to_confirm"))
    requester.gets("closed")
    assert thread.state == "closed"
    assert joe.gets("note_to_group").says("closed")


def test_whom_the_directory_does_not_know_is_known_by_the_signature(joe: Correspondent) -> None:
    paul = Correspondent(joe.desk, "paul@partner.example", "Paul Pohl")
    paul.writes(
        "New monitor",
        "I would like to have a new monitor, please.\n\n-- \nPaul Pohl\nPartner Ltd\nPhone +44 20 7946 0222",
    )
    assert joe.gets("hand_over").says("Paul Pohl", "paul@partner.example", "+442079460222")


def test_an_unknown_sender_reads_none_of_their_own_words(stranger: Correspondent) -> None:
    stranger.writes("Click here to win", "I would like to have a new monitor: http://evil.example/ is the one.")
    letter = stranger.gets("acknowledgement")
    assert not letter.says("Click here")
    assert "evil.example" not in letter.envelope.raw.decode("ascii")
    assert not letter.says("Eve")


def test_what_a_specialist_forwards_becomes_the_ticket_of_its_author(
    joe: Correspondent, requester: Correspondent, specialist: Correspondent
) -> None:
    thread = joe.writes(
        "Fwd: VPN is down",
        "This came to me.\n\n---------- Forwarded message ---------\nFrom: Ann Archer <ann@corp.example>\n"
        "Date: Mon, 2 Mar 2026 08:00:00 +0000\nSubject: VPN is down\nTo: joe@corp.example\n\n"
        "The tunnel does not work any more. I am in room 12.\n",
    )
    assert thread.ticket.requester == "ann@corp.example"
    assert specialist.gets("hand_over").says("Ann Archer", "The tunnel does not work any more")
    assert not any("This came to me" in letter.text for letter in requester.inbox)


def test_two_matters_of_one_person_are_two_tickets(
    requester: Correspondent, specialist: Correspondent, joe: Correspondent
) -> None:
    first, _ = closed(requester, specialist)
    second = requester.writes("New laptop", "I would like to have a new laptop for Gwen Gray, please.")
    assert (first.number, second.number) == (1, 2)
    assert second.ticket.follows is None
    joe.gets("hand_over")
