"""Which mail is the same mail again: two fingerprints (decisions.md "Duplicates").

The raw one finds the same bytes fetched twice. The second finds what a person would call the same mail although the
bytes differ: a copy through a list or a second alias. A Message-ID alone proves nothing, since senders choose it; and
the token's ticket and role belong to it, so that a forgery sent first never swallows the genuine mail.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC

from mailbot.mail.model import Mail, ascii_fold


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Hexadecimal SHA-256 of the raw bytes, and of what a person would call the same mail."""

    raw: str
    content: str


def fingerprints(raw: bytes, mail: Mail, token_key: str) -> Fingerprints:
    """Both fingerprints; `token_key` names ticket and role of the mail's best token ("" without one)."""
    author = mail.author or mail.sender
    facts = [
        mail.message_id,
        mail.date.astimezone(UTC).isoformat() if mail.date else "",
        ascii_fold(author.address),
        _words(mail),
        sorted(hashlib.sha256(one.content).hexdigest() for one in mail.attachments),
        token_key,
    ]
    return Fingerprints(hashlib.sha256(raw).hexdigest(), hashlib.sha256(json.dumps(facts).encode()).hexdigest())


def _words(mail: Mail) -> str:
    """The new words without what transport changes: line breaks and blanks; the footers of lists are no new words."""
    return " ".join((mail.reply or mail.text).split())
