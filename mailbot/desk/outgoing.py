"""Every kind of mail that leaves, declared once: its class, cause, side and template (decisions.md, "Mail that
leaves").

Mail to the requester's side carries a `PublicView`, which cannot hold an internal entry; everything else carries an
`InternalView` or an `AlertView`. To add a kind: one row in `DECLARED`, templates in every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbot.desk.deadline import Arm
from mailbot.desk.people import Person
from mailbot.desk.remarks import Remark
from mailbot.desk.ticket import AttachmentRef, Entry, PublicEntry, Side, State, Ticket
from mailbot.triage.assessment import Kind, Priority


class OutgoingKind(StrEnum):
    """The kinds; each value is the name of its templates."""

    ACKNOWLEDGEMENT = "acknowledgement"
    FAQ_ANSWER = "faq_answer"
    CLARIFYING_QUESTION = "clarifying_question"
    RELAY_TO_REQUESTER = "relay_to_requester"
    REQUEST_TO_CONFIRM = "request_to_confirm"
    CLOSED = "closed"
    REOPENED = "reopened"
    REMINDER = "reminder"
    HAND_OVER = "hand_over"
    RELAY_TO_GROUP = "relay_to_group"
    RECEIPT = "receipt"
    QUESTION_TO_SPECIALIST = "question_to_specialist"
    NOTE_TO_GROUP = "note_to_group"
    ALERT_TO_ADMINS = "alert_to_admins"


class MailClass(StrEnum):
    """A: at least once. B: at most once."""

    A = "A"
    B = "B"


class Cause(StrEnum):
    """What made the desk write: a mail (all gate rules apply), the clock, or a specialist."""

    MAIL = "mail"
    CLOCK = "clock"
    SPECIALIST = "specialist"


@dataclass(frozen=True, slots=True)
class Declared:
    """What is settled for one kind of mail."""

    class_: MailClass
    cause: Cause
    side: Side
    automatic: bool  # carries Auto-Submitted, so that machines keep quiet
    adjusts_cause: bool = False  # may also be caused by the clock or a specialist; `Outgoing.cause` says which


DECLARED: Mapping[OutgoingKind, Declared] = {
    OutgoingKind.ACKNOWLEDGEMENT: Declared(MailClass.B, Cause.MAIL, Side.REQUESTER, automatic=True),
    OutgoingKind.FAQ_ANSWER: Declared(MailClass.B, Cause.MAIL, Side.REQUESTER, automatic=True),
    OutgoingKind.CLARIFYING_QUESTION: Declared(MailClass.B, Cause.MAIL, Side.REQUESTER, automatic=True),
    OutgoingKind.RELAY_TO_REQUESTER: Declared(MailClass.A, Cause.SPECIALIST, Side.REQUESTER, automatic=False),
    OutgoingKind.REQUEST_TO_CONFIRM: Declared(MailClass.A, Cause.SPECIALIST, Side.REQUESTER, automatic=False),
    OutgoingKind.CLOSED: Declared(MailClass.B, Cause.MAIL, Side.REQUESTER, automatic=True, adjusts_cause=True),
    OutgoingKind.REOPENED: Declared(MailClass.B, Cause.MAIL, Side.REQUESTER, automatic=True, adjusts_cause=True),
    OutgoingKind.REMINDER: Declared(MailClass.B, Cause.CLOCK, Side.REQUESTER, automatic=True),
    OutgoingKind.HAND_OVER: Declared(MailClass.A, Cause.MAIL, Side.GROUP, automatic=False, adjusts_cause=True),
    OutgoingKind.RELAY_TO_GROUP: Declared(MailClass.A, Cause.MAIL, Side.GROUP, automatic=False),
    OutgoingKind.RECEIPT: Declared(MailClass.A, Cause.SPECIALIST, Side.GROUP, automatic=True),
    OutgoingKind.QUESTION_TO_SPECIALIST: Declared(MailClass.A, Cause.SPECIALIST, Side.GROUP, automatic=True),
    OutgoingKind.NOTE_TO_GROUP: Declared(MailClass.A, Cause.MAIL, Side.GROUP, automatic=True, adjusts_cause=True),
    OutgoingKind.ALERT_TO_ADMINS: Declared(MailClass.A, Cause.CLOCK, Side.ADMIN, automatic=True, adjusts_cause=True),
}


class NoteCode(StrEnum):
    """What a note to the group (or an alert to admins) is about; the templates hold the sentences."""

    CLOSED_BY_REQUESTER = "closed_by_requester"
    CLOSED_BY_SILENCE = "closed_by_silence"
    REOPENED = "reopened"
    UNREACHABLE = "unreachable"  # a mail to the requester did not arrive
    UNCLEAR_AGAIN = "unclear_again"
    FAQ_REJECTED = "faq_rejected"
    FAQ_SILENCE = "faq_silence"
    REMINDERS_UNANSWERED = "reminders_unanswered"
    WAIT_OVER = "wait_over"
    UNCLAIMED = "unclaimed"
    TAKEN = "taken"
    COMMAND_USED = "command_used"  # without authentication: every command is shown, so that a forgery is seen
    ALERT_REPEATED = "alert_repeated"
    ALERT_RECOVERED = "alert_recovered"
    UNKNOWN_COLLEAGUE = "unknown_colleague"
    HELD_RELAY = "held_relay"
    HELD_MAIL = "held_mail"
    SET_ASIDE = "set_aside"
    TOO_BIG = "too_big"  # set aside, with its beginning kept
    HAND_OVER_REFUSED = "hand_over_refused"
    UNDELIVERED = "undelivered"
    STOPPED = "stopped"
    NO_APPROVAL = "no_approval"
    BACKLOG = "backlog"
    MAILBOX = "mailbox"
    CONFIGURATION = "configuration"
    RENUMBERED = "renumbered"  # a mailbox has a new UIDVALIDITY
    STUCK = "stuck"  # mail waits that should have moved on by itself
    CONSERVATION = "conservation"  # mail stands in a mailbox and cannot be fetched
    DELIVERY = "delivery"  # no server takes mail; by the second route
    DATABASE = "database"  # past the outbox, which is in it
    CLOCK = "clock"  # somebody turned it
    MANY_DUE = "many_due"  # a storm of deadlines that should have come long ago


class Approver(StrEnum):
    """Who must approve a request, by their role: the word for it where no name can be shown."""

    MANAGER = "manager"  # the requester's
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TermsShown:
    """What the requester can expect of a request, in their language; empty texts are left out."""

    delivery: str = ""
    cost: str = ""
    needed: str = ""
    approval: Approver | None = None  # None: nobody must approve
    approver: str = ""  # their name, where it is known and may be shown


@dataclass(frozen=True, slots=True)
class PublicView:
    """All that a mail to the requester's side may be made of."""

    number: int
    kind: Kind
    question: bool
    priority: Priority
    state: State
    service: str = ""  # by its configured label, in the requester's language
    greeting_name: str = ""  # "" unless the name may be used (never the words of an unauthenticated sender)
    subject: str = ""  # the requester's subject, "" unless it may be used: then a fixed one of our catalogue
    words: str = ""  # relayed text, or the Markdown of an FAQ entry
    faq_title: str = ""
    specialist_name: str = ""  # only where the group shows names
    missing: tuple[str, ...] = ()  # questions to ask
    terms: TermsShown | None = None
    response_due_at: datetime | None = None
    resolution_due_at: datetime | None = None
    reopen_days: int = 0
    cycle: int = 0
    step: int = 0  # number of the reminder, from 1
    entries: tuple[PublicEntry, ...] = ()
    left_behind: tuple[str, ...] = ()  # names of attachments that were too large to travel


@dataclass(frozen=True, slots=True)
class Receipt:
    """One line of a receipt: the command as written ("" = the reply itself), and what came of it."""

    line: str
    remark: Remark
    done: bool


@dataclass(frozen=True, slots=True)
class InternalView:
    """What specialists see: the whole ticket."""

    ticket: Ticket
    person: Person
    group: str  # label
    service: str = ""  # label
    author: str = ""  # whose words these are
    author_name: str = ""
    words: str = ""
    entries: tuple[Entry, ...] = ()
    terms: TermsShown | None = None
    facts: tuple[tuple[str, str], ...] = ()  # (label, value); "" = asked for
    suggestions: tuple[tuple[str, str, float], ...] = ()  # FAQ entries: (id, title, score)
    receipt: tuple[Receipt, ...] = ()
    note: NoteCode | None = None
    why: Remark | None = None  # a mail is held
    undelivered: OutgoingKind | None = None  # which mail did not arrive
    detail: str = ""  # somebody's words, never ours
    held_row: int | None = None  # inbox row that `#send`, `#accept`, `#reject` speak of
    step: int = 0
    left_behind: tuple[str, ...] = ()  # names of attachments that were too large to travel


@dataclass(frozen=True, slots=True)
class AlertView:
    """What admins are told; never the poison itself."""

    note: NoteCode
    detail: str
    ticket: int | None = None
    inbox_row: int | None = None
    remedy: str = ""  # the command line that helps
    why: Remark | None = None  # a mail is held


View = PublicView | InternalView | AlertView


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A mail to be written, as data: the renderer turns it into bytes, inside the transaction of its cause."""

    kind: OutgoingKind
    to: str  # exactly one address
    view: View
    language: str
    ticket: int | None = None
    to_name: str = ""
    group: str = ""  # whose specialist token it carries; "" for requesters and admins
    author: str = ""  # the specialist whose words it relays, so that #undo finds it
    cause: Cause | None = None  # where the declaration lets it differ
    hold_seconds: int = 0
    arms: Arm | None = None  # starts when this mail is sent
    attachments: tuple[AttachmentRef, ...] = field(default=())

    @property
    def declared(self) -> Declared:
        """What is settled for this kind."""
        return DECLARED[self.kind]

    @property
    def caused_by(self) -> Cause:
        """The cause that the gate judges."""
        return self.cause if self.cause is not None else self.declared.cause
