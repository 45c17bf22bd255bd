"""What FETCH answers about messages that nobody has read yet: UID, size and moment of arrival (RFC 9051 section 7.5.2).

A folder may hold two hundred thousand of them and is listed every hour, so each line is read by three searches; the
general parser takes twenty times as long. Lines that do not hold what was asked for (flags that a person has just
changed, told unasked) are passed over, the order of items is free, and a message that is told twice counts once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

from mailbot.transport.mailbox import MessageRef

LISTED = "(RFC822.SIZE INTERNALDATE)"

_UID = re.compile(rb"[( ]UID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"[( ]RFC822\.SIZE (\d+)", re.IGNORECASE)
_DATE = re.compile(
    rb'[( ]INTERNALDATE "([ \d]?\d)-([a-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"', re.IGNORECASE
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), start=1
    )
}


def read_list(lines: Iterable[object]) -> list[MessageRef]:
    """The messages that the lines of imaplib tell, ascending by UID."""
    found: dict[int, MessageRef] = {}
    for line in lines:
        if isinstance(line, bytes) and (uid := _UID.search(line)) and (size := _SIZE.search(line)):
            number = int(uid[1])
            found[number] = MessageRef(number, int(size[1]), _arrival(line))
    return [found[uid] for uid in sorted(found)]


def _arrival(line: bytes) -> datetime:
    """In UTC. A server without INTERNALDATE, or with nonsense, leaves the moment of reading as the best known."""
    match = _DATE.search(line)
    if match is None:
        return datetime.now(UTC)
    day, month, year, hour, minute, second, sign, off_hours, off_minutes = match.groups()
    offset = timedelta(hours=int(off_hours), minutes=int(off_minutes))
    try:
        zone = timezone(-offset if sign == b"-" else offset)
        clock = int(hour), int(minute), min(int(second), 59)  # a leap second
        return datetime(int(year), _MONTHS[month.lower()], int(day), *clock, tzinfo=zone).astimezone(UTC)
    except (ValueError, KeyError, OverflowError):
        return datetime.now(UTC)
