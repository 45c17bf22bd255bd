"""The first look at a vast folder: portions, and mail of now between them; what is from long before is not read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from mailbot.daemon.parsing import InProcessParser, Parsed
from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.mail.model import Recognition
from mailbot.store.states import HealthState
from tests.conversations.desk import Desk
from tests.daemon.test_renumbered import letter

PORTION, MAILS = 10, 35
DAY = timedelta(days=1)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr("mailbot.daemon.comparing.PORTION_UIDS", PORTION)
    monkeypatch.setattr("mailbot.daemon.comparing.WINDOW_UIDS", 3)
    running = Desk()
    yield running
    running.close()


def fill(desk: Desk, mails: int = MAILS, age: timedelta = timedelta()) -> None:
    for _ in range(mails):
        desk.mailbox.put(letter(f"n{len(desk.mailbox.messages)}", "The tunnel is broken."), desk.clock.now() - age)


def uids(desk: Desk) -> list[int]:
    return sorted(line.uid for line in desk.mails_in())


def test_the_oldest_come_first_and_with_them_what_has_arrived_meanwhile(desk: Desk) -> None:
    fill(desk)
    assert desk.intake.turn(desk.clock.now()) == PORTION
    assert uids(desk) == [*range(1, 11)]
    fill(desk, 1)
    desk.intake.wait(60)  # a hang here is the failure: there is more to do
    assert desk.intake.turn(desk.clock.now()) == PORTION + 1
    assert uids(desk) == [*range(1, 21), 36]
    assert [desk.intake.turn(desk.clock.now()) for _ in range(3)] == [10, 5, 0]
    assert uids(desk) == [*range(1, 37)]


def test_how_far_it_is_stands_in_the_health_and_nothing_is_called_missing_before_the_end(desk: Desk) -> None:
    fill(desk)
    told = []
    for _ in range(4):
        desk.intake.turn(desk.clock.now())
        desk.clock.step(timedelta(minutes=2))
        with desk.database.read() as work:
            mailbox, checked = work.health.get("mailbox:support/INBOX"), work.health.get("conservation:support/INBOX")
        assert mailbox is not None
        told.append((mailbox.detail, checked.detail if checked else ""))
    still = "{} older mails are still to be fetched"
    assert told == [
        (still.format(25), ""),
        (still.format(15), ""),
        (still.format(5), ""),
        ("", "0 of 35 mails missing"),
    ]


@pytest.mark.parametrize("point", ["before open", "before uids", "before fetch", "after fetch", "before mark_stored"])
def test_a_scan_that_breaks_goes_on_where_it_was(desk: Desk, point: str) -> None:
    fill(desk)
    desk.intake.turn(desk.clock.now())
    fill(desk, 1)
    desk.intake.turn(desk.clock.now())
    assert uids(desk)[-1] == MAILS + 1, "what is left lies below the newest, and below its window"
    desk.mailbox.fail_next(point)
    desk.intake.turn(desk.clock.now())
    assert desk.intake.problem
    for _ in range(10):
        desk.clock.step(timedelta(minutes=1))
        desk.intake.turn(desk.clock.now())
    assert uids(desk) == [*range(1, MAILS + 2)]
    assert sorted(desk.mailbox.stored) == uids(desk)


def test_a_restart_in_the_middle_reads_nothing_twice(desk: Desk) -> None:
    fill(desk)
    desk.intake.turn(desk.clock.now())
    desk.start()
    taken = [desk.intake.turn(desk.clock.now()) for _ in range(4)]
    assert taken == [10, 10, 5, 0]
    assert uids(desk) == [*range(1, MAILS + 1)]


def test_a_renumbering_in_the_middle_begins_anew(desk: Desk) -> None:
    fill(desk)
    desk.intake.turn(desk.clock.now())
    desk.mailbox.renumber(9)
    for _ in range(5):
        desk.intake.turn(desk.clock.now())
    while desk.processing.turn(desk.clock.now()):
        pass
    assert len(desk.tickets()) == MAILS
    with desk.database.read() as work:
        assert work.inbox.known_uids("support", "INBOX", 9) == {*range(1, MAILS + 1)}


class Reader(InProcessParser):
    """Remembers what it was given to read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[bytes] = []

    def parse(self, raw: bytes, recognition: Recognition) -> Parsed:
        self.read.append(raw)
        return super().parse(raw, recognition)


def begins(desk: Desk) -> Reader:
    """A first start today."""
    reader = Reader()
    object.__setattr__(desk.parts, "parser", reader)
    object.__setattr__(desk.parts, "mailboxes", (Watched(desk.mailbox, counts_from=None),))
    desk.start()
    return reader


def reasons(desk: Desk) -> list[str]:
    return [f"{line.state}: {line.reason}" for line in reversed(desk.mails_in())]


def test_what_is_from_long_before_the_start_is_kept_and_not_read(desk: Desk) -> None:
    reader = begins(desk)
    fill(desk, 60, 31 * DAY)
    fill(desk, 1, 29 * DAY)
    fill(desk, 1)
    for _ in range(8):
        desk.intake.turn(desk.clock.now())
    for _ in range(3):
        desk.processing.turn(desk.clock.now())
    assert reasons(desk) == [*["ignored: before_start"] * 61, "done: opened"]
    assert len(reader.read) == 2
    assert desk.breaches() == []
    with desk.database.read() as work:
        assert all(row and row.raw for row in map(work.inbox.row, range(1, 63)))


def test_an_old_mail_that_a_person_releases_is_read(desk: Desk) -> None:
    begins(desk)
    fill(desk, 1, 300 * DAY)
    desk.settle()
    with desk.database.write() as work:
        work.inbox.release(1, "admin", desk.clock.now())
    desk.settle()
    assert reasons(desk) == ["done: opened"]


def test_an_old_mail_above_the_limit_alarms_nobody(desk: Desk) -> None:
    begins(desk)
    desk.mailbox.put(letter("huge", "x" * 40_000_000), desk.clock.now() - DAY)
    desk.settle()
    assert reasons(desk) == ["ignored: before_start"]
    assert desk.mails_out() == []


def test_where_everything_counts_old_mail_is_not_passed_over(desk: Desk) -> None:
    assert desk.parts.mailboxes[0].counts_from == EVERYTHING
    fill(desk, 3, 400 * DAY)
    desk.settle()
    assert len(desk.tickets()) == 3


def test_the_archive_of_an_old_mailbox_is_not_passed_over(desk: Desk) -> None:
    """Its rows come by a restore alone, and arrived since the backup."""
    begins(desk)
    fill(desk, 1, 300 * DAY)
    with desk.database.write() as work:
        arrived = desk.clock.now() - 40 * DAY
        work.inbox.receive("support", "Archive", 3, 1, letter("a", "The tunnel."), arrived, 9, False, desk.clock.now())
    desk.intake.turn(desk.clock.now())
    desk.settle()
    assert sorted(reasons(desk)) == ["done: opened", "ignored: before_start"]


def test_the_health_is_ok_while_it_catches_up(desk: Desk) -> None:
    fill(desk)
    desk.intake.turn(desk.clock.now())
    with desk.database.read() as work:
        record = work.health.get("mailbox:support/INBOX")
    assert record is not None
    assert record.state is HealthState.OK
