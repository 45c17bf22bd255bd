"""Values as templates see them: moments in the organisation's own time, and texts that cannot break a line.

Words for days and months stand in the templates; here is only the arithmetic.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

# Control characters, direction marks and the two private letters that mark a piece of a manuscript.
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ue000\ue001\ufeff]")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class LocalTime:
    """A moment on the wall clock; `weekday` 0 is Monday, `days` counts midnights from now on (0 = today)."""

    year: int
    month: int
    day: int
    weekday: int
    hour: int
    minute: int
    days: int
    this_year: bool


def find_zone(name: str) -> tzinfo:
    """The time zone of an IANA name; UTC needs no zone files."""
    return UTC if name.upper() in {"UTC", "ETC/UTC"} else ZoneInfo(name)


def to_local(moment: datetime, now: datetime, zone: tzinfo) -> LocalTime:
    """The moment as people in `zone` see it at `now`."""
    at, today = moment.astimezone(zone), now.astimezone(zone).date()
    days = (at.date() - today).days
    return LocalTime(at.year, at.month, at.day, at.weekday(), at.hour, at.minute, days, at.year == today.year)


def to_line(value: str) -> str:
    """One line of text: no control or direction characters, blanks and line ends as single spaces."""
    return _BLANKS.sub(" ", _UNWANTED.sub(" ", value)).strip()


def to_lines(value: str) -> str:
    """Text of several lines, without control and direction characters and without blank lines at its ends."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED.sub("", text).strip("\n").rstrip()
