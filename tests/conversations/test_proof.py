"""A mail whose fate nobody knows: whatever comes back of it proves that it arrived, and it does not leave again."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes

import pytest

from mailbot.store.rows import OutboxLine
from tests.conversations.conftest import Time
from tests.conversations.desk import Desk
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, MailingList, Server
from tests.conversations.scenes import in_progress
from tests.fakes.transport import lost_after_dot


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


ONCE_MORE = (
    "UPDATE outbox SET state = 'ready', phase = 'none', smtp_reply = '' WHERE kind = 'request_to_confirm'",
    "DELETE FROM deadlines WHERE kind = 'auto_close'",
)


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
    assert fate(desk).state == "sending"
    clock.passes(minutes=11)
    assert (fate(desk).state, copies(desk)) == ("sent", 1)
    assert [line.deadline.kind for line in desk.clocks(1)] == ["auto_close"]


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
