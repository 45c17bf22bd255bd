"""Into a real SMTP server, or not: certificates, STARTTLS that somebody strips, logins that are refused or late."""

from collections.abc import Iterator
from typing import Any

import pytest

from mailbot.transport.postman import Phase
from mailbot.transport.security import Auth, Security
from tests.servers.certificates import Authority, Certificate
from tests.servers.dovecot import Dovecot
from tests.servers.oauth import OAuth
from tests.servers.policy import Policy
from tests.servers.postfix import Postfix, need_postfix
from tests.servers.proxy import Proxy
from tests.servers.sending import USER, NewDesk, ann, arrived, login, new_desk
from tests.servers.sinks import Sink
from tests.servers.test_imap_protection import BAD_CERTIFICATES, ODD_PASSWORD, ODD_USER
from tests.transport.postman_contract import HELLO

__all__ = ["ann", "login", "new_desk"]  # fixtures


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
