"""Folder UIDs − inbox rows = 0: checked every hour, told to whoever asks, and to the admins when it stays wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest

from mailbot.daemon.comparing import WINDOW_UIDS
from mailbot.daemon.intake import Intake
from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.transport.mailbox import Fetched, MessageRef
from tests.conversations.desk import Desk
from tests.daemon.test_intake import mail
from tests.fakes.transport import MemoryMailbox

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class StubbornMailbox(MemoryMailbox):
    """A server that lists every mail and does not give those that are `withheld`."""

    def __init__(self, folder: str = "INBOX", uid_validity: int = 1) -> None:
        super().__init__(folder=folder, uid_validity=uid_validity)
        self.withheld: set[int] = set()
        self.fleeting: set[int] = set()
        self.looks: list[int] = []

    def uids(self, from_uid: int = 1) -> list[MessageRef]:
        self.looks.append(from_uid)
        return list(super().uids(from_uid))

    def fetch(self, uids: Iterable[int], limit_bytes: int) -> Iterator[Fetched]:
        for uid in self.fleeting:
            self.remove(uid)
        return super().fetch(set(uids) - self.withheld, limit_bytes)


@pytest.fixture
def mailbox() -> StubbornMailbox:
    return StubbornMailbox()


@pytest.fixture
def intake(desk: Desk, mailbox: StubbornMailbox) -> Intake:
    return Intake(desk.parts, Watched(mailbox, EVERYTHING))


def checked(desk: Desk) -> HealthRecord:
    with desk.database.read() as work:
        found = work.health.get("conservation:support/INBOX")
    assert found is not None
    return found


def alerts(desk: Desk) -> list[str]:
    desk.delivery.turn(desk.clock.now())
    return [line.subject for line in desk.mails_out() if line.kind == "alert_to_admins"]


def turns(desk: Desk, intake: Intake, gap: timedelta, until: datetime) -> None:
    while desk.clock.now() < until:
        desk.clock.step(gap)
        intake.turn(desk.clock.now())


def test_every_hour_the_folder_is_held_against_the_inbox(desk: Desk, intake: Intake, mailbox: StubbornMailbox) -> None:
    begun = desk.clock.now()
    mailbox.put(mail("one"))
    intake.turn(begun)
    assert (checked(desk).state, checked(desk).detail) == (HealthState.OK, "0 of 1 mails missing")
    mailbox.put(mail("two"))
    turns(desk, intake, 10 * MINUTE, begun + HOUR - 10 * MINUTE)
    assert checked(desk).updated_at == begun, "not before the hour is over"
    turns(desk, intake, 10 * MINUTE, begun + HOUR)
    assert (checked(desk).updated_at, checked(desk).detail) == (begun + HOUR, "0 of 2 mails missing")
    assert alerts(desk) == []


def test_the_hour_goes_on_over_a_restart(desk: Desk, intake: Intake, mailbox: StubbornMailbox) -> None:
    begun = desk.clock.now()
    intake.turn(begun)
    desk.clock.step(30 * MINUTE)
    Intake(desk.parts, Watched(mailbox, EVERYTHING)).turn(desk.clock.now())
    assert checked(desk).updated_at == begun
    desk.clock.step(30 * MINUTE)
    Intake(desk.parts, Watched(mailbox, EVERYTHING)).turn(desk.clock.now())
    assert checked(desk).updated_at == begun + HOUR


def test_mail_that_a_server_lists_and_does_not_give_is_told_to_admins_once(
    desk: Desk, intake: Intake, mailbox: StubbornMailbox
) -> None:
    mailbox.withheld.add(mailbox.put(mail("one")))
    mailbox.put(mail("two"))
    intake.turn(desk.clock.now())
    assert (checked(desk).state, checked(desk).detail) == (HealthState.RETRYING, "1 of 2 mails missing")
    assert alerts(desk) == [], "once is no proof"
    turns(desk, intake, 10 * MINUTE, desk.clock.now() + 3 * HOUR)
    assert checked(desk).state is HealthState.NEEDS_PERSON
    assert len(alerts(desk)) == 1
    mailbox.withheld.clear()
    turns(desk, intake, 10 * MINUTE, desk.clock.now() + 10 * MINUTE)
    assert (checked(desk).state, checked(desk).detail) == (HealthState.OK, "0 of 2 mails missing")
    assert len(desk.mails_in()) == 2
    assert len(alerts(desk)) == 1


@pytest.mark.parametrize("hours", [1, 24])
def test_a_uid_that_appears_late_far_below_the_newest_is_fetched(
    desk: Desk, intake: Intake, mailbox: StubbornMailbox, hours: int
) -> None:
    late = mailbox.messages.pop(mailbox.put(mail("late")))
    mailbox._following = 2 * WINDOW_UIDS
    mailbox.put(mail("newest"))
    begun = desk.clock.now()
    intake.turn(begun)
    mailbox.messages[1] = late
    turns(desk, intake, MINUTE, begun + HOUR - MINUTE)
    assert [line.uid for line in desk.mails_in()] == [2 * WINDOW_UIDS], "below the window of the ordinary look"
    turns(desk, intake, MINUTE, begun + hours * HOUR + MINUTE)
    assert sorted(line.uid for line in desk.mails_in()) == [1, 2 * WINDOW_UIDS]
    turns(desk, intake, MINUTE, desk.clock.now() + 10 * MINUTE)
    assert checked(desk).state is HealthState.OK
    assert alerts(desk) == []


def test_between_the_checks_only_a_window_is_looked_at_and_once_a_day_everything(
    desk: Desk, intake: Intake, mailbox: StubbornMailbox
) -> None:
    intake._conservation.is_due = lambda now: False  # type: ignore[method-assign]  # the daily look alone
    mailbox._following = 2 * WINDOW_UIDS
    mailbox.put(mail("newest"))
    begun = desk.clock.now()
    intake.turn(begun)
    turns(desk, intake, HOUR, begun + 25 * HOUR)
    assert mailbox.looks == [1, *[WINDOW_UIDS] * 23, 1, WINDOW_UIDS]


def test_mail_that_somebody_moves_away_meanwhile_is_not_missing(
    desk: Desk, intake: Intake, mailbox: StubbornMailbox
) -> None:
    uid = mailbox.put(mail("one"))
    mailbox.fleeting.add(uid)  # it is listed, and gone when it is to be fetched
    intake.turn(desk.clock.now())
    assert (checked(desk).state, checked(desk).detail) == (HealthState.OK, "0 of 0 mails missing")


@pytest.mark.parametrize("back", [30 * MINUTE, timedelta(days=400)])
def test_a_clock_that_is_set_back_stops_neither_the_check_nor_the_daily_look(
    desk: Desk, intake: Intake, mailbox: StubbornMailbox, back: timedelta
) -> None:
    mailbox._following = 2 * WINDOW_UIDS
    mailbox.put(mail("newest"))
    intake.turn(desk.clock.now())
    desk.clock.time -= back
    mailbox.looks.clear()
    turns(desk, intake, MINUTE, desk.clock.now() + MINUTE)
    assert checked(desk).updated_at == desk.clock.now()
    assert mailbox.looks == [1, 1], "the whole folder for intake and for the check"


# ---------------------------------------------------------------- the folder that stored mail is moved to

ONE_FOREIGN = "0 of 0 mails missing, 1 in the archive folder unknown"


class Archiving(MemoryMailbox):
    """Moves what is stored, as IMAP does (RFC 6851): arrival and size stay, the UID is another."""

    def __init__(self, archive: MemoryMailbox) -> None:
        super().__init__()
        self.archive = archive

    def mark_stored(self, uids: Iterable[int]) -> None:
        for uid in set(uids) & set(self.messages):
            self.archive.put(*self.messages.pop(uid))


@pytest.fixture
def archive() -> StubbornMailbox:
    return StubbornMailbox("Archive", 7)


@pytest.fixture
def archiving(desk: Desk, archive: MemoryMailbox) -> Intake:
    return Intake(desk.parts, Watched(Archiving(archive), EVERYTHING, archive))


def arrives(desk: Desk, intake: Intake, *words: str) -> None:
    for word in words:
        desk.clock.step(timedelta(minutes=1))
        intake._mailbox.put(mail(word), desk.clock.now())  # type: ignore[attr-defined]  # a mailbox in memory
    intake.turn(desk.clock.now())


def test_what_was_moved_to_the_archive_is_known_there(desk: Desk, archiving: Intake, archive: MemoryMailbox) -> None:
    archiving.turn(desk.clock.now())
    arrives(desk, archiving, "one", "two")
    turns(desk, archiving, 10 * MINUTE, desk.clock.now() + 2 * HOUR)
    assert len(archive.messages) == 2
    assert (checked(desk).state, checked(desk).detail) == (HealthState.OK, "0 of 0 mails missing")


def test_mail_of_the_archive_that_the_database_forgot_is_told_once(
    desk: Desk, archiving: Intake, archive: MemoryMailbox
) -> None:
    archiving.turn(desk.clock.now())
    arrives(desk, archiving, "one", "two")
    with desk.database.write() as work:  # an older copy of the database came back
        work.connection.exec_driver_sql("DELETE FROM inbox WHERE uid = 2")
    turns(desk, archiving, 10 * MINUTE, desk.clock.now() + 3 * HOUR)
    assert (checked(desk).state, checked(desk).detail) == (HealthState.OK, ONE_FOREIGN)
    assert len(alerts(desk)) == 1
    archiving._mailbox.put(*archive.messages.pop(2))  # type: ignore[attr-defined]  # a person moves it back
    turns(desk, archiving, 10 * MINUTE, desk.clock.now() + 20 * MINUTE)
    assert checked(desk).state is HealthState.OK
    assert len(desk.mails_in()) == 2
    assert len(alerts(desk)) == 1


def test_what_people_keep_in_the_archive_or_take_out_of_it_is_no_loss(
    desk: Desk, archiving: Intake, archive: MemoryMailbox
) -> None:
    archive.put(mail("of last year"), desk.clock.now() - timedelta(days=300))
    archiving.turn(desk.clock.now())
    arrives(desk, archiving, "one")
    archive.remove(2)
    turns(desk, archiving, 10 * MINUTE, desk.clock.now() + 2 * HOUR)
    assert checked(desk).state is HealthState.OK


def test_an_archive_that_cannot_be_read_stops_nothing(desk: Desk, archiving: Intake, archive: MemoryMailbox) -> None:
    archive.fail_next("before open")
    arrives(desk, archiving, "one")
    assert checked(desk).state is HealthState.OK
    assert archiving.problem == ""


def test_foreign_mail_that_people_file_in_the_archive_is_told_once_and_passed_over(
    desk: Desk, archiving: Intake, archive: StubbornMailbox
) -> None:
    archiving.turn(desk.clock.now())
    arrives(desk, archiving, "one", "two")
    archive.put(mail("foreign"), desk.clock.now() + 20 * MINUTE)
    turns(desk, archiving, 10 * MINUTE, desk.clock.now() + 3 * HOUR)
    assert (checked(desk).state, checked(desk).detail) == (HealthState.OK, ONE_FOREIGN)
    assert len(alerts(desk)) == 1
    archive.looks.clear()
    turns(desk, archiving, 10 * MINUTE, desk.clock.now() + 3 * HOUR)
    assert archive.looks == [4] * 3, "no more than what is new"
    archive.put(mail("another"), desk.clock.now())
    turns(desk, archiving, 10 * MINUTE, desk.clock.now() + 3 * HOUR)
    assert checked(desk).detail == "0 of 0 mails missing, 2 in the archive folder unknown"
    assert len(alerts(desk)) == 2
    desk.clock.step(timedelta(days=2))
    archiving.turn(desk.clock.now())
    again = Intake(desk.parts, Watched(archiving._mailbox, EVERYTHING, archive))
    turns(desk, again, 10 * MINUTE, desk.clock.now() + 3 * HOUR)
    assert checked(desk).detail == "0 of 0 mails missing, 2 in the archive folder unknown"
    assert len(alerts(desk)) == 2, "a restart tells nothing anew"


class Altering(Archiving):
    """Its server writes a line into what it moves, or says that it arrives now."""

    def __init__(self, archive: MemoryMailbox, line: bytes = b"", later: timedelta = timedelta()) -> None:
        super().__init__(archive)
        self.line, self.later = line, later

    def mark_stored(self, uids: Iterable[int]) -> None:
        for uid in set(uids) & set(self.messages):
            raw, arrived_at = self.messages.pop(uid)
            self.archive.put(raw + self.line, arrived_at + self.later)


@pytest.mark.parametrize(
    ("line", "later", "told"),
    [(b"X-Moved: yes\r\n", timedelta(), range(1)), (b"", timedelta(seconds=20), range(1, 11))],
)
def test_a_server_that_changes_what_it_moves_makes_no_alert_of_every_mail(
    desk: Desk, archive: MemoryMailbox, line: bytes, later: timedelta, told: range
) -> None:
    altering = Intake(desk.parts, Watched(Altering(archive, line, later), EVERYTHING, archive))
    altering.turn(desk.clock.now())
    for number in range(30):
        arrives(desk, altering, f"mail {number}")
        turns(desk, altering, 20 * MINUTE, desk.clock.now() + 2 * HOUR)
    assert len(archive.messages) == 30
    assert checked(desk).state is HealthState.OK
    assert len(alerts(desk)) in told
