"""The ticket: one matter, from the first mail to the confirmation (ITIL incident management and request fulfilment).

The table `MOVES` is the whole life of a ticket (DESIGN section 3); `decide` never leaves it and `mailbot verify`
checks it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailbot.triage.assessment import Disruption, Kind, Level, Priority


class State(StrEnum):
    """Where a ticket stands; an open ticket is in none of the last two."""

    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    CLOSED = "closed"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self not in (State.CLOSED, State.CANCELLED)


class WaitingFor(StrEnum):
    """Whom or what a waiting ticket waits for."""

    REQUESTER = "requester"
    VENDOR = "vendor"
    APPROVAL = "approval"
    DATE = "date"


class CancelReason(StrEnum):
    """Why a ticket is no ticket (any more)."""

    SPAM = "spam"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    MERGED = "merged"


MOVES: Mapping[State, frozenset[State]] = {
    State.ASSIGNED: frozenset(
        {
            State.ASSIGNED,
            State.IN_PROGRESS,
            State.WAITING,
            State.RESOLVED,
            State.ANSWERED,
            State.CLOSED,
            State.CANCELLED,
        }
    ),
    State.IN_PROGRESS: frozenset({State.WAITING, State.RESOLVED, State.ASSIGNED, State.CLOSED, State.CANCELLED}),
    State.WAITING: frozenset({State.IN_PROGRESS, State.ASSIGNED, State.RESOLVED, State.CLOSED, State.CANCELLED}),
    State.ANSWERED: frozenset({State.CLOSED, State.ASSIGNED, State.RESOLVED, State.CANCELLED}),
    State.RESOLVED: frozenset({State.CLOSED, State.IN_PROGRESS, State.ASSIGNED, State.CANCELLED}),
    State.CLOSED: frozenset({State.IN_PROGRESS, State.ASSIGNED}),
    # `#undo` restores the former state
    State.CANCELLED: frozenset(state for state in State if state is not State.CANCELLED),
}
FIRST_STATES = frozenset({State.ASSIGNED, State.ANSWERED, State.WAITING})


def may_move(before: State | None, after: State) -> bool:
    """Whether a ticket may go from `before` (None: it is being opened) to `after`; staying is always allowed."""
    if before is None:
        return after in FIRST_STATES
    return before is after or after in MOVES[before]


class Visibility(StrEnum):
    """Who may ever read an entry: the wall between inside and outside is this type."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Side(StrEnum):
    """Whose words an entry holds, and whose thread a mail belongs to."""

    REQUESTER = "requester"
    GROUP = "group"
    DESK = "desk"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """A stored attachment; `content_hash` is its SHA-256 (hex) in the table attachments."""

    content_hash: str
    name: str
    type: str
    size_bytes: int
    inline: bool = False
    content_id: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing said on a ticket."""

    side: Side
    visibility: Visibility
    author: str  # address; empty for the desk itself
    author_name: str
    text: str
    at: datetime
    what: str = "words"  # words, note, command, automatic, bounce, event
    attachments: tuple[AttachmentRef, ...] = ()


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """An entry that a requester may see; only `public_entries` makes one, and mail to requesters is built from
    nothing else.
    """

    side: Side
    author_name: str
    text: str
    at: datetime


def public_entries(entries: tuple[Entry, ...]) -> tuple[PublicEntry, ...]:
    """Only what may go outside: public words, without any address."""
    return tuple(
        PublicEntry(entry.side, entry.author_name, entry.text, entry.at)
        for entry in entries
        if entry.visibility is Visibility.PUBLIC
    )


class Joined(StrEnum):
    """How somebody came to take part in a ticket."""

    OPENED = "opened"
    ON_BEHALF = "on_behalf"
    ACCEPTED = "accepted"
    COLLEAGUE = "colleague"
    SPECIALIST = "specialist"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody on a ticket besides its requester."""

    address: str
    name: str
    side: Side
    joined: Joined


@dataclass(frozen=True, slots=True)
class Ticket:
    """One matter as it stands. A decision holds the ticket as it should be, made with `dataclasses.replace`."""

    number: int
    opened_at: datetime
    kind: Kind
    state: State
    requester: str  # address, lower case
    requester_name: str
    language: str
    subject: str
    group: str
    impact: Level
    urgency: Level
    priority: Priority
    version: int = 0  # set by the store: one more with every save
    question: bool = False
    service: str | None = None
    owner: str | None = None  # a specialist's address
    waiting_for: WaitingFor | None = None
    waiting_until: datetime | None = None
    cancel_reason: CancelReason | None = None
    former_state: State | None = None  # before it was cancelled
    merged_into: int | None = None
    follows: int | None = None
    parent: int | None = None  # the major incident
    disruption: Disruption = Disruption.UNKNOWN
    disruption_words: tuple[str, ...] = ()
    rule: str | None = None
    affected: int | None = None
    vip: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    cycle: int = 0  # one more with each request to confirm and each reopening; a confirmation belongs to its cycle
    asked_unclear: bool = False  # the desk asked once in this cycle
    faq_entry: str | None = None
    specialist_answered: bool = False  # from then on the requester's subject is used
    alert_key: str | None = None
    alert_count: int = 0
    response_due_at: datetime | None = None
    resolution_due_at: datetime | None = None
    first_response_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    changed_at: datetime | None = None
    config_hash: str = ""
