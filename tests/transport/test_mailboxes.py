"""The mailbox contract, held by IMAP (over the demo's server), Maildir and memory."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from mailbot.demo.servers import DemoServers
from mailbot.transport.imap import ImapMailbox, ImapSettings
from mailbot.transport.mailbox import Mailbox, MailboxUnavailable
from mailbot.transport.maildir import INDEX_NAME, MaildirMailbox, MaildirSettings
from mailbot.transport.security import Security
from tests.fakes.transport import MemoryMailbox
from tests.transport.mailbox_contract import MONITOR, PRINTER, SMALL, MailboxContract, Scene

SUPPORT = "support@demo.test"


class ImapScene:
    def __init__(self, servers: DemoServers) -> None:
        self.servers = servers
        self.mailbox: Mailbox = ImapMailbox(
            ImapSettings(
                account="support",
                host=servers.host,
                port=servers.imap_port,
                security=Security.NONE,
                user=SUPPORT,
                password=lambda: servers.password,
            )
        )

    def arrives(self, raw: bytes) -> None:
        self.servers.deliver(SUPPORT, raw)

    def vanishes(self, raw: bytes) -> None:
        with self._person() as person:
            for uid, answer in person.fetch(person.search(["ALL"]), ["BODY.PEEK[]"]).items():
                if raw in answer[b"BODY[]"]:
                    person.delete_messages([uid])
                    person.expunge([uid])

    def is_seen(self) -> bool:
        with self._person() as person:
            return bool(person.search(["SEEN"]))

    def _person(self) -> IMAPClient:
        person = IMAPClient(self.servers.host, self.servers.imap_port, ssl=False)
        person.login(SUPPORT, self.servers.password)
        person.select_folder("INBOX")
        return person


class TestImap(MailboxContract):
    @pytest.fixture
    def scene(self) -> Iterator[Scene]:
        with DemoServers() as servers:
            scene = ImapScene(servers)
            yield scene
            scene.mailbox.close()


class MaildirScene:
    def __init__(self, path: Path) -> None:
        self.path = path
        for folder in ("new", "cur", "tmp"):
            (path / folder).mkdir(parents=True)
        self.mailbox: Mailbox = MaildirMailbox(MaildirSettings("support", path))
        self.count = 0

    def arrives(self, raw: bytes) -> None:
        self.count += 1
        beside = self.path / "tmp" / f"{1_772_400_000 + self.count}.M1P{self.count}.host"
        beside.write_bytes(raw)
        os.utime(beside, (1_772_400_000 + self.count,) * 2)
        beside.rename(self.path / "new" / beside.name)

    def vanishes(self, raw: bytes) -> None:
        for path in [*self.path.glob("new/*"), *self.path.glob("cur/*")]:
            if path.read_bytes() == raw:
                path.unlink()

    def is_seen(self) -> bool:
        return any("S" in path.name.partition(":2,")[2] for path in self.path.glob("cur/*"))


class TestMaildir(MailboxContract):
    @pytest.fixture
    def scene(self, tmp_path: Path) -> Scene:
        return MaildirScene(tmp_path / "Maildir")


class MemoryScene:
    def __init__(self) -> None:
        self.memory = MemoryMailbox()
        self.mailbox: Mailbox = self.memory

    def arrives(self, raw: bytes) -> None:
        self.memory.put(raw)

    def vanishes(self, raw: bytes) -> None:
        for uid in [uid for uid, (stored, _) in self.memory.messages.items() if stored == raw]:
            self.memory.remove(uid)

    def is_seen(self) -> bool:
        return False  # memory has no such mark


class TestMemory(MailboxContract):
    @pytest.fixture
    def scene(self) -> Scene:
        return MemoryScene()


def test_a_maildir_message_keeps_its_uid_when_a_person_reads_it(tmp_path: Path) -> None:
    scene = MaildirScene(tmp_path)
    scene.arrives(PRINTER)
    scene.mailbox.open()
    (before,) = scene.mailbox.uids()
    (path,) = tmp_path.glob("new/*")
    path.rename(tmp_path / "cur" / f"{path.name}:2,RS")
    another = MaildirMailbox(MaildirSettings("support", tmp_path))
    assert another.open() == scene.mailbox.open()
    assert [ref.uid for ref in another.uids()] == [before.uid]


def test_a_uid_is_never_given_twice_even_when_its_message_is_gone(tmp_path: Path) -> None:
    scene = MaildirScene(tmp_path)
    scene.arrives(PRINTER)
    scene.mailbox.open()
    scene.vanishes(PRINTER)
    scene.arrives(MONITOR)
    scene.mailbox.open()
    assert [ref.uid for ref in scene.mailbox.uids()] == [2]


def test_an_index_line_that_a_crash_cut_short_is_given_anew(tmp_path: Path) -> None:
    scene = MaildirScene(tmp_path)
    scene.arrives(PRINTER)
    validity = scene.mailbox.open()
    with (tmp_path / INDEX_NAME).open("a") as index:
        index.write("2 17724")
    scene.arrives(MONITOR)
    again = MaildirMailbox(MaildirSettings("support", tmp_path))
    assert again.open() == validity
    assert [ref.uid for ref in again.uids()] == [1, 2]
    again.open()
    assert [ref.uid for ref in again.uids()] == [1, 2]


def test_stored_maildir_messages_move_to_the_archive_once(tmp_path: Path) -> None:
    scene = MaildirScene(tmp_path / "in")
    scene.arrives(PRINTER)
    archive = tmp_path / "archive"
    mailbox = MaildirMailbox(MaildirSettings("support", tmp_path / "in", archive_path=archive))
    mailbox.open()
    mailbox.mark_stored([1])
    mailbox.mark_stored([1])
    mailbox.open()
    assert list(mailbox.uids()) == []
    assert [path.read_bytes() for path in archive.glob("cur/*")] == [PRINTER]


def test_the_index_may_lie_elsewhere_so_that_an_import_leaves_no_file_behind(tmp_path: Path) -> None:
    scene = MaildirScene(tmp_path / "theirs")
    scene.arrives(PRINTER)
    mailbox = MaildirMailbox(MaildirSettings("import", tmp_path / "theirs", index_path=tmp_path / "ours"))
    mailbox.open()
    assert [fetched.raw for fetched in mailbox.fetch([1], SMALL)] == [PRINTER]
    assert not (tmp_path / "theirs" / INDEX_NAME).exists()


def test_a_maildir_that_is_not_there_needs_a_person(tmp_path: Path) -> None:
    with pytest.raises(MailboxUnavailable) as raised:
        MaildirMailbox(MaildirSettings("support", tmp_path / "nowhere")).open()
    assert not raised.value.temporary
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("point", ["open", "uids", "fetch", "mark_stored"])
def test_the_mailbox_in_memory_breaks_where_it_is_told_and_only_once(point: str) -> None:
    mailbox = MemoryMailbox()
    mailbox.put(PRINTER)
    mailbox.open()
    mailbox.fail_next(f"before {point}")
    steps: dict[str, Callable[[], object]] = {
        "open": mailbox.open,
        "uids": mailbox.uids,
        "fetch": lambda: list(mailbox.fetch([1], SMALL)),
        "mark_stored": lambda: mailbox.mark_stored([1]),
    }
    with pytest.raises(MailboxUnavailable):
        steps[point]()
    steps[point]()


def test_uids_begin_anew_in_memory_after_a_loss_of_the_index() -> None:
    mailbox = MemoryMailbox(uid_validity=7)
    mailbox.remove(mailbox.put(PRINTER))
    mailbox.put(MONITOR)
    mailbox.renumber(8)
    assert (mailbox.open(), [ref.uid for ref in mailbox.uids()]) == (8, [1])
