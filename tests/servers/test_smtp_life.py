"""The life of a postman on a real SMTP server: what a mail needs, refusals, and connections that end."""

import time
from collections.abc import Iterator

import pytest

from mailbot.transport.postman import Phase
from tests.servers.dovecot import Dovecot
from tests.servers.policy import Policy
from tests.servers.postfix import Postfix
from tests.servers.process import wait_until
from tests.servers.proxy import Proxy
from tests.servers.sending import NewDesk, ann, arrived, new_desk
from tests.servers.sinks import Sink
from tests.servers.test_mail_servers import inbox
from tests.transport.postman_contract import HELLO

__all__ = ["ann", "new_desk"]  # fixtures


# ---------------------------------------------------------------- what a mail needs

EIGHT_BIT = b"Subject: hello\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n"


@pytest.mark.parametrize(
    ("raw", "recipient"),
    [
        (EIGHT_BIT, "ann-8@demo.test"),
        ("Subject: Grüße\r\n\r\nhello\r\n".encode(), "ann-utf8-subject@demo.test"),
        (HELLO, "änn@demo.test"),
    ],
)
def test_eight_bits_and_letters_beyond_ascii_arrive_as_they_are_or_fail_for_good_before_anything_is_said(
    postfix: Postfix, sink: Sink, new_desk: NewDesk, raw: bytes, recipient: str
) -> None:
    new_desk(postfix.port).sends(recipient, raw)
    assert arrived(sink, recipient).raw == raw
    old = new_desk(postfix.old_port)
    failure = old.fails(recipient, raw)
    assert (failure.permanent, failure.phase, old.asked) == (True, Phase.MAIL, 0)
    assert "the server does not offer" in failure.reason


def test_a_mail_above_the_size_of_the_server_fails_for_good_before_it_is_sent(
    postfix: Postfix, new_desk: NewDesk, sink: Sink, ann: str
) -> None:
    desk = new_desk(postfix.strict_port)
    failure = desk.fails(ann, HELLO + b"x" * 3_000)
    assert (failure.permanent, failure.phase, desk.asked) == (True, Phase.MAIL, 0)
    desk.sends(ann)
    assert arrived(sink, ann).raw == HELLO


def test_a_server_that_told_no_size_refuses_after_the_dot_and_that_is_clear(
    postfix: Postfix, new_desk: NewDesk, ann: str
) -> None:
    failure = new_desk(postfix.old_port).fails(ann, HELLO + b"123456789\r\n" * 100_000)
    assert (failure.permanent, failure.unknown, failure.phase, failure.code) == (True, False, Phase.DATA, 552)


# ---------------------------------------------------------------- refusals


def test_of_two_recipients_the_refusal_of_one_costs_the_other_nothing(
    postfix: Postfix, policy: Policy, sink: Sink, new_desk: NewDesk, ann: str
) -> None:
    desk = new_desk(postfix.port)
    policy.refuse_next("550 5.1.1 User unknown")
    assert desk.fails("bob@demo.test").permanent
    desk.sends(ann)
    assert arrived(sink, ann).raw == HELLO
    assert desk.asked == 1


def test_a_greylisted_mail_passes_the_second_time(
    postfix: Postfix, policy: Policy, sink: Sink, new_desk: NewDesk, ann: str
) -> None:
    desk = new_desk(postfix.port)
    policy.refuse_next("450 4.7.1 Greylisted, come back in five minutes")
    failure = desk.fails(ann)
    assert (failure.permanent, failure.code, failure.phase) == (False, 450, Phase.RCPT)
    desk.sends(ann)
    assert arrived(sink, ann).raw == HELLO


def test_a_server_that_has_had_enough_of_errors_is_left_and_asked_again(
    postfix: Postfix, policy: Policy, sink: Sink, new_desk: NewDesk, ann: str
) -> None:
    desk = new_desk(postfix.strict_port)
    failures = []
    for _ in range(3):
        policy.refuse_next("550 5.1.1 User unknown")
        failures.append(desk.fails("nobody@demo.test"))
    assert [failure.unknown for failure in failures] == [False] * 3
    desk.sends(ann)
    assert arrived(sink, ann).raw == HELLO
    assert "too many errors" in postfix.log()


def test_an_address_that_exists_nowhere_comes_back_to_the_address_of_the_row(
    postfix: Postfix, dovecot: Dovecot, address: str, new_desk: NewDesk
) -> None:
    row = address.replace("@", "+b123@")
    new_desk(postfix.port).sends("ann@hard.test", mail_from=row)
    (report,) = wait_until(lambda: inbox(dovecot, address), "the report")
    assert f"Delivered-To: {row}\r\n".encode() in report


# ---------------------------------------------------------------- connections that end


def test_a_server_that_hangs_up_on_the_idle_is_called_again(
    postfix: Postfix, sink: Sink, new_desk: NewDesk, ann: str
) -> None:
    desk = new_desk(postfix.strict_port)
    desk.sends(ann)
    time.sleep(1.3)  # smtpd_timeout there is 1 s: 421, and the end of the connection
    desk.sends(f"second-{ann}")
    assert arrived(sink, f"second-{ann}").raw == HELLO


@pytest.fixture
def network(postfix: Postfix) -> Iterator[Proxy]:
    with Proxy(postfix.port) as proxy:
        yield proxy


def test_when_the_answer_to_the_dot_is_lost_the_mail_has_arrived_and_we_do_not_know(
    network: Proxy, sink: Sink, new_desk: NewDesk, ann: str
) -> None:
    desk = new_desk(network.port)
    network.swallow_reply_to = b"\r\n.\r\n"
    failure = desk.fails(ann)
    assert (failure.unknown, failure.permanent, failure.phase) == (True, False, Phase.DATA)
    assert arrived(sink, ann).raw == HELLO


@pytest.mark.parametrize(("verb", "phase"), [(b"EHLO", Phase.CONNECT), (b"MAIL", Phase.MAIL), (b"RCPT", Phase.RCPT)])
def test_when_an_answer_before_the_message_is_lost_nothing_was_sent_and_we_know(
    network: Proxy, sink: Sink, new_desk: NewDesk, ann: str, verb: bytes, phase: Phase
) -> None:
    desk = new_desk(network.port)
    network.swallow_reply_to = verb
    failure = desk.fails(ann)
    assert (failure.unknown, failure.permanent, failure.phase, desk.asked) == (False, False, phase, 0)
    network.swallow_reply_to = None
    desk.sends(ann)
    assert arrived(sink, ann).raw == HELLO
    assert len([mail for mail in sink.mails if mail.rcpt_to == ann]) == 1


def test_a_network_gone_dark_ends_a_delivery_after_the_time_for_a_command(
    network: Proxy, sink: Sink, new_desk: NewDesk, ann: str
) -> None:
    desk = new_desk(network.port, command_timeout_seconds=0.3, connect_timeout_seconds=0.3)
    desk.sends(ann)
    network.dark = True
    failure = desk.fails(f"second-{ann}")
    assert (failure.unknown, failure.permanent) == (False, False)
    network.dark = False
    desk.sends(f"third-{ann}")
    assert arrived(sink, f"third-{ann}").raw == HELLO
