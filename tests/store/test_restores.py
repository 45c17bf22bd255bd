"""A database of the past: what waits, what is under way, and which numbers may be given."""

from datetime import timedelta

import pytest

from mailbot.desk.outgoing import MailClass
from mailbot.store.restores import PERHAPS_SENT
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from tests.store.material import LEASE_SECONDS, NOW, claimed, opened, queued, sending

DAY = timedelta(days=1)
MADE = NOW - 2 * DAY - timedelta(hours=1)


def state(work: Work, mail_id: int) -> OutboxState:
    return next(line.state for line in work.outbox.lines() if line.id == mail_id)


@pytest.mark.parametrize("class_", list(MailClass))
def test_class_b_that_may_have_left_since_is_parked_and_class_a_leaves_again(class_: MailClass, work: Work) -> None:
    begun = sending(work, class_=class_)
    in_data = sending(work, class_=class_)
    work.outbox.enter_data(in_data)
    doubtful = sending(work, class_=MailClass.A)
    work.outbox.doubtful(doubtful, "lost after the dot", NOW)
    waiting = queued(work, class_=class_)
    parked = work.restores.mark("root", "desk.tar.gz", MADE, NOW)
    assert parked == (3 if class_ is MailClass.B else 0)
    assert state(work, doubtful.id) is OutboxState.UNKNOWN
    if class_ is MailClass.B:
        assert {state(work, one) for one in (begun.id, in_data.id, waiting)} == {OutboxState.PARKED}
        work.outbox.end_leases()
        assert work.outbox.settle(NOW + DAY) == ()
        assert {state(work, one) for one in (begun.id, in_data.id, waiting)} == {OutboxState.PARKED}
    else:
        assert state(work, waiting) is OutboxState.READY


def test_who_relied_on_a_parked_mail_is_told_once(work: Work) -> None:
    mail_id = queued(work, class_=MailClass.B)
    work.restores.mark("root", "desk.tar.gz", MADE, NOW)
    assert [mail.id for mail in work.restores.untold()] == [mail_id]
    assert work.restores.told(mail_id)
    assert work.restores.untold() == ()
    assert not work.restores.told(mail_id), "one of two daemons tells of it"
    (line,) = work.outbox.lines()
    assert line.reason == PERHAPS_SENT
    work.outbox.resend(mail_id, "admin", NOW)
    assert state(work, mail_id) is OutboxState.READY, "a person may send it after all"


def test_no_number_that_was_given_since_the_backup_is_given_again(work: Work) -> None:
    opened(work, 1)
    last = work.outbox.reserve_id()
    work.restores.mark("root", "desk.tar.gz", MADE, NOW)
    assert work.outbox.reserve_id() >= last + 30_000
    assert work.tickets.next_number() >= 3_000


def test_every_folder_is_marked_until_it_was_read_once_more(work: Work) -> None:
    for account in ("sales", "support"):
        work.mailboxes.register(account, "INBOX", 7, MADE)
    assert work.restores.restored_at() is None
    work.restores.mark("root", "desk.tar.gz", MADE, NOW)
    assert [record.rescan_from for record in work.mailboxes.all()] == [MADE, MADE]
    work.restores.rescanned("sales", "INBOX")
    assert [record.rescan_from for record in work.mailboxes.all()] == [None, MADE]
    assert work.restores.restored_at() == NOW


def test_it_is_audited(work: Work) -> None:
    work.restores.mark("root", "desk.tar.gz", MADE, NOW)
    (note,) = work.audit.notes()
    assert (note.who, note.verb, note.what) == ("root", "restore", "desk.tar.gz")
    assert MADE.isoformat() in note.detail


def test_nobody_of_the_time_before_holds_anything(work: Work) -> None:
    mail = sending(work)
    row = claimed(work)
    work.leases.acquire("mailbox:support:INBOX", "the lost machine", NOW, 1_000_000)
    work.restores.mark("root", "desk.dump", MADE, NOW)
    assert [one.id for one in work.inbox.claim(20, "new", NOW, LEASE_SECONDS).rows] == [row.id]
    assert work.leases.acquire("mailbox:support:INBOX", "new", NOW, LEASE_SECONDS) == 2
    work.outbox.settle(NOW)
    assert [one.id for one in work.outbox.claim(20, "new", NOW, LEASE_SECONDS)] == [mail.id]
