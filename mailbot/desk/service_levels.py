"""Business time and agreed times (ITIL service level management): calendars, and when a ticket is due.

Promise: the business time between `start` and `add(start, d)` is `d`, also in the nights when clocks change. So the
walk goes over local opening hours and turns each of their edges into an instant (UTC) before anything is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

import holidays

from mailbot.desk.policy import Calendar, ServiceLevels
from mailbot.triage.assessment import Priority

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_LONGEST_WALK_DAYS = 3_660  # ten years: no agreed time is longer, so a calendar that never opens is found out


@dataclass(frozen=True, slots=True)
class Always:
    """24 × 7."""

    def add(self, start: datetime, business: timedelta, /) -> datetime:
        """The UTC instant `business` after `start`."""
        return start.astimezone(UTC) + business

    def elapsed(self, start: datetime, end: datetime, /) -> timedelta:
        """The business time between two instants; none if `end` is before `start`."""
        return max(end.astimezone(UTC) - start.astimezone(UTC), timedelta())


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Weekly hours in one zone. `hours` maps a weekday (0 = Monday) to its (from, until) spans.

    A span whose end is not after its begin ends on the next day: (22:00, 06:00) is a night, (00:00, 00:00) a whole day.
    It belongs to the day on which it begins, holidays too.
    """

    zone: ZoneInfo
    hours: Mapping[int, tuple[tuple[time, time], ...]]
    dates: frozenset[date] = field(default_factory=frozenset)  # days off by date
    country: str = ""  # ISO 3166 code: its public holidays are days off
    subdivision: str = ""

    def __post_init__(self) -> None:
        assert any(self.hours.values()), "a calendar is open at some time"
        assert set(self.hours) <= set(range(7)), "weekdays are 0 to 6"

    def add(self, start: datetime, business: timedelta, /) -> datetime:
        """The UTC instant at which `business` time has passed since `start`."""
        start, left = start.astimezone(UTC), business
        if left <= timedelta():
            return start
        for opened, closed in self._open_spans(start, _LONGEST_WALK_DAYS):
            if closed - opened >= left:
                return opened + left
            left -= closed - opened
        raise ValueError(f"{business} of business time do not come to pass within ten years")

    def elapsed(self, start: datetime, end: datetime, /) -> timedelta:
        """The business time between two instants; none if `end` is before `start`."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        spans = self._open_spans(start, (end - start).days + 3)
        return sum((min(closed, end) - opened for opened, closed in spans if opened < end), timedelta())

    def is_day_off(self, day: date) -> bool:
        """Whether no span begins on that day because of a holiday."""
        return day in self.dates or day in _public_holidays(self.country, self.subdivision, day.year)

    def _open_spans(self, start: datetime, days: int) -> Iterator[tuple[datetime, datetime]]:
        """The (opened, closed) instants of so many days from `start` on, in order and never overlapping."""
        first = start.astimezone(self.zone).date() - _DAY  # yesterday's night may still be open
        past = start
        for day in (first + _DAY * number for number in range(days)):
            if self.is_day_off(day):
                continue
            for begin, end in sorted(self.hours.get(day.weekday(), ())):
                last_day = day if end > begin else day + _DAY
                opened = max(_instant(datetime.combine(day, begin), self.zone), past)
                closed = _instant(datetime.combine(last_day, end), self.zone)
                if closed > opened:
                    yield opened, closed
                    past = closed


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clock on the wall shows `wall` first, or jumps over it."""
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return next(
        moment
        for moment in (before + _SECOND * number for number in count(1))
        if moment.astimezone(zone).replace(tzinfo=None) >= wall
    )


@lru_cache(maxsize=512)
def _public_holidays(country: str, subdivision: str, year: int) -> frozenset[date]:
    if not country:
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=year))


ALWAYS: Calendar = Always()


def due_times(priority: Priority, opened_at: datetime, levels: ServiceLevels) -> tuple[datetime, datetime]:
    """(response_due_at, resolution_due_at) of a ticket."""
    target = levels.targets[priority]
    return levels.calendar.add(opened_at, target.response), levels.calendar.add(opened_at, target.resolution)
