"""`mailbot doctor` over Dovecot and Postfix: TLS, days of a certificate, MOVE, keywords, a real bounce of the probe."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mailbot.config.keys import new_keys
from mailbot.config.locate import packaged
from mailbot.daemon.examining import probe
from tests.cli.conftest import Type
from tests.cli.test_doctor import lines
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.postfix import Postfix

MAIN = """
[identity]
name = "IT Support"
address = "{address}"
organisation = "Example Ltd"
own_domains = ["box.test"]
languages = ["en", "de"]
{token_base}

[admins]
addresses = ["admins@demo.test"]

[[mailboxes]]
account = "support"
host = "localhost"
port = {imap_port}
user = "{address}"
password = {{ file = "password" }}
security = "{imap_security}"
{ca_file}
{archive}

[smtp]
host = "localhost"
port = {smtp_port}
user = "{address}"
password = {{ file = "password" }}
security = "{smtp_security}"
{ca_file}
"""


class House:
    """Writes configurations for these servers."""

    def __init__(self, folder: Path, dovecot: Dovecot, postfix: Postfix, authority: Authority) -> None:
        self.folder = folder / "config"
        self._dovecot, self._postfix, self._authority = dovecot, postfix, authority
        shutil.copytree(packaged("config"), self.folder, ignore=shutil.ignore_patterns("keys.toml"))
        new_keys(self.folder)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(PASSWORD, encoding="utf-8")

    def writes(self, *, starttls: bool = False, trusted: bool = True, archive: str = "", token_base: str = "") -> Path:
        address = self._dovecot.new_address()
        self._dovecot.deliver(address)  # so that the mailbox is there
        text = MAIN.format(
            address=address,
            token_base=f'token_base = "{token_base}"' if token_base else "",
            imap_port=self._dovecot.imap_port if starttls else self._dovecot.imaps_port,
            smtp_port=self._postfix.submission_port if starttls else self._postfix.smtps_port,
            imap_security="starttls" if starttls else "tls",
            smtp_security="starttls" if starttls else "tls",
            ca_file=f'ca_file = "{self._authority.ca_file}"' if trusted else "",
            archive=f'archive_folder = "{archive}"' if archive else "",
        )
        (self.folder / "mailbot.toml").write_text(text, encoding="utf-8")
        return self.folder


@pytest.fixture
def house(
    tmp_path: Path, dovecot: Dovecot, postfix: Postfix, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> House:
    monkeypatch.setattr(probe, "WAIT_SECONDS", 20)
    monkeypatch.setattr(probe, "LOOK_EVERY_SECONDS", 0.1)
    return House(tmp_path, dovecot, postfix, authority)


@pytest.mark.parametrize("starttls", [False, True])
def test_all_is_well_and_the_probe_goes_round(types: Type, house: House, starttls: bool) -> None:
    typed = types("--config", house.writes(starttls=starttls), "--json", "doctor")
    found = lines(typed)
    assert typed.code == 0, typed.out
    for place in ("mailbox support", "smtp"):
        assert found[place, "TLS"]["found"].startswith("TLSv1.3, the certificate ends in ")
        assert found[place, "TLS"]["state"] == "ok"
    assert found["mailbox support", "stored mail"]["found"] == "is labelled with a keyword"
    assert found["smtp", "SIZE"]["state"] == "warn", "the server takes a megabyte"
    assert found["smtp", "sender"]["state"] == "ok"
    assert "arrived in INBOX" in found["probe", "plus-address"]["found"]
    assert found["probe", "clock"]["state"] == "ok"


def test_an_archive_folder_is_moved_to(types: Type, house: House) -> None:
    typed = types("--config", house.writes(archive="Archive"), "--json", "doctor", "--no-probe")
    assert typed.code == 0, typed.out
    assert lines(typed)["mailbox support", "stored mail"]["found"] == "is moved to Archive (MOVE)"


def test_a_certificate_that_nobody_vouches_for_is_told_with_its_remedy(types: Type, house: House) -> None:
    typed = types("--config", house.writes(trusted=False), "--json", "doctor")
    assert typed.code == 1
    for place in ("mailbox support", "smtp"):
        told = lines(typed)[place, "connection"]
        assert "certificate" in told["found"]
        assert "ca_file" in told["remedy"]


def test_a_probe_that_bounces_is_told_by_its_bounce(types: Type, house: House) -> None:
    typed = types("--config", house.writes(token_base="it@hard.test"), "--json", "doctor")
    assert typed.code == 1
    assert "came back undelivered" in lines(typed)["probe", "plus-address"]["found"]
