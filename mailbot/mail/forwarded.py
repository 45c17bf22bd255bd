"""The original inside a forwarded mail, read from the header block that mail programs write above it."""

from __future__ import annotations

from mailbot.mail.model import Forwarded


def find_forwarded(text: str, subject: str = "") -> Forwarded | None:
    """The original that the body forwards, or None where the mail is none or a plain reply."""
    raise NotImplementedError
