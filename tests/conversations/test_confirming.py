"""Is it solved? A ticket closes when its requester says so, or when they keep silent after they were really asked."""

from __future__ import annotations

import pytest

from tests.conversations.conftest import Time
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, Server, Thread
from tests.conversations.scenes import closed, handed_over, in_progress, resolved

YES, NO = 0, 1


def test_one_click_confirms(requester: Correspondent, specialist: Correspondent) -> None:
    thread, question = resolved(requester, specialist)
    requester.clicks(question, YES, "Yes, it is solved.")
    requester.gets("closed")
    specialist.gets("note_to_group")
    assert thread.state == "closed"


def test_one_click_rejects_and_the_owner_has_it_back(requester: Correspondent, specialist: Correspondent) -> None:
    thread, question = resolved(requester, specialist)
    requester.clicks(question, NO, "No, it is not solved yet.\n\nWhat still happens: it closes after a minute.")
    assert requester.gets("reopened").says("again")
    assert specialist.gets("relay_to_group").says("it closes after a minute")
    assert (thread.state, thread.ticket.owner) == ("in_progress", "sam@corp.example")


@pytest.mark.parametrize(
    "words", ["yes, solved", "Yes, it works again. Thank you!", "ja, geht wieder", "Danke, läuft."]
)
def test_plain_words_confirm(requester: Correspondent, specialist: Correspondent, words: str) -> None:
    thread, _ = resolved(requester, specialist)
    requester.replies(words)
    requester.gets("closed")
    assert thread.state == "closed"


@pytest.mark.parametrize(
    "words", ["No, it still does not work.", "nein, geht immer noch nicht", "The same error again, unfortunately."]
)
def test_plain_words_reject(requester: Correspondent, specialist: Correspondent, words: str) -> None:
    thread, _ = resolved(requester, specialist)
    requester.replies(words)
    requester.gets("reopened")
    specialist.gets("relay_to_group")
    assert thread.state == "in_progress"


def test_a_rejected_ticket_whose_owner_has_left_goes_back_to_the_group(
    desk_without_sam: None, requester: Correspondent, colleague: Correspondent
) -> None:
    thread = requester.desk.ticket(1)
    requester.replies("No, it still does not work.", to=requester.inbox[-1])
    assert requester.desk.ticket(thread.number).state == "assigned"
    assert requester.desk.ticket(thread.number).owner is None
    assert colleague.inbox[-1].says("it still does not work")


@pytest.fixture
def desk_without_sam(requester: Correspondent, specialist: Correspondent) -> None:
    """Sam solved the ticket, and then left the company."""
    resolved(requester, specialist)
    requester.desk.loses("sam@corp.example")


def test_something_else_on_a_resolved_ticket_reopens_it(requester: Correspondent, specialist: Correspondent) -> None:
    """New words act as rejected: with a file attached they are no answer to a yes-or-no question."""
    thread, _ = resolved(requester, specialist)
    requester.replies("Here is what I see on the screen.", attachments={"screen.txt": b"it says 0x80070005"})
    requester.gets("reopened")
    assert specialist.gets("relay_to_group").attachments == {"screen.txt": b"it says 0x80070005"}
    assert thread.state == "in_progress"


def test_an_unclear_answer_is_asked_about_once_and_then_the_group_decides(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread, _ = resolved(requester, specialist)
    requester.replies("I will be back at my desk on Thursday.")
    question = requester.gets("clarifying_question")
    assert question.says("is your incident 1", "solved?")
    specialist.gets_nothing()
    requester.replies("As I said, on Thursday.", to=question)
    requester.gets_nothing()
    assert specialist.gets("note_to_group").says("on Thursday")
    assert thread.state == "resolved"


def test_the_clarifying_question_has_links_that_work(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = resolved(requester, specialist)
    requester.replies("I will be back at my desk on Thursday.")
    requester.clicks(requester.gets("clarifying_question"), YES, "Yes, it is solved.")
    requester.gets("closed")
    assert thread.state == "closed"


def test_thanks_alone_close_nothing_and_ask_nothing(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = resolved(requester, specialist)
    requester.replies("Thank you very much!")
    requester.gets_nothing()
    specialist.gets_nothing()
    assert thread.state == "resolved"


def test_a_question_does_not_confirm(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = resolved(requester, specialist)
    requester.replies("Is it solved for the others as well?")
    requester.gets("clarifying_question")
    assert thread.state == "resolved"


def test_resolving_without_words_still_asks_the_requester(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#resolve")
    question = requester.gets("request_to_confirm")
    assert len(question.links) >= 2
    requester.clicks(question, YES)
    assert thread.state == "closed"


def test_resolving_an_unclaimed_ticket_makes_it_the_specialists_own(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("#resolve\nThe gateway had a full disk.")
    requester.gets("request_to_confirm")
    assert (thread.state, thread.ticket.owner) == ("resolved", "sam@corp.example")


# ---------------------------------------------------------------- silence


def test_silence_closes_and_both_sides_are_told(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread, _ = resolved(requester, specialist)
    clock.passes(hours=71)
    assert thread.state == "resolved"
    clock.passes(hours=2)
    assert thread.state == "closed"
    assert requester.gets("closed").says("have not heard from you")
    specialist.gets("note_to_group")


def test_the_clock_of_silence_starts_when_the_question_has_left(
    requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    thread = in_progress(requester, specialist)
    server.is_down(requester.address, "450 4.3.2 Try again later")
    specialist.replies("#resolve\nIt works again.")
    clock.passes(hours=40)
    assert thread.state == "resolved"
    server.is_up(requester.address)
    clock.passes(hours=2)
    requester.gets("request_to_confirm")
    clock.passes(hours=69)
    assert thread.state == "resolved"  # 72 hours after the decision are long over
    clock.passes(hours=3)
    assert thread.state == "closed"


def test_a_question_that_never_leaves_closes_nothing(
    requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    thread = in_progress(requester, specialist)
    server.is_down(requester.address, "450 4.3.2 Try again later")
    specialist.replies("#resolve\nIt works again.")
    specialist.gets("receipt")
    clock.passes(hours=50)  # given up after 48
    assert specialist.gets("note_to_group").says("The question whether it is solved", "did not arrive")
    clock.passes(hours=200)
    assert thread.state == "in_progress"


def test_a_word_in_time_stops_the_clock(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread, _ = resolved(requester, specialist)
    clock.passes(hours=71)
    requester.replies("No, it still does not work.")
    clock.passes(hours=200)
    assert thread.state == "in_progress"


def test_the_clock_of_an_earlier_question_does_not_close_a_later_round(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread, _ = resolved(requester, specialist)
    clock.passes(hours=70)
    requester.replies("No, it still does not work.")
    specialist.replies("#resolve\nNow the cable is new.", to=specialist.inbox[-1])
    clock.passes(hours=60)
    assert thread.state == "resolved"
    clock.passes(hours=13)
    assert thread.state == "closed"


# ---------------------------------------------------------------- old links


def second_round(requester: Correspondent, specialist: Correspondent) -> tuple[Thread, Letter]:
    """Solved, rejected, solved again: the first question is an old one now."""
    thread, first = resolved(requester, specialist)
    requester.replies("No, it still does not work.")
    specialist.replies("#resolve\nNow the cable is new.", to=specialist.inbox[-1])
    requester.gets("reopened")
    requester.gets("request_to_confirm")
    return thread, first


def test_an_old_link_closes_nothing_after_a_reopening(requester: Correspondent, specialist: Correspondent) -> None:
    thread, first = resolved(requester, specialist)
    requester.clicks(first, NO, "No, it is not solved yet.")
    requester.gets("reopened")
    requester.clicks(first, YES, "Yes, it is solved.")
    requester.gets_nothing()
    assert thread.state == "in_progress"


def test_an_old_link_closes_nothing_in_a_later_round(requester: Correspondent, specialist: Correspondent) -> None:
    thread, first = second_round(requester, specialist)
    requester.clicks(first, YES, "Yes, it is solved.")
    assert thread.state == "resolved"


def test_an_old_mail_answered_with_yes_closes_nothing_in_a_later_round(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread, first = second_round(requester, specialist)
    requester.replies("Yes, it works again.", to=first)
    requester.gets("clarifying_question")
    assert thread.state == "resolved"


def test_a_confirmation_that_comes_twice_closes_once(requester: Correspondent, specialist: Correspondent) -> None:
    thread, question = resolved(requester, specialist)
    requester.clicks(question, YES, "Yes, it is solved.")
    requester.gets("closed")
    requester.clicks(question, YES, "Yes, it is solved.")
    requester.gets_nothing()
    assert thread.state == "closed"


def test_a_link_in_other_hands_confirms_nothing(
    requester: Correspondent, specialist: Correspondent, bob: Correspondent, stranger: Correspondent
) -> None:
    thread, question = resolved(requester, specialist)
    stranger.clicks(question, YES, "Yes, it is solved.")
    bob.clicks(question, YES, "Yes, it is solved.")
    assert thread.state == "resolved"


def test_a_link_in_quoted_text_confirms_nothing(requester: Correspondent, specialist: Correspondent) -> None:
    thread, question = resolved(requester, specialist)
    requester.replies(f"No, it still does not work.\n\n> Yes, it is solved: {question.links[YES]}")
    assert thread.state == "in_progress"


# ---------------------------------------------------------------- afterwards


def test_words_soon_after_closing_reopen(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread, _ = closed(requester, specialist)
    clock.passes(days=13)
    requester.replies("It is broken again since this morning.")
    requester.gets("reopened")
    assert specialist.gets("relay_to_group").says("broken again")
    assert (thread.state, thread.ticket.closed_at) == ("in_progress", None)


def test_words_long_after_closing_open_a_ticket_that_follows(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread, _ = closed(requester, specialist)
    clock.passes(days=20)
    later = requester.replies("The tunnel is broken again since this morning.")
    assert later.number == 2
    assert later.ticket.follows == thread.number
    assert specialist.gets("hand_over").says(f"ticket {thread.number}")
    assert requester.gets("acknowledgement").says("2")
    assert thread.state == "closed"


def test_thanks_after_closing_leave_it_closed(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = closed(requester, specialist)
    requester.replies("Thank you very much!")
    requester.gets_nothing()
    specialist.gets_nothing()
    assert thread.state == "closed"


def test_a_late_no_by_link_reopens_a_ticket_that_silence_closed(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread, question = resolved(requester, specialist)
    clock.passes(hours=80)
    requester.gets("closed")
    requester.clicks(question, NO, "No, it is not solved yet.")
    requester.gets("reopened")
    assert thread.state == "in_progress"


def test_a_late_yes_on_a_ticket_that_silence_closed_is_only_kept(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread, question = resolved(requester, specialist)
    clock.passes(hours=80)
    requester.gets("closed")
    requester.replies("Yes, it works again. Thank you!", to=question)
    requester.gets_nothing()
    assert thread.state == "closed"


def test_a_further_question_soon_after_closing_reopens(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = closed(requester, specialist)
    requester.replies("Could you tell me what it was? I have to write a report.")
    requester.gets("reopened")
    assert specialist.gets("relay_to_group").says("I have to write a report")
    assert thread.state == "in_progress"


def test_a_reopened_ticket_whose_owner_has_left_belongs_to_the_group(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread, _ = closed(requester, specialist)
    requester.desk.loses("sam@corp.example")
    requester.replies("It is broken again since this morning.")
    assert (thread.state, thread.ticket.owner) == ("assigned", None)
    clock.passes(hours=2)
    assert thread.desk.post["tia@corp.example"][-1].kind == "hand_over"


def test_what_a_colleague_says_after_closing_is_passed_on_and_moves_nothing(
    requester: Correspondent, specialist: Correspondent, bob: Correspondent
) -> None:
    thread, question = closed(requester, specialist)
    bob.replies("It works again.", to=question)
    specialist.gets("relay_to_group")
    assert thread.state == "closed"


def test_a_bounce_after_closing_moves_nothing(
    requester: Correspondent, specialist: Correspondent, server: Server
) -> None:
    thread, _ = closed(requester, specialist)
    server.bounces(requester.inbox[-1])
    specialist.gets_nothing()
    assert thread.state == "closed"
