"""The command line as its users type it: verbs in this process, over a configuration of their own with a Maildir."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailbot.cli.command_line import run

MAIN = """
[identity]
name = "IT Support"
address = "support@corp.example"
organisation = "Example Ltd"
own_domains = ["corp.example"]
languages = ["en", "de"]

[admins]
addresses = ["mail-admins@corp.example"]

[[mailboxes]]
account = "support"
maildir = "{maildir}"
since = "everything"

[smtp]
host = "127.0.0.1"
port = 1
security = "none"
"""


@dataclass(frozen=True, slots=True)
class Typed:
    """What came of a command line."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


Type = Callable[..., Typed]


@pytest.fixture
def types(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type a command line (and, for verbs that read it, stdin)."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("MAILBOT_CONFIG", raising=False)

    def typed(*arguments: object, stdin: str = "") -> Typed:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        try:
            code = run([str(argument) for argument in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        caught = capsys.readouterr()
        return Typed(code, caught.out, caught.err)

    return typed


@pytest.fixture
def folder(tmp_path: Path, types: Type) -> Path:
    """A configuration made by `mailbot init`, watching a Maildir."""
    config, maildir = tmp_path / "config", tmp_path / "mail"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    assert types("init", config).code == 0
    (config / "mailbot.toml").write_text(MAIN.format(maildir=maildir), encoding="utf-8")
    return config


def letter(
    subject: str = "VPN drops", sender: str = "dilip.rao@corp.example", text: str = "It does not work."
) -> bytes:
    """A mail of a person in the directory, as a server delivers it."""
    return (
        f"Return-Path: <{sender}>\r\nFrom: <{sender}>\r\nTo: support@corp.example\r\nSubject: {subject}\r\n"
        f"Date: Mon, 02 Mar 2026 09:00:00 +0000\r\nMessage-ID: <{abs(hash((subject, sender, text)))}@corp.example>\r\n"
        f"\r\n{text}\r\n"
    ).encode()
