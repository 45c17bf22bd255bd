"""What the tests of the store are made of: one moment, one ticket, one mail in, one mail out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Disposition, Outcome
from mailbot.desk.evidence import Evidence, Sender, TokenState
from mailbot.desk.outgoing import Cause, MailClass
from mailbot.desk.ticket import Entry, Side, State, Ticket, Visibility
from mailbot.store.inbox import ATTEMPTS
from mailbot.store.rows import InboxRow, OutboxRow, QueuedMail, Understood
from mailbot.store.unit_of_work import Work
from mailbot.triage.assessment import Kind, Level, Priority

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LEASE_SECONDS = 600.0
AFTER_LEASE = NOW + timedelta(seconds=LEASE_SECONDS + 1)
ANN = "ann@corp.example"
CARL = "carl@corp.example"
RAW = b"From: ann@corp.example\r\nSubject: Printer\r\n\r\nIt jams.\r\n"
STRONG = Evidence(Sender.AUTHENTICATED, TokenState.OK, plain_from=True)
WEAK = Evidence(Sender.UNKNOWN, TokenState.NONE, plain_from=True)
DONE = Disposition(Outcome.DONE, "new ticket")
LAST_ATTEMPT = ATTEMPTS


def a_ticket(number: int = 1, **changes: Any) -> Ticket:
    """An incident that the print group has."""
    ticket = Ticket(
        number=number,
        opened_at=NOW,
        kind=Kind.INCIDENT,
        state=State.ASSIGNED,
        requester=ANN,
        requester_name="Ann",
        language="en",
        subject="Printer",
        group="print",
        impact=Level.LOW,
        urgency=Level.MEDIUM,
        priority=Priority.P3,
        response_due_at=NOW + HOUR,
        resolution_due_at=NOW + 8 * HOUR,
    )
    return replace(ticket, **changes)


def opened(work: Work, number: int = 1, **changes: Any) -> Ticket:
    """A ticket that is saved, in any state."""
    ticket = work.tickets.save(a_ticket(number), NOW)
    return work.tickets.save(replace(ticket, **changes), NOW) if changes else ticket


def said(text: str, **changes: Any) -> Entry:
    """Words of the requester."""
    return replace(Entry(Side.REQUESTER, Visibility.PUBLIC, ANN, "Ann", text, NOW), **changes)


def received(work: Work, uid: int = 1, *, raw: bytes = RAW, account: str = "support", now: datetime = NOW) -> int:
    """A mail that is in the inbox."""
    row_id = work.inbox.receive(account, "INBOX", 7, uid, raw, now, len(raw), False, now)
    assert row_id is not None
    return row_id


def claimed(work: Work, uid: int = 1, *, raw: bytes = RAW, account: str = "support", now: datetime = NOW) -> InboxRow:
    """A mail that is being worked on."""
    row_id = received(work, uid, raw=raw, account=account, now=now)
    return work.inbox.claim(1, "daemon", now, LEASE_SECONDS, only=[row_id]).rows[0]


def finished(
    work: Work,
    uid: int = 1,
    *,
    disposition: Disposition = DONE,
    raw: bytes = RAW,
    now: datetime = NOW,
    ticket: int | None = None,
    understood: Understood | None = None,
) -> InboxRow:
    """A mail with its disposition."""
    row = claimed(work, uid, raw=raw, now=now)
    work.inbox.finish(row, disposition, now, understood=understood, ticket=ticket)
    return row


def a_mail(mail_id: int, **changes: Any) -> QueuedMail:
    """A relay to the requester: class A, no ticket."""
    mail = QueuedMail(
        id=mail_id,
        kind="relay_to_requester",
        class_=MailClass.A,
        cause=Cause.SPECIALIST,
        side=Side.REQUESTER,
        recipient=ANN,
        mail_from="support+bounce@corp.example",
        message_id=f"m{mail_id}@corp.example",
        subject="Re: Printer",
        raw=b"Message-ID: <m%d@corp.example>\r\nSubject: Re: Printer\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nPlease try tray 2.\r\n" % mail_id,
        not_before=NOW,
    )
    return replace(mail, **changes)


def queued(work: Work, *, now: datetime = NOW, **changes: Any) -> int:
    """A mail in the outbox."""
    return work.outbox.queue(a_mail(work.outbox.reserve_id(), **changes), now)


def sending(work: Work, *, now: datetime = NOW, **changes: Any) -> OutboxRow:
    """A mail on its way."""
    mail_id = queued(work, now=now, **changes)
    return next(row for row in work.outbox.claim(100, "daemon", now, LEASE_SECONDS) if row.id == mail_id)


SILENCE = Arm(DeadlineKind.AUTO_CLOSE, cycle=1, business=timedelta(hours=40))
