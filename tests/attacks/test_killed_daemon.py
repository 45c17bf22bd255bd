"""A daemon that was killed in the middle: the next one goes on at once, and innocent mails are not blamed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.desk.outgoing import MailClass
from mailbot.store.database import Database
from mailbot.store.inbox import IMPORTED
from mailbot.store.states import InboxState
from tests.store.material import AFTER_LEASE, DONE, LEASE_SECONDS, NOW, claimed, received, sending


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'desk.sqlite3'}"


@pytest.fixture
def killed(file: str) -> Iterator[Database]:
    """The database of a daemon that died with a mail being read and two being sent."""
    database = Database.open(file)
    database.upgrade()
    yield database
    database.close()


def test_what_a_killed_daemon_held_is_free_for_the_next_at_once(killed: Database, file: str) -> None:
    with killed.write() as work:
        being_read = claimed(work).id
        connecting = sending(work).id
        in_data = sending(work, class_=MailClass.B)
        work.outbox.enter_data(in_data)
    killed.close()  # what the kernel does
    following = Database.open(file)
    following.claim_daemon("mailbot run")
    with following.write() as work:
        assert [row.id for row in work.inbox.claim(20, "next", NOW, LEASE_SECONDS).rows] == [being_read]
        assert [mail.id for mail in work.outbox.settle(NOW)] == [in_data.id]  # at most once: it is parked, and told
        assert [row.id for row in work.outbox.claim(20, "next", NOW, LEASE_SECONDS)] == [connecting]
    following.close()


def test_a_second_claim_of_the_same_daemon_frees_nothing(killed: Database) -> None:
    killed.claim_daemon("mailbot run")
    with killed.write() as work:
        claimed(work)
    killed.claim_daemon("mailbot once")
    with killed.write() as work:
        assert work.inbox.claim(20, "other", NOW, LEASE_SECONDS).rows == ()


def test_a_running_import_keeps_its_rows(killed: Database) -> None:
    with killed.write() as work:
        row_id = received(work, account=IMPORTED)
        work.inbox.claim(20, "import", NOW, LEASE_SECONDS, only=[row_id])
    killed.claim_daemon("mailbot run")
    with killed.write() as work:
        assert work.inbox.claim(20, "import", NOW, LEASE_SECONDS, only=[row_id]).rows == ()


def test_a_mail_that_kills_the_daemon_is_set_aside_without_its_neighbours(killed: Database) -> None:
    with killed.write() as work:
        ids = [received(work, uid) for uid in range(1, 6)]
    deadly = ids[2]
    now = NOW
    for _ in range(40):
        with killed.write() as work:
            rows = work.inbox.claim(20, "daemon", now, LEASE_SECONDS).rows
        if deadly in [row.id for row in rows]:
            now += AFTER_LEASE - NOW  # it died with all that it held
            continue
        with killed.write() as work:
            for row in rows:
                work.inbox.finish(row, DONE, now)
    with killed.read() as work:
        states = [work.inbox.row(one).state for one in ids]  # type: ignore[union-attr]  # they are there
    assert states == [InboxState.SET_ASIDE if one == deadly else InboxState.DONE for one in ids]
