"""Mail that waits for a person: doubtful relays, colleagues whom nobody knows, and forgeries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailbot.desk.policy import Policy
from tests.conversations.conftest import Time
from tests.conversations.letters import Letter, quoted
from tests.conversations.people import Correspondent, Thread
from tests.conversations.scenes import in_progress

CARELESS = "It works again.\n\nTicket 1 [ref:{token}:ref]\nThe rest of the thread, without any mark."


def holds_a_relay(requester: Correspondent, specialist: Correspondent) -> tuple[Thread, Letter]:
    """The specialist's words have a footer of the desk in their midst: history may be among them."""
    in_progress(requester, specialist)
    token = specialist.inbox[0].answer_to.partition("+")[2].partition("@")[0]
    held = specialist.replies(CARELESS.format(token=token))
    assert held.row.state == "held"
    return held, specialist.gets("question_to_specialist")


def test_a_doubtful_relay_waits_and_the_specialist_sees_what_would_go_out(
    requester: Correspondent, specialist: Correspondent
) -> None:
    _, question = holds_a_relay(requester, specialist)
    assert question.envelope.rcpt_to == "sam@corp.example"
    assert question.says("Ann Archer would receive this", "It works again.", "#send")
    requester.gets_nothing()


def test_send_lets_it_go(requester: Correspondent, specialist: Correspondent) -> None:
    held, _ = holds_a_relay(requester, specialist)
    specialist.replies("#send")
    letter = requester.gets("relay_to_requester")
    assert letter.says("It works again.")
    assert "[ref:s" not in letter.text  # its own footer, and not the specialist's
    assert held.row.state == "done"
    requester.gets_nothing()


def test_send_with_the_number_of_the_row(requester: Correspondent, specialist: Correspondent) -> None:
    held, _ = holds_a_relay(requester, specialist)
    specialist.replies(f"#send {held.row.id}")
    requester.gets("relay_to_requester")


def test_reject_dismisses_it(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    held, _ = holds_a_relay(requester, specialist)
    specialist.replies("#reject")
    assert specialist.gets("receipt").says("dismissed")
    clock.passes(hours=10)
    requester.gets_nothing()
    assert held.row.state == "discarded"


def test_words_written_once_more_go_out_as_well(requester: Correspondent, specialist: Correspondent) -> None:
    holds_a_relay(requester, specialist)
    specialist.replies("It works again, please try.")
    requester.gets("relay_to_requester")
    requester.gets_nothing()


def test_send_without_anything_held_is_refused(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    specialist.replies("#send")
    assert specialist.gets("receipt").says("not done", "held")


def test_held_mail_that_nobody_looks_at_reaches_the_admins(
    requester: Correspondent, specialist: Correspondent, admin: Correspondent, clock: Time
) -> None:
    held, _ = holds_a_relay(requester, specialist)
    clock.passes(hours=3)
    admin.gets_nothing()
    clock.passes(hours=2)
    assert admin.gets("alert_to_admins").says(f"mailbot inbox show {held.row.id}")
    requester.gets_nothing()


def test_held_mail_is_not_forgotten_when_its_ticket_is_closed(
    requester: Correspondent, specialist: Correspondent, admin: Correspondent, clock: Time
) -> None:
    held, _ = holds_a_relay(requester, specialist)
    closing = requester.replies("It works again, you can close the ticket.", to=requester.inbox[0])
    assert closing.state == "closed"
    clock.passes(hours=5)
    assert admin.gets("alert_to_admins").says(f"mailbot inbox show {held.row.id}")


def test_a_reply_that_is_only_history_is_no_reply(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    pasted = "\n".join(specialist.inbox[0].text.splitlines()[2:30])
    assert specialist.replies(pasted).row.state == "held"
    requester.gets_nothing()
    specialist.gets("question_to_specialist")


def test_a_note_pasted_into_a_reply_is_held(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    specialist.replies("#note She always forgets her password and blames us.")
    specialist.gets("receipt")
    specialist.replies("She always forgets her password and blames us.")
    requester.gets_nothing()
    specialist.gets("question_to_specialist")


# ---------------------------------------------------------------- strangers with a token


def forwards(requester: Correspondent, specialist: Correspondent, stranger: Correspondent) -> Thread:
    """The requester forwarded our mail to somebody outside, who answers it."""
    in_progress(requester, specialist)
    return stranger.replies("I am her husband, and I have it as well.", to=requester.inbox[-1])


def test_an_outsider_with_the_requesters_token_is_held_and_the_group_is_asked(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    held = forwards(requester, specialist, stranger)
    question = specialist.gets("question_to_specialist")
    assert question.says("eve@elsewhere.example", "I have it as well", "#accept", "#reject")
    assert held.row.state == "held"
    stranger.gets_nothing()


def test_accept_lets_the_outsider_join(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    held = forwards(requester, specialist, stranger)
    specialist.gets("question_to_specialist")
    specialist.replies("#accept")
    assert specialist.inbox[-1].kind in ("relay_to_group", "receipt")
    assert any(letter.kind == "relay_to_group" and letter.says("I have it as well") for letter in specialist.inbox)
    assert held.row.state == "done"
    assert len(held.desk.tickets()) == 1


def test_reject_keeps_the_outsider_out(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    held = forwards(requester, specialist, stranger)
    specialist.gets("question_to_specialist")
    specialist.replies("#reject")
    assert specialist.gets("receipt").says("dismissed")
    assert held.row.state == "discarded"
    assert not any(letter.kind == "relay_to_group" for letter in specialist.inbox)


def test_send_does_not_stand_in_for_accept(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    """#send is for everybody, #accept needs an authenticated sender."""
    held = forwards(requester, specialist, stranger)
    specialist.gets("question_to_specialist")
    specialist.replies("#send")
    assert specialist.gets("receipt").says("not done", "#accept")
    assert held.row.state == "held"


def test_an_outsider_who_got_the_hand_over_forwarded_commands_nothing(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    held = stranger.replies("#resolve\nPay your bill at evil.example.", to=specialist.inbox[0])
    assert held.row.state == "held"
    assert thread.state == "in_progress"
    requester.gets_nothing()


# ---------------------------------------------------------------- forged specialists


@pytest.mark.parametrize("words", ["#resolve\nAll is well.", "#claim", "#note hello", "Please send me your password."])
def test_who_writes_as_a_specialist_without_a_token_moves_nothing(
    requester: Correspondent, specialist: Correspondent, words: str
) -> None:
    thread = in_progress(requester, specialist)
    before = thread.ticket
    forger = Correspondent(thread.desk, "sam@corp.example", "Sam Sato", authenticated=False)
    forger.writes(f"Re: VPN is down [#{thread.number}-aaaaaaaa]", words)
    assert thread.ticket == before
    requester.gets_nothing()


def test_a_known_subject_tag_is_no_token(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    before = thread.ticket
    forger = Correspondent(thread.desk, "sam@corp.example", "Sam Sato", authenticated=False)
    forger.writes(requester.inbox[-1].subject, "#resolve\nAll is well.")
    assert thread.ticket == before
    requester.gets_nothing()


def test_a_token_without_an_authenticated_sender_is_held(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    leaked = Correspondent(thread.desk, "sam@corp.example", "Sam Sato", authenticated=False)
    held = leaked.replies("#resolve\nAll is well.", to=specialist.inbox[0])
    assert held.row.state == "held"
    assert thread.state == "in_progress"
    requester.gets_nothing()


def test_a_mail_that_fails_authentication_is_held_whatever_it_says(
    requester: Correspondent, specialist: Correspondent, admin: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    mail = requester.composes("VPN is down", "Yes, it is solved.", to=requester.inbox[-1].answer_to)
    mail.replace_header("Authentication-Results", "mx.corp.example; dmarc=fail header.from=corp.example")
    assert requester.sends(mail).row.state == "held"
    assert thread.state == "in_progress"
    admin.gets("alert_to_admins")
    requester.gets_nothing()


def test_a_requesters_own_token_makes_no_specialist(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    before = thread.ticket
    as_specialist = specialist.inbox[0].answer_to.replace("+s", "+r")
    requester.sends(requester.composes("Hello", "#resolve\nAll is well.", to=as_specialist))
    assert (thread.ticket.state, thread.ticket.owner) == (before.state, before.owner)


# ---------------------------------------------------------------- where the server states nothing


def nobody_vouches(policy: Policy) -> Policy:
    """`[trust] results = "none"`: how mailbot is delivered."""
    return replace(policy, trust=replace(policy.trust, results="none"))


def test_without_authentication_the_group_sees_every_command(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent
) -> None:
    requester.desk.decides(nobody_vouches)
    thread = in_progress(requester, specialist)
    specialist.replies("#priority P2")
    assert colleague.inbox[-1].kind == "note_to_group"
    assert colleague.inbox[-1].says("has used a command", "Sam Sato", "#priority P2")
    assert thread.ticket.priority == "P2"


@pytest.mark.parametrize("command", ["#assign tia@corp.example", "#accept", "#reject"])
def test_without_authentication_risky_commands_are_not_obeyed(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent, command: str
) -> None:
    requester.desk.decides(nobody_vouches)
    held = forwards(requester, specialist, stranger)
    specialist.replies(command, to=specialist.inbox[0])
    assert held.row.state == "held"
    assert held.desk.ticket(1).owner == "sam@corp.example"


def test_an_admin_may_steer_every_ticket(
    requester: Correspondent, specialist: Correspondent, admin: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    admin.replies("#assign infrastructure", to=specialist.inbox[0])
    assert admin.gets("receipt").says("handed over")
    assert thread.ticket.group == "infrastructure"


def test_what_a_specialist_quotes_in_full_does_not_travel(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    letter = specialist.inbox[0]
    mail = specialist.composes(f"Re: {letter.subject}", f"Please try again.\n\n{quoted(letter)}", to=letter.answer_to)
    specialist.sends(mail)
    sent = requester.gets("relay_to_requester")
    assert sent.says("Please try again.")
    assert not sent.says("How to answer")
