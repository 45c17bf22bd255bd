"""Every verb: its help, its records, its exit codes."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.app import build
from mailbot.cli.command_line import VERBS
from mailbot.cli.console import printable
from mailbot.daemon.supervise import turn_once
from mailbot.store.states import OutboxState
from tests.cli.conftest import Type, letter
from tests.fakes.transport import MemoryPostman, lost_after_dot


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_every_verb_has_help_with_an_example(types: Type, verb: str) -> None:
    typed = types(verb, "--help")
    assert typed.code == 0
    assert f"example: mailbot {verb}" in " ".join(typed.out.split()) or "example: mailbot" in typed.out
    assert "--config DIR" in typed.out
    assert "--json" in typed.out


def test_without_a_verb_it_lists_them_and_says_what_it_wants(types: Type) -> None:
    typed = types()
    assert typed.code == 0
    assert all(verb.name in typed.err for verb in VERBS)


def test_an_unknown_verb_is_usage(types: Type) -> None:
    typed = types("tikets")
    assert (typed.code, typed.out) == (2, "")
    assert "'tikets'" in typed.err


def test_options_may_stand_before_and_after_the_verb(types: Type, folder: Path) -> None:
    before = types("--config", folder, "--json", "status")
    after = types("status", "--json", "--config", folder)
    assert before.code == after.code == 1, "no daemon runs"
    assert before.records == after.records


def test_init_writes_a_configuration_that_check_calls_sound(types: Type, tmp_path: Path) -> None:
    made = types("init", tmp_path / "new")
    assert made.code == 0
    keys = tmp_path / "new" / "keys.toml"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert types("--config", tmp_path / "new", "check").code == 0


def test_init_overwrites_nothing(types: Type, folder: Path) -> None:
    before = (folder / "mailbot.toml").read_bytes()
    assert types("init", folder).code == 2
    assert (folder / "mailbot.toml").read_bytes() == before


def test_keys_new_keeps_the_old_key_live(types: Type, folder: Path) -> None:
    assert types("--config", folder, "keys", "new").code == 0
    assert (folder / "keys.toml").read_text(encoding="utf-8").count("secret") >= 2


def test_check_tells_file_line_and_remedy_and_exits_1(types: Type, folder: Path) -> None:
    main = folder / "mailbot.toml"
    main.write_text(main.read_text(encoding="utf-8").replace("organisation", "organization"), encoding="utf-8")
    typed = types("--config", folder, "check")
    assert typed.code == 1
    assert "mailbot.toml:5" in typed.err
    assert 'did you mean "organisation"' in typed.err
    records = types("--config", folder, "--json", "check").records
    assert {"mailbot.toml"} == {record["file"].rpartition("/")[2] for record in records if record["line"] == 5}


def test_a_verb_without_configuration_says_where_it_looked(
    types: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    typed = types("status")
    assert typed.code == 1
    assert "--config" in typed.err
    assert "mailbot init" in typed.err


def test_a_server_that_cannot_be_reached_exits_3(types: Type, folder: Path, tmp_path: Path) -> None:
    mail = tmp_path / "mail" / "new" / "1"
    mail.write_bytes(letter())
    typed = types("--config", folder, "once")
    assert typed.code == 3, typed.err
    assert "127.0.0.1" in typed.err or "Connect" in typed.err or "refused" in typed.err


def test_parse_prints_a_line_a_file_in_order(types: Type, tmp_path: Path) -> None:
    for name, subject in (("b", "Two"), ("a", "One")):
        (tmp_path / name).write_bytes(letter(subject))
    (tmp_path / "c").write_bytes(b"\x00\xff no mail at all")
    typed = types("parse", tmp_path)
    assert typed.code == 0
    assert [record["subject"] for record in typed.records] == ["One", "Two", ""]
    assert typed.records[0]["from"] == {"name": "", "address": "dilip.rao@corp.example"}


def test_parse_of_a_file_that_is_not_there_is_usage(types: Type, tmp_path: Path) -> None:
    typed = types("parse", tmp_path / "gone")
    assert typed.code == 2
    assert "gone" in typed.err


def test_explain_tells_everything_and_leaves_no_trace(types: Type, folder: Path, tmp_path: Path) -> None:
    mail = tmp_path / "one.eml"
    mail.write_bytes(letter())
    types("--config", folder, "status")  # makes the database
    before = fingerprint(tmp_path)
    people = types("--config", folder, "explain", mail)
    record = types("--config", folder, "--json", "explain", mail).records[0]
    assert people.code == 0
    assert "because" in people.err
    assert (record["event"], record["disposition"]) == ("request_received", "done: opened")
    assert record["ticket"]["service"] == "VPN"
    assert {"acknowledgement", "hand_over"} <= {outgoing["kind"] for outgoing in record["outgoing"]}
    assert fingerprint(tmp_path) == before


def fingerprint(folder: Path) -> dict[str, str]:
    """Every file but SQLite's shared memory, which readers touch."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith("-shm"))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_import_ends_in_a_table_and_tickets_show_what_came(types: Type, folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.mkdir()
    (old / "1").write_bytes(letter())
    (old / "2").write_bytes(letter("New laptop", "elke.brandt@corp.example", "I need a new laptop."))
    typed = types("--config", folder, "import", old)
    assert typed.code == 0
    assert "done: opened" in typed.err
    assert "nothing was sent" in typed.err
    tickets = types("--config", folder, "--json", "tickets").records
    assert {ticket["subject"] for ticket in tickets} == {"VPN drops", "New laptop"}
    shown = types("--config", folder, "tickets", "show", tickets[0]["number"], "--why")
    assert shown.code == 0
    assert tickets[0]["requester"] in shown.err
    assert types("--config", folder, "tickets", "show", 999).code == 1
    assert types("--config", folder, "tickets", "show").code == 2
    assert types("--config", folder, "verify").code == 0
    outgoing = types("--config", folder, "--json", "outbox", "--all").records
    assert {(mail["state"], mail["reason"]) for mail in outgoing} == {("cancelled", "import")}


def test_held_mail_is_listed_released_and_discarded(types: Type, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"Subject: no sender\r\n\r\nhello\r\n")
    assert types("--config", folder, "import", tmp_path / "empty").code == 0
    held = types("--config", folder, "--json", "inbox").records
    assert [row["state"] for row in held] == ["held"]
    row = held[0]["id"]
    assert types("--config", folder, "inbox", "raw", row).code == 0
    assert types("--config", folder, "inbox", "discard", row).code == 0
    assert types("--config", folder, "inbox", "discard", row).code == 1, "it is discarded already"
    assert types("--config", folder, "inbox", "release", 12345).code == 1
    assert types("--config", folder, "inbox", "release").code == 2
    assert types("--config", folder, "--json", "inbox").records == []


def test_a_mail_that_is_too_big_shows_its_size_its_sender_and_its_subject(
    types: Type, folder: Path, tmp_path: Path
) -> None:
    with (folder / "mailbot.toml").open("a") as file:
        file.write("[limits]\nmessage_bytes = 65_536\n")
    (tmp_path / "huge").write_bytes(letter("All my pictures", text="A very long line.\r\n" * 8_000))
    assert types("--config", folder, "import", tmp_path / "huge").code == 0
    size = f"too_big ({(tmp_path / 'huge').stat().st_size:,} bytes)"
    assert size in types("--config", folder, "inbox").err
    shown = types("--config", folder, "inbox", "show", 1).err
    assert size in shown
    assert "dilip.rao@corp.example" in shown
    assert "All my pictures" in shown


def test_a_mail_in_doubt_says_when_it_is_tried_again_and_waits_for_nobody(types: Type, folder: Path) -> None:
    (folder.parent / "mail" / "new" / "1").write_bytes(letter())
    breaks = MemoryPostman()
    for _ in range(9):
        breaks.fail_next(lost_after_dot())
    with build(folder, in_process=True) as desk:
        turn_once(replace(desk.parts, postman=lambda: breaks, lookup_txt=None))
        with desk.database.read() as work:
            (doubtful, *_) = work.outbox.lines(states=(OutboxState.UNKNOWN,))
    assert doubtful.unknown_at is not None
    again = f"in doubt: tried again at {(doubtful.unknown_at + timedelta(minutes=15)).astimezone():%H:%M}"
    assert again in types("--config", folder, "outbox", "--all").err
    assert again in types("--config", folder, "outbox", "show", doubtful.id).err
    assert again not in types("--config", folder, "outbox").err


def test_a_backup_into_a_folder_that_is_not_there_says_so(types: Type, folder: Path, tmp_path: Path) -> None:
    typed = types("--config", folder, "backup", tmp_path / "nowhere" / "x.tar.gz")
    assert typed.code == 2
    assert f"the folder {tmp_path / 'nowhere'} does not exist" in typed.err


@pytest.mark.parametrize("roles", ["", " , ", "intake,cooking"])
def test_a_daemon_needs_roles_that_there_are(types: Type, folder: Path, roles: str) -> None:
    typed = types("--config", folder, "run", "--roles", roles)
    assert typed.code == 2
    assert "no such role" in typed.err


def test_lines_in_lines_out_in_order(types: Type, folder: Path) -> None:
    lines = (
        '{"id": "a", "subject": "VPN", "text": "The VPN is broken"}\n\n{"id": "b", "text": "Please order a laptop"}\n'
    )
    triage = types("--config", folder, "triage", stdin=lines).records
    assert [(record["id"], record["kind"]) for record in triage] == [("a", "incident"), ("b", "request")]
    replies = (
        '{"id": 1, "text": "Yes, it works again, thank you"}\n{"id": 2, "text": "Still broken"}\n{"id": 3, "text": "?"}'
    )
    intents = types("--config", folder, "reply-intent", stdin=replies).records
    assert [record["intent"] for record in intents] == ["confirmed", "rejected", "unclear"]
    question = '{"id": 9, "text": "How do I reset my password?"}'
    answer = types("--config", folder, "faq", "match", stdin=question).records[0]
    assert answer["answer"] == "reset-password"
    assert 0.9 <= answer["confidence"] <= 1


def test_a_line_that_is_no_json_is_named(types: Type, folder: Path) -> None:
    typed = types("--config", folder, "triage", stdin='{"id": 1, "text": "x"}\nnonsense\n')
    assert typed.code == 2
    assert "stdin:2" in typed.err
    assert len(typed.records) == 1


TEA = """+++
id = "tea"
title = "How do I make tea?"
questions = ["How do I make tea?"]
language = "en"
automatic = true
+++
Hot water.
"""


def test_faq_match_takes_a_folder_of_its_own(types: Type, folder: Path, tmp_path: Path) -> None:
    faq = tmp_path / "own-faq"
    faq.mkdir()
    (faq / "tea.md").write_text(TEA, encoding="utf-8")
    (faq / "broken.md").write_text("no front matter", encoding="utf-8")
    typed = types("--config", folder, "faq", "match", "--faq", faq, stdin='{"id": 1, "text": "How do I make tea?"}')
    assert typed.records[0]["answer"] == "tea"
    assert "broken.md" in typed.err


def test_people_shows_the_directory_and_says_when_nothing_is_known(types: Type, folder: Path) -> None:
    assert (
        types("--config", folder, "--json", "people", "show", "Dilip.Rao@corp.example").records[0]["name"]
        == "Dilip Rao"
    )
    assert types("--config", folder, "people", "show", "nobody@corp.example").code == 1


def test_a_mail_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mred\u202edesrever\r\nb") == "a\\x1b[31mred\\x202edesrever\nb"


def test_quiet_says_nothing_but_errors(types: Type, folder: Path) -> None:
    typed = types("--quiet", "--config", folder, "status")
    assert (typed.code, typed.out, typed.err) == (1, "", ""), "no daemon runs"
    assert types("--quiet", "--config", folder, "tickets", "show", 5).err != ""
