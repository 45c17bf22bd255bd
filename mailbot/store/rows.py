"""What the store takes and gives: plain values, so that nobody else sees a table, a row object or SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mailbot.desk.deadline import Arm, Deadline
from mailbot.desk.evidence import Evidence
from mailbot.desk.outgoing import Cause, MailClass
from mailbot.desk.people import Person
from mailbot.desk.ticket import Entry, Participant, Side, Ticket
from mailbot.store.states import DeadlineState, HealthState, InboxState, OutboxState, Phase
from mailbot.triage.assessment import Priority, Reason

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MailboxRecord:
    """A watched folder: when mailbot saw it first, and whether the server has renumbered it since the last look."""

    account: str
    folder: str
    uidvalidity: int
    first_start: datetime
    renumbered: bool
    backlog_accepted_at: datetime | None = None
    rescan_from: datetime | None = None  # the database was restored; what arrived since then is looked for everywhere


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A mail to work on. `epoch` names this claim: whoever holds an older one can finish nothing."""

    id: int
    account: str
    folder: str
    uidvalidity: int
    uid: int
    raw: bytes
    raw_hash: str
    internal_date: datetime
    received_at: datetime
    size_bytes: int
    truncated: bool  # above the size limit: only the header and the first 64 KiB are here
    state: InboxState
    reason: str
    attempts: int
    epoch: int
    dkim: str = ""  # verdict of our own verification, once known
    released_by: str = ""  # a person vouched for it


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim brought: rows to work on, and rows that were set aside because three attempts did not end."""

    rows: tuple[InboxRow, ...]
    poisoned: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """What was learnt of a mail, to be kept on its row; `parsed` is the form that rules read (`backtest`, `replay`)."""

    message_id: str = ""
    sender: str = ""  # folded From address
    subject: str = ""
    mail_class: str = ""
    class_reason: str = ""
    fingerprint_content: str = ""
    parsed: Json = field(default_factory=dict)
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class InboxLine:
    """An inbox row as people list it."""

    id: int
    account: str
    folder: str
    uid: int
    state: InboxState
    reason: str
    attempts: int
    sender: str
    subject: str
    message_id: str
    mail_class: str
    class_reason: str
    ticket: int | None
    duplicate_of: int | None
    released_by: str
    internal_date: datetime
    received_at: datetime
    done_at: datetime | None
    size_bytes: int
    truncated: bool


@dataclass(frozen=True, slots=True)
class QueuedMail:
    """A rendered mail for the outbox; `id` was reserved before rendering; `state` is ready, stopped or cancelled."""

    id: int
    kind: str
    class_: MailClass
    cause: Cause
    side: Side
    recipient: str
    mail_from: str
    message_id: str
    subject: str
    raw: bytes
    not_before: datetime
    ticket: int | None = None
    inbox_id: int | None = None
    group_name: str = ""
    author: str = ""  # the specialist whose words it relays
    priority: Priority = Priority.P3
    arms: Arm | None = None
    config_hash: str = ""
    text: str | None = None  # the plain text; None: taken out of `raw`
    state: OutboxState = OutboxState.READY
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A mail to deliver. `epoch` names this claim."""

    id: int
    ticket: int | None
    kind: str
    class_: MailClass
    side: Side
    recipient: str
    mail_from: str
    message_id: str
    raw: bytes
    attempts: int
    unknown_count: int
    holder: str
    epoch: int
    arms: Arm | None
    config_hash: str
    created_at: datetime
    not_before: datetime


@dataclass(frozen=True, slots=True)
class OutboxLine:
    """An outbox row as people list it."""

    id: int
    ticket: int | None
    inbox_id: int | None
    kind: str
    class_: MailClass
    cause: Cause
    side: Side
    recipient: str
    group_name: str
    author: str
    message_id: str
    subject: str
    state: OutboxState
    reason: str
    phase: Phase
    attempts: int
    unknown_count: int
    priority: Priority
    not_before: datetime
    created_at: datetime
    sent_at: datetime | None
    smtp_reply: str
    unknown_at: datetime | None = None  # since when it is in doubt


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """A deadline of a ticket, whatever became of it."""

    deadline: Deadline
    state: DeadlineState
    fired_at: datetime | None


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """Why something was done: by which event, with which reasons, under which configuration."""

    event: str
    at: datetime
    config_hash: str
    reasons: tuple[Reason, ...]
    inbox_id: int | None = None
    ticket: int | None = None
    deadline: str = ""  # e.g. "unclaimed/0/0"
    disposition: str = ""  # e.g. "ignored: before_start"


@dataclass(frozen=True, slots=True)
class TicketHistory:
    """Everything the desk knows of a ticket, held mail included."""

    ticket: Ticket
    requester: Person | None
    entries: tuple[Entry, ...]
    participants: tuple[Participant, ...]
    deadlines: tuple[DeadlineLine, ...]
    mails_in: tuple[InboxLine, ...]
    mails_out: tuple[OutboxLine, ...]
    decisions: tuple[DecisionRecord, ...]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Something a person did beside the daemon."""

    who: str
    verb: str
    what: str
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class HealthRecord:
    """How a part of the daemon is, since when, and when it last said so."""

    component: str
    state: HealthState
    since: datetime
    detail: str  # why, in words
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """Rows per state, since when the oldest of those that should move waits, and what the daemon says of itself."""

    inbox: Mapping[str, int]
    outbox: Mapping[str, int]
    deadlines: Mapping[str, int]
    tickets: Mapping[str, int]
    oldest_received_at: datetime | None
    oldest_held_at: datetime | None
    oldest_ready_at: datetime | None  # of mail whose time has come
    oldest_deadline_due_at: datetime | None
    mailboxes: tuple[MailboxRecord, ...]
    health: tuple[HealthRecord, ...] = ()
