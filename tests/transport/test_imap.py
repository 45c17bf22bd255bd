"""IMAP against a server that says what it is told: what goes over the wire, and whose fault a failure is."""

import logging
import shutil
import ssl
import subprocess
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailbot.transport.imap import BATCH_BYTES, ImapMailbox, ImapSettings
from mailbot.transport.mailbox import EXCERPT_BYTES, MailboxUnavailable
from mailbot.transport.security import Auth, Security
from tests.fakes.transport_imap import DROP, ScriptedImap
from tests.transport.mailbox_contract import PATIENCE_SECONDS, PRINTER, SMALL

NEVER = threading.Event()


def mailbox(server: ScriptedImap, **changes: Any) -> ImapMailbox:
    plain = {"password": "secret", "security": Security.NONE, "read_timeout_seconds": 5}
    return ImapMailbox(ImapSettings("support", "127.0.0.1", "ann", port=server.port, **{**plain, **changes}))


def sized(count: int) -> dict[int, bytes]:
    return dict.fromkeys(range(1, count + 1), PRINTER)


# capabilities, flags the server keeps, archive folder -> what is said
MARKS = [
    ((), r"\Seen \*", None, ["UID STORE 1,2 +FLAGS.SILENT ($MailbotStored)"]),
    ((), r"\Seen $MailbotStored", None, ["UID STORE 1,2 +FLAGS.SILENT ($MailbotStored)"]),
    ((), r"\Seen", None, []),
    (("MOVE", "UIDPLUS"), r"\Seen \*", None, ["UID STORE 1,2 +FLAGS.SILENT ($MailbotStored)"]),
    (("MOVE", "UIDPLUS"), r"\Seen \*", "Done", ['UID MOVE 1,2 "Done"']),
    (
        ("UIDPLUS",),
        r"\Seen \*",
        "Done",
        ['UID COPY 1,2 "Done"', r"UID STORE 1,2 +FLAGS.SILENT (\Deleted)", "UID EXPUNGE 1,2"],
    ),
    ((), r"\Seen \*", "Done", ["UID STORE 1,2 +FLAGS.SILENT ($MailbotStored)"]),
    ((), r"\Seen", "Done", []),
]


@pytest.mark.parametrize(("capabilities", "flags", "archive", "said"), MARKS)
def test_stored_messages_are_moved_or_labelled_as_the_server_can(
    capabilities: tuple[str, ...], flags: str, archive: str | None, said: list[str]
) -> None:
    with ScriptedImap(*capabilities, flags=flags, messages=sized(2)) as server:
        box = mailbox(server, archive_folder=archive)
        box.open()
        box.mark_stored([2, 1, 2])
        box.close()
    assert server.said("UID STORE", "UID MOVE", "UID COPY", "UID EXPUNGE", "EXPUNGE", "CLOSE") == said


def test_a_refused_move_is_logged_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedImap("MOVE", messages=sized(1)) as server:
        server.refusals["UID MOVE"] = "NO [TRYCREATE] no such folder"
        box = mailbox(server, archive_folder="Done")
        box.open()
        box.mark_stored([1])
        assert len(box.uids()) == 1
        box.close()
    assert "TRYCREATE" in caplog.text


def test_a_large_folder_with_gaps_is_listed_in_few_short_commands() -> None:
    uids = [*range(1, 5_001), *range(900_000, 903_000)]
    with ScriptedImap(messages=dict.fromkeys(uids, b"")) as server:
        box = mailbox(server)
        box.open()
        assert [ref.uid for ref in box.uids()] == uids
        box.close()
    looked = server.said("UID FETCH")
    assert max(map(len, looked)) < 80
    assert len(looked) < 50


def test_bodies_are_fetched_at_most_a_hundred_at_once() -> None:
    with ScriptedImap(messages=sized(250)) as server:
        box = mailbox(server)
        box.open()
        assert len(list(box.fetch(range(1, 251), SMALL))) == 250
        box.close()
    bodies = [line for line in server.said("UID FETCH") if "BODY" in line]
    assert [line.count(",") + 1 for line in bodies] == [100, 100, 50]
    assert all("BODY.PEEK[" in line for line in bodies)


def test_bodies_are_fetched_at_most_four_megabytes_at_once() -> None:
    with ScriptedImap(messages=sized(5)) as server:
        server.sizes = dict.fromkeys(range(1, 6), BATCH_BYTES // 2)
        box = mailbox(server)
        box.open()
        assert len(list(box.fetch(range(1, 6), BATCH_BYTES))) == 5
        box.close()
    assert [line.split()[2] for line in server.said("UID FETCH") if "BODY" in line] == ["1,2", "3,4", "5"]


def test_the_moment_of_arrival_is_told_in_utc() -> None:
    with ScriptedImap(messages=sized(1)) as server:  # which says 09:00 +0100
        box = mailbox(server)
        box.open()
        assert [ref.internal_date for ref in box.uids()] == [datetime(2026, 3, 2, 8, 0, tzinfo=UTC)]
        box.close()


def test_the_dialogue_is_not_formatted_for_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with ScriptedImap(messages=sized(1)) as server:
        box = mailbox(server)
        box.open()
        list(box.fetch([1], SMALL))
        box.close()
    assert "PERMANENTFLAGS" not in caplog.text
    assert "secret" not in caplog.text


def test_a_message_above_the_limit_is_never_fetched_whole() -> None:
    with ScriptedImap(messages={1: b"Subject: x\r\n\r\n" + b"y" * 200_000, 2: PRINTER}) as server:
        box = mailbox(server)
        box.open()
        large, small = box.fetch([1, 2], SMALL)
        box.close()
    assert (large.truncated, len(large.raw)) == (True, len(b"Subject: x\r\n\r\n") + EXCERPT_BYTES)
    assert (small.truncated, small.raw) == (False, PRINTER)
    assert [line.split()[2] for line in server.said("UID FETCH") if "BODY.PEEK[]" in line] == ["2"]


def test_a_server_that_lies_about_sizes_does_not_get_past_the_limit() -> None:
    with ScriptedImap(messages={1: b"Subject: x\r\n\r\n" + b"y" * 200_000}) as server:
        server.sizes = {1: 10}
        box = mailbox(server)
        box.open()
        (fetched,) = box.fetch([1], SMALL)
        box.close()
    assert (fetched.truncated, len(fetched.raw)) == (True, len(b"Subject: x\r\n\r\n") + EXCERPT_BYTES)


# which command, what the server answers -> is it temporary
FAILURES = [
    ("LOGIN", "NO [AUTHENTICATIONFAILED] wrong password", False),
    ("LOGIN", "NO [UNAVAILABLE] Temporary authentication failure", True),
    ("LOGIN", "NO [LIMIT] too many connections", True),
    ("LOGIN", "NO [OVERQUOTA] Account exceeded command or bandwidth limits", True),
    ("LOGIN", "NO [PRIVACYREQUIRED] not without TLS", False),
    ("SELECT", "BAD User is authenticated but not connected", True),
    ("SELECT", "NO Server Busy", True),
    ("LOGIN", DROP, True),
    ("SELECT", "NO [NONEXISTENT] no such folder", False),
    ("SELECT", "NO [INUSE] locked", True),
    ("SELECT", DROP, True),
]


@pytest.mark.parametrize(("command", "answer", "temporary"), FAILURES)
def test_a_failure_to_open_says_whether_it_will_pass(command: str, answer: str, temporary: bool) -> None:
    with ScriptedImap() as server:
        server.refusals[command] = answer
        box = mailbox(server)
        with pytest.raises(MailboxUnavailable) as raised:
            box.open()
        assert raised.value.temporary is temporary
        assert "secret" not in str(raised.value)
        server.refusals.clear()
        assert box.open() == 7
        box.close()


@pytest.mark.parametrize("answer", ["NO [SERVERBUG] sorry", "BAD what?", DROP])
def test_a_broken_fetch_is_temporary_and_the_next_turn_starts_anew(answer: str) -> None:
    with ScriptedImap(messages=sized(1)) as server:
        box = mailbox(server)
        box.open()
        server.refusals["UID FETCH"] = answer
        with pytest.raises(MailboxUnavailable) as raised:
            list(box.fetch([1], SMALL))
        assert raised.value.temporary
        server.refusals.clear()
        box.open()
        assert [fetched.raw for fetched in box.fetch([1], SMALL)] == [PRINTER]
        box.close()


def test_a_connection_that_died_between_two_turns_is_replaced_unseen() -> None:
    with ScriptedImap() as server:
        box = mailbox(server)
        box.open()
        server.hang_up()
        assert box.open() == 7
        box.close()
    assert server.connections == 2


def test_a_server_that_is_not_there_is_temporary() -> None:
    with pytest.raises(MailboxUnavailable) as raised:
        ImapMailbox(ImapSettings("support", "127.0.0.1", "ann", "secret", 1, Security.NONE)).open()
    assert raised.value.temporary


def test_a_connection_that_ends_in_idle_is_noticed_and_does_not_spin() -> None:
    with ScriptedImap("IDLE") as server:
        box = mailbox(server)
        box.open()
        threading.Timer(0.1, server.hang_up).start()
        began = time.monotonic()
        with pytest.raises(MailboxUnavailable) as raised:
            box.wait(PATIENCE_SECONDS, NEVER)
    assert raised.value.temporary
    assert time.monotonic() - began < PATIENCE_SECONDS / 2


def test_a_goodbye_in_idle_is_noticed() -> None:
    with ScriptedImap("IDLE") as server:
        server.idle_says = ["* BYE shutting down"]
        box = mailbox(server)
        box.open()
        with pytest.raises(MailboxUnavailable):
            box.wait(30, NEVER)


def test_mail_that_is_told_before_idle_begins_ends_the_waiting() -> None:
    with ScriptedImap("IDLE") as server:
        server.before["IDLE"] = "* 1 EXISTS"
        box = mailbox(server)
        box.open()
        box.wait(30, NEVER)
        assert box.open() == 7
        box.close()
    assert server.said("IDLE") == ["IDLE"]


def test_chatter_in_idle_is_no_news() -> None:
    with ScriptedImap("IDLE") as server:
        server.idle_says = ["* OK Still here", "* 3 EXPUNGE", "* 1 FETCH (FLAGS (\\Seen))"]
        box = mailbox(server)
        box.open()
        stop = threading.Event()
        waiter = threading.Thread(target=box.wait, args=[30, stop])
        waiter.start()
        waiter.join(0.3)
        assert waiter.is_alive()
        stop.set()
        waiter.join(5)
        assert not waiter.is_alive()
        box.close()


def test_without_idle_nothing_is_said_while_waiting() -> None:
    with ScriptedImap() as server:
        box = mailbox(server)
        box.open()
        box.wait(0.05, NEVER)
        assert server.said("IDLE", "NOOP", "UID SEARCH") == []
        box.close()


def test_the_last_message_is_not_news_though_n_star_names_it() -> None:
    with ScriptedImap("IDLE", messages=sized(3)) as server:
        box = mailbox(server)
        box.open()
        box.wait(0.05, NEVER)
        assert server.said("IDLE") == ["IDLE"]
        box.close()


def test_where_starttls_was_stripped_no_credential_is_said() -> None:
    with ScriptedImap() as server:
        with pytest.raises(MailboxUnavailable):
            mailbox(server, security=Security.STARTTLS).open()
        assert server.said("LOGIN", "AUTHENTICATE") == []


def test_a_connection_that_claims_to_be_logged_in_before_starttls_is_refused() -> None:
    with ScriptedImap("STARTTLS", greeting="* PREAUTH welcome") as server:
        with pytest.raises(MailboxUnavailable):
            mailbox(server, security=Security.STARTTLS).open()
        assert server.said("SELECT", "LOGIN") == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for `localhost` that no public authority has signed."""
    if shutil.which("openssl") is None:
        pytest.skip(reason="openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    new = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    subprocess.run([*new, *names, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


def _tls_server(certificate: Path) -> ScriptedImap:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return ScriptedImap(messages=sized(1), tls=context)


def test_an_unknown_certificate_needs_a_person_and_hears_no_credential(certificate: Path) -> None:
    with _tls_server(certificate) as server:
        with pytest.raises(MailboxUnavailable) as raised:
            ImapMailbox(ImapSettings("support", "localhost", "ann", "secret", server.port)).open()
        assert (raised.value.temporary, server.lines) == (False, [])


def test_a_certificate_of_the_own_house_is_good_for_its_name_only(certificate: Path) -> None:
    with _tls_server(certificate) as server:
        box = ImapMailbox(ImapSettings("support", "localhost", "ann", "s", server.port, ca_file=str(certificate)))
        box.open()
        assert len(box.uids()) == 1
        box.close()
        with pytest.raises(MailboxUnavailable):
            ImapMailbox(ImapSettings("s", "127.0.0.1", "ann", "s", server.port, ca_file=str(certificate))).open()


def test_the_secret_is_asked_for_at_each_login() -> None:
    secrets = iter(["first", "second\n"])
    with ScriptedImap() as server:
        box = mailbox(server, password=lambda: next(secrets))
        box.open()
        box.close()
        box.open()
        box.close()
    assert [line.rpartition(" ")[2] for line in server.said("LOGIN")] == ['"first"', '"second"']


def test_the_account_of_a_refused_token_is_answered_with_nothing() -> None:
    with ScriptedImap("AUTH=XOAUTH2") as server:
        server.refusals["AUTHENTICATE"] = "NO [AUTHENTICATIONFAILED] expired"
        with pytest.raises(MailboxUnavailable) as raised:
            mailbox(server, password="token", auth=Auth.XOAUTH2).open()
        assert (raised.value.temporary, server.answers) == (False, [b"user=ann\x01auth=Bearer token\x01\x01", b""])


@pytest.mark.parametrize("auth", list(Auth))
def test_a_secret_that_holds_a_command_is_not_said(auth: Auth) -> None:
    with ScriptedImap("AUTH=XOAUTH2") as server:
        with pytest.raises(MailboxUnavailable) as raised:
            mailbox(server, password="x\r\nA1 DELETE INBOX", auth=auth).open()
        assert not raised.value.temporary
        assert server.said("LOGIN", "AUTHENTICATE", "DELETE") == []
