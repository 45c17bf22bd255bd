"""One immutable, checked configuration: all that the daemon's threads share. A reload swaps it as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from mailbot.config.findings import Finding
from mailbot.desk.policy import Policy
from mailbot.mail.keyring import Keyring
from mailbot.transport.imap import ImapSettings
from mailbot.transport.maildir import MaildirSettings
from mailbot.transport.smtp import SmtpSettings


class Since(StrEnum):
    """From when on the mail of a mailbox counts, where it is no date."""

    FIRST_START = "first start"
    EVERYTHING = "everything"


@dataclass(frozen=True, slots=True)
class MailboxSettings:
    """A watched mailbox: how to reach it and which of its mail counts."""

    transport: ImapSettings | MaildirSettings
    since: Since | date = Since.FIRST_START

    @property
    def account(self) -> str:
        """The name under which its inbox rows are kept."""
        return self.transport.account

    @property
    def folder(self) -> str:
        """The watched folder."""
        return self.transport.folder


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often the loops look when nothing wakes them."""

    mailbox_poll_seconds: float = 60.0
    delivery_poll_seconds: float = 5.0
    deadline_poll_seconds: float = 30.0
    config_poll_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Retention:
    """How long data is kept."""

    raw_days: int = 30
    ticket_days: int = 1095
    people_days: int = 400


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the files say. `hash` covers all of them but the keys; `warnings` keep nobody from using it."""

    hash: str
    folder: Path
    policy: Policy
    keyring: Keyring = field(repr=False)
    mailboxes: tuple[MailboxSettings, ...]
    smtp: SmtpSettings
    alert_smtp: SmtpSettings | None
    database_url: str = field(repr=False)  # may hold a password
    state_folder: Path  # attachments, excerpts and whatever else the desk writes
    templates: Path
    intervals: Intervals = Intervals()
    retention: Retention = Retention()
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)  # what the hash covers: for `replay`
    warnings: tuple[Finding, ...] = ()
