"""Which mail is the same mail again: two fingerprints (decisions.md "Duplicates")."""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.mail.model import Mail


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hexadecimal SHA-256 of the raw bytes, and of what a person would call the same mail."""

    raw: str
    content: str


def fingerprints(raw: bytes, mail: Mail, token_key: str) -> Fingerprints:
    """Both fingerprints; `token_key` names ticket and role of the mail's best token ("" without one)."""
    raise NotImplementedError
