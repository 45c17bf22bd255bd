"""What every mailbox promises, whatever is behind it. A transport passes by inheriting this and giving a `scene`."""

import threading
import time
from typing import Protocol

import pytest

from mailbot.transport.mailbox import EXCERPT_BYTES, Mailbox

PRINTER = b"From: ann@client.test\r\nSubject: printer\r\n\r\nIt is on fire.\r\n"
MONITOR = b"From: bob@client.test\r\nSubject: monitor\r\n\r\nIt stays dark.\r\n"
SMALL = 10_000
PATIENCE_SECONDS = 20.0


class Scene(Protocol):
    """A mailbox to read and the world that writes to it."""

    mailbox: Mailbox

    def arrives(self, raw: bytes) -> None: ...

    def vanishes(self, raw: bytes) -> None: ...

    def is_seen(self) -> bool: ...


class MailboxContract:
    """Promises of `mailbot.transport.mailbox`."""

    @pytest.fixture
    def scene(self) -> Scene:
        raise NotImplementedError

    def test_an_empty_folder_has_no_messages(self, scene: Scene) -> None:
        scene.mailbox.open()
        assert list(scene.mailbox.uids()) == []

    def test_messages_come_in_ascending_uids_with_their_bytes(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.arrives(MONITOR)
        scene.mailbox.open()
        uids = [ref.uid for ref in scene.mailbox.uids()]
        bodies = [fetched.raw for fetched in scene.mailbox.fetch(reversed(uids), SMALL)]
        assert uids == sorted(set(uids))
        assert [PRINTER in bodies[0], MONITOR in bodies[1], len(bodies)] == [True, True, 2]

    def test_sizes_and_moments_are_told_with_both_list_and_message(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.mailbox.open()
        (ref,) = scene.mailbox.uids()
        (fetched,) = scene.mailbox.fetch([ref.uid], SMALL)
        assert (fetched.uid, fetched.internal_date, fetched.size_bytes) == (ref.uid, ref.internal_date, ref.size_bytes)
        assert ref.size_bytes == len(fetched.raw)
        assert ref.internal_date.utcoffset() is not None

    def test_the_same_message_keeps_uid_and_uidvalidity(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        before = (scene.mailbox.open(), [ref.uid for ref in scene.mailbox.uids()])
        scene.mailbox.close()
        scene.arrives(MONITOR)
        validity, uids = scene.mailbox.open(), [ref.uid for ref in scene.mailbox.uids()]
        assert (validity, uids[:1]) == before
        assert len(uids) == 2

    def test_only_uids_from_the_given_one_are_listed_even_beyond_the_last(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.arrives(MONITOR)
        scene.mailbox.open()
        first, last = (ref.uid for ref in scene.mailbox.uids())
        assert [ref.uid for ref in scene.mailbox.uids(first + 1)] == [last]
        assert list(scene.mailbox.uids(last + 1)) == []

    def test_reading_leaves_no_mark(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.mailbox.open()
        list(scene.mailbox.fetch([ref.uid for ref in scene.mailbox.uids()], SMALL))
        assert not scene.is_seen()

    def test_a_vanished_message_is_left_out(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.arrives(MONITOR)
        scene.mailbox.open()
        uids = [ref.uid for ref in scene.mailbox.uids()]
        scene.vanishes(PRINTER)
        (fetched,) = scene.mailbox.fetch([*uids, 999_999], SMALL)
        assert MONITOR in fetched.raw

    def test_above_the_limit_the_header_and_the_first_64_kib_remain(self, scene: Scene) -> None:
        header = b"From: ann@client.test\r\nSubject: disk image\r\n\r\n"
        scene.arrives(header + b"x" * (3 * EXCERPT_BYTES))
        scene.mailbox.open()
        (ref,) = scene.mailbox.uids()
        (fetched,) = scene.mailbox.fetch([ref.uid], SMALL)
        assert (fetched.truncated, fetched.size_bytes) == (True, ref.size_bytes)
        assert fetched.raw.endswith(header + b"x" * EXCERPT_BYTES)

    def test_at_the_limit_a_message_is_whole(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.mailbox.open()
        (ref,) = scene.mailbox.uids()
        (fetched,) = scene.mailbox.fetch([ref.uid], ref.size_bytes)
        assert not fetched.truncated
        assert PRINTER in fetched.raw

    def test_marking_may_be_repeated_and_loses_nothing(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.arrives(MONITOR)
        validity = scene.mailbox.open()
        uids = [ref.uid for ref in scene.mailbox.uids()]
        scene.mailbox.mark_stored(uids[:1])
        scene.mailbox.mark_stored([*uids[:1], 999_999])
        assert scene.mailbox.open() == validity
        bodies = [fetched.raw for fetched in scene.mailbox.fetch(uids, SMALL)]
        assert [PRINTER in bodies[0], MONITOR in bodies[1]] == [True, True]
        assert not scene.is_seen()

    def test_waiting_ends_when_mail_comes(self, scene: Scene) -> None:
        scene.mailbox.open()
        sender = threading.Timer(0.1, scene.arrives, [PRINTER])
        sender.start()
        assert _waits(scene.mailbox, threading.Event()) < PATIENCE_SECONDS / 2
        sender.join()

    def test_waiting_ends_at_once_when_mail_came_before(self, scene: Scene) -> None:
        scene.mailbox.open()
        scene.arrives(PRINTER)
        assert _waits(scene.mailbox, threading.Event()) < PATIENCE_SECONDS / 2

    def test_waiting_ends_at_stop(self, scene: Scene) -> None:
        scene.mailbox.open()
        stop = threading.Event()
        threading.Timer(0.1, stop.set).start()
        assert _waits(scene.mailbox, stop) < PATIENCE_SECONDS / 2

    def test_waiting_ends_after_the_time_and_the_mailbox_still_works(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.mailbox.open()
        scene.mailbox.wait(0.1, threading.Event())
        assert len(list(scene.mailbox.uids())) == 1

    def test_closing_may_be_repeated_and_opening_opens_again(self, scene: Scene) -> None:
        scene.arrives(PRINTER)
        scene.mailbox.open()
        scene.mailbox.close()
        scene.mailbox.close()
        scene.mailbox.open()
        assert len(list(scene.mailbox.uids())) == 1


def _waits(mailbox: Mailbox, stop: threading.Event) -> float:
    began = time.monotonic()
    mailbox.wait(PATIENCE_SECONDS, stop)
    return time.monotonic() - began
