"""The mail world of the demo: lists, plus-addresses, refusals and the observer."""

import smtplib
from collections.abc import Iterator

import pytest

from mailbot.demo.servers import DemoServers

POST = b"From: Ann <ann@demo.test>\r\nTo: net-team@demo.test\r\nSubject: hello\r\n\r\nGood day.\r\n"
TEAM = "net-team@demo.test"


@pytest.fixture
def seen() -> list[tuple[str, str, bytes]]:
    return []


@pytest.fixture
def servers(seen: list[tuple[str, str, bytes]]) -> Iterator[DemoServers]:
    lists = {TEAM: ["sam@demo.test", "kim@demo.test"]}
    with DemoServers(lists=lists, observe=lambda *mail: seen.append(mail), authserv_id="demo.test") as servers:
        yield servers


def send(servers: DemoServers, recipient: str, mail_from: str = "ann@demo.test") -> None:
    with smtplib.SMTP(servers.host, servers.smtp_port) as client:
        client.sendmail(mail_from, [recipient], POST)


def test_a_post_reaches_every_member_with_the_headers_of_the_list(servers: DemoServers) -> None:
    send(servers, TEAM)
    for member in ("sam@demo.test", "kim@demo.test"):
        (mail,) = servers.received(member)
        head = mail.split(b"From: Ann")[0].decode()
        assert f"Return-Path: <net-team-bounces@demo.test>\r\nDelivered-To: {member}\r\n" in head
        assert "List-Id: <net-team.demo.test>\r\n" in head
        assert "List-Post: <mailto:net-team@demo.test>\r\nPrecedence: list\r\n" in head
        assert mail.endswith(POST)


def test_the_observer_sees_a_post_once_as_it_was_sent(servers: DemoServers, seen: list[tuple[str, str, bytes]]) -> None:
    send(servers, TEAM)
    assert seen == [("ann@demo.test", TEAM, POST)]


def test_detail_comes_into_the_base_mailbox_and_is_kept_in_delivered_to(servers: DemoServers) -> None:
    send(servers, "support+t42@demo.test")
    (mail,) = servers.received("support@demo.test")
    assert b"Delivered-To: support+t42@demo.test\r\n" in mail


def test_the_server_states_its_results_on_top(servers: DemoServers) -> None:
    send(servers, "support@demo.test")
    assert b"Authentication-Results: demo.test; " in servers.received("support@demo.test")[0]
    assert b"dmarc=pass header.from=demo.test\r\n" in servers.received("support@demo.test")[0]


def test_an_unknown_address_is_refused(servers: DemoServers, seen: list[tuple[str, str, bytes]]) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused, match="550"):
        send(servers, "unknown-person@demo.test")
    assert seen == []


def test_an_address_is_refused_until_it_is_not(servers: DemoServers) -> None:
    servers.refuse("kim@demo.test", "552 5.2.2 Mailbox full")
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="552"):
            send(servers, "kim@demo.test")
    servers.refuse("kim@demo.test", "")
    send(servers, "kim@demo.test")
    assert len(servers.received("kim@demo.test")) == 1


def test_greylisting_passes_after_the_given_times(servers: DemoServers) -> None:
    servers.temporarily("kim@demo.test", times=2)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused, match="451"):
            send(servers, "kim@demo.test")
    send(servers, "kim@demo.test")
    assert len(servers.received("kim@demo.test")) == 1


def test_a_wrong_password_opens_nothing(servers: DemoServers) -> None:
    with smtplib.SMTP(servers.host, servers.smtp_port) as client, pytest.raises(smtplib.SMTPAuthenticationError):
        client.login("ann@demo.test", "guess")
