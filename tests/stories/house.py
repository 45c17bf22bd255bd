"""The house of a story: Example Ltd with a real mail system, and the desk that works in it.

People have mailboxes in Dovecot; Postfix carries their mail; the lists of the groups are mlmmj's, with a prefix, a
footer and a Reply-To of their own, and the desk is a member of each. The desk is the production daemon in a thread,
with a configuration folder as admins write it. Everything is made for one story and gone after it.
"""

from __future__ import annotations

import re
import shutil
import smtplib
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mailbot.app import App, build
from mailbot.config.keys import new_keys
from mailbot.config.load import load
from mailbot.config.locate import packaged
from mailbot.desk.policy import Group
from mailbot.desk.ticket import Entry, Ticket
from mailbot.store.rows import InboxLine, OutboxLine
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.verify import verify
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot, need_dovecot
from tests.servers.mlmmj import MailingLists, need_mlmmj
from tests.servers.oauth import OAuth
from tests.servers.policy import Policy
from tests.servers.postfix import Postfix, need_postfix
from tests.servers.process import LOOPBACK, wait_until
from tests.servers.sinks import Sink

SUPPORT = "support@corp.example"
HELPDESK = "helpdesk@corp.example"
ADMINS = "mail-admins@corp.example"
FOOTER = "-- \nThis list is for the staff of Example Ltd only"
_ADDRESS = re.compile(r"[\w.-]+@corp\.example")
_UNDER_WAY = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Way:
    """How the desk reaches its mail system and its database."""

    name: str
    security: str = "none"
    auth: str = "password"
    idle: bool = True
    accounts: tuple[str, ...] = (SUPPORT,)
    database: str = ""
    """A fixture that yields the URL; "" is SQLite."""


@dataclass(frozen=True, slots=True)
class Street:
    """What all houses of a session share."""

    authority: Authority
    oauth: OAuth
    policy: Policy
    sink: Sink


class House:
    """One running desk, and everything that its story may look at."""

    host = LOOPBACK

    def __init__(self, dovecot: Dovecot, postfix: Postfix, lists: MailingLists, app: App) -> None:
        self.dovecot = dovecot
        self.postfix = postfix
        self.lists = lists
        self.app = app

    # ---------------------------------------------------------------- what people see (`MailWorld` of the demo)

    @property
    def smtp_port(self) -> int:
        return self.postfix.port

    def received(self, address: str) -> list[bytes]:
        """All mail that a mailbox has got so far, oldest first."""
        box = self.dovecot.maildir(address)
        files = [path for folder in ("new", "cur") for path in (box / folder).glob("*")]
        return [raw for path in sorted(files, key=_age) if (raw := _read(path))]

    def send(self, raw: bytes, sender: str, *recipients: str) -> None:
        """Hand a mail to Postfix as it is."""
        with smtplib.SMTP(self.host, self.smtp_port, timeout=10) as smtp:
            smtp.sendmail(sender, recipients, raw)

    def refuses(self, address: str) -> None:
        """From now on Postfix takes mail for this address, and returns it."""
        self.postfix.transports[address] = "error:5.1.1 User unknown"
        self.postfix.write_transports()
        self.postfix.reload()

    # ---------------------------------------------------------------- what stands in the database

    @property
    def groups(self) -> Mapping[str, Group]:
        return self.app.snapshot.policy.groups

    def tickets(self) -> list[Ticket]:
        """Newest first."""
        with self.app.database.read() as work:
            return work.tickets.find()

    def ticket_of(self, requester: str) -> Ticket:
        """The only ticket of that requester."""
        (found,) = (ticket for ticket in self.tickets() if ticket.requester == requester)
        return found

    def entries(self, ticket: Ticket) -> tuple[Entry, ...]:
        with self.app.database.read() as work:
            return work.tickets.entries(ticket.number)

    def mails_in(self) -> list[InboxLine]:
        """Newest first."""
        with self.app.database.read() as work:
            return work.inbox.lines()

    def mails_out(self) -> list[OutboxLine]:
        """Newest first."""
        with self.app.database.read() as work:
            return work.outbox.lines()

    def disposition(self, message_id: str) -> str:
        """`done: …` of the newest inbox row with that Message-ID, "" while there is none."""
        found = (row for row in self.mails_in() if row.message_id == message_id.strip("<>"))
        return next((f"{row.state}: {row.reason}" for row in found), "")

    def chronicle(self) -> str:
        """What happened to every mail, for whoever must find out why a story broke off."""
        inside = (
            f"in  {r.id:3} {r.state}: {r.reason} | {r.sender} | {r.subject} | {r.ticket}" for r in self.mails_in()
        )
        outside = (f"out {r.id:3} {r.state}: {r.kind} to {r.recipient} | {r.ticket}" for r in self.mails_out())
        return "\n".join((*inside, *outside))

    def breaches(self) -> list[str]:
        """What `mailbot verify` complains about."""
        with self.app.database.read() as work:
            return [f"{found.invariant} {found.where}: {found.what}" for found in verify(work)]

    def comes_to_rest(self) -> None:
        """Wait until no mail is under way: in Postfix, in the mailboxes of the desk, in its inbox and outbox."""
        wait_until(self._rests, "the house comes to rest", timeout_seconds=15)

    def _rests(self) -> bool:
        if self.postfix.queue():
            return False
        accounts = (mailbox.mailbox.account for mailbox in self.app.parts.mailboxes)
        delivered = sum(len(self.received(f"{account}@corp.example")) for account in accounts)
        inside, outside = self.mails_in(), self.mails_out()
        arrived = len(inside) == delivered
        digested = not any(row.state in (InboxState.RECEIVED, InboxState.CLAIMED) for row in inside)
        return arrived and digested and not any(row.state in _UNDER_WAY for row in outside)


@contextmanager
def open_house(
    street: Street,
    folder: Path,
    way: Way,
    database_url: str = "",
    found: Callable[[MailingLists, Group], None] | None = None,
) -> Iterator[House]:
    """Build it all and let the desk work until the end of the story; `found` makes the list of a group."""
    for need in (need_dovecot, need_postfix, need_mlmmj):
        need()
    config = copy_example(folder)
    certificate = street.authority.issue()
    more = "" if way.idle else "imap_capability = IMAP4rev1 UIDPLUS MOVE"
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(certificate, street.oauth, residents(config), more=more))
        lists = MailingLists()
        stack.callback(lists.close)
        postfix = Postfix(certificate, dovecot, street.policy, street.sink, lists, domains=("corp.example",))
        stack.enter_context(postfix)
        ports = {"none": postfix.port, "starttls": postfix.submission_port, "tls": postfix.smtps_port}
        write_settings(config, way, street, dovecot, ports[way.security], database_url)
        for group in load(config).policy.groups.values():
            if group.list_address:
                (found or found_list)(lists, group)
        app = stack.enter_context(build(config, in_process=way.name == "quick"))
        stack.enter_context(working(app))
        house = House(dovecot, postfix, lists, app)
        try:
            yield house
        finally:
            print(house.chronicle())


def copy_example(folder: Path) -> Path:
    """The example configuration, with lists on the bench's own list server."""
    config = folder / "config"
    shutil.copytree(packaged("config"), config, ignore=shutil.ignore_patterns("keys.toml"))
    routing = config / "routing.toml"
    routing.write_text(routing.read_text(encoding="utf-8").replace("@lists.corp.example", "@lists.test"))
    new_keys(config)
    return config


def residents(config: Path) -> dict[str, str]:
    """Everybody whom the example names has a mailbox."""
    texts = (path.read_text(encoding="utf-8") for path in (*config.glob("*.toml"), config / "people.csv"))
    return dict.fromkeys(sorted({found for text in texts for found in _ADDRESS.findall(text)}), PASSWORD)


def found_list(lists: MailingLists, group: Group, *, desk: bool = True, **settings: bool) -> None:
    """The list of a group as admins should make it: everybody is a member, the desk too."""
    assert group.list_address is not None
    name = group.list_address.partition("@")[0]
    members = [*group.members, *([SUPPORT] if desk else [])]
    lists.add(name, members, prefix=f"[{name}]", footer=FOOTER, **settings)


_MAIN = """
[identity]
name = "IT Support"
address = "support@corp.example"
organisation = "Example Ltd"
aliases = ["helpdesk@corp.example"]
own_domains = ["corp.example"]
languages = ["en", "de"]
phone = "+44 20 7946 0100"
signature = {{ en = "Your IT Support", de = "Ihr IT-Support" }}
[admins]
addresses = ["mail-admins@corp.example"]
{mailboxes}
[smtp]
host = "localhost"
port = {port}
{access}
[database]
url = "{database}"
[delivery]
hold_seconds = 0
[faq]
mode = "answer"
[intervals]
mailbox_poll_seconds = {poll_seconds}
delivery_poll_seconds = 0.2
deadline_poll_seconds = 1
{more}
"""
_MAILBOX = """
[[mailboxes]]
account = "{account}"
host = "localhost"
port = {port}
since = "everything"
{access}
"""


def write_settings(
    config: Path, way: Way, street: Street, dovecot: Dovecot, smtp_port: int, database_url: str = "", more: str = ""
) -> None:
    """The main file for these servers; `more` are further tables."""
    imap_port = dovecot.imaps_port if way.security == "tls" else dovecot.imap_port
    mailboxes = (
        _MAILBOX.format(account=user.partition("@")[0], port=imap_port, access=_access(config, way, street, user))
        for user in way.accounts
    )
    main = _MAIN.format(
        mailboxes="".join(mailboxes),
        port=smtp_port,
        more=more,
        access=_access(config, way, street, SUPPORT) if way.security != "none" else 'security = "none"',
        database=database_url or f"sqlite:///{config.parent / 'desk.sqlite'}",
        poll_seconds=60 if way.idle else 1,
    )
    (config / "mailbot.toml").write_text(main, encoding="utf-8")


def _access(config: Path, way: Way, street: Street, user: str) -> str:
    """The lines of a server's table that say how to log in there."""
    secret = config / f"secret-of-{user.partition('@')[0]}"
    secret.touch(mode=0o600)
    xoauth2 = way.auth == "xoauth2"
    secret.write_text(street.oauth.issue(user) if xoauth2 else PASSWORD, encoding="utf-8")
    lines = [f'user = "{user}"', f'security = "{way.security}"', f'auth = "{way.auth}"']
    lines.append(f'{"token" if xoauth2 else "password"} = {{ file = "{secret.name}" }}')
    if way.security != "none":
        lines.append(f'ca_file = "{street.authority.ca_file}"')
    return "\n".join(lines)


@contextmanager
def working(app: App) -> Iterator[None]:
    """`App.run` in a thread of its own; what it raises fails the story."""
    stop = threading.Event()
    raised: list[BaseException] = []

    def run() -> None:
        try:
            app.run(stop=stop, handle_signals=False)
        except BaseException as error:  # the thread's only way to tell
            raised.append(error)

    thread = threading.Thread(target=run, name="mailbot", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
    assert not raised, raised
    assert not thread.is_alive(), "the daemon ends when it is told to"


def _age(path: Path) -> tuple[int, int, str]:
    """Dovecot names files by the moment of delivery: 1764000000.M123456P42.host."""
    seconds, _, rest = path.name.partition(".M")
    micro, _, _ = rest.partition("P")
    return int(seconds), int(micro), path.name


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # it moves from new to cur as somebody looks
        moved = [*path.parent.parent.glob(f"cur/{path.name.partition(':')[0]}*")]
        return moved[0].read_bytes() if moved else b""
