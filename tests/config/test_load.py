"""From files to one snapshot: what it holds, what its hash covers, and that a half-written folder never becomes one."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mailbot.config.files import read_files, read_once
from mailbot.config.findings import ConfigError
from mailbot.config.keys import new_keys
from mailbot.config.load import load
from mailbot.config.snapshot import Since
from mailbot.transport.imap import ImapSettings
from mailbot.transport.maildir import MaildirSettings
from mailbot.transport.security import Auth, Security, reveal
from mailbot.triage.assessment import Priority
from tests.config.conftest import edit


def test_the_snapshot_holds_what_the_files_say(sound: Path) -> None:
    snapshot = load(sound)
    policy = snapshot.policy
    assert policy.identity.address == "help@corp.example"
    assert policy.identity.domain == "corp.example"
    assert policy.groups["network"].list_address == "network@lists.corp.example"
    assert policy.groups["desk"].language == "en"
    assert policy.levels.targets[Priority.P1].response == timedelta(minutes=30)
    assert policy.triage.services["VPN"].label == {"en": "VPN", "de": "VPN"}
    assert policy.triage.services["VPN"].facts[0].question["de"] == "Wo?"
    assert policy.alerts[0].service == "VPN"
    assert policy.triage.faq.entries[0].answer == "Install it from the Software Centre."
    assert policy.people["d@home.example"] is policy.people["dan@corp.example"]
    assert policy.people["carla@corp.example"].vip
    assert policy.config_hash == snapshot.hash
    assert "gmail.com" in policy.public_providers


def test_ports_follow_from_the_protection(sound: Path) -> None:
    edit(sound / "mailbot.toml", 'host = "smtp.corp.example"', 'host = "smtp.corp.example"\nsecurity = "starttls"')
    snapshot = load(sound)
    mailbox = snapshot.mailboxes[0].transport
    assert isinstance(mailbox, ImapSettings)
    assert (mailbox.port, snapshot.smtp.port) == (993, 587)
    assert snapshot.smtp.security is Security.STARTTLS


def test_a_maildir_stands_in_for_a_server(sound: Path) -> None:
    whole = 'host = "imap.corp.example"\nuser = "help@corp.example"\npassword = "not a real one"'
    edit(sound / "mailbot.toml", whole, 'maildir = "mail"\nsince = 2025-01-31')
    mailbox = load(sound).mailboxes[0]
    assert isinstance(mailbox.transport, MaildirSettings)
    assert mailbox.transport.path == sound / "mail"
    assert mailbox.since == date(2025, 1, 31)
    assert (mailbox.account, mailbox.folder) == ("help", "INBOX")


def test_mail_before_the_first_start_does_not_count_unless_said(sound: Path) -> None:
    assert load(sound).mailboxes[0].since is Since.FIRST_START
    edit(sound / "mailbot.toml", 'account = "help"', 'account = "help"\nsince = "everything"')
    assert load(sound).mailboxes[0].since is Since.EVERYTHING


def test_a_token_stands_in_for_a_password(sound: Path) -> None:
    token = 'auth = "xoauth2"\ntoken = { command = ["printf", "t0ken"] }'
    edit(sound / "mailbot.toml", 'password = "not a real one"', token)
    mailbox = load(sound).mailboxes[0].transport
    assert isinstance(mailbox, ImapSettings)
    assert mailbox.auth is Auth.XOAUTH2
    assert reveal(mailbox.password) == "t0ken"


def test_the_state_folder_is_as_set_or_as_systemd_says_or_beside(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    assert load(sound).state_folder == sound.parent / "state"
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/mailbot")
    assert load(sound).database_url == "sqlite:////var/lib/mailbot/mailbot.sqlite3"
    edit(sound / "mailbot.toml", "[trust]", '[database]\nstate_folder = "data"\n\n[trust]')
    assert load(sound).state_folder == sound / "data"


def test_a_calendar_with_hours_counts_only_them(sound: Path) -> None:
    edit(sound / "service_levels.toml", "always = true", 'timezone = "UTC"\nhours = { mon = "08:00-10:00" }')
    calendar = load(sound).policy.levels.calendar
    monday = datetime(2025, 3, 3, 9, tzinfo=UTC)
    assert calendar.add(monday, timedelta(minutes=30)) == monday + timedelta(minutes=30)
    assert calendar.add(monday, timedelta(minutes=90)) == datetime(2025, 3, 10, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["mailbot.toml", "routing.toml", "words.de.toml", "people.csv", "faq/vpn.md"])
def test_the_hash_changes_with_any_file(name: str, sound: Path) -> None:
    before = load(sound).hash
    with (sound / name).open("a") as file:
        file.write("\n" if name != "people.csv" else "eve@corp.example,,Eve Elm,no,\n")
    assert load(sound).hash != before


def test_the_hash_changes_with_a_letter(sound: Path) -> None:
    before = load(sound).hash
    edit(sound / "routing.toml", "Where?", "Whose?")
    assert load(sound).hash != before


def test_the_hash_does_not_change_with_the_keys_nor_with_time(sound: Path) -> None:
    before = load(sound).hash
    new_keys(sound)
    assert load(sound).hash == before


def test_a_desk_without_keys_does_not_start_but_mail_can_be_looked_at(sound: Path) -> None:
    (sound / "keys.toml").unlink()
    with pytest.raises(ConfigError, match=r"keys\.toml: is missing; make it: mailbot --config .* keys new"):
        load(sound)
    assert len(load(sound, keys_needed=False).keyring.keys) == 1


def test_files_that_change_between_two_readings_are_read_again(sound: Path) -> None:
    contents = ["address\n", "address\nann@corp.example\n", "address\nann@corp.example\nben@corp.example\n"]

    def read_while_somebody_writes(folder: Path) -> dict[str, bytes]:
        if contents:
            (folder / "people.csv").write_text(contents.pop(0))
        return read_once(folder)

    read = read_files(sound, read_while_somebody_writes, pause_seconds=0)
    assert b"ben@corp.example" in read.raw["people.csv"]
    assert read == read_files(sound)


def test_files_that_never_rest_are_no_configuration(sound: Path) -> None:
    numbers = iter(range(1000))
    with pytest.raises(ConfigError, match="change while they are read"):
        read_files(sound, lambda _: {"people.csv": str(next(numbers)).encode()}, pause_seconds=0)


def test_a_database_that_cannot_be_named_keeps_the_desk_from_starting(
    sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(sound / "mailbot.toml", "[trust]", '[database]\nurl = { env = "DESK_DATABASE" }\n\n[trust]')
    monkeypatch.setenv("DESK_DATABASE", "postgresql+psycopg://desk@db/desk")
    assert load(sound).database_url == "postgresql+psycopg://desk@db/desk"
    monkeypatch.delenv("DESK_DATABASE")
    with pytest.raises(ConfigError, match=r"\[database\] url: the environment variable DESK_DATABASE is not set"):
        load(sound)
    assert load(sound, keys_needed=False).database_url == ""
