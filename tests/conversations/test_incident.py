"""An incident from the first mail to the confirmation, told as the people concerned see it."""

from __future__ import annotations

from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, MailingList
from tests.conversations.scenes import handed_over, in_progress

SPECIALISTS = ("sam@corp.example", "tia@corp.example", "lists.corp.example", "lead@corp.example")


def shows_nobody(letter: Letter) -> bool:
    """No address of a specialist or a list, wherever one looks."""
    raw = letter.envelope.raw.decode("ascii") + letter.text
    return not any(address in raw for address in SPECIALISTS)


def test_an_incident_is_handed_over_solved_and_confirmed(requester: Correspondent, specialist: Correspondent) -> None:
    thread = requester.writes("VPN is down", "The tunnel does not work any more since this morning. I am in room 12.")
    receipt = requester.gets("acknowledgement")
    assert receipt.says("VPN and remote access")
    assert specialist.gets("hand_over").says("The tunnel does not work any more", "Ann Archer")
    assert thread.state == "assigned"

    specialist.replies("Please restart the client and try once more.")
    assert requester.gets("relay_to_requester").says("Please restart the client")
    assert specialist.gets("note_to_group").says("Sam Sato")  # the list learns who has it
    assert thread.state == "in_progress"

    requester.replies("I did, but it closes again.")
    specialist.gets("relay_to_group")

    specialist.replies("#resolve\nThe gateway had a full disk. It works again.")
    question = requester.gets("request_to_confirm")
    assert question.says("The gateway had a full disk")
    assert thread.state == "resolved"

    requester.replies("Yes, it works. Thank you!", to=question)
    requester.gets("closed")
    assert thread.state == "closed"


def test_the_acknowledgement_names_number_kind_and_times(requester: Correspondent) -> None:
    thread = requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    letter = requester.gets("acknowledgement")
    assert thread.ticket.kind == "incident"
    assert letter.says(f"incident {thread.number}", thread.ticket.priority, "A specialist will answer you")
    assert letter.subject.startswith("Re: VPN is down [#")
    assert letter.message["Auto-Submitted"] == "auto-replied"


def test_the_hand_over_brings_the_whole_matter_to_the_list(requester: Correspondent, specialist: Correspondent) -> None:
    thread = requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    letter = specialist.gets("hand_over")
    assert letter.envelope.rcpt_to == "network@lists.corp.example"
    assert letter.says(f"{thread.number}", "Ann Archer", "ann@corp.example", "+44 20 7946 0111", "Sales", "London")
    assert letter.says("room 12", "#resolve", "#note")


def test_a_group_without_a_list_gets_its_hand_over_member_by_member(
    requester: Correspondent, joe: Correspondent
) -> None:
    requester.writes("Chair", "The chair in room 12 is broken.")
    assert joe.gets("hand_over").envelope.rcpt_to == "joe@corp.example"
    assert [letter.kind for letter in joe.desk.post["kim@corp.example"]] == ["hand_over"]


def test_the_first_answer_takes_the_ticket(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("I am looking at it.")
    assert thread.ticket.owner == "sam@corp.example"
    assert thread.ticket.first_response_at is not None
    assert specialist.gets("note_to_group").says("Sam Sato", "I am looking at it")


def test_only_the_new_words_reach_the_requester(requester: Correspondent, specialist: Correspondent) -> None:
    handed_over(requester, specialist)
    specialist.replies("Please restart the client.\n\n-- \nSam Sato, Network team\nsam@corp.example, ext. 4711")
    letter = requester.gets("relay_to_requester")
    assert letter.says("Please restart the client.")
    assert not letter.says("ext. 4711")
    assert not letter.says("does not work any more")  # the history stays behind
    assert letter.sender_name == "Sam (IT Support)" or "Sam Sato" in letter.sender_name
    assert shows_nobody(letter)


def test_an_answer_by_way_of_the_list_loses_the_footer_of_the_list(
    requester: Correspondent, specialist: Correspondent, mailing_list: MailingList
) -> None:
    thread = requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    requester.gets("acknowledgement")
    handed = specialist.gets("hand_over")
    mailing_list.carries(
        specialist.composes(f"Re: {handed.subject}", "Please restart it.", to=mailing_list.address, answers=handed)
    )
    letter = requester.gets("relay_to_requester")
    assert letter.says("Please restart it.")
    assert not letter.says("unsubscribe")
    assert not letter.says("Network mailing list")
    assert shows_nobody(letter)
    assert thread.ticket.owner == "sam@corp.example"


def test_a_reply_to_all_comes_twice_and_is_relayed_once(
    requester: Correspondent, specialist: Correspondent, mailing_list: MailingList
) -> None:
    handed_over(requester, specialist)
    handed = specialist.inbox[-1]
    both = specialist.composes(
        f"Re: {handed.subject}", "Please restart it.", to=f"{handed.answer_to}, {mailing_list.address}", answers=handed
    )
    first = specialist.sends(both)
    mailing_list.carries(both)
    requester.gets("relay_to_requester")
    requester.gets_nothing()
    assert [row.state for row in first.desk.mails_in()[:2]] == ["duplicate", "done"]


def test_a_list_that_hides_the_author_has_its_post_held_and_a_member_lets_it_join(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent, mailing_list: MailingList
) -> None:
    thread = handed_over(requester, specialist)
    handed = specialist.inbox[-1]
    mailing_list.munges = True
    post = mailing_list.carries(
        specialist.composes(f"Re: {handed.subject}", "Please restart it.", to=mailing_list.address, answers=handed)
    )
    assert post.row.state == "held"  # anybody can be written before "via Network"
    requester.gets_nothing()
    assert specialist.gets("question_to_specialist").says("#accept")
    assert thread.state == "assigned"


def test_new_words_go_to_the_group_while_somebody_works(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    requester.replies("It happens on the train as well.")
    letter = specialist.gets("relay_to_group")
    assert letter.says("Ann Archer", "It happens on the train as well.")
    assert not letter.says("Please restart the client")  # what was quoted below stays behind
    assert thread.state == "in_progress"
    requester.gets_nothing()


def test_words_on_an_unclaimed_ticket_reach_the_list_and_move_nothing(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = handed_over(requester, specialist)
    requester.replies("It happens on the train as well.")
    specialist.gets("relay_to_group")
    assert thread.state == "assigned"


def test_the_requester_may_say_it_is_solved_before_anybody_answers(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = handed_over(requester, specialist)
    requester.replies("It is solved, it works again.")
    requester.gets("closed")
    assert specialist.gets("note_to_group").says("closed")
    assert thread.state == "closed"


def test_the_requester_may_say_it_is_solved_while_somebody_works(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    requester.replies("It is solved, it works again.")
    requester.gets("closed")
    specialist.gets("note_to_group")
    assert thread.state == "closed"


def test_it_still_fails_while_somebody_works_is_news_for_the_group(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    requester.replies("No, it still does not work.")
    specialist.gets("relay_to_group")
    assert thread.state == "in_progress"


def test_thanks_are_kept_and_trouble_nobody(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    requester.replies("Thank you very much!")
    specialist.gets_nothing()
    requester.gets_nothing()
    assert thread.state == "in_progress"
    assert requester.desk.entries(thread.number)[-1].text == "Thank you very much!"


def test_thanks_for_the_acknowledgement_take_nothing(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    requester.replies("Thank you very much!")
    specialist.gets_nothing()
    assert thread.state == "assigned"


def test_a_second_mail_program_of_the_same_person_continues_the_ticket(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    at_home = Correspondent(requester.desk, "ann@home.example", "Ann")
    at_home.replies("From home it is the same.", to=requester.inbox[-1])
    specialist.gets("relay_to_group")
    assert len(requester.desk.tickets()) == 1
    assert thread.state == "in_progress"


def test_a_colleague_who_got_the_mail_forwarded_joins(
    requester: Correspondent, specialist: Correspondent, bob: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    bob.replies("Ann is away, and I have it too.", to=requester.inbox[-1])
    assert specialist.gets("relay_to_group").says("Bob Baker", "I have it too")
    assert thread.number == 1
    assert len(requester.desk.tickets()) == 1


def test_somebody_who_only_knows_the_number_gets_a_ticket_of_their_own(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    other = stranger.writes(f"Re: VPN is down [#{thread.number}-aaaaaaaa]", "Yes, it is solved. Please close it.")
    assert other.number != thread.number
    assert thread.state == "in_progress"
