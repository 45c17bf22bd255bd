"""When mail goes wrong: somebody always learns of it, and no ticket closes because of a mail that did not arrive."""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.policy import Policy
from tests.conversations.conftest import Time
from tests.conversations.people import Correspondent, MailingList, Server
from tests.conversations.scenes import handed_over, in_progress, resolved, waiting
from tests.fakes.transport import lost_after_dot

LIST = "network@lists.corp.example"


def test_a_request_to_confirm_that_bounces_never_closes_and_the_group_is_told(
    requester: Correspondent, specialist: Correspondent, server: Server, clock: Time
) -> None:
    thread, question = resolved(requester, specialist)
    server.bounces(question)
    assert specialist.gets("note_to_group").says("did not arrive", "+44 20 7946 0111")
    assert (thread.state, thread.ticket.owner) == ("in_progress", "sam@corp.example")
    clock.passes(days=30)
    assert thread.state == "in_progress"


def test_a_relay_that_bounces_is_told_to_the_group(
    requester: Correspondent, specialist: Correspondent, server: Server
) -> None:
    thread = in_progress(requester, specialist)
    server.bounces(requester.inbox[-1])
    assert specialist.gets("note_to_group").says("did not arrive")
    assert thread.state == "in_progress"


def test_an_acknowledgement_that_bounces_is_told_to_the_group(
    requester: Correspondent, specialist: Correspondent, server: Server
) -> None:
    thread = handed_over(requester, specialist)
    server.bounces(requester.inbox[-1])
    specialist.gets("note_to_group")
    assert thread.state == "assigned"


def test_a_question_that_bounces_ends_the_waiting(
    requester: Correspondent, specialist: Correspondent, server: Server, clock: Time
) -> None:
    thread = waiting(requester, specialist)
    server.bounces(requester.inbox[-1])
    specialist.gets("note_to_group")
    assert thread.state == "in_progress"
    clock.passes(days=5)
    assert not any(letter.kind == "reminder" for letter in requester.inbox)


def test_the_same_bounce_twice_counts_once(requester: Correspondent, specialist: Correspondent, server: Server) -> None:
    _, question = resolved(requester, specialist)
    server.bounces(question)
    specialist.gets("note_to_group")
    again = server.bounces(question)
    assert again.row.state in ("ignored", "duplicate")
    specialist.gets_nothing()


def test_a_notice_of_delay_moves_nothing(
    requester: Correspondent, specialist: Correspondent, server: Server, clock: Time
) -> None:
    thread, question = resolved(requester, specialist)
    server.bounces(question, action="delayed", status="4.4.1", diagnosis="421 4.4.1 Connection timed out")
    specialist.gets_nothing()
    assert thread.state == "resolved"
    clock.passes(hours=73)
    assert thread.state == "closed"


def test_a_forged_bounce_does_nothing(requester: Correspondent, specialist: Correspondent, server: Server) -> None:
    thread, question = resolved(requester, specialist)
    envelope = replace(question.envelope, mail_from="support+baaaaaaaaaaaaaaaaaaaaaaaaa@corp.example")
    raw = envelope.raw.replace(question.message_id.encode(), b"<somebody-elses@mail.example>")
    forged = server.bounces(replace(question, envelope=replace(envelope, raw=raw)))
    assert forged.row.state == "ignored"
    specialist.gets_nothing()
    assert thread.state == "resolved"


def test_a_muted_address_gets_no_automatic_mail_any_more(
    requester: Correspondent, specialist: Correspondent, server: Server
) -> None:
    thread = handed_over(requester, specialist)
    server.bounces(requester.inbox[-1])
    specialist.gets("note_to_group")
    requester.skips()
    second = requester.writes("VPN is down", "The tunnel does not work, I am in room 14 now.")
    requester.gets_nothing()
    specialist.gets("hand_over")
    assert (thread.state, second.state) == ("assigned", "assigned")


# ---------------------------------------------------------------- the group is not reached


def test_a_hand_over_that_the_list_bounces_goes_to_the_members_then_to_the_fallback(
    requester: Correspondent,
    specialist: Correspondent,
    lead: Correspondent,
    admin: Correspondent,
    server: Server,
) -> None:
    handed_over(requester, specialist)
    server.bounces(specialist.inbox[-1])
    again = specialist.gets("hand_over")
    assert again.envelope.rcpt_to == "sam@corp.example"
    assert again.says("The tunnel does not work any more")
    assert admin.gets("alert_to_admins").says(LIST)
    server.bounces(again)
    assert lead.gets("hand_over").says("The tunnel does not work any more")
    admin.gets("alert_to_admins")
    server.bounces(lead.inbox[-1])
    admin.gets("alert_to_admins")
    lead.gets_nothing()


def test_a_hand_over_that_never_leaves_goes_to_the_members(
    requester: Correspondent, specialist: Correspondent, admin: Correspondent, server: Server
) -> None:
    server.is_down(LIST, "550 5.7.1 You are not a member")
    requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    assert specialist.gets("hand_over").envelope.rcpt_to == "sam@corp.example"
    admin.gets("alert_to_admins")


def test_a_list_that_holds_our_post_is_noticed(
    requester: Correspondent, specialist: Correspondent, admin: Correspondent
) -> None:
    """Mailman: "your message awaits moderator approval"."""
    thread = handed_over(requester, specialist)
    handed = specialist.inbox[-1]
    mailman = Correspondent(thread.desk, "network-owner@lists.corp.example", "Mailman")
    notice = mailman.composes(
        "Your message to network awaits moderator approval",
        "The reason it is being held: Post by non-member to a members-only list.",
        to=handed.envelope.mail_from,
        answers=handed,
        headers={"Auto-Submitted": "auto-generated", "Precedence": "bulk"},
    )
    mailman.sends(notice)
    assert specialist.gets("hand_over").envelope.rcpt_to == "sam@corp.example"
    assert admin.gets("alert_to_admins").says("list", "network")
    assert thread.state == "assigned"
    mailman.gets_nothing()


def test_our_own_post_that_comes_back_from_the_list_is_ours(
    requester: Correspondent, specialist: Correspondent, mailing_list: MailingList
) -> None:
    handed_over(requester, specialist)
    echo = specialist.inbox[-1]
    requester.desk.receives(
        b"Return-Path: <network-bounces@lists.corp.example>\r\nList-Id: <network.lists.corp.example>\r\n"
        + echo.envelope.raw
    )
    assert requester.desk.mails_in()[0].reason == "own mail"
    specialist.gets_nothing()
    requester.gets_nothing()


def test_a_server_that_is_down_for_an_hour_costs_nothing_but_the_hour(
    requester: Correspondent, specialist: Correspondent, server: Server, clock: Time
) -> None:
    for address in (requester.address, LIST):
        server.is_down(address, "450 4.3.2 Try again later")
    thread = requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    clock.passes(minutes=30)
    for address in (requester.address, LIST):
        server.is_up(address)
    clock.passes(hours=2)
    requester.gets("acknowledgement")
    specialist.gets("hand_over")
    assert thread.state == "assigned"


def test_a_relay_whose_fate_nobody_knows_is_sent_again_byte_by_byte(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = in_progress(requester, specialist)
    thread.desk.postman.fail_next(lost_after_dot(), accepted=True)
    specialist.replies("Please restart it once more.")
    clock.passes(hours=3)
    first, second = requester.gets("relay_to_requester"), requester.gets("relay_to_requester")
    assert first.envelope.raw == second.envelope.raw
    requester.gets_nothing()


def test_an_acknowledgement_whose_fate_nobody_knows_is_not_sent_again(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    for _ in ("hand_over", "acknowledgement"):
        requester.desk.postman.fail_next(lost_after_dot(), accepted=True)
    requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    clock.passes(minutes=1)  # after a lost connection the next mail does not follow at once
    clock.passes(minutes=50)
    requester.gets("acknowledgement")
    requester.gets_nothing()
    first, second = (letter for letter in specialist.inbox if letter.kind == "hand_over")
    assert first.envelope.raw == second.envelope.raw  # class A is sent again


# ---------------------------------------------------------------- the gate


def muted(policy: Policy) -> Policy:
    """A house that lets one automatic mail an hour go to an address."""
    return replace(policy, limits=replace(policy.limits, address_per_hour=1))


def test_an_answer_that_the_gate_denies_although_a_clock_waits_for_it_is_handed_over(
    requester: Correspondent, specialist: Correspondent
) -> None:
    requester.desk.decides(muted)
    requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    requester.gets("acknowledgement")
    specialist.gets("hand_over")
    question = requester.writes("Guest wifi", "How do visitors get onto the guest wifi?")
    requester.gets_nothing()
    assert specialist.gets("hand_over").says("How do visitors get onto the guest wifi?")
    assert question.state == "assigned"


def test_a_reminder_that_the_gate_denies_brings_the_ticket_back(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = waiting(requester, specialist)
    requester.desk.decides(silenced)
    clock.passes(hours=25)
    requester.gets_nothing()
    specialist.gets("note_to_group")
    assert thread.state == "in_progress"


def silenced(policy: Policy) -> Policy:
    """No automatic mail at all."""
    return replace(policy, limits=replace(policy.limits, automatic_in_a_row=0))
