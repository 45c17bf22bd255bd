"""Fields -> the bytes of one outgoing mail: the same fields give the same bytes (RFC 5322, 2045, 2047, 2231)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbot.mail.model import Address, Attachment


@dataclass(frozen=True, slots=True)
class Draft:
    """All that one outgoing mail is made of; ids without angle brackets, `date` with a zone."""

    message_id: str
    date: datetime
    from_: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    html: str = ""
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  # further fields, e.g. ("X-Loop", instance)
    attachments: tuple[Attachment, ...] = ()


def clean(value: str, characters: int = 900) -> str:
    """One line of a header: no control, line or direction characters, runs of blanks collapsed, cut to `characters`."""
    raise NotImplementedError


def compose(draft: Draft) -> bytes:
    """The mail as it goes over the wire: CRLF, ASCII only, no line above 998 octets."""
    raise NotImplementedError
