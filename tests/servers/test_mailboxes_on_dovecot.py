"""The mailbox contract over Dovecot, by every way into it."""

from collections.abc import Iterator
from typing import Any

import pytest
from imapclient import IMAPClient

from mailbot.transport.imap import STORED_KEYWORD, ImapMailbox, ImapSettings
from mailbot.transport.mailbox import Mailbox
from mailbot.transport.security import Auth, Security
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot, need_dovecot
from tests.servers.oauth import OAuth
from tests.servers.process import LOOPBACK
from tests.transport.mailbox_contract import MONITOR, PRINTER, MailboxContract, Scene


def mailbox(dovecot: Dovecot, address: str, **changes: Any) -> ImapMailbox:
    """A mailbox of mailbot's, over the plain loopback unless `changes` say more."""
    settings = {"port": dovecot.imap_port, "security": Security.NONE, "password": PASSWORD, "host": "localhost"}
    return ImapMailbox(ImapSettings("support", user=address, **{**settings, **changes}))


class DovecotScene:
    """A mailbox on Dovecot; mail comes in by LMTP, and a person looks over mailbot's shoulder."""

    def __init__(self, dovecot: Dovecot, address: str, **changes: Any) -> None:
        self.dovecot = dovecot
        self.address = address
        self.mailbox: Mailbox = mailbox(dovecot, address, **changes)

    def arrives(self, raw: bytes) -> None:
        self.dovecot.deliver(self.address, raw)

    def vanishes(self, raw: bytes) -> None:
        with self.person() as person:
            for uid, answer in person.fetch(person.search(["ALL"]), ["BODY.PEEK[]"]).items():
                if raw in answer[b"BODY[]"]:
                    person.delete_messages([uid])
                    person.expunge([uid])

    def is_seen(self) -> bool:
        with self.person() as person:
            return bool(person.search(["SEEN"]))

    def keywords(self) -> list[set[bytes]]:
        with self.person() as person:
            return [set(answer[b"FLAGS"]) for answer in person.fetch(person.search(), ["FLAGS"]).values()]

    def content(self, folder: str) -> list[bytes]:
        with self.person(folder) as person:
            return [answer[b"BODY[]"] for answer in person.fetch(person.search(), ["BODY.PEEK[]"]).values()]

    def person(self, folder: str = "INBOX") -> IMAPClient:
        person = IMAPClient(LOOPBACK, self.dovecot.imap_port, ssl=False)
        person.login(self.address, PASSWORD)
        person.select_folder(folder)
        return person


class DovecotContract(MailboxContract):
    """The contract, and that what is stored is marked for people to see."""

    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {}

    @pytest.fixture
    def scene(self, dovecot: Dovecot, address: str, changes: dict[str, Any]) -> Iterator[Scene]:
        scene = DovecotScene(dovecot, address, **changes)
        yield scene
        scene.mailbox.close()

    def test_what_is_stored_carries_a_keyword_and_the_rest_does_not(self, scene: DovecotScene) -> None:
        scene.arrives(PRINTER)
        scene.arrives(MONITOR)
        scene.mailbox.open()
        scene.mailbox.mark_stored([scene.mailbox.uids()[0].uid])
        assert [STORED_KEYWORD in flags for flags in scene.keywords()] == [True, False]


@pytest.fixture(scope="module")
def dovecot_without_move(authority: Authority) -> Iterator[Dovecot]:
    need_dovecot()
    with Dovecot(authority.issue(), more="imap_capability = IMAP4rev1 UIDPLUS IDLE") as server:
        yield server


class TestPlainLoopback(DovecotContract):
    pass


class TestTls(DovecotContract):
    @pytest.fixture
    def changes(self, dovecot: Dovecot, authority: Authority) -> dict[str, Any]:
        return {"port": dovecot.imaps_port, "security": Security.TLS, "ca_file": str(authority.ca_file)}


class TestStarttls(DovecotContract):
    @pytest.fixture
    def changes(self, authority: Authority) -> dict[str, Any]:
        return {"security": Security.STARTTLS, "ca_file": str(authority.ca_file)}


class TestXoauth2(DovecotContract):
    @pytest.fixture
    def changes(self, dovecot: Dovecot, authority: Authority, oauth: OAuth, address: str) -> dict[str, Any]:
        token = oauth.issue(address)
        protected = {"port": dovecot.imaps_port, "security": Security.TLS, "ca_file": str(authority.ca_file)}
        return {**protected, "auth": Auth.XOAUTH2, "password": lambda: token}


class TestArchiveByMove(DovecotContract):
    @pytest.fixture
    def changes(self) -> dict[str, Any]:
        return {"archive_folder": "Archive"}

    def test_marking_may_be_repeated_and_loses_nothing(self, scene: Scene) -> None:
        assert isinstance(scene, DovecotScene)
        scene.arrives(PRINTER)
        scene.arrives(MONITOR)
        scene.mailbox.open()
        (first, _) = (ref.uid for ref in scene.mailbox.uids())
        scene.mailbox.mark_stored([first])
        scene.mailbox.mark_stored([first, 999_999])
        assert [PRINTER in raw for raw in scene.content("Archive")] == [True]
        assert [MONITOR in raw for raw in scene.content("INBOX")] == [True]

    def test_what_is_stored_carries_a_keyword_and_the_rest_does_not(self, scene: DovecotScene) -> None:
        scene.arrives(PRINTER)
        scene.mailbox.open()
        scene.mailbox.mark_stored([ref.uid for ref in scene.mailbox.uids()])
        assert scene.keywords() == []


class TestArchiveWithoutMove(TestArchiveByMove):
    """COPY and UID EXPUNGE, as on servers that have UIDPLUS only."""

    @pytest.fixture
    def dovecot(self, dovecot_without_move: Dovecot) -> Dovecot:
        return dovecot_without_move
