"""A mail as the JSON record of `mailbot parse` (DESIGN section 7)."""

from __future__ import annotations

from mailbot.mail.model import Mail


def as_record(mail: Mail, file: str, seconds: float) -> dict[str, object]:
    """The record of one message, ready for `json.dumps`."""
    raise NotImplementedError
