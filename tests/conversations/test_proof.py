"""A mail whose fate nobody knows: whatever comes back of it proves that it arrived, and it does not leave again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes

import pytest

from mailbot.store.moves import ClaimLost
from mailbot.store.rows import OutboxLine, OutboxRow
from mailbot.transport.postman import Sent
from tests.conversations.conftest import Time
from tests.conversations.desk import Desk
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, MailingList, Server
from tests.conversations.scenes import in_progress
from tests.fakes.transport import lost_after_dot, refused


def asks(desk: Desk, specialist: Correspondent, times: int = 1) -> OutboxLine:
    """The question whether it is solved: the server takes it, and the connection dies before it says so."""
    for _ in range(times):
        desk.postman.fail_next(lost_after_dot(), accepted=True)
    specialist.replies("#resolve\nThe gateway had a full disk. It works again.")
    return fate(desk)


def fate(desk: Desk) -> OutboxLine:
    return next(line for line in desk.mails_out() if line.kind == "request_to_confirm")


def copies(desk: Desk) -> int:
    sent = [str(message_from_bytes(envelope.raw)["Message-ID"]).strip("<>") for envelope in desk.postman.sent]
    return sent.count(fate(desk).message_id)


def test_without_a_proof_it_leaves_again(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    in_progress(requester, specialist)
    assert asks(desk, specialist).state == "unknown"
    clock.passes(hours=1)
    assert (fate(desk).state, copies(desk)) == ("sent", 2)


@pytest.mark.parametrize(("status", "action"), [("2.0.0", "relayed"), ("2.1.5", "delivered"), ("4.4.1", "delayed")])
def test_a_report_to_its_bounce_address_proves_it_and_its_clock_starts(
    status: str,
    action: str,
    desk: Desk,
    requester: Correspondent,
    specialist: Correspondent,
    clock: Time,
    server: Server,
) -> None:
    thread = in_progress(requester, specialist)
    asks(desk, specialist)
    server.bounces(requester.inbox[-1], status, "250 2.0.0 taken", action)
    assert fate(desk).state == "sent"
    assert fate(desk).smtp_reply.startswith("proved by inbox")
    clock.passes(hours=1)
    assert copies(desk) == 1
    clock.passes(days=4)
    assert thread.state == "closed", "nobody objected to the question"


def test_an_answer_proves_it(desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread = in_progress(requester, specialist)
    asks(desk, specialist)
    requester.replies("Yes, it works. Thank you!", to=requester.inbox[-1])
    clock.passes(hours=1)
    assert (thread.state, fate(desk).state, copies(desk)) == ("closed", "sent", 1)


def test_our_own_post_that_a_list_brings_back_proves_it(
    desk: Desk, requester: Correspondent, mailing_list: MailingList, clock: Time
) -> None:
    desk.postman.fail_next(lost_after_dot(), accepted=True)
    requester.writes("VPN is down", "The tunnel does not work any more since this morning. I am in room 12.")
    (post,) = (envelope for envelope in desk.postman.sent if envelope.rcpt_to == mailing_list.address)
    assert [line.state for line in desk.mails_out() if line.kind == "hand_over"] == ["unknown"]
    desk.receives(b"List-Id: <network.lists.corp.example>\r\nPrecedence: list\r\n" + post.raw)
    assert desk.mails_in()[0].reason == "own mail"
    clock.passes(minutes=50)
    assert [line.state for line in desk.mails_out() if line.kind == "hand_over"] == ["sent"]


def loses_the_hand_over(desk: Desk, requester: Correspondent, clock: Time) -> OutboxLine:
    """The connection dies after the dot, and the server did not take it: nobody knows that."""
    desk.postman.fail_next(lost_after_dot())
    requester.writes("VPN is down", "The tunnel does not work any more since this morning. I am in room 12.")
    clock.passes(minutes=2)
    assert hand_over(desk).state == "unknown"
    return hand_over(desk)


def hand_over(desk: Desk) -> OutboxLine:
    return next(line for line in desk.mails_out() if line.kind == "hand_over")


def hand_overs_sent(desk: Desk) -> int:
    return sum(f"Message-ID: <{hand_over(desk).message_id}>".encode() in mail.raw for mail in desk.postman.sent)


@pytest.mark.parametrize("marks", [b"", b"X-Loop: "], ids=["as it was", "without our mark"])
def test_a_later_post_of_ours_that_a_list_brings_back_proves_nothing_of_the_one_before(
    marks: bytes, desk: Desk, requester: Correspondent, mailing_list: MailingList, clock: Time
) -> None:
    lost = loses_the_hand_over(desk, requester, clock)
    requester.replies("One more thing: it is the same at home.", to=requester.inbox[-1])
    (post,) = (envelope for envelope in desk.postman.sent if envelope.rcpt_to == mailing_list.address)
    assert f"In-Reply-To: <{lost.message_id}>".encode() in post.raw
    raw = post.raw
    if marks:  # DMARC: the list writes in its own name, and drops what it does not know
        lines = raw.split(b"\r\n")
        raw = b"\r\n".join(line for line in lines if not line.startswith((marks, b"From: ")))
        raw = b"From: Network <network@lists.corp.example>\r\n" + raw
    desk.receives(b"List-Id: <network.lists.corp.example>\r\nPrecedence: list\r\n" + raw)
    assert hand_over(desk).state == "unknown"
    clock.passes(minutes=50)
    assert (hand_over(desk).state, hand_overs_sent(desk)) == ("sent", 1)


def test_a_note_of_absence_that_only_refers_to_a_thread_proves_no_mail_of_it(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    lost = loses_the_hand_over(desk, requester, clock)
    absent = {"Auto-Submitted": "auto-replied", "References": f"<{lost.message_id}>"}
    specialist.writes("Out of office", "I am away until Monday.", headers=absent)
    assert desk.mails_in()[0].reason, "it was read"
    assert hand_over(desk).state == "unknown"
    clock.passes(minutes=50)
    assert (hand_over(desk).state, hand_overs_sent(desk)) == ("sent", 1)


def test_a_mail_that_names_several_of_ours_as_answered_proves_none_of_them(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    lost = loses_the_hand_over(desk, requester, clock)
    other = requester.inbox[-1].message_id
    specialist.writes("Re: VPN", "I look at it.", headers={"In-Reply-To": f"{other} <{lost.message_id}>"})
    assert hand_over(desk).state == "unknown"


def test_a_mail_that_was_withheld_after_a_restore_never_left_and_nothing_proves_it(
    desk: Desk, requester: Correspondent, specialist: Correspondent
) -> None:
    in_progress(requester, specialist)
    specialist.replies("#resolve\nThe gateway had a full disk. It works again.")
    with desk.database.write() as work:
        work.connection.exec_driver_sql(
            "UPDATE outbox SET state = 'parked', phase = 'none', sent_at = NULL, smtp_reply = '' WHERE kind = 'receipt'"
        )
    receipt = next(line for line in desk.mails_out() if line.kind == "receipt")
    specialist.writes("Re: VPN", "Thank you.", headers={"In-Reply-To": f"<{receipt.message_id}>"})
    assert next(line.state for line in desk.mails_out() if line.kind == "receipt") == "parked"


def test_a_proof_that_comes_before_the_server_answers_counts_when_it_never_does(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    in_progress(requester, specialist)
    specialist.replies("#resolve\nThe gateway had a full disk. It works again.")
    letter = requester.inbox[-1]
    with desk.database.write() as work:  # the same mail once more, and it hangs after its final dot
        work.connection.exec_driver_sql(
            "UPDATE outbox SET state = 'ready', phase = 'none', smtp_reply = '' WHERE id = 5"
        )
        work.connection.exec_driver_sql("DELETE FROM deadlines WHERE kind = 'auto_close'")
    with desk.database.write() as work:
        (row,) = work.outbox.claim(1, "mailbot", desk.clock.now(), 600)
    with desk.database.write() as work:
        work.outbox.enter_data(row)
    server.bounces(letter, "2.0.0", "250 2.0.0 taken", "relayed")
    assert fate(desk).state == "sent"
    clock.passes(minutes=11)
    assert (fate(desk).state, copies(desk)) == ("sent", 1)
    assert [line.deadline.kind for line in desk.clocks(1)] == ["auto_close"]


def again_on_its_way(desk: Desk) -> OutboxRow:
    """Its second try has begun, and is not at DATA yet."""
    desk.clock.step(timedelta(minutes=16))
    with desk.database.write() as work:
        work.outbox.settle(desk.clock.now())
        (row,) = work.outbox.claim(1, "mailbot", desk.clock.now(), 600)
    assert (fate(desk).state, fate(desk).phase) == ("sending", "connect")
    return row


def test_a_proof_that_comes_during_the_second_try_stops_it_before_data(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    in_progress(requester, specialist)
    asks(desk, specialist)
    row = again_on_its_way(desk)
    server.bounces(requester.inbox[-1], "2.0.0", "250 2.0.0 taken", "relayed")
    with pytest.raises(ClaimLost), desk.database.write() as work:
        work.outbox.enter_data(row)
    assert (fate(desk).state, copies(desk)) == ("sent", 1)
    assert [line.deadline.kind for line in desk.clocks(1)] == ["auto_close"]


@pytest.mark.parametrize("reply", ["450 4.2.1 busy", "550 5.7.1 no"])
def test_a_proof_that_comes_during_the_second_try_outlives_its_refusal(
    reply: str, desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    in_progress(requester, specialist)
    asks(desk, specialist)
    row = again_on_its_way(desk)
    server.bounces(requester.inbox[-1], "2.0.0", "250 2.0.0 taken", "relayed")
    desk.delivery._record(row, refused(reply), desk.clock.now())
    clock.passes(hours=1)
    assert (fate(desk).state, copies(desk)) == ("sent", 1)


def test_a_bounce_that_comes_before_the_server_answers_wins_and_is_told(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    thread = in_progress(requester, specialist)
    asks(desk, specialist)
    clock.passes(minutes=2)
    row = again_on_its_way(desk)
    with desk.database.write() as work:
        work.outbox.enter_data(row)
    specialist.skips()
    server.bounces(requester.inbox[-1])
    assert (fate(desk).state, thread.state) == ("failed", "in_progress")
    specialist.gets("note_to_group")
    desk.delivery._record(row, Sent("250 2.0.0 taken"), desk.clock.now())
    clock.passes(hours=1)
    assert (fate(desk).state, copies(desk)) == ("failed", 1)
    specialist.gets_nothing()


def test_a_bounce_of_it_is_told_once_and_it_does_not_leave_again(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    thread = in_progress(requester, specialist)
    asks(desk, specialist)
    clock.passes(minutes=2)
    specialist.skips()
    server.bounces(requester.inbox[-1])
    specialist.gets("note_to_group")
    clock.passes(hours=1)
    assert (fate(desk).state, copies(desk), thread.state) == ("failed", 1, "in_progress")
    specialist.gets_nothing()


def doubts_an_acknowledgement(desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time) -> Letter:
    """Both mails of a new request are in doubt; the acknowledgement, of class B, is parked, and the group knows."""
    for _ in range(2):
        desk.postman.fail_next(lost_after_dot(), accepted=True)
    requester.writes("VPN is down", "The tunnel does not work any more since this morning. I am in room 12.")
    clock.passes(minutes=2)
    assert parked(desk).state == "parked"
    specialist.skips()
    return requester.inbox[-1]


def parked(desk: Desk) -> OutboxLine:
    return next(line for line in desk.mails_out() if line.kind == "acknowledgement")


def test_a_parked_mail_that_bounces_has_failed_and_nobody_is_told_twice(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time, server: Server
) -> None:
    letter = doubts_an_acknowledgement(desk, requester, specialist, clock)
    bounce = server.bounces(letter)
    assert (parked(desk).state, bounce.row.state) == ("failed", "ignored")
    assert "5.1.1" in parked(desk).reason
    specialist.gets_nothing()


def test_a_parked_mail_that_is_answered_waits_for_nobody(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    letter = doubts_an_acknowledgement(desk, requester, specialist, clock)
    requester.replies("One more thing: it is the same at home.", to=letter)
    assert (parked(desk).state, parked(desk).reason) == ("sent", "")


def test_a_bounce_address_that_we_did_not_sign_proves_nothing(
    desk: Desk, requester: Correspondent, specialist: Correspondent, server: Server
) -> None:
    in_progress(requester, specialist)
    asks(desk, specialist)
    letter = requester.inbox[-1]
    local, _, domain = letter.envelope.mail_from.partition("@")
    forged = replace(letter.envelope, mail_from=f"{local[:-4]}aaaa@{domain}", raw=b"Subject: nothing\r\n\r\n")
    server.bounces(replace(letter, envelope=forged), "2.0.0", "250 2.0.0 taken", "delivered")
    assert fate(desk).state == "unknown"
