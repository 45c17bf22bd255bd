"""The composition root: settings -> parts -> daemon. The only place that names implementations.

Everything that a verb of the command line (or the demo) does with a desk it does through `App`: `run`, `once`,
`status`, `explain`, `import_mails`. They return plain data and print nothing.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from os import getpid
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self, assert_never
from zoneinfo import ZoneInfo

from mailbot.config.findings import ConfigError
from mailbot.config.last_good import Start, keep_last_good, load_or_last_good
from mailbot.config.load import load
from mailbot.config.looking import look_of, without_own_files
from mailbot.config.snapshot import MailboxSettings, Since, Snapshot
from mailbot.daemon import explaining, importing, parts, supervise
from mailbot.daemon.beginning import remember_config
from mailbot.daemon.explaining import Trace, TracedMail
from mailbot.daemon.importing import ImportReport, Progress
from mailbot.daemon.log import warn
from mailbot.daemon.loops import ROLES
from mailbot.daemon.parsing import ChildParser, InProcessParser, Parser
from mailbot.daemon.parts import Parts, Settings, Wakes, Watched
from mailbot.daemon.supervise import Supervisor, Turn
from mailbot.desk.policy import Policy
from mailbot.mail.model import Recognition
from mailbot.render.mails import Renderer
from mailbot.render.templates import Templates
from mailbot.store.daemon_claim import AlreadyRunning
from mailbot.store.database import Database
from mailbot.store.rows import Status
from mailbot.transport.dns import lookup_txt
from mailbot.transport.imap import ImapMailbox, ImapSettings
from mailbot.transport.mailbox import Mailbox
from mailbot.transport.maildir import MaildirMailbox, MaildirSettings
from mailbot.transport.postman import Postman
from mailbot.transport.smtp import SmtpPostman, SmtpSettings

__all__ = [
    "ROLES",
    "AlreadyRunning",
    "App",
    "ImportReport",
    "Progress",
    "Trace",
    "TracedMail",
    "Turn",
    "build",
]

Clock = Callable[[], datetime]


class App:
    """A desk, put together from a folder of settings. Use it as a context manager, or close it."""

    def __init__(self, folder: Path, *, parser: Parser, clock: Clock | None = None, last_good: bool = False) -> None:
        self._folder = folder
        looked_like = look_of(folder)  # before the files are read, so that an edit meanwhile is seen as one
        start = load_or_last_good(folder) if last_good else Start(load(folder))
        self.snapshot = start.snapshot
        self._looked_like = without_own_files(looked_like, self.snapshot.state_folder)
        self.refused = start.refused  # why that is the last good configuration instead of the folder's
        self.database = Database.open(self.snapshot.database_url)
        self.database.upgrade()
        problem = str(ConfigError(start.refused)) if start.refused else ""
        self.settings = Settings(self._load_again, adapt(self.snapshot), problem)
        self._supervisor: Supervisor | None = None
        self.parts = Parts(
            database=self.database,
            settings=self.settings,
            parser=parser,
            postman=self._postman,
            mailboxes=tuple(_watch(settings, self.snapshot.policy) for settings in self.snapshot.mailboxes),
            alert_postman=self._alert_postman if self.snapshot.alert_smtp is not None else None,
            lookup_txt=lookup_txt,
            holder=f"{socket.gethostname()}:{getpid()}:{token_hex(4)}",  # numbers of processes are used again
            clock=clock or self.database.now,  # one clock for all daemons of a database
        )

    def run(
        self,
        roles: Iterable[str] = ROLES,
        *,
        stop: threading.Event | None = None,
        handle_signals: bool = True,
    ) -> None:
        """Work until `stop` is set (SIGTERM, SIGINT); SIGHUP reloads. Raises AlreadyRunning beside another daemon."""
        self.database.claim_daemon("mailbot run")
        self._tell_or_keep()
        working = replace(self.parts, wakes=Wakes(stop=stop or threading.Event()))
        self._supervisor = Supervisor(working, roles, changed=self.files_changed)
        self._supervisor.run(handle_signals=handle_signals)

    def reload(self) -> None:
        """Let a running daemon read its configuration again."""
        if self._supervisor is not None:
            self._supervisor.reload()

    def files_changed(self) -> bool:
        """Whether somebody has edited the configuration since the last look."""
        before, self._looked_like = (
            self._looked_like,
            without_own_files(look_of(self._folder), self.snapshot.state_folder),
        )
        return before != self._looked_like

    def once(self, now: datetime | None = None) -> Turn:
        """One turn of every loop, in the order of a mail's way. Raises AlreadyRunning beside another daemon."""
        self.database.claim_daemon("mailbot once")
        self._tell_or_keep()
        return supervise.turn_once(self.parts if now is None else replace(self.parts, clock=lambda: now))

    def status(self, now: datetime | None = None) -> Status:
        """What waits where, and since when."""
        with self.database.read() as work:
            return work.status(now or self.parts.clock())

    def explain(self, raw: bytes, file: str = "", now: datetime | None = None) -> Trace:
        """What this mail would cause, walked through the production code in a transaction that is rolled back."""
        quiet = replace(self.parts, postman=_no_postman, alert_postman=None, lookup_txt=None)
        return explaining.explain(quiet, raw, file, now or self.parts.clock())

    def import_mails(
        self,
        paths: Iterable[Path],
        *,
        live: bool = False,
        mbox: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Take in files, folders and Maildirs through the way of every mail; without `live` nothing leaves."""
        remember_config(self.parts)
        silent = replace(self.parts, lookup_txt=None)  # keys of old mail are gone from DNS
        return importing.import_mails(silent, paths, live=live, mbox=mbox, progress=progress)

    def close(self) -> None:
        """Let go of the database and the parser; may be repeated."""
        self.parts.parser.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---------------------------------------------------------------- the last good configuration, and reload

    def _tell_or_keep(self) -> None:
        """Every finding, if the folder has errors; else its files are the last good ones from now on."""
        for finding in self.refused:
            warn("config_finding", finding=finding)
        if self.refused:
            warn("working_with_last_good", config=self.snapshot.hash)
        else:
            self._keep(self.snapshot)

    def _keep(self, snapshot: Snapshot) -> None:
        try:
            keep_last_good(snapshot)
        except OSError as error:  # a full disk: the desk works on, without a net
            warn("last_good_not_kept", reason=error.strerror)

    def _load_again(self) -> parts.Snapshot:
        fresh = load(self._folder)
        if changed := _changed_for_good(self.snapshot, fresh):
            warn("restart_needed", changed=",".join(changed))
        adapted = adapt(fresh)
        self.snapshot = fresh
        self.refused = ()
        self._keep(fresh)
        return adapted

    def _postman(self) -> Postman:
        return open_postman(self.snapshot.smtp)

    def _alert_postman(self) -> Postman:
        return open_postman(self.snapshot.alert_smtp or self.snapshot.smtp)


def build(folder: Path, *, in_process: bool = False, clock: Clock | None = None, last_good: bool = False) -> App:
    """The desk of that configuration folder; raises ConfigError. Creates or upgrades its database.

    `in_process` parses without a child process: for tests and short errands over trusted files. With `last_good` a
    folder with errors gives the desk of its last good files, and `refused` says why.
    """
    parser: Parser = InProcessParser() if in_process else ChildParser()
    return App(folder, parser=parser, clock=clock, last_good=last_good)


def adapt(snapshot: Snapshot) -> parts.Snapshot:
    """The configuration as the daemon needs it."""
    intervals = snapshot.intervals
    return parts.Snapshot(
        hash=snapshot.hash,
        policy=snapshot.policy,
        keyring=snapshot.keyring,
        renderer=Renderer(Templates.load(snapshot.templates)),
        recognition=recognition_of(snapshot.policy),
        intervals=parts.Intervals(
            mailbox_poll_seconds=intervals.mailbox_poll_seconds,
            delivery_poll_seconds=intervals.delivery_poll_seconds,
            deadline_poll_seconds=intervals.deadline_poll_seconds,
            config_poll_seconds=intervals.config_poll_seconds,
        ),
        files={name: content.decode("utf-8", "replace") for name, content in snapshot.files},
    )


def recognition_of(policy: Policy) -> Recognition:
    """What the parser must know to tell the desk's own mail and that of its lists from other mail."""
    identity = policy.identity
    lists = (name for group in policy.groups.values() for name in (group.list_id, group.list_address) if name)
    return Recognition(
        own_addresses=identity.addresses,
        instance=identity.instance,
        arrives_through=identity.arrives_through,
        group_lists=tuple(lists),
        languages=identity.languages,
    )


def _watch(settings: MailboxSettings, policy: Policy) -> Watched:
    return Watched(open_mailbox(settings), counts_from(settings.since, policy), open_archive(settings))


def open_mailbox(settings: MailboxSettings) -> Mailbox:
    """The mailbox of these settings; it connects when it is first looked into."""
    match settings.transport:
        case ImapSettings():
            return ImapMailbox(settings.transport)
        case MaildirSettings():
            return MaildirMailbox(settings.transport)
    assert_never(settings.transport)


def open_archive(settings: MailboxSettings) -> Mailbox | None:
    """The folder that mail of this mailbox is moved to, if it is."""
    match settings.transport:
        case ImapSettings(archive_folder=str(name)):
            return ImapMailbox(replace(settings.transport, folder=name, archive_folder=None))
        case MaildirSettings(archive_path=Path() as path, folder=name):
            moved = replace(
                settings.transport, path=path, folder=f"{name} (archive)", archive_path=None, index_path=None
            )
            return MaildirMailbox(moved)
        case _:
            return None


def open_postman(settings: SmtpSettings) -> Postman:
    """The postman of these settings; he connects when he has something to deliver."""
    return SmtpPostman(settings)


def counts_from(since: Since | date, policy: Policy) -> datetime | None:
    """The instant from which mail of a mailbox counts; None: that of its first start."""
    if since is Since.FIRST_START:
        return None
    if since is Since.EVERYTHING:
        return parts.EVERYTHING
    midnight = datetime.combine(since, time(), ZoneInfo(policy.identity.timezone))
    return midnight.astimezone(UTC)


def _changed_for_good(before: Snapshot, after: Snapshot) -> list[str]:
    """What only a restart can change. Compared as it is shown: secrets are read anew by each login anyway."""
    fixed = ("mailboxes", "smtp", "alert_smtp", "database_url")
    return [name for name in fixed if repr(getattr(after, name)) != repr(getattr(before, name))]


def _no_postman() -> Postman:
    raise AssertionError("a rehearsal sends nothing")
