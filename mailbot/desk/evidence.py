"""What is known about who wrote a mail: a record, not a ladder. Rights are granted from it in one place, `trust.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sender(StrEnum):
    """What the mail server's results or our own DKIM verification say about From (RFC 8601, RFC 6376)."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    AUTHENTICATED = "authenticated"


class TokenState(StrEnum):
    """What the token in the mail is worth, for the address that used it."""

    NONE = "none"
    OK = "ok"
    OTHER_ADDRESS = "other_address"
    EXPIRED = "expired"
    FORGED = "forged"
    UNKNOWN_KEY = "unknown_key"


class ActingAs(StrEnum):
    """The role in which the sender acts on this ticket."""

    REQUESTER = "requester"
    SPECIALIST = "specialist"
    ADMIN = "admin"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Who wrote, as far as it can be shown. Stored on the inbox row; `released_by` is the person who vouched for a
    held mail.
    """

    sender: Sender = Sender.UNKNOWN
    token: TokenState = TokenState.NONE
    role: ActingAs = ActingAs.NONE
    dkim: str = ""  # verdict of our own verification, e.g. "pass corp.example"
    in_directory: bool = False
    own_domain: bool = False
    plain_from: bool = False  # exactly one defect-free From address
    released_by: str = ""
