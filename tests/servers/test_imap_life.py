"""The life of a mailbox on a real IMAP server: folders, outages, resets, quota, throttling, many messages."""

import logging
import threading
import time
from collections.abc import Iterator

import pytest

from mailbot.transport.imap import STORED_KEYWORD, ImapMailbox
from mailbot.transport.mailbox import MailboxUnavailable
from tests.servers.certificates import Authority
from tests.servers.dovecot import SMALL_BOXES, Dovecot, need_dovecot
from tests.servers.process import wait_until
from tests.servers.proxy import Proxy
from tests.servers.test_mailboxes_on_dovecot import DovecotScene, mailbox
from tests.transport.mailbox_contract import MONITOR, PATIENCE_SECONDS, PRINTER, SMALL

NEVER = threading.Event()


def uids(box: ImapMailbox) -> list[int]:
    return [ref.uid for ref in box.uids()]


def unavailable(box: ImapMailbox, seconds: float = PATIENCE_SECONDS) -> MailboxUnavailable:
    """The failure that ends a waiting."""
    with pytest.raises(MailboxUnavailable) as raised:
        box.wait(seconds, NEVER)
    return raised.value


# ---------------------------------------------------------------- folders

FOLDER_NAMES = ["Büro/Erledigt", "Поддержка", "R&D", "問い合わせ", "with space", "50% off", 'quo"te']


@pytest.mark.parametrize("name", FOLDER_NAMES)
def test_a_folder_of_any_name_can_be_watched_and_archived_to(dovecot: Dovecot, address: str, name: str) -> None:
    scene = DovecotScene(dovecot, address)
    with scene.person() as person:
        person.create_folder(name)
        person.append(name, PRINTER)
    watching = mailbox(dovecot, address, folder=name)
    watching.open()
    assert [fetched.raw for fetched in watching.fetch(uids(watching), SMALL)] == [PRINTER]
    watching.close()
    scene.arrives(MONITOR)
    storing = mailbox(dovecot, address, archive_folder=name)
    storing.open()
    storing.mark_stored(uids(storing))
    storing.close()
    assert [MONITOR in raw for raw in scene.content(name)] == [False, True]


@pytest.fixture
def prefixed_dovecot(authority: Authority) -> Iterator[Dovecot]:
    """A server on which every folder stands below INBOX, with dots between the levels."""
    need_dovecot()
    with Dovecot(authority.issue(), separator=".", prefix="INBOX.") as server:
        yield server


@pytest.mark.parametrize("name", ["Support/Dønê", "INBOX/Support/Dønê", "INBOX.Support.Dønê"])
def test_folders_are_found_below_the_prefix_of_the_server(prefixed_dovecot: Dovecot, name: str) -> None:
    scene = DovecotScene(prefixed_dovecot, "ann@box.test")
    with scene.person() as person:
        person.create_folder("INBOX.Support.Dønê")
        person.append("INBOX.Support.Dønê", PRINTER)
    watching = mailbox(prefixed_dovecot, "ann@box.test", folder=name)
    watching.open()
    assert (watching.folder, uids(watching)) == (name, [1])
    watching.close()
    scene.arrives(MONITOR)
    storing = mailbox(prefixed_dovecot, "ann@box.test", archive_folder=name)
    storing.open()
    storing.mark_stored(uids(storing))
    assert storing.open()
    assert uids(storing) == []
    storing.close()


def test_a_folder_that_is_not_there_needs_a_person_and_is_not_made(dovecot: Dovecot, address: str) -> None:
    with pytest.raises(MailboxUnavailable) as raised:
        mailbox(dovecot, address, folder="Suport").open()
    assert not raised.value.temporary
    assert "Suport: select failed: Mailbox doesn't exist" in raised.value.reason
    with DovecotScene(dovecot, address).person() as person:
        assert not person.folder_exists("Suport")


def test_an_archive_that_is_not_there_leaves_the_mail_where_it_is(
    dovecot: Dovecot, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    dovecot.deliver(address, PRINTER)
    box = mailbox(dovecot, address, archive_folder="Nowhere")
    box.open()
    box.mark_stored(uids(box))
    assert "TRYCREATE" in caplog.text
    box.open()
    assert uids(box) == [1]
    box.close()


def test_two_folders_of_one_account_are_read_side_by_side(dovecot: Dovecot, address: str) -> None:
    dovecot.deliver(address, PRINTER)
    inbox, archive = mailbox(dovecot, address), mailbox(dovecot, address, folder="Archive")
    inbox.open()
    archive.open()
    assert (uids(inbox), uids(archive)) == ([1], [])
    inbox.close()
    archive.close()


# ---------------------------------------------------------------- outages


def test_a_server_that_kicks_us_out_of_idle_is_noticed_and_let_in_again(dovecot: Dovecot, address: str) -> None:
    box = mailbox(dovecot, address)
    box.open()
    threading.Timer(0.2, dovecot.kick, [address]).start()
    began = time.monotonic()
    assert unavailable(box).temporary
    assert time.monotonic() - began < PATIENCE_SECONDS / 2
    dovecot.deliver(address, PRINTER)
    box.open()
    assert uids(box) == [1]
    box.close()


def test_a_restart_between_two_turns_is_not_seen(authority: Authority) -> None:
    need_dovecot()
    with Dovecot(authority.issue()) as server:
        server.deliver("ann@box.test", PRINTER)
        box = mailbox(server, "ann@box.test")
        validity = box.open()
        server.stop()
        server.start()
        assert (box.open(), uids(box)) == (validity, [1])
        server.stop()
        with pytest.raises(MailboxUnavailable) as raised:
            box.open()
        assert raised.value.temporary


@pytest.fixture
def network(dovecot: Dovecot) -> Iterator[Proxy]:
    with Proxy(dovecot.imap_port) as proxy:
        yield proxy


def test_a_connection_gone_dark_is_given_up_and_made_anew(dovecot: Dovecot, address: str, network: Proxy) -> None:
    dovecot.deliver(address, PRINTER)
    box = mailbox(dovecot, address, port=network.port, read_timeout_seconds=0.5, connect_timeout_seconds=0.5)
    box.open()
    network.dark = True
    assert unavailable(box, seconds=0.2).temporary
    with pytest.raises(MailboxUnavailable) as raised:
        box.open()
    assert raised.value.temporary
    network.dark = False
    box.open()
    assert uids(box) == [1]
    box.close()


def test_closing_a_connection_gone_dark_takes_no_longer_than_a_goodbye(
    dovecot: Dovecot, address: str, network: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailbot.transport.imap.GOODBYE_SECONDS", 0.3)
    box = mailbox(dovecot, address, port=network.port)
    box.open()
    network.dark = True
    began = time.monotonic()
    box.close()
    assert time.monotonic() - began < PATIENCE_SECONDS / 2


def test_a_connection_that_breaks_inside_a_body_yields_no_half_message(
    dovecot: Dovecot, address: str, network: Proxy
) -> None:
    dovecot.deliver(address, b"Subject: long\r\n\r\n" + b"x" * 70 * 1000 + b"\r\n")
    box = mailbox(dovecot, address, port=network.port)
    box.open()
    network.cut_after_bytes = 20_000
    with pytest.raises(MailboxUnavailable) as raised:
        list(box.fetch([1], 100_000))
    assert raised.value.temporary
    network.cut_after_bytes = None
    box.open()
    assert [fetched.size_bytes for fetched in box.fetch([1], 100_000)] == [
        len(fetched.raw) for fetched in box.fetch([1], 100_000)
    ]
    box.close()


def test_a_move_whose_answer_is_lost_has_moved_once_and_may_be_repeated(
    dovecot: Dovecot, address: str, network: Proxy
) -> None:
    scene = DovecotScene(dovecot, address)
    scene.arrives(PRINTER)
    box = mailbox(dovecot, address, port=network.port, archive_folder="Archive")
    box.open()
    network.swallow_reply_to = b"UID MOVE"
    with pytest.raises(MailboxUnavailable) as raised:
        box.mark_stored([1])
    assert raised.value.temporary
    network.swallow_reply_to = None
    box.open()
    box.mark_stored([1])
    assert (uids(box), len(scene.content("Archive"))) == ([], 1)
    box.close()


def test_a_slow_server_is_waited_for(dovecot: Dovecot, address: str, network: Proxy) -> None:
    dovecot.deliver(address, PRINTER)
    network.delay_seconds = 0.05
    box = mailbox(dovecot, address, port=network.port)
    box.open()
    assert PRINTER in next(iter(box.fetch([1], SMALL))).raw
    box.close()


# ---------------------------------------------------------------- what servers do to folders


def test_an_index_that_is_lost_shows_as_another_uidvalidity(dovecot: Dovecot, address: str) -> None:
    dovecot.deliver(address, PRINTER, MONITOR)
    scene = DovecotScene(dovecot, address)
    scene.vanishes(PRINTER)
    box = mailbox(dovecot, address)
    before = box.open()
    assert uids(box) == [2]
    dovecot.kick(address)
    dovecot.reset_uidvalidity(address)
    assert (box.open() != before, uids(box)) == (True, [1])
    assert MONITOR in next(iter(box.fetch([1], SMALL))).raw
    box.close()


def test_a_full_mailbox_can_still_be_read_and_labelled(dovecot: Dovecot) -> None:
    address = dovecot.new_address(SMALL_BOXES)
    dovecot.deliver(address, PRINTER + b"x" * 29_000)
    scene = DovecotScene(dovecot, address)
    box = mailbox(dovecot, address)
    box.open()
    box.mark_stored(uids(box))
    box.close()
    assert [STORED_KEYWORD in flags for flags in scene.keywords()] == [True]


def test_a_copy_for_which_there_is_no_room_costs_no_mail(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    need_dovecot()
    caplog.set_level(logging.WARNING)
    with Dovecot(authority.issue(), more="imap_capability = IMAP4rev1 UIDPLUS") as server:
        address = f"ann@{SMALL_BOXES}"
        server.deliver(address, PRINTER + b"x" * 20_000)
        scene = DovecotScene(server, address)
        box = mailbox(server, address, archive_folder="Archive")
        box.open()
        box.mark_stored(uids(box))
        box.close()
        assert "OVERQUOTA" in caplog.text
        assert [PRINTER in raw for raw in scene.content("INBOX")] == [True]
        assert all(rb"\Deleted" not in flags for flags in scene.keywords())


def test_a_folder_of_thousands_is_listed_and_read_in_short_commands(
    dovecot: Dovecot, address: str, network: Proxy
) -> None:
    dovecot.fill(address, {f"{1_772_400_000 + n}.M{n}.bench": PRINTER + b"%d\r\n" % n for n in range(3_000)})
    box = mailbox(dovecot, address, port=network.port)
    box.open()
    listed = uids(box)
    bodies = {fetched.raw for fetched in box.fetch(listed, SMALL)}
    box.mark_stored(listed)
    box.close()
    assert (len(listed), len(bodies)) == (3_000, 3_000)
    assert max(map(len, network.heard.split(b"\r\n"))) < 1_000
    wait_until(lambda: len(DovecotScene(dovecot, address).keywords()) == 3_000, "all are there")
