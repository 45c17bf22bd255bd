"""People work in the folder that the desk reads: they mark, delete, move, copy back, at every moment of a poll.

A seeded schedule over Dovecot (marking by keyword, by MOVE, by COPY and UID EXPUNGE) and over a Maildir. After every
poll: what stood in the folder from its beginning to its end has a row, with all its bytes, and one ticket however
often it was copied or moved back; and nothing is gone that a person has not removed (promise 1).
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from imapclient import DELETED, FLAGGED, SEEN, IMAPClient

from mailbot.daemon.intake import Intake
from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.transport.mailbox import Fetched, Mailbox, MessageRef
from mailbot.transport.maildir import MaildirMailbox, MaildirSettings
from tests.conversations.desk import Desk
from tests.daemon.test_renumbered import letter
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.process import LOOPBACK
from tests.servers.test_mailboxes_on_dovecot import dovecot_without_move, mailbox

__all__ = ["dovecot_without_move"]  # a fixture

FULL = os.environ.get("MAILBOT_FULL") == "1"
STEPS = 60 if FULL else 10
SEEDS = range(1, 13) if FULL else (1,)
INBOX, ARCHIVE, KEPT = "INBOX", "Archive", "Kept"


class Room(Protocol):
    """A mailbox with people in it. Folders are INBOX, ARCHIVE and KEPT; a mail is known by its Message-ID."""

    box: Mailbox

    def arrives(self, raw: bytes) -> None: ...

    def holds(self, folder: str) -> list[str]: ...

    def marks(self, name: str, chance: random.Random) -> None: ...

    def removes(self, folder: str, name: str) -> None: ...

    def moves(self, folder: str, name: str, to: str) -> None: ...

    def copies(self, folder: str, name: str, to: str) -> None: ...


class DovecotRoom:
    """A second IMAP client."""

    def __init__(self, dovecot: Dovecot, address: str, archive: str | None) -> None:
        self.dovecot, self.address = dovecot, address
        self.box: Mailbox = mailbox(dovecot, address, archive_folder=archive)
        self.client = IMAPClient(LOOPBACK, dovecot.imap_port, ssl=False)
        self.client.login(address, PASSWORD)
        self.client.create_folder(KEPT)

    def arrives(self, raw: bytes) -> None:
        self.dovecot.deliver(self.address, raw)

    def holds(self, folder: str) -> list[str]:
        return [name for _, name in self._in(folder)]

    def marks(self, name: str, chance: random.Random) -> None:
        with self._one(INBOX, name) as uids:
            change = chance.choice([self.client.add_flags, self.client.remove_flags])
            change(uids, [chance.choice([SEEN, FLAGGED, DELETED])])

    def removes(self, folder: str, name: str) -> None:
        with self._one(folder, name) as uids:
            self.client.add_flags(uids, [DELETED])
            self.client.uid_expunge(uids)

    def moves(self, folder: str, name: str, to: str) -> None:
        self.copies(folder, name, to)
        self.removes(folder, name)

    def copies(self, folder: str, name: str, to: str) -> None:
        with self._one(folder, name) as uids:
            self.client.copy(uids, to)

    def _in(self, folder: str) -> list[tuple[int, str]]:
        self.client.select_folder(folder)
        answers = self.client.fetch(self.client.search(), ["ENVELOPE"])
        return [(uid, answer[b"ENVELOPE"].message_id.decode()) for uid, answer in sorted(answers.items())]

    @contextmanager
    def _one(self, folder: str, name: str) -> Iterator[list[int]]:
        yield [uid for uid, each in self._in(folder) if each == name][:1]


class MaildirRoom:
    """A mail program that works on the files."""

    def __init__(self, path: Path, archive: str | None) -> None:
        self.path = path
        for folder in (INBOX, ARCHIVE, KEPT):
            for part in ("new", "cur", "tmp"):
                (path / folder / part).mkdir(parents=True)
        kept = path / ARCHIVE if archive else None
        self.box: Mailbox = MaildirMailbox(MaildirSettings("support", path / INBOX, archive_path=kept))
        self._written = 0

    def arrives(self, raw: bytes) -> None:
        (self.path / INBOX / "new" / self._name()).write_bytes(raw)

    def holds(self, folder: str) -> list[str]:
        return [_id_of(path.read_bytes()) for path in self._files(folder)]

    def marks(self, name: str, chance: random.Random) -> None:
        for path in self._one(INBOX, name):
            flags = "".join(sorted(chance.sample("FRST", chance.randrange(4))))
            path.rename(self.path / INBOX / "cur" / f"{path.name.partition(':')[0]}:2,{flags}")

    def removes(self, folder: str, name: str) -> None:
        for path in self._one(folder, name):
            path.unlink()

    def moves(self, folder: str, name: str, to: str) -> None:
        for path in self._one(folder, name):
            path.rename(self.path / to / "cur" / path.name)

    def copies(self, folder: str, name: str, to: str) -> None:
        for path in self._one(folder, name):
            shutil.copy(path, self.path / to / "cur" / f"{self._name()}:2,S")

    def _name(self) -> str:
        self._written += 1
        return f"{1_772_400_000 + self._written}.M{os.getpid()}P{self._written}.desk"

    def _files(self, folder: str) -> list[Path]:
        return sorted(path for part in ("new", "cur") for path in (self.path / folder / part).iterdir())

    def _one(self, folder: str, name: str) -> list[Path]:
        return [path for path in self._files(folder) if _id_of(path.read_bytes()) == name][:1]


def _id_of(raw: bytes) -> str:
    return next(line.partition(b": ")[2].decode() for line in raw.splitlines() if line.startswith(b"Message-ID"))


class People:
    """Who does what next; `removed` names what they took out of the folder since it was cleared."""

    def __init__(self, room: Room, seed: int) -> None:
        self.room = room
        self.chance = random.Random(seed)
        self.removed: set[str] = set()
        self.deleted: set[str] = set()  # for good, by a person
        self.sent: dict[str, bytes] = {}

    def write(self) -> None:
        number = len(self.sent)
        raw = letter(f"n{number}", f"The tunnel in room {number} is broken.")
        self.sent[_id_of(raw)] = raw
        self.room.arrives(raw)

    def act(self) -> None:
        """One thing, to a mail that is where it must be for that."""
        moves: list[Callable[[], None]] = [
            self.write,
            self._mark,
            self._mark,
            lambda: self._take(INBOX, KEPT),
            lambda: self._take(KEPT, INBOX),
            lambda: self._take(ARCHIVE, INBOX),
            lambda: self._copy(INBOX),
            lambda: self._copy(ARCHIVE),
            self._delete,
        ]
        self.chance.choice(moves)()

    def perhaps(self, chance: float = 0.25) -> None:
        if self.chance.random() < chance:
            self.act()

    def _pick(self, folder: str) -> str | None:
        there = self.room.holds(folder)
        return self.chance.choice(there) if there else None

    def _mark(self) -> None:
        if name := self._pick(INBOX):
            self.room.marks(name, self.chance)

    def _take(self, folder: str, to: str) -> None:
        if name := self._pick(folder):
            self.removed |= {name} if folder == INBOX else set()
            self.room.moves(folder, name, to)

    def _copy(self, folder: str) -> None:
        if name := self._pick(folder):
            self.room.copies(folder, name, INBOX)

    def _delete(self) -> None:
        folder = self.chance.choice([INBOX, ARCHIVE])
        if name := self._pick(folder):
            self.removed |= {name} if folder == INBOX else set()
            self.deleted.add(name)
            self.room.removes(folder, name)


class Interrupted:
    """The mailbox, with people at work at every moment of a poll."""

    def __init__(self, box: Mailbox, people: People) -> None:
        self._box, self._people = box, people
        self.account, self.folder = box.account, box.folder
        self.wait, self.close = box.wait, box.close

    def open(self) -> int:
        validity = self._box.open()
        self._people.perhaps()
        return validity

    def uids(self, from_uid: int = 1) -> Sequence[MessageRef]:
        refs = self._box.uids(from_uid)
        self._people.perhaps()
        return refs

    def fetch(self, uids: Iterable[int], limit_bytes: int) -> Iterator[Fetched]:
        self._people.perhaps()
        for fetched in self._box.fetch(uids, limit_bytes):
            self._people.perhaps()
            yield fetched

    def mark_stored(self, uids: Iterable[int]) -> None:
        self._people.perhaps()
        self._box.mark_stored(uids)


@pytest.fixture(params=["keyword", "archive"])
def archive(request: pytest.FixtureRequest) -> str | None:
    return ARCHIVE if request.param == "archive" else None


def play(room: Room, seed: int) -> tuple[Desk, People]:
    """A busy day; the promise is looked at after every poll."""
    people = People(room, seed)
    desk = Desk()
    desk.intake = Intake(desk.parts, Watched(Interrupted(room.box, people), EVERYTHING))
    promised: set[str] = set()
    for _ in range(STEPS):
        for _ in range(people.chance.randrange(3)):
            people.act()
        people.write()
        people.removed.clear()
        standing = set(room.holds(INBOX))
        desk.intake.turn(desk.clock.now())
        assert desk.intake.problem == ""
        while desk.processing.turn(desk.clock.now()):
            pass
        promised |= standing - people.removed
        _judge(desk, people, promised)
    _compare_bytes(desk, people)
    return desk, people


def _judge(desk: Desk, people: People, promised: set[str]) -> None:
    with desk.database.read() as work:
        lines = work.inbox.lines(limit=10_000)
    seen = {f"<{line.message_id}>" for line in lines}
    assert promised <= seen, "it stood there for one poll, and has no row"
    assert {f"<{line.message_id}>" for line in lines if line.state.value == "done"} == seen
    assert len(desk.tickets()) == len(seen), "one ticket a mail, however often it comes back"
    left = {name for folder in (INBOX, ARCHIVE, KEPT) for name in people.room.holds(folder)}
    assert set(people.sent) - people.deleted <= left, "nothing is gone that no person deleted"


def _compare_bytes(desk: Desk, people: People) -> None:
    with desk.database.read() as work:
        for line in work.inbox.lines(limit=10_000):
            row = work.inbox.row(line.id)
            assert row is not None
            assert row.raw.endswith(people.sent[f"<{line.message_id}>"]), "below what LMTP put on top"


@pytest.mark.parametrize("seed", SEEDS)
def test_people_at_work_cost_no_mail_and_no_second_ticket_on_dovecot(
    dovecot: Dovecot, address: str, archive: str | None, seed: int
) -> None:
    room = DovecotRoom(dovecot, address, archive)
    desk, people = play(room, seed)
    assert len(people.sent) > STEPS
    room.box.close()
    desk.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_people_at_work_cost_no_mail_where_a_move_is_copy_and_expunge(dovecot_without_move: Dovecot, seed: int) -> None:
    room = DovecotRoom(dovecot_without_move, dovecot_without_move.new_address(), ARCHIVE)
    desk, _ = play(room, seed)
    assert room.holds(ARCHIVE)
    room.box.close()
    desk.close()


@pytest.mark.parametrize("seed", SEEDS)
def test_people_at_work_cost_no_mail_and_no_second_ticket_in_a_maildir(
    tmp_path: Path, archive: str | None, seed: int
) -> None:
    desk, _ = play(MaildirRoom(tmp_path, archive), seed)
    desk.close()


def test_what_a_person_has_deleted_and_not_expunged_stays(dovecot_without_move: Dovecot) -> None:
    """COPY and UID EXPUNGE touch what is ours alone: a plain EXPUNGE would take theirs along."""
    room = DovecotRoom(dovecot_without_move, dovecot_without_move.new_address(), ARCHIVE)
    people = People(room, 0)
    for _ in range(3):
        people.write()
    theirs, mine, _ = people.sent
    with room._one(INBOX, theirs) as uids:
        room.client.add_flags(uids, [DELETED])
    room.box.open()
    (uid,) = (uid for uid, name in room._in(INBOX) if name == mine)
    room.box.mark_stored([uid])
    assert (mine in room.holds(INBOX), mine in room.holds(ARCHIVE)) == (False, True)
    assert theirs in room.holds(INBOX)
    room.box.close()


def test_a_mail_that_vanishes_between_list_and_fetch_is_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    room = MaildirRoom(tmp_path, None)
    people = People(room, 0)
    people.write()
    people.write()
    first, second = people.sent
    desk = Desk()
    box = Interrupted(room.box, people)
    people.perhaps = lambda chance=0.0: room.removes(INBOX, first)  # type: ignore[method-assign]  # at every moment
    desk.intake = Intake(desk.parts, Watched(box, EVERYTHING))
    room.box.open()
    listed = room.box.uids()
    box.uids = lambda from_uid=1: listed  # type: ignore[method-assign]  # as it was before
    assert desk.intake.turn(desk.clock.now()) == 1
    assert "event=vanished account=support mails=1 uids=1" in caplog.text
    while desk.processing.turn(desk.clock.now()):
        pass
    assert [f"<{line.message_id}>" for line in desk.mails_in()] == [second]
    desk.close()
