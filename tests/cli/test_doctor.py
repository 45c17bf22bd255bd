"""`mailbot doctor` over the embedded servers: what works, what does not, and that a probe is never a ticket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mailbot.app import build
from mailbot.daemon.examining import probe
from mailbot.demo.servers import DemoServers
from mailbot.demo.settings import SUPPORT, write_settings
from tests.cli.conftest import Type, Typed, letter

RESULTS = "Authentication-Results: mx.corp.example; dmarc=pass header.from=corp.example\r\n"


@pytest.fixture
def servers() -> Iterator[DemoServers]:
    with DemoServers() as running:
        yield running


@pytest.fixture
def desk(servers: DemoServers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The configuration of a desk on these servers; nobody waits long for a mail that will not come."""
    monkeypatch.setattr(probe, "WAIT_SECONDS", 2)
    monkeypatch.setattr(probe, "LOOK_EVERY_SECONDS", 0.05)
    return write_settings(tmp_path, servers)


def edit(config: Path, old: str, new: str) -> None:
    main = config / "mailbot.toml"
    text = main.read_text(encoding="utf-8")
    assert old in text
    main.write_text(text.replace(old, new), encoding="utf-8")


def lines(typed: Typed) -> dict[tuple[str, str], dict[str, Any]]:
    """The records by place and subject."""
    return {(record["where"], record["what"]): record for record in typed.records}


def test_all_is_well(types: Type, desk: Path, servers: DemoServers) -> None:
    typed = types("--config", desk, "--json", "doctor")
    found = lines(typed)
    assert typed.code == 0
    assert {record["state"] for record in typed.records} == {"ok", "warn"}
    assert found["mailbox support", "login"]["state"] == "ok"
    assert found["mailbox support", "folder"]["found"] == "INBOX, 0 messages"
    assert found["mailbox support", "TLS"]["found"] == "none, which is allowed on this machine only"
    assert found["smtp", "SIZE"]["found"] == "at most 26 MB a mail"
    assert found["smtp", "SMTPUTF8"]["state"] == "ok"
    assert "arrived in INBOX" in found["probe", "plus-address"]["found"]
    assert found["probe", "clock"]["state"] == "ok"
    assert found["keys", "live"]["state"] == found["keys", "age"]["state"] == "ok"
    assert found["database", "file"]["state"] == "warn", "nothing was made, not even the database"
    assert not (desk.parent / "state").exists()
    assert len(servers.received(SUPPORT)) == 1


def test_people_read_what_is_wrong_and_what_helps(types: Type, desk: Path) -> None:
    (desk / "demo-password").write_text("wrong")
    typed = types("--config", desk, "doctor")
    assert typed.code == 1
    assert "FAIL mailbox support" in typed.err
    assert "→ user, password and auth in [[mailboxes]]" in typed.err
    assert "→ user, password and auth in [smtp]" in typed.err
    assert "not tried: it needs [smtp] and a mailbox" in typed.err


def test_every_line_that_is_not_ok_has_a_remedy(types: Type, desk: Path, servers: DemoServers) -> None:
    edit(desk, f"port = {servers.imap_port}", "port = 1")
    typed = types("--config", desk, "--json", "doctor", "--no-probe")
    assert typed.code == 3
    assert all(bool(record["remedy"]) is (record["state"] != "ok") for record in typed.records)
    assert lines(typed)["mailbox support", "connection"]["unreachable"] is True
    assert lines(typed)["smtp", "login"]["state"] == "ok", "one broken server hides nothing of the other"


def test_a_folder_that_is_missing_is_named(types: Type, desk: Path) -> None:
    edit(desk, 'security = "none"\nsince', 'security = "none"\nfolder = "Helpdesk"\narchive_folder = "Done"\nsince')
    typed = types("--config", desk, "--json", "doctor", "--no-probe")
    assert typed.code == 1
    found = lines(typed)
    assert "Helpdesk" in found["mailbox support", "folder"]["found"]
    assert "archive_folder" in found["mailbox support", "archive"]["remedy"]


def test_without_plus_addresses_the_probe_does_not_arrive(types: Type, desk: Path, servers: DemoServers) -> None:
    edit(desk, "[admins]", 'token_base = "elsewhere@corp.example"\n\n[admins]')
    typed = types("--config", desk, "--json", "doctor")
    assert typed.code == 1
    assert "not seen in any watched folder" in lines(typed)["probe", "plus-address"]["found"]
    assert len(servers.received("elsewhere@corp.example")) == 1


def test_a_refused_plus_address_is_told_with_the_words_of_the_server(types: Type, desk: Path) -> None:
    edit(desk, "[admins]", 'token_base = "unknown@corp.example"\n\n[admins]')
    typed = types("--config", desk, "--json", "doctor")
    assert typed.code == 1
    assert "550" in lines(typed)["probe", "plus-address"]["found"]


def test_a_bounce_of_the_probe_is_told_at_once(
    types: Type, desk: Path, servers: DemoServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "send", lambda written, sender, postman: servers.deliver(SUPPORT, bounce(written)))
    typed = types("--config", desk, "--json", "doctor")
    assert typed.code == 1
    assert "came back undelivered" in lines(typed)["probe", "plus-address"]["found"]


def bounce(written: probe.Probe) -> bytes:
    head = b"From: MAILER-DAEMON@mx.corp.example\r\nTo: support@corp.example\r\nSubject: Undelivered\r\n\r\n"
    return head + f"<{written.address}>: user unknown\r\n".encode()


def test_a_daemon_that_sees_the_probe_first_makes_no_ticket_of_it(
    types: Type, desk: Path, servers: DemoServers
) -> None:
    assert types("--config", desk, "doctor").code == 0
    with build(desk, in_process=True) as working:
        turn = working.once()
        status = working.status()
    assert (turn.fetched, turn.delivered) == (1, 0)
    assert (status.inbox["ignored"], sum(status.inbox.values()), sum(status.tickets.values())) == (1, 1, 0)
    assert "probe" in types("--config", desk, "--json", "inbox", "list", "--all").out


def test_nobody_else_can_hide_a_mail_behind_a_probe(types: Type, desk: Path, servers: DemoServers) -> None:
    assert types("--config", desk, "doctor").code == 0
    (arrived,) = servers.received(SUPPORT)
    address = next(line for line in arrived.decode().splitlines() if line.startswith("To: "))[4:].strip("<> ")
    servers.deliver(SUPPORT, letter().replace(b"To: support@corp.example", f"To: {address}".encode()))
    with build(desk, in_process=True) as working:
        working.once()
        assert sum(working.status().tickets.values()) == 1


def test_beside_a_running_daemon_it_says_which_and_disturbs_nothing(
    types: Type, desk: Path, servers: DemoServers
) -> None:
    stop = threading.Event()
    with build(desk, in_process=True) as working:
        thread = threading.Thread(target=working.run, kwargs={"stop": stop, "handle_signals": False})
        thread.start()
        try:
            found = {}
            for _ in range(40):
                typed = types("--config", desk, "--json", "doctor")
                found = lines(typed)
                if found.get(("daemon", "process"), {"state": ""})["state"] == "ok":
                    break
        finally:
            stop.set()
            thread.join(20)
        assert typed.code == 0
        assert "since" in found["daemon", "process"]["found"]
        assert found["database", "schema"]["state"] == found["database", "clock"]["state"] == "ok"
        assert sum(working.status().tickets.values()) == 0


def test_it_proposes_the_authserv_id_of_mail_that_is_there(types: Type, desk: Path, servers: DemoServers) -> None:
    servers.deliver(SUPPORT, RESULTS.encode() + letter())
    warned = lines(types("--config", desk, "--json", "doctor", "--no-probe"))["trust", "results"]
    assert warned["state"] == "warn"
    assert 'authserv_id = "mx.corp.example"' in warned["remedy"]
    edit(desk, "[delivery]", '[trust]\nresults = "authserv"\nauthserv_id = "mx.other.example"\n\n[delivery]')
    typed = types("--config", desk, "--json", "doctor", "--no-probe")
    assert typed.code == 1
    assert "mx.corp.example" in lines(typed)["trust", "results"]["found"]
    edit(desk, "mx.other.example", "MX.corp.example")
    assert lines(types("--config", desk, "--json", "doctor", "--no-probe"))["trust", "results"]["state"] == "ok"


def test_lists_are_asked_about_only_when_wanted(types: Type, desk: Path, servers: DemoServers) -> None:
    servers.refuse("it-network@lists.corp.example", "550 5.1.1 no such list")
    quiet = types("--config", desk, "--json", "doctor", "--no-probe")
    assert quiet.code == 0
    typed = types("--config", desk, "--json", "doctor", "--no-probe", "--lists")
    assert typed.code == 1
    told = [record for record in typed.records if record["what"] == "list"]
    assert {record["state"] for record in told} == {"ok", "FAIL"}
    assert any("no such list" in record["found"] for record in told)


def test_old_and_lonely_keys_are_told(types: Type, desk: Path) -> None:
    keys = desk / "keys.toml"
    newest = keys.read_text(encoding="utf-8").split("\n[[keys]]")[1]
    lines_of_one = [line for line in newest.splitlines() if not line.startswith("made")]
    keys.write_text("[[keys]]" + "\n".join(lines_of_one) + "\nmade = 2020-01-01T00:00:00+00:00\n", encoding="utf-8")
    found = lines(types("--config", desk, "--json", "doctor", "--no-probe"))
    assert "mailbot keys new" in found["keys", "live"]["remedy"]
    assert found["keys", "age"]["state"] == "warn"


def test_a_maildir_is_looked_at_without_a_trace(types: Type, folder: Path) -> None:
    maildir = folder.parent / "mail"
    (maildir / "new" / "1.a").write_bytes(letter())
    before = sorted(path for path in maildir.rglob("*"))
    typed = types("--config", folder, "--json", "doctor")
    assert typed.code == 3, "there is no SMTP server"
    assert lines(typed)["mailbox support", "folder"]["found"].endswith("1 messages")
    assert sorted(path for path in maildir.rglob("*")) == before
