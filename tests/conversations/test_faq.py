"""The FAQ answers when it is sure, and whatever the requester then does or does not do, nobody is forgotten."""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.policy import Policy
from tests.conversations.conftest import Time
from tests.conversations.people import Correspondent, Server
from tests.conversations.scenes import answered

YES, NO = 0, 1


def test_a_question_is_answered_and_nobody_is_troubled(requester: Correspondent, specialist: Correspondent) -> None:
    thread, letter = answered(requester)
    assert letter.says("Example-Guest", "The code of the day")
    assert thread.state == "answered"
    specialist.gets_nothing()


def test_that_helped_closes_it(requester: Correspondent, specialist: Correspondent) -> None:
    thread, letter = answered(requester)
    requester.clicks(letter, YES, "Yes, it is solved.")
    requester.gets("closed")
    specialist.gets_nothing()
    assert thread.state == "closed"


def test_that_helped_in_words_closes_it(requester: Correspondent) -> None:
    thread, _ = answered(requester)
    requester.replies("That helped, thank you!")
    requester.gets("closed")
    assert thread.state == "closed"


def test_that_did_not_help_hands_it_over_with_both_words(requester: Correspondent, specialist: Correspondent) -> None:
    thread, letter = answered(requester)
    requester.clicks(letter, NO, "No, it is not solved yet.\n\nWhat still happens: the code is refused.")
    handed = specialist.gets("hand_over")
    assert handed.says("How do visitors get onto the guest wifi?", "the code is refused")
    assert thread.state == "assigned"
    requester.gets_nothing()


def test_new_words_on_an_answer_hand_it_over(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = answered(requester)
    requester.replies("The screen looks like this.", attachments={"screen.txt": b"code refused"})
    assert "screen.txt" in specialist.gets("hand_over").attachments
    assert thread.state == "assigned"


def test_an_unclear_answer_is_asked_about_once_then_a_person_takes_over(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread, _ = answered(requester)
    requester.replies("My visitors come on Thursday.")
    question = requester.gets("clarifying_question")
    specialist.gets_nothing()
    assert thread.state == "answered"
    requester.replies("As I said, on Thursday.", to=question)
    assert specialist.gets("hand_over").says("on Thursday")
    assert thread.state == "assigned"


def test_thanks_alone_decide_nothing(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread, _ = answered(requester)
    requester.replies("Thank you very much!")
    requester.gets_nothing()
    assert thread.state == "answered"
    clock.passes(hours=5)
    specialist.gets("hand_over")


def test_silence_hands_it_over(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread, _ = answered(requester)
    clock.passes(hours=3)
    specialist.gets_nothing()
    clock.passes(hours=2)
    assert specialist.gets("hand_over").says("How do visitors get onto the guest wifi?")
    assert thread.state == "assigned"


def test_silence_is_consent_where_the_admin_says_so(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    requester.desk.decides(_silence_resolves)
    thread, _ = answered(requester)
    clock.passes(hours=5)
    requester.gets("request_to_confirm")
    assert thread.state == "resolved"
    clock.passes(hours=73)
    requester.gets("closed")
    assert thread.state == "closed"


def _silence_resolves(policy: Policy) -> Policy:
    return replace(policy, levels=replace(policy.levels, silence_resolves=True))


def test_an_answer_that_bounces_is_handed_over(
    requester: Correspondent, specialist: Correspondent, server: Server, clock: Time
) -> None:
    thread, letter = answered(requester)
    server.bounces(letter)
    assert specialist.gets("hand_over").says("did not arrive")
    assert thread.state == "assigned"
    clock.passes(hours=5)
    assert [kind.kind for kind in specialist.inbox].count("hand_over") == 2  # the second because nobody took it


def test_an_answer_that_never_leaves_is_handed_over(
    requester: Correspondent, specialist: Correspondent, server: Server
) -> None:
    server.is_down(requester.address, "550 5.1.1 User unknown")
    thread = requester.writes("Guest wifi", "How do visitors get onto the guest wifi?")
    assert thread.state == "assigned"
    specialist.gets("hand_over")


def test_a_stranger_gets_a_person_and_no_answer(stranger: Correspondent, specialist: Correspondent) -> None:
    thread = stranger.writes("Guest wifi", "How do visitors get onto the guest wifi?")
    stranger.gets("acknowledgement")
    stranger.gets_nothing()
    assert specialist.gets("hand_over").says("guest-wifi")  # the specialist sees what fits
    assert thread.state == "assigned"


def test_a_very_important_person_gets_a_person(specialist: Correspondent) -> None:
    vic = Correspondent(specialist.desk, "vic@corp.example", "Vic Vance")
    vic.writes("Guest wifi", "How do visitors get onto the guest wifi?")
    vic.gets("acknowledgement")
    specialist.gets("hand_over")


def test_an_incident_gets_the_answer_and_a_person(requester: Correspondent, specialist: Correspondent) -> None:
    thread = requester.writes("Guest wifi", "The guest wifi refuses my code, it does not work any more.")
    assert thread.ticket.kind == "incident"
    assert requester.gets("faq_answer").says("Codes end at midnight", "a specialist will answer you")
    specialist.gets("hand_over")
    assert thread.state == "assigned"


def test_the_answer_to_an_incident_may_solve_it(requester: Correspondent, specialist: Correspondent) -> None:
    thread = requester.writes("Guest wifi", "The guest wifi refuses my code, it does not work any more.")
    specialist.gets("hand_over")
    requester.replies("That helped, it works now.", to=requester.gets("faq_answer"))
    specialist.gets("note_to_group")
    assert thread.state == "closed"


def test_what_the_faq_does_not_know_goes_to_a_person(requester: Correspondent, joe: Correspondent) -> None:
    requester.writes("Coffee", "Where can I find the manual for the coffee machine in the kitchen?")
    requester.gets("acknowledgement")
    joe.gets("hand_over")


def test_in_mode_suggest_only_specialists_see_the_entry(requester: Correspondent, specialist: Correspondent) -> None:
    requester.desk.decides(_suggest)
    requester.writes("Guest wifi", "How do visitors get onto the guest wifi?")
    requester.gets("acknowledgement")
    assert specialist.gets("hand_over").says("The FAQ may help", "guest-wifi")


def _suggest(policy: Policy) -> Policy:
    return replace(policy, triage=replace(policy.triage, faq=replace(policy.triage.faq, mode="suggest")))
