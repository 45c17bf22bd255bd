"""Through a real SMTP server, or not: protection, logins, what a mail needs, refusals, and connections that end."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent
from mailbot.transport.security import Auth, Security
from mailbot.transport.smtp import SmtpPostman, SmtpSettings
from tests.servers.certificates import Authority, Certificate
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.oauth import OAuth
from tests.servers.policy import Policy
from tests.servers.postfix import Postfix, need_postfix
from tests.servers.process import wait_until
from tests.servers.proxy import Proxy
from tests.servers.sinks import Sink
from tests.servers.test_imap_protection import BAD_CERTIFICATES, ODD_PASSWORD, ODD_USER
from tests.servers.test_mail_servers import inbox
from tests.transport.postman_contract import HELLO

USER = "support@box.test"


class Desk:
    """A postman with a loop to run in, and the memory of how often the caller was asked to commit."""

    def __init__(self, port: int, **changes: Any) -> None:
        settings = {"security": Security.NONE, "connect_timeout_seconds": 10, "command_timeout_seconds": 10}
        self.postman = SmtpPostman(SmtpSettings("localhost", port, **{**settings, **changes}))
        self.asked = 0
        self._runner = asyncio.Runner()

    def sends(self, recipient: str, raw: bytes = HELLO, mail_from: str = USER) -> Sent:
        def asked() -> None:
            self.asked += 1

        return self._runner.run(self.postman.deliver(Envelope(mail_from, recipient, raw), asked))

    def fails(self, recipient: str, raw: bytes = HELLO) -> DeliveryFailed:
        with pytest.raises(DeliveryFailed) as raised:
            self.sends(recipient, raw)
        return raised.value

    def close(self) -> None:
        self._runner.run(self.postman.close())
        self._runner.close()


NewDesk = Callable[..., Desk]


@pytest.fixture
def new_desk() -> Iterator[NewDesk]:
    desks: list[Desk] = []

    def open_desk(port: int, **changes: Any) -> Desk:
        desks.append(Desk(port, **changes))
        return desks[-1]

    yield open_desk
    for desk in desks:
        desk.close()


@pytest.fixture
def login(authority: Authority) -> dict[str, Any]:
    return {
        "security": Security.STARTTLS,
        "ca_file": str(authority.ca_file),
        "user": USER,
        "password": PASSWORD,
    }


@pytest.fixture
def ann() -> str:
    """Somebody whom nobody has written to yet."""
    return f"ann{time.monotonic_ns()}@demo.test"


def arrived(sink: Sink, recipient: str) -> Envelope:
    return wait_until(lambda: [mail for mail in sink.mails if mail.rcpt_to == recipient], f"mail for {recipient}")[0]


# ---------------------------------------------------------------- protection


@pytest.fixture(params=BAD_CERTIFICATES, ids=lambda row: row[0])
def badly_certified(
    request: pytest.FixtureRequest, authority: Authority, dovecot: Dovecot, policy: Policy, sink: Sink
) -> Iterator[tuple[Postfix, str]]:
    """A server with a certificate that must not be accepted, and what is said of it."""
    need_postfix()
    _, issue, words = request.param
    made: Certificate = issue(authority)
    with Postfix(made, dovecot, policy, sink) as server:
        yield server, words


def test_a_bad_certificate_is_refused_in_clear_words_and_the_mail_waits(
    badly_certified: tuple[Postfix, str], login: dict[str, Any], new_desk: NewDesk, ann: str
) -> None:
    server, words = badly_certified
    for port, security in ((server.smtps_port, Security.TLS), (server.submission_port, Security.STARTTLS)):
        failure = new_desk(port, **{**login, "security": security}).fails(ann)
        assert (failure.phase, failure.permanent, failure.unknown) == (Phase.CONNECT, True, False)
        assert failure.reason.startswith("the certificate is not accepted: ")
        assert words in failure.reason
    assert "sasl_username" not in server.log()


def test_where_somebody_strips_starttls_nothing_is_said(
    postfix: Postfix, login: dict[str, Any], new_desk: NewDesk, ann: str
) -> None:
    with Proxy(postfix.submission_port) as proxy:
        proxy.rewrite = (b"STARTTLS", b"XTARTTLS")
        failure = new_desk(proxy.port, **login).fails(ann)
        assert (failure.phase, failure.permanent, "STARTTLS" in failure.reason) == (Phase.CONNECT, True, True)
        assert all(verb not in proxy.heard for verb in (b"AUTH", b"MAIL", b"STARTTLS"))


def test_words_that_somebody_slips_in_before_tls_are_not_believed_after_it(
    postfix: Postfix, login: dict[str, Any], new_desk: NewDesk, sink: Sink, ann: str
) -> None:
    with Proxy(postfix.submission_port) as proxy:
        ready = b"220 2.0.0 Ready to start TLS\r\n"
        proxy.rewrite = (ready, ready + b"250 evil\r\n")
        new_desk(proxy.port, **login).sends(ann)
    assert arrived(sink, ann).raw == HELLO


def test_a_server_that_speaks_no_tls_on_its_tls_port_is_no_reason_to_do_without(
    postfix: Postfix, login: dict[str, Any], new_desk: NewDesk, ann: str
) -> None:
    with Proxy(postfix.port) as proxy:
        failure = new_desk(proxy.port, **{**login, "security": Security.TLS}).fails(ann)
        assert (failure.phase, failure.unknown) == (Phase.CONNECT, False)
        assert b"AUTH" not in proxy.heard


# ---------------------------------------------------------------- login


def test_a_wrong_password_is_for_a_person_and_the_mail_waits(
    postfix: Postfix, login: dict[str, Any], new_desk: NewDesk, ann: str
) -> None:
    failure = new_desk(postfix.submission_port, **{**login, "password": "hunter2"}).fails(ann)
    assert (failure.phase, failure.permanent, failure.code) == (Phase.CONNECT, True, 535)
    assert "hunter2" not in failure.reason


def test_a_password_may_hold_any_character(
    authority: Authority, policy: Policy, sink: Sink, login: dict[str, Any], new_desk: NewDesk, ann: str
) -> None:
    need_postfix()
    made = authority.issue()
    with (
        Dovecot(made, users={ODD_USER: ODD_PASSWORD}) as dovecot,
        Postfix(made, dovecot, policy, sink) as server,
    ):
        new_desk(server.submission_port, **{**login, "user": ODD_USER, "password": ODD_PASSWORD}).sends(ann)


@pytest.mark.parametrize("revoked", [True, False])
def test_a_token_opens_until_it_is_revoked(
    postfix: Postfix, oauth: OAuth, login: dict[str, Any], new_desk: NewDesk, ann: str, revoked: bool
) -> None:
    token = oauth.issue(USER)
    desk = new_desk(postfix.submission_port, **{**login, "auth": Auth.XOAUTH2, "password": token})
    if revoked:
        del oauth.tokens[token]
        assert desk.fails(ann).code == 535
    else:
        desk.sends(ann)


def test_a_slow_token_server_looks_like_a_refused_login_and_the_mail_waits_until_it_has_recovered(
    postfix: Postfix, slow_oauth: OAuth, login: dict[str, Any], new_desk: NewDesk, ann: str
) -> None:
    token = slow_oauth.issue(USER)
    desk = new_desk(postfix.submission_port, **{**login, "auth": Auth.XOAUTH2, "password": token})
    # Postfix 3.7 has one reply for both: "535 … authentication failed: (reason unavailable)".
    assert (desk.fails(ann).phase, desk.asked) == (Phase.CONNECT, 0)
    slow_oauth.delay_seconds = 0
    desk.sends(ann)


def test_a_server_that_demands_a_login_lets_nobody_relay_without(
    postfix: Postfix, login: dict[str, Any], new_desk: NewDesk, ann: str
) -> None:
    desk = new_desk(postfix.submission_port, **{**login, "user": None})
    assert desk.fails(ann).permanent
    assert desk.asked == 0


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
