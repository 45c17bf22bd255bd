"""What stands in the folder comes into the inbox: once, completely, and only then is it marked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from mailbot.daemon.intake import Intake
from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.transport.mailbox import MailboxUnavailable
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.fakes.transport import MemoryMailbox

MAIL = b"From: ann@corp.example\r\nSubject: %s\r\nMessage-ID: <%s@corp.example>\r\n\r\n%s\r\n"


def mail(word: str, text: str = "The tunnel is broken.") -> bytes:
    return MAIL % (word.encode(), word.encode(), text.encode())


def test_new_mail_is_stored_and_then_marked(desk: Desk) -> None:
    uid = desk.mailbox.put(mail("one"))
    assert desk.intake.turn(desk.clock.now()) == 1
    assert [line.uid for line in desk.mails_in()] == [uid]
    assert desk.mailbox.stored == [uid]


def test_a_second_look_brings_nothing_twice(desk: Desk) -> None:
    desk.mailbox.put(mail("one"))
    desk.intake.turn(desk.clock.now())
    assert desk.intake.turn(desk.clock.now()) == 0
    assert len(desk.mails_in()) == 1


@pytest.mark.parametrize("point", ["before open", "after open", "before uids", "before fetch"])
def test_a_connection_that_is_lost_before_the_commit_costs_a_turn_and_no_mail(desk: Desk, point: str) -> None:
    desk.mailbox.put(mail("one"))
    desk.mailbox.fail_next(point)
    assert desk.intake.turn(desk.clock.now()) == 0
    assert desk.mailbox.stored == []
    desk.clock.step(timedelta(minutes=1))
    assert desk.intake.turn(desk.clock.now()) == 1


def test_a_connection_lost_in_the_middle_marks_nothing_that_is_not_stored(desk: Desk) -> None:
    desk.mailbox.put(mail("one"))
    desk.mailbox.put(mail("two"))
    desk.mailbox.fail_next("after fetch")
    desk.intake.turn(desk.clock.now())
    assert len(desk.mailbox.stored) <= len(desk.mails_in())
    desk.clock.step(timedelta(minutes=1))
    desk.intake.turn(desk.clock.now())
    assert sorted(line.uid for line in desk.mails_in()) == [1, 2]
    assert sorted(desk.mailbox.stored) == [1, 2]


def test_what_a_crash_left_unmarked_is_marked_later(desk: Desk) -> None:
    uid = desk.mailbox.put(mail("one"))
    desk.mailbox.fail_next("before mark_stored")
    desk.intake.turn(desk.clock.now())
    assert len(desk.mails_in()) == 1
    assert desk.mailbox.stored == []
    desk.start()
    desk.intake.turn(desk.clock.now())
    assert desk.mailbox.stored == [uid]


def test_a_uid_that_appears_late_below_the_newest_is_not_missed(desk: Desk) -> None:
    desk.mailbox.put(mail("one"))
    late = desk.mailbox.messages.pop(desk.mailbox.put(mail("late")))
    desk.mailbox.put(mail("three"))
    desk.intake.turn(desk.clock.now())
    desk.mailbox.messages[2] = late
    assert desk.intake.turn(desk.clock.now()) == 1
    assert sorted(line.uid for line in desk.mails_in()) == [1, 2, 3]


def test_after_the_server_renumbered_old_mail_is_known_again_and_admins_are_told(
    desk: Desk, ann: Correspondent, admin: Correspondent
) -> None:
    ann.writes("VPN is down", "The tunnel is broken.")
    desk.mailbox.renumber(77)
    desk.mailbox.put(mail("new", "The tunnel does not work here either."), desk.clock.now())
    desk.settle()
    states = [(line.state.value, line.reason) for line in reversed(desk.mails_in())]
    assert states == [("done", "opened"), ("duplicate", "of inbox row 1"), ("done", "opened")]
    assert admin.gets("alert_to_admins").says("UIDVALIDITY 77")


def test_a_mail_above_the_limit_is_set_aside_with_its_header(
    desk: Desk, admin: Correspondent, with_limits: Callable[..., None]
) -> None:
    with_limits(message_bytes=50_000)
    desk.receives(mail("huge", "x" * 200_000))
    (line,) = desk.mails_in()
    assert (line.state, line.reason, line.truncated) == ("set_aside", "too_big", True)
    alert = admin.gets("alert_to_admins")
    assert alert.says(f"too_big, {line.size_bytes:,} bytes; the limit is 50,000 bytes")
    assert alert.says(f"mailbot inbox release {line.id}")
    assert not alert.says("could not be read")
    with desk.database.read() as work:
        row = work.inbox.row(line.id)
    assert row is not None
    assert row.raw.startswith(b"From: ann@corp.example")
    assert len(row.raw) < 70_000


def test_a_mailbox_that_nobody_can_read_is_told_to_admins_once_and_left_alone(desk: Desk, admin: Correspondent) -> None:
    for _ in range(3):
        desk.mailbox.fail_next("before open", MailboxUnavailable("login refused", temporary=False))
    for _ in range(4):
        desk.intake.turn(desk.clock.now())
        desk.clock.step(timedelta(minutes=1))
    assert desk.mailbox.opened == 0
    desk.delivery.turn(desk.clock.now())
    desk.settle()
    assert admin.gets("alert_to_admins").says("login refused")
    admin.gets_nothing()
    assert desk.intake.problem == "login refused"


def test_a_mailbox_that_comes_back_is_read_again(desk: Desk) -> None:
    desk.mailbox.put(mail("one"))
    desk.mailbox.fail_next("before open")
    assert desk.intake.turn(desk.clock.now()) == 0
    assert desk.intake.turn(desk.clock.now()) == 0, "not again at once"
    desk.clock.step(timedelta(minutes=1))
    assert desk.intake.turn(desk.clock.now()) == 1
    assert desk.intake.problem == ""


def test_mail_from_before_the_first_start_is_stored_and_ignored(desk: Desk) -> None:
    watched = Watched(desk.mailbox, counts_from=None)
    object.__setattr__(desk.parts, "mailboxes", (watched,))
    desk.start()
    desk.mailbox.put(mail("old"), desk.clock.now() - timedelta(days=3))
    desk.mailbox.put(mail("new", "The tunnel does not work."), desk.clock.now())
    desk.settle()
    assert [line.reason for line in reversed(desk.mails_in())] == ["before_start", "opened"]
    assert len(desk.tickets()) == 1


def test_the_wait_ends_when_the_daemon_stops(desk: Desk) -> None:
    intake = Intake(desk.parts, desk.parts.mailboxes[0])
    desk.parts.wakes.stop.set()
    intake.wait(60)  # a hang here is the failure
    assert intake.problem == ""


def test_an_archive_folder_that_is_gone_after_a_restore_is_told_once_and_the_mailbox_goes_on(
    desk: Desk, admin: Correspondent
) -> None:
    archive = MemoryMailbox(folder="Archive", uid_validity=7)
    intake = Intake(desk.parts, Watched(desk.mailbox, EVERYTHING, archive))
    intake.turn(desk.clock.now())
    with desk.database.write() as work:
        work.restores.mark("admin", "desk.tar.gz", desk.clock.now(), desk.clock.now())
    for _ in range(20):
        archive.fail_next("before open", MailboxUnavailable("no folder Archive", temporary=False))
    desk.mailbox.put(mail("one", "The tunnel does not work."), desk.clock.now())
    for _ in range(3):
        intake.turn(desk.clock.now())
        assert intake.problem == ""
        desk.clock.step(timedelta(hours=1))
    assert len(desk.mails_in()) == 1
    desk.settle()
    assert admin.gets("alert_to_admins").says("no folder Archive")
    admin.gets_nothing()
