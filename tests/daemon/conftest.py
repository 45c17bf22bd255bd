"""The daemon is tested over the desk of the stories: real store, real rules, mailbox and postman in memory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailbot.config.keys import new_keys
from mailbot.desk.policy import Policy
from tests.conversations.desk import HOUSE, WORDS, Desk
from tests.conversations.people import Correspondent


@pytest.fixture
def desk() -> Iterator[Desk]:
    running = Desk()
    yield running
    running.close()


@pytest.fixture
def ann(desk: Desk) -> Correspondent:
    """A requester."""
    return Correspondent(desk, "ann@corp.example", "Ann Archer")


@pytest.fixture
def sam(desk: Desk) -> Correspondent:
    """A specialist of the network team."""
    return Correspondent(desk, "sam@corp.example", "Sam Sato")


@pytest.fixture
def admin(desk: Desk) -> Correspondent:
    return Correspondent(desk, "admin@corp.example", "Ada Admin")


@pytest.fixture
def with_limits(desk: Desk) -> Callable[..., None]:
    """Change limits of the running desk."""

    def change(**limits: int) -> None:
        policy: Policy = desk.settings.current.policy
        policy = replace(policy, limits=replace(policy.limits, **limits))
        desk.settings.current = replace(desk.settings.current, policy=policy)

    return change


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The house of the stories with a Maildir, a database file, and nobody behind its SMTP port."""
    config = tmp_path / "config"
    shutil.copytree(HOUSE, config)
    for words in WORDS.glob("words.*.toml"):
        shutil.copy(words, config)
    new_keys(config)
    for name in ("cur", "new", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    text = (config / "mailbot.toml").read_text()
    begin, end = text.index("[[mailboxes]]"), text.index("[trust]")
    own = f"""
[[mailboxes]]
account = "support"
maildir = "{tmp_path / "mail"}"
since = "everything"

[smtp]
host = "127.0.0.1"
port = 1
security = "none"

[database]
url = "sqlite:///{tmp_path / "desk.sqlite3"}"

"""
    (config / "mailbot.toml").write_text(text[:begin] + own + text[end:])
    return config
