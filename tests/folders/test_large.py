"""A message above the size limit, on a real server: its beginning, a notice, and the whole of it when a person asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.transport.mailbox import EXCERPT_BYTES
from tests.daemon.test_renumbered import letter
from tests.folders.child import ChildDesk, imap
from tests.servers.dovecot import PASSWORD, Dovecot

LIMITS = "[limits]\nmessage_bytes = 65_536\n"
TEXT = "The tunnel in room 7 is broken.\r\n" * 8_000


@pytest.fixture(params=["", 'archive_folder = "Archive"'], ids=["stays", "archived"])
def desk(request: pytest.FixtureRequest, dovecot: Dovecot, address: str, tmp_path: Path) -> Iterator[ChildDesk]:
    """A daemon with a message that is too big for it, and another that is not."""
    box = imap(dovecot.imap_port, address, request.param)
    dovecot.deliver(address, letter("huge", TEXT), letter("small", "The printer is broken."))
    with ChildDesk(tmp_path, box, password=PASSWORD, since='"everything"', more=LIMITS).start() as running:
        running.comes_to("", 2)
        yield running


def test_a_large_message_leaves_its_beginning_and_a_notice_and_is_fetched_whole_when_released(desk: ChildDesk) -> None:
    (small, large) = desk.rows()
    assert (small.state, large.state, large.reason) == ("done", "set_aside", "too_big")
    with desk.reads() as work:
        row = work.inbox.row(large.id)
    assert row is not None
    header, _, body = row.raw.partition(b"\r\n\r\n")
    assert b"Message-ID: <huge.of.a.house@corp.example>" in header
    assert body == TEXT.encode()[:EXCERPT_BYTES]
    (alert,) = (line for line in desk.mails_out() if line.kind == "alert_to_admins")
    assert alert.recipient == "mail-admins@corp.example"
    assert "release done" in desk.types("inbox", "release", large.id)
    desk.comes_to("done", 2)
    with desk.reads() as work:
        row = work.inbox.row(large.id)
        assert row is not None
        assert row.raw.endswith(letter("huge", TEXT))
        assert (row.truncated, row.size_bytes) == (False, len(row.raw))
        assert len(work.tickets.find()) == 2


@pytest.mark.parametrize("desk", [""], indirect=True)
def test_a_large_message_that_is_gone_stays_aside(desk: ChildDesk, dovecot: Dovecot, address: str) -> None:
    large = desk.rows()[-1]
    for folder in ("INBOX", "Archive"):
        dovecot.doveadm("expunge", "-u", address, "mailbox", folder, "all")
    with pytest.raises(AssertionError, match="only its beginning is here"):
        desk.types("inbox", "release", large.id)
    assert desk.rows()[-1].state == "set_aside"
