"""Deadlines: everything the desk will do when nobody does anything first; rows of the third durable queue.

`pending -> fired | cancelled | held -> fired | cancelled`; unique in (ticket, kind, step, cycle).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class DeadlineKind(StrEnum):
    """What will happen."""

    UNCLAIMED = "unclaimed"  # no specialist reacted to a hand-over: step 0 to members, 1 to the fallback, 2 to admins
    REMINDER = "reminder"  # the requester is silent while the ticket waits for them
    FAQ_VERDICT = "faq_verdict"  # silence after an FAQ answer
    AUTO_CLOSE = "auto_close"  # silence after "is it solved?"
    WAIT_OVER = "wait_over"  # the date that #wait named
    APPROVAL = "approval"  # nobody approved
    HELD_MAIL = "held_mail"  # a held mail still waits for a person
    RESPONSE = "response"  # service level: first response (steps come with "service levels")
    RESOLUTION = "resolution"


# A held mail waits for a person, whatever has become of its ticket.
ENDING_WITH_THE_TICKET = tuple(kind for kind in DeadlineKind if kind is not DeadlineKind.HELD_MAIL)


@dataclass(frozen=True, slots=True)
class Arm:
    """A deadline to come: after `business` time, or at `due_at`. On an outgoing mail it starts when that mail is
    `sent`.
    """

    kind: DeadlineKind
    step: int = 0
    cycle: int = 0
    business: timedelta | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline that has come."""

    ticket: int
    kind: DeadlineKind
    step: int
    cycle: int
    due_at: datetime
