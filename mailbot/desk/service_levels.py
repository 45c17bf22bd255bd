"""Business time and agreed times (ITIL service level management): calendars, and when a ticket is due.

Promise: the business time between `start` and `add(start, d)` is `d`, also in the nights when clocks change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from mailbot.desk.policy import Calendar, ServiceLevels
from mailbot.triage.assessment import Priority


@dataclass(frozen=True, slots=True)
class Always:
    """24 × 7."""

    def add(self, start: datetime, business: timedelta, /) -> datetime:
        """The UTC instant `business` after `start`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Weekly hours in one zone. `hours` maps a weekday (0 = Monday) to (from, until); until <= from ends on the next day, so
    (22:00, 06:00) is a night and (00:00, 00:00) a whole day."""

    zone: ZoneInfo
    hours: Mapping[int, tuple[tuple[time, time], ...]]
    dates: frozenset[date] = field(default_factory=frozenset)  # days off by date
    country: str = ""  # ISO 3166 code: public holidays are days off
    subdivision: str = ""

    def add(self, start: datetime, business: timedelta, /) -> datetime:
        """The UTC instant at which `business` time has passed since `start`."""
        raise NotImplementedError


ALWAYS: Calendar = Always()


def due_times(priority: Priority, opened_at: datetime, levels: ServiceLevels) -> tuple[datetime, datetime]:
    """(response_due_at, resolution_due_at) of a ticket."""
    raise NotImplementedError
