"""What had happened before the desk is killed: three tickets under way, and the mails that come in next.

The past is played in memory, as the stories are, two hours ago, into the database that every run begins with. So when
a desk starts on it, a deadline is due at once.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

from mailbot import app
from mailbot.daemon.parsing import InProcessParser
from mailbot.daemon.parts import EVERYTHING, Parts, Settings, Watched
from mailbot.store.database import Database
from tests.conversations.clock import StoryClock
from tests.conversations.desk import Desk
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent
from tests.conversations.scenes import in_progress, resolved
from tests.fakes.transport import MemoryMailbox, MemoryPostman

AGO = timedelta(hours=2)
ACCOUNT = "before"  # the mailbox of the past; the desk that is killed reads another one
SECRET = "She forgets it always, SECRETNOTE4711"
DEADLY = b"deadly attachment"


class Past(Desk):
    """A desk of the stories over a database that stays."""

    def __init__(self, config: Path, database_url: str) -> None:
        self.snapshot = app.adapt(app.load(config))  # type: ignore[attr-defined]  # by name, as the nest shares them
        self.clock = StoryClock()
        self.clock.set(datetime.now(UTC) - AGO)
        self.database = Database.open(database_url)
        self.database.upgrade()
        self.mailbox = MemoryMailbox(ACCOUNT)
        self.postman = MemoryPostman()
        self.settings = Settings(lambda: self.snapshot)
        self.parts = Parts(
            database=self.database,
            settings=self.settings,
            parser=InProcessParser(),
            postman=lambda: self.postman,
            mailboxes=(Watched(self.mailbox, EVERYTHING),),
            clock=self.clock.now,
            monotonic=self.clock.monotonic,
        )
        self.start()
        self.post = defaultdict(list)
        self._seen = self._written = 0


def play(config: Path, database_url: str, folder: Path) -> None:
    """Fill the database, and write to the folder the mails that arrive when it is over."""
    desk = Past(config, database_url)
    bea = Correspondent(desk, "bea@corp.example", "Bea Bell")
    cay = Correspondent(desk, "cay@corp.example", "Cay Cole")
    sam = Correspondent(desk, "sam@corp.example", "Sam Sato")
    in_progress(bea, sam)
    (handed,) = (letter for letter in sam.inbox if letter.kind == "hand_over")
    _, question = resolved(cay, sam)
    dan = Correspondent(desk, "dan@corp.example", "Dan Dorn")
    dan.writes("Database is slow", "The database server does not answer. Nobody can work.")  # nobody takes it

    ann = Correspondent(desk, "ann@corp.example", "Ann Archer")
    _write(
        folder,
        ann.composes("VPN does not connect", "The tunnel closes after a second. I sit in room 7."),
        _reply(sam, handed, "Please take the second gateway meanwhile."),
        _reply(cay, question, "Yes, it works again."),
        _reply(sam, handed, f"#note {SECRET}"),
    )
    desk.close()


def _reply(person: Correspondent, letter: Letter, text: str) -> EmailMessage:
    return person.composes(f"Re: {letter.subject}", text, to=letter.answer_to, answers=letter)


def write_first_mails(folder: Path) -> None:
    """Mails for a desk that has no past."""
    desk = Desk()
    ann = Correspondent(desk, "ann@corp.example", "Ann Archer")
    bob = Correspondent(desk, "bob@corp.example", "Bob Baker")
    eve = Correspondent(desk, "eve@corp.example", "Eve Ernst")
    _write(
        folder,
        ann.composes("VPN does not connect", "The tunnel closes after a second. I sit in room 7."),
        bob.composes("Guest wifi", "How do visitors get onto the guest wifi?"),
        eve.composes("A new laptop", f"Please order a new laptop for Mia Moss. It goes with a {DEADLY.decode()}."),
    )
    desk.close()


def _write(folder: Path, *mails: EmailMessage) -> None:
    """As they lie in a mailbox: topmost what the organisation's server found out about them."""
    folder.mkdir(parents=True)
    for number, mail in enumerate(mails, start=1):
        results = mail["Authentication-Results"]
        del mail["Authentication-Results"]
        raw = f"Authentication-Results: {results}\r\n".encode() + mail.as_bytes()
        (folder / f"{number}.eml").write_bytes(raw)
