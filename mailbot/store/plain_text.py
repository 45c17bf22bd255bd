"""The plain text of a mail that mailbot wrote itself: what later mails into the thread are compared with."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default


def plain_text_of(raw: bytes) -> str:
    """The text part of our own bytes, with plain line ends; "" where there is none."""
    body = message_from_bytes(raw, policy=default).get_body(("plain",))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n")


def whole_lines(text: str) -> frozenset[str]:
    """The lines of a text without the blanks around them, empty ones left out."""
    return frozenset(line.strip() for line in text.splitlines()) - {""}
