"""What was looked up before deciding: the database's whole contribution to a decision, as one value.

First `find_clues` reads the mail alone (which ticket does it claim, with which token?); the store looks those up and
returns the `Situation`; `interpret` and `decide` never ask for more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from mailbot.desk.people import Person
from mailbot.desk.ticket import Entry, Participant, Side, Ticket


@dataclass(frozen=True, slots=True)
class Clues:
    """What a mail says about where it belongs. Only the store reads it: which rows to look up."""

    sender: str  # folded From address, "" where there is not exactly one
    ticket: int | None = None  # from a token, a signed Message-ID or a subject tag, whatever its worth
    outbox_id: int | None = None  # of a VERP address, or of a signed Message-ID that a bounce names
    references: tuple[str, ...] = ()  # Message-IDs the mail answers
    alert_key: str | None = None
    person: str = ""  # the requester to be, where it is not the sender (form, forward)
    attachment_hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OurMail:
    """An outbox row, as far as a decision needs it."""

    id: int
    ticket: int | None
    kind: str
    side: Side
    recipient: str
    message_id: str
    state: str
    author: str = ""  # the specialist whose words it relays
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class HeldMail:
    """An inbox row that waits for a person on this ticket."""

    id: int
    reason: str
    sender: str
    subject: str


@dataclass(frozen=True, slots=True)
class Situation:
    """The world as the store knows it at `now`."""

    now: datetime
    next_number: int  # of a ticket, should one be opened
    inbox_id: int | None = None  # None: the clock or the delivery loop caused this
    account: str = ""
    internal_date: datetime | None = None
    ticket: Ticket | None = None  # the one that the clues name, survivors of merges already followed
    entries: tuple[Entry, ...] = ()
    participants: tuple[Participant, ...] = ()
    person: Person | None = None  # the requester (to be): directory, then what was learnt
    requester: Person | None = None  # of `ticket`
    our_mail: OurMail | None = None
    alert_ticket: Ticket | None = None  # the open ticket of this alert key
    pending: tuple[OurMail, ...] = ()  # ready and not yet sent, on this ticket: what #undo can stop
    held: tuple[HeldMail, ...] = ()  # newest first
    sent_lines: frozenset[str] = frozenset()  # whole lines of everything mailbot sent on this ticket: never a command
    sent_texts: tuple[str, ...] = ()  # the bodies mailbot sent into this thread: history by proof
    references_known: bool = False  # the mail answers a Message-ID of this ticket
    open_tickets: tuple[int, ...] = ()  # of this sender
    logos: frozenset[str] = frozenset()  # attachment hashes seen in three tickets of this sender
    machine_mails_last_hour: int = 0  # of this sender
    released_by: str = ""  # a person vouched for this held mail
    # Message-IDs of each side's thread, oldest first
    chains: Mapping[Side, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GateCounts:
    """What the gate needs to know of the past about one mail to one address; read in the transaction that uses it."""

    address_hour: int = 0
    address_day: int = 0
    domain_hour: int = 0
    ticket_day: int = 0
    global_hour: int = 0
    in_a_row: int = 0  # class B since the last human message of either side
    same_lately: bool = False  # same (template, ticket, address) within 24 h
    answered_row: bool = False  # this inbox row already has an automatic answer of this kind
    muted: bool = False
    breaker_open: bool = False
