"""What can happen to a desk. `interpret` makes one event of a mail and its situation; `decide` answers each with a
decision.

An event without a branch in `decide` is a type error (`assert_never`), so a new meaning of mail cannot be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailbot.desk.commands import Command
from mailbot.desk.deadline import Deadline
from mailbot.desk.evidence import Evidence
from mailbot.desk.outgoing import NoteCode
from mailbot.desk.people import Person
from mailbot.desk.remarks import Remark
from mailbot.triage.assessment import Reason


class Meaning(StrEnum):
    """What a mail from the requester's side means for its ticket: the columns of the second state table."""

    NEW_WORDS = "new_words"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    COURTESY = "courtesy"
    UNCLEAR = "unclear"
    AUTOMATIC = "automatic"
    BOUNCE = "bounce"


class Origin(StrEnum):
    """How a request came."""

    PERSON = "person"
    FORM = "form"
    MACHINE = "machine"  # a machine that no source names, `on_machine = "ticket"`


@dataclass(frozen=True, slots=True)
class RequestReceived:
    """Somebody needs help with something new; `follows` is an old ticket that it continues."""

    person: Person
    evidence: Evidence
    origin: Origin
    text: str
    follows: int | None = None
    forwarded_by: str = ""
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertReceived:
    """A monitoring system reports `key`, or its recovery."""

    source: str
    key: str
    recovered: bool


@dataclass(frozen=True, slots=True)
class RequesterReplied:
    """The requester's side said something on its ticket; `cycle` is that of the request to confirm that it answers
    (None: unknown).
    """

    meaning: Meaning
    evidence: Evidence
    person: Person
    text: str
    cycle: int | None = None
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecialistReplied:
    """A specialist wrote to the requester, and all of `text` may go out (a doubtful cut is `Held` instead)."""

    specialist: str
    name: str
    evidence: Evidence
    text: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class SpecialistCommanded:
    """A specialist (or admin) steered with commands; `text` are the words below them.

    `broken`: a line was not understood, so nothing is done, nothing is relayed, and the receipt says what to correct.
    """

    specialist: str
    name: str
    evidence: Evidence
    commands: tuple[Command, ...]
    text: str = ""
    broken: bool = False
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class MailUndelivered:
    """One of our mails did not arrive: outbox row `outbox_id`."""

    outbox_id: int
    kind: str  # OutgoingKind of that mail
    recipient: str
    permanent: bool
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class AutomaticMail:
    """A machine answered on a ticket (absence, receipt, delay): an entry, and nothing else."""

    mail_class: str
    text: str
    sender: str


@dataclass(frozen=True, slots=True)
class HandOverRefused:
    """A group's list denied or holds our post."""

    outbox_id: int | None
    group: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeadlinePassed:
    """The clock came to a deadline of this ticket."""

    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Held:
    """Understood, but a person must say go; `ask` is the specialist or group to ask, "" = an admin."""

    reason: Remark
    ask: str
    evidence: Evidence
    note: NoteCode = NoteCode.HELD_MAIL
    preview: str = ""  # what the requester would receive


@dataclass(frozen=True, slots=True)
class Ignored:
    """Stored, listed, and nothing more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same mail as inbox row `of`."""

    of: int


Event = (
    RequestReceived
    | AlertReceived
    | RequesterReplied
    | SpecialistReplied
    | SpecialistCommanded
    | MailUndelivered
    | AutomaticMail
    | HandOverRefused
    | DeadlinePassed
    | Held
    | Ignored
    | Duplicate
)
