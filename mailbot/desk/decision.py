"""A decision: the ticket as it should be, the mails to write as data, and the reasons. Nothing has happened yet.

`daemon/processing.py` carries it out in one transaction; `mailbot explain` prints it and throws it away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.outgoing import Outgoing
from mailbot.desk.people import Person
from mailbot.desk.ticket import Entry, Participant, Ticket
from mailbot.triage.assessment import Reason


class Outcome(StrEnum):
    """What becomes of the inbox row."""

    DONE = "done"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    HELD = "held"
    SET_ASIDE = "set_aside"


@dataclass(frozen=True, slots=True)
class Disposition:
    """An outcome with its reason, in a word or two that admins can grep: `ignored: before_start`."""

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Release:
    """A person vouched for (or dismissed) a held inbox row."""

    inbox_id: int
    by: str
    discard: bool = False


@dataclass(frozen=True, slots=True)
class Mute:
    """No automatic mail to this address until then."""

    address: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """All that one event causes. `ticket` is None where no ticket is touched; a new ticket has version 0."""

    disposition: Disposition
    ticket: Ticket | None = None
    entries: tuple[Entry, ...] = ()
    participants: tuple[Participant, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    arms: tuple[Arm, ...] = ()  # deadlines that start now
    cancels: tuple[DeadlineKind, ...] = ()  # pending deadlines of the ticket that no longer matter
    cancel_mails: tuple[int, ...] = ()  # outbox rows that must not leave any more (#undo, stale class B)
    releases: tuple[Release, ...] = ()
    person: Person | None = None  # to be recorded or refreshed
    mute: Mute | None = None
    reasons: tuple[Reason, ...] = ()

    def because(self, *reasons: Reason) -> Decision:
        """The same decision with more reasons in front."""
        return replace(self, reasons=(*reasons, *self.reasons))
