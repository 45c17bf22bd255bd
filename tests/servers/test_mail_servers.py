"""The bench itself: mail finds its way through Postfix, mlmmj and Dovecot, and comes back where it cannot."""

import os
import signal
import smtplib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.mlmmj import MailingLists, need_mlmmj
from tests.servers.postfix import Postfix
from tests.servers.process import LOOPBACK, PREFIX, sweep, wait_until
from tests.servers.sinks import Sink

HELLO = b"From: ann@client.test\r\nTo: %s\r\nSubject: hello\r\nMessage-ID: <1@client.test>\r\n\r\nGood day.\r\n"


def inbox(dovecot: Dovecot, address: str) -> list[bytes]:
    with IMAPClient(LOOPBACK, dovecot.imap_port, ssl=False) as client:
        client.login(address, PASSWORD)
        client.select_folder("INBOX")
        return [answer[b"BODY[]"] for answer in client.fetch(client.search(), ["BODY.PEEK[]"]).values()]


def send(postfix: Postfix, sender: str, *recipients: str) -> None:
    with smtplib.SMTP(LOOPBACK, postfix.port) as client:
        client.sendmail(sender, recipients, HELLO % ", ".join(recipients).encode())


def test_a_plus_address_arrives_in_the_base_mailbox_and_is_named(
    postfix: Postfix, dovecot: Dovecot, address: str
) -> None:
    tagged = address.replace("@", "+t42@")
    send(postfix, "ann@client.test", tagged)
    (mail,) = wait_until(lambda: inbox(dovecot, address), "the mail")
    assert f"Delivered-To: {tagged}\r\n".encode() in mail


def test_a_list_brings_a_post_to_every_member_and_replaces_reply_to(
    postfix: Postfix, dovecot: Dovecot, lists: MailingLists | None, sink: Sink, address: str
) -> None:
    need_mlmmj()
    assert lists is not None
    members = [address, "kim@demo.test"]
    team = lists.add("net-team", members, prefix="[net-team]", footer="the list says goodbye")
    send(postfix, "ann@client.test", team)
    (mail,) = wait_until(lambda: inbox(dovecot, address), "the post")
    wait_until(lambda: [mail for mail in sink.mails if mail.rcpt_to == "kim@demo.test"], "the other member's copy")
    for line in (b"Subject: [net-team] hello", b"Reply-To: net-team@lists.test", b"List-Id: <net-team.lists.test>"):
        assert line in mail
    assert b"goodbye" in mail


def test_a_list_for_members_refuses_the_post_of_a_stranger(
    postfix: Postfix, lists: MailingLists | None, sink: Sink
) -> None:
    need_mlmmj()
    assert lists is not None
    send(postfix, "ann@client.test", lists.add("closed", ["kim@demo.test"], members_only=True))
    (mail,) = wait_until(lambda: [mail for mail in sink.mails if mail.rcpt_to == "ann@client.test"], "the refusal")
    assert b"Subject: =?utf-8?q?Post_to_closed=40lists.test_denied:_hello?=" in mail.raw
    assert mail.mail_from == "closed+bounces-help@lists.test"


def test_what_cannot_be_delivered_comes_back_to_the_envelope_sender(
    postfix: Postfix, dovecot: Dovecot, address: str
) -> None:
    send(postfix, address.replace("@", "+b1@"), "ann@hard.test")
    (mail,) = wait_until(lambda: inbox(dovecot, address), "the report")
    assert f"Delivered-To: {address.replace('@', '+b1@')}\r\n".encode() in mail
    for line in (b"multipart/report", b"Final-Recipient: rfc822; ann@hard.test", b"Status: 5.1.1"):
        assert line in mail


def test_what_is_deferred_waits_in_the_queue(postfix: Postfix, address: str) -> None:
    send(postfix, address, "ann@later.test")
    wait_until(lambda: "Come back later" in postfix.tool("postqueue", "-p"), "the mail in the queue")
    postfix.tool("postsuper", "-d", "ALL", "deferred")


KILLED = """
import os, signal
import pytest

def test_of_a_session_that_is_killed(postfix, postgres, dovecot):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def killed_session(postfix: Postfix, postgres: object, tmp_path: Path) -> Iterator[int]:
    """The pid of another session that used every kind of server and was killed."""
    (tmp_path / "test_killed.py").write_text(KILLED)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["tests.servers.fixtures"]')
    root = str(Path(__file__).resolve().parents[2])
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)]
    with subprocess.Popen(
        words, cwd=tmp_path, env={**os.environ, "PYTHONPATH": root}, stdout=subprocess.DEVNULL
    ) as session:
        assert session.wait(60) == -signal.SIGKILL
        yield session.pid


def test_servers_of_a_killed_session_end_by_themselves_and_the_next_one_sweeps_up(killed_session: int) -> None:
    def still_running() -> list[bytes]:
        lines = (line(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
        return [line for line in lines if f"{PREFIX}{killed_session}-".encode() in line]

    wait_until(lambda: not still_running(), "its servers have ended")
    sweep()  # unless another session has begun meanwhile, and done it
    folders = f"{PREFIX}{killed_session}-*"
    wait_until(lambda: not list(Path(tempfile.gettempdir()).glob(folders)), "its folders are gone")


def line(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
