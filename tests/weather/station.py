"""A weather station: the production daemon in a thread, with a network that fails to each of its three servers.

Mail comes from Dovecot, leaves to an SMTP server of the test's choice, and is kept in SQLite or PostgreSQL. Pauses are
those of production, ten times shorter; time-outs are settings of the transports.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailbot.__main__ import main
from mailbot.app import App, build
from mailbot.config.keys import new_keys
from mailbot.daemon import health, loops, supervise
from mailbot.daemon.parts import Parts
from mailbot.store.database import Database
from mailbot.store.rows import InboxLine, OutboxLine
from mailbot.store.states import InboxState
from mailbot.store.verify import verify
from mailbot.transport import smtp
from mailbot.transport.imap import ImapMailbox
from tests.conversations.desk import HOUSE, WORDS
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.proxy import Proxy
from tests.servers.sinks import Sink
from tests.stories.house import working

PATIENCE_SECONDS = 20.0
FULL = bool(os.environ.get("MAILBOT_FULL"))  # `make weather`
_numbers = itertools.count(1)

_OWN = """
[[mailboxes]]
account = "support"
host = "localhost"
port = {imap_port}
user = "{user}"
password = {{ file = "secret" }}
security = "none"
since = "everything"
{archive}

[smtp]
host = "localhost"
port = {smtp_port}
security = "none"
{more}
[intervals]
mailbox_poll_seconds = 1
delivery_poll_seconds = 0.1
deadline_poll_seconds = 1

[database]
url = "{database}"

"""
_LETTER = """\
From: {name} <{address}>
To: IT Support <support@corp.example>
Subject: {subject}
Message-ID: <{subject}@corp.example>
Date: Mon, 02 Mar 2026 09:00:00 +0000

The tunnel of {subject} does not work.
{padding}"""


@dataclass
class Station:
    """One running desk, and what the weather does to it."""

    app: App
    folder: Path
    dovecot: Dovecot
    user: str
    sink: Sink
    imap: Proxy
    smtp: Proxy
    desk: Database  # looked at without the weather

    # ---------------------------------------------------------------- mail

    def request(self, *, padding: int = 0) -> str:
        """Somebody whom the desk has never seen asks for help; their subject, which names the mail everywhere."""
        subject = f"fault{next(_numbers)}"
        address = f"{subject}@corp.example"
        long = ("x" * 70 + "\n") * (padding // 71)
        letter = _LETTER.format(name="Ann Archer", address=address, subject=subject, padding=long)
        self.dovecot.deliver(self.user, letter.replace("\n", "\r\n").encode())
        return subject

    def answered(self, subject: str) -> int:
        """How many acknowledgements its writer has."""
        return sum(mail.rcpt_to == f"{subject}@corp.example" for mail in self.sink.mails)

    def is_done(self, subject: str) -> bool:
        """Whether the mail is digested, marked on the server, and its writer answered."""
        rows = self.rows(subject)
        return bool(rows) and all(row.state is InboxState.DONE for row in rows) and self.answered(subject) > 0

    def waits_for(self, *subjects: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Until all these are done."""
        wait_for(lambda: all(map(self.is_done, subjects)), f"{subjects} are done", seconds)

    # ---------------------------------------------------------------- what the desk knows

    def rows(self, subject: str) -> list[InboxLine]:
        with self.desk.read() as work:
            return [row for row in work.inbox.lines() if row.message_id == f"{subject}@corp.example"]

    def mails_in(self) -> list[InboxLine]:
        with self.desk.read() as work:
            return work.inbox.lines()

    def lies_in(self, folder: str) -> int:
        """How many mails lie there, by the files."""
        box = self.dovecot.maildir(self.user)
        box = box if folder == "INBOX" else box / f".{folder}"
        return sum(1 for part in ("cur", "new") for _ in (box / part).glob("*"))

    def mails_out(self) -> list[OutboxLine]:
        with self.desk.read() as work:
            return work.outbox.lines()

    def breaches(self) -> list[str]:
        """What `mailbot verify` would complain about."""
        with self.desk.read() as work:
            return [f"{found.invariant} {found.where}: {found.what}" for found in verify(work)]

    def kept_its_promises(self, *subjects: str) -> None:
        """Each mail is one row, one ticket and one answer."""
        for subject in subjects:
            assert len(self.rows(subject)) == 1, "one row"
            assert self.answered(subject) == 1, "one answer"
        with self.desk.read() as work:
            tickets = [ticket.requester for ticket in work.tickets.find()]
        assert [tickets.count(f"{subject}@corp.example") for subject in subjects] == [1] * len(subjects)
        assert self.breaches() == []

    def status(self, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
        """State and detail of each part, as `mailbot status --json` tells them from beside."""
        capsys.readouterr()
        main(["--config", str(self.folder / "config"), "--json", "status"])
        told = json.loads(capsys.readouterr().out.splitlines()[0])
        return {one["component"].partition(":")[0]: (one["state"], one["detail"]) for one in told["health"]}


def write_config(folder: Path, **own: object) -> Path:
    """The house of the stories, with these servers."""
    config = folder / "config"
    shutil.copytree(HOUSE, config)
    for words in WORDS.glob("words.*.toml"):
        shutil.copy(words, config)
    new_keys(config)
    secret = config / "secret"
    secret.touch(mode=0o600)
    secret.write_text(PASSWORD)
    text = (config / "mailbot.toml").read_text()
    begin, end = text.index("[[mailboxes]]"), text.index("[trust]")
    (config / "mailbot.toml").write_text(text[:begin] + _OWN.format(**own) + text[end:])
    return config


@contextmanager
def quick() -> Iterator[pytest.MonkeyPatch]:
    """Pauses ten times shorter than in production; what is counted and compared stays."""
    usual = Parts.backoff

    def backoff(self: Parts, failures: int, base_seconds: float, cap_seconds: float) -> timedelta:
        return usual(self, failures, base_seconds, cap_seconds) / 10

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Parts, "backoff", backoff)
        patch.setattr(supervise, "PAUSE_SECONDS", 0.3)
        patch.setattr(loops, "PROCESSING_POLL_SECONDS", 0.3)
        patch.setattr(health, "EVERY", timedelta(seconds=1))
        patch.setattr(health, "AGAIN", timedelta(seconds=0.5))
        patch.setattr(smtp, "GOODBYE_SECONDS", 0.3)
        yield patch


@contextmanager
def open_station(
    folder: Path,
    dovecot: Dovecot,
    sink: Sink,
    database_url: str = "",
    *,
    look_url: str = "",
    archive: bool = False,
    more: str = "",
) -> Iterator[Station]:
    """A desk that works until the end; `archive` moves what is stored, `look_url` is another way to its database."""
    user = dovecot.new_address()
    with quick(), Proxy(dovecot.imap_port) as imap, Proxy(sink.port) as out:
        config = write_config(
            folder,
            imap_port=imap.port,
            smtp_port=out.port,
            user=user,
            archive='archive_folder = "Archive"' if archive else "",
            database=database_url or f"sqlite:///{folder / 'desk.sqlite3'}",
            more=more,
        )
        with build(config, in_process=True) as app:
            make_hasty(app)
            desk = Database.open(look_url) if look_url else app.database
            with working(app):
                yield Station(app, folder, dovecot, user, sink, imap, out, desk)
            desk.close()


def make_hasty(app: App) -> None:
    """Time-outs and polls of tests: a dead line is given up within a second."""
    for watched in app.parts.mailboxes:
        assert isinstance(watched.mailbox, ImapMailbox)
        watched.mailbox.settings = replace(
            watched.mailbox.settings,
            connect_timeout_seconds=0.8,
            read_timeout_seconds=0.8,
            probe_timeout_seconds=0.4,
        )
    out = replace(
        app.snapshot.smtp,
        connect_timeout_seconds=0.8,
        command_timeout_seconds=0.8,
        data_timeout_seconds=3.0,  # longer than a busy machine takes: what is in doubt comes twice
        kept_timeout_seconds=0.4,
    )
    app.snapshot = replace(app.snapshot, smtp=out)
    intervals = replace(app.parts.snapshot.intervals, mailbox_poll_seconds=0.3)
    app.settings.current = replace(app.settings.current, intervals=intervals)


def wait_for(holds: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Looks no more often than it must: the desk shares this processor."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.05)


def effort(act: Callable[[], None]) -> float:
    """What part of one processor this process used meanwhile."""
    began, used = time.monotonic(), time.process_time()
    act()
    return (time.process_time() - used) / (time.monotonic() - began)
