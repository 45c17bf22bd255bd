"""Into a real IMAP server, or not: certificates, STARTTLS that somebody strips, refused and failing logins."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailbot.config.secrets import Secret
from mailbot.transport.mailbox import MailboxUnavailable
from mailbot.transport.security import Auth, Security
from tests.servers.certificates import Authority, Certificate
from tests.servers.dovecot import PASSWORD, Dovecot, need_dovecot
from tests.servers.oauth import OAuth
from tests.servers.proxy import Proxy
from tests.servers.test_mailboxes_on_dovecot import mailbox

ODD_USER, ODD_PASSWORD = "odd@bot.test", 'pä"ss\\wörd €'

# what is wrong -> how a certificate gets that way, what the admin reads
BAD_CERTIFICATES: list[tuple[str, Callable[[Authority], Certificate], str]] = [
    ("another host's", lambda authority: authority.issue("mail.elsewhere.test"), "Hostname mismatch"),
    ("self-signed", lambda authority: authority.self_signed(), "self-signed"),
    ("expired", lambda authority: authority.issue(expired=True), "has expired"),
]


def refusal(dovecot: Dovecot, address: str, **changes: Any) -> MailboxUnavailable:
    with pytest.raises(MailboxUnavailable) as raised:
        mailbox(dovecot, address, **changes).open()
    return raised.value


@pytest.fixture(params=BAD_CERTIFICATES, ids=lambda row: row[0])
def badly_certified(request: pytest.FixtureRequest, authority: Authority) -> Iterator[tuple[Dovecot, str]]:
    """A server with a certificate that must not be accepted, and what is said of it."""
    need_dovecot()
    _, issue, words = request.param
    with Dovecot(issue(authority)) as server:
        yield server, words


@pytest.mark.parametrize("security", [Security.TLS, Security.STARTTLS])
def test_a_bad_certificate_is_refused_in_clear_words_before_the_login(
    badly_certified: tuple[Dovecot, str], security: Security, authority: Authority
) -> None:
    server, words = badly_certified
    port = server.imaps_port if security is Security.TLS else server.imap_port
    failure = refusal(server, "ann@box.test", port=port, security=security, ca_file=str(authority.ca_file))
    assert not failure.temporary
    assert failure.reason.startswith(f"localhost:{port}: the certificate is not accepted: ")
    assert words in failure.reason
    assert "ann@box.test" not in server.log()


def test_the_authority_of_a_stranger_is_no_authority(dovecot: Dovecot, address: str) -> None:
    failure = refusal(dovecot, address, port=dovecot.imaps_port, security=Security.TLS)
    assert not failure.temporary
    assert "the certificate is not accepted: unable to get local issuer certificate" in failure.reason


def test_where_somebody_strips_starttls_no_credential_is_said(
    dovecot: Dovecot, address: str, authority: Authority
) -> None:
    with Proxy(dovecot.imap_port) as proxy:
        proxy.rewrite = (b" STARTTLS", b"")
        ways = {"security": Security.STARTTLS, "ca_file": str(authority.ca_file), "port": proxy.port}
        failure = refusal(dovecot, address, **ways)
        assert (failure.temporary, "STARTTLS" in failure.reason) == (False, True)
        assert address.encode() not in proxy.heard
        assert all(verb not in proxy.heard.upper() for verb in (b"LOGIN", b"AUTHENTICATE"))


def test_words_that_somebody_slips_in_before_tls_are_not_believed_after_it(
    dovecot: Dovecot, address: str, authority: Authority
) -> None:
    dovecot.deliver(address, b"Subject: one\r\n\r\nx\r\n")
    with Proxy(dovecot.imap_port) as proxy:
        end = b"OK Begin TLS negotiation now.\r\n"
        proxy.rewrite = (end, end + b"* OK [UIDVALIDITY 666] x\r\n* BYE evil\r\n")
        ways = {"security": Security.STARTTLS, "ca_file": str(authority.ca_file), "port": proxy.port}
        box = mailbox(dovecot, address, **ways)
        assert box.open() != 666
        assert len(box.uids()) == 1
        box.close()


def test_a_server_that_speaks_no_tls_on_its_tls_port_is_no_reason_to_do_without(dovecot: Dovecot, address: str) -> None:
    with Proxy(dovecot.imap_port) as proxy:
        refusal(dovecot, address, port=proxy.port, security=Security.TLS)
        assert address.encode() not in proxy.heard


def test_a_wrong_password_needs_a_person_and_is_not_repeated_in_the_reason(dovecot: Dovecot, address: str) -> None:
    failure = refusal(dovecot, address, password="hunter2")
    assert (failure.temporary, "AUTHENTICATIONFAILED" in failure.reason) == (False, True)
    assert "hunter2" not in failure.reason


def test_a_revoked_token_needs_a_person(dovecot: Dovecot, address: str, oauth: OAuth) -> None:
    token = oauth.issue(address)
    del oauth.tokens[token]
    failure = refusal(dovecot, address, auth=Auth.XOAUTH2, password=token)
    assert (failure.temporary, "AUTHENTICATIONFAILED" in failure.reason) == (False, True)


def test_the_token_of_somebody_else_opens_nothing(dovecot: Dovecot, address: str, oauth: OAuth) -> None:
    assert not refusal(dovecot, address, auth=Auth.XOAUTH2, password=oauth.issue("eve@box.test")).temporary


def test_a_slow_token_server_is_a_passing_trouble(dovecot: Dovecot, address: str, slow_oauth: OAuth) -> None:
    token = slow_oauth.issue(address)
    failure = refusal(dovecot, address, auth=Auth.XOAUTH2, password=token)
    assert (failure.temporary, "UNAVAILABLE" in failure.reason) == (True, True)
    slow_oauth.delay_seconds = 0
    box = mailbox(dovecot, address, auth=Auth.XOAUTH2, password=token)
    box.open()
    box.close()


@pytest.fixture
def narrow_dovecot(authority: Authority) -> Iterator[Dovecot]:
    """A server that lets each user in once at a time, and has an account with an odd password."""
    need_dovecot()
    with Dovecot(authority.issue(), users={ODD_USER: ODD_PASSWORD}, connections=1) as server:
        yield server


def test_a_password_may_hold_any_character(narrow_dovecot: Dovecot) -> None:
    box = mailbox(narrow_dovecot, ODD_USER, password=ODD_PASSWORD)
    box.open()
    box.close()


def test_too_many_connections_are_a_passing_trouble(narrow_dovecot: Dovecot) -> None:
    first, second = (mailbox(narrow_dovecot, "ann@box.test") for _ in range(2))
    first.open()
    assert refusal(narrow_dovecot, "ann@box.test").temporary
    first.close()
    second.open()
    second.close()


@pytest.mark.parametrize("place", ["file", "command"])
def test_the_token_is_read_anew_at_each_login(
    dovecot: Dovecot, address: str, oauth: OAuth, tmp_path: Path, place: str
) -> None:
    file = tmp_path / "token"
    file.touch(mode=0o600)
    secret = Secret(file="token") if place == "file" else Secret(command=("cat", str(file)))
    box = mailbox(dovecot, address, auth=Auth.XOAUTH2, password=secret.reader(tmp_path))
    for _ in range(2):
        token = oauth.issue(address)
        file.write_text(f"{token}\n")
        box.open()
        box.close()
        del oauth.tokens[token]


def test_a_password_file_that_is_gone_needs_a_person_and_asks_nothing_of_the_server(
    dovecot: Dovecot, address: str, tmp_path: Path
) -> None:
    failure = refusal(dovecot, address, password=Secret(file="nowhere").reader(tmp_path))
    assert (failure.temporary, "nowhere" in failure.reason) == (False, True)
    assert PASSWORD not in failure.reason
