"""Where desks are killed: real mail servers and a real database, which one worker of the tests needs once.

Each life begins with the same past (or with none), the same mails in the mailbox, and an empty sink behind Postfix.
"""

from __future__ import annotations

import itertools
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

from mailbot.config.keys import new_keys
from mailbot.failpoints import Failpoint
from mailbot.store.database import Database
from tests.conversations.desk import HOUSE, WORDS
from tests.killed.orders import Nest
from tests.killed.planted import Fatal
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.policy import Policy
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres, need_postgres
from tests.servers.process import LOOPBACK, in_memory, new_folder
from tests.servers.sinks import Sink

SUPPORT = "support@corp.example"
_serial = itertools.count(100)
_OWN = """
[[mailboxes]]
account = "support"
since = "everything"
{mailbox}
[smtp]
host = "localhost"
port = {smtp_port}
{smtp}
[database]
url = "{database}"
state_folder = "{state}"

[intervals]
mailbox_poll_seconds = 2
delivery_poll_seconds = 0.2
deadline_poll_seconds = 1

"""


@dataclass(frozen=True, slots=True)
class Way:
    """How a desk of these tests reaches its mailbox and its database."""

    name: str
    database: str = "sqlite"
    tls: bool = False
    archive: bool = True
    move: bool = True
    maildir: bool = False


SQLITE = Way("sqlite")
POSTGRES = Way("postgres", database="postgres", tls=True, archive=False)
COPIES = Way("copies", move=False)
MAILDIR = Way("maildir", maildir=True)


class Place:
    """All servers, and the folder of each way with its configuration, its past and its mails."""

    def __init__(self, authority: Authority) -> None:
        self._stack = ExitStack()
        self.authority = authority
        self._homes: dict[Way, Home] = {}
        with in_memory():
            self._settle()

    def _settle(self) -> None:
        enter = self._stack.enter_context
        self.folder = new_folder("killed")
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        certificate, users = self.authority.issue(), {SUPPORT: PASSWORD}
        self.dovecot = enter(Dovecot(certificate, users=users))
        self.sink = enter(Sink())
        to_sink = f"smtp:[{LOOPBACK}]:{self.sink.port}"
        transports = {"corp.example": to_sink, "lists.corp.example": to_sink}
        self.postfix = enter(Postfix(certificate, self.dovecot, enter(Policy()), self.sink, transports=transports))
        self.nest = Nest(self.folder / "nest.log")
        self._stack.callback(self.nest.close)
        self.nest.order("write", folder=str(self.folder / "first"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @cached_property
    def postgres(self) -> Postgres:
        """A cluster of its own, from the moment that somebody asks for it."""
        need_postgres()
        with in_memory():
            return self._stack.enter_context(Postgres())

    def home(self, way: Way) -> Home:
        """The desk of that way, made when it is first asked for."""
        if way not in self._homes:
            with in_memory():
                self._homes[way] = self._build(way)
        return self._homes[way]

    def _build(self, way: Way) -> Home:
        dovecot = self.dovecot
        if not way.move:
            more = "imap_capability = IMAP4rev1 UIDPLUS IDLE"
            dovecot = self._stack.enter_context(Dovecot(self.authority.issue(), users={SUPPORT: PASSWORD}, more=more))
        home = Home(self, way, self.folder / way.name, dovecot)
        home.build()
        return home


class Home:
    """The desk of one way: what lies on its disk, in its database and in its mailbox."""

    def __init__(self, place: Place, way: Way, folder: Path, dovecot: Dovecot) -> None:
        self.place = place
        self.way = way
        self.folder = folder
        self.dovecot = dovecot
        self.config = folder / "config"
        self.state = folder / "state"
        self.notes = self.state / "notes"
        self.log = folder / "desk.log"
        self.postgres = place.postgres if way.database == "postgres" else None
        self.past_mails: set[str] = set()
        self.maildir = folder / "Maildir" if way.maildir else dovecot.maildir(SUPPORT)

    @property
    def database_url(self) -> str:
        return self.postgres.url("desk") if self.postgres else f"sqlite:///{self.state / 'desk.sqlite3'}"

    def build(self) -> None:
        """Configuration and past."""
        shutil.copytree(HOUSE, self.config)
        for words in WORDS.glob("words.*.toml"):
            shutil.copy(words, self.config)
        new_keys(self.config)
        secret = self.config / "secret"
        secret.touch(mode=0o600)
        secret.write_text(PASSWORD)
        self._write_main()
        self.state.mkdir()
        if self.postgres:
            self.postgres.tool("createdb", "desk")
        self.place.nest.order(
            "play", config=str(self.config), database_url=self.database_url, folder=str(self.folder / "next")
        )
        if self.postgres:
            self.postgres.tool("createdb", "-T", "desk", "past")
        else:
            (self.state / "desk.sqlite3").rename(self.folder / "past.sqlite3")
        past = self.postgres.url("past") if self.postgres else f"sqlite:///{self.folder / 'past.sqlite3'}"
        database = Database.open(past)
        with database.read() as work:
            self.past_mails = {line.message_id for line in work.outbox.lines()}
        database.close()

    def _write_main(self) -> None:
        main = self.config / "mailbot.toml"
        text = main.read_text(encoding="utf-8")
        postfix, dovecot, tls = self.place.postfix, self.dovecot, self.way.tls
        security = 'security = "tls"' if tls else 'security = "none"'
        trust = f'\nca_file = "{self.place.authority.ca_file}"' if tls else ""
        login = f'user = "{SUPPORT}"\npassword = {{ file = "secret" }}\n{security}{trust}\n'
        if self.way.maildir:
            mailbox = f'maildir = "{self.maildir}"\narchive_maildir = "{self.folder / "Archive"}"\n'
        else:
            archive = 'archive_folder = "Archive"\n' if self.way.archive else ""
            port = dovecot.imaps_port if tls else dovecot.imap_port
            mailbox = f'host = "localhost"\nport = {port}\n{login}{archive}'
        own = _OWN.format(
            mailbox=mailbox,
            smtp=login if tls else security,
            smtp_port=postfix.smtps_port if tls else postfix.port,
            database=self.database_url,
            state=self.state,
        )
        main.write_text(text[: text.index("[[mailboxes]]")] + own + text[text.index("[trust]") :], encoding="utf-8")

    # ---------------------------------------------------------------- before each life

    def lay(self, *, past: bool = True) -> list[bytes]:
        """The world before a life: the past, and the mails that lie in the mailbox."""
        shutil.rmtree(self.state)
        self.state.mkdir()
        self.log.write_bytes(b"")
        self._lay_database(past)
        self.place.sink.mails.clear()
        folder = self.folder / "next" if past else self.place.folder / "first"
        mails = [path.read_bytes() for path in sorted(folder.iterdir())]
        self._lay_mails(mails)
        return mails

    def _lay_database(self, past: bool) -> None:
        if self.postgres:
            self.postgres.tool("dropdb", "--force", "desk")
            self.postgres.tool("createdb", *(["-T", "past"] if past else []), "desk")
        elif past:
            shutil.copy(self.folder / "past.sqlite3", self.state / "desk.sqlite3")

    def _lay_mails(self, mails: Sequence[bytes]) -> None:
        for folder in ("new", "cur"):
            for path in (self.maildir / folder).glob("*"):
                path.unlink()
        if self.way.maildir:
            for folder in ("tmp", "new", "cur"):
                (self.maildir / folder).mkdir(parents=True, exist_ok=True)
            for raw in mails:
                (self.maildir / "new" / f"{next(_serial)}.mail").write_bytes(raw)
        else:
            self.dovecot.fill(SUPPORT, {f"{next(_serial)}.mail": raw for raw in mails})

    def hatch(
        self,
        fatal: Fatal | None = None,
        signals: Mapping[Failpoint, signal.Signals] | None = None,
        later: timedelta = timedelta(),
    ) -> int:
        """Start a desk, so much later than it is; its process id."""
        deadly = None if fatal is None else {**asdict(fatal), "words": fatal.words.decode()}
        pid: int = self.place.nest.order(
            "hatch",
            config=str(self.config),
            log=str(self.log),
            notes=str(self.notes),
            fatal=deadly,
            signals={point: int(one) for point, one in (signals or {}).items()},
            later_seconds=later.total_seconds(),
        )
        return pid

    def end_of(self, pid: int) -> int | None:
        """The exit code, negative for a signal; None while it lives."""
        code: int | None = self.place.nest.order("bury", pid=pid)
        return code

    def unmarked(self) -> list[Path]:
        """Messages that nobody could see to be stored; Dovecot writes keywords as small letters."""
        files = [path for folder in ("new", "cur") for path in (self.maildir / folder).glob("*.mail*")]
        return [path for path in files if self.way.archive or path.name[-1:] not in "abc"]

    def reached(self) -> list[str]:
        """The failpoints that desks have reached since `lay`, in order."""
        return self.notes.read_text().split() if self.notes.exists() else []
