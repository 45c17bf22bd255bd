"""What is known about who really sent: the mail server's Authentication-Results (RFC 8601) and our own DKIM check."""

from __future__ import annotations

from enum import StrEnum

from mailbot.mail.dkim import DkimVerdict
from mailbot.mail.model import Mail


class ResultsMode(StrEnum):
    """Which Authentication-Results are believed: none, those of one authserv-id, or the topmost field."""

    NONE = "none"
    AUTHSERV = "authserv"
    TOPMOST = "topmost"


class SenderEvidence(StrEnum):
    """How far the From address is the sender's own."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    AUTHENTICATED = "authenticated"


def judge_sender(
    mail: Mail,
    mode: ResultsMode,
    authserv_id: str = "",
    dkim: DkimVerdict | None = None,
    own_domains: tuple[str, ...] = (),
    submission: str = "",
) -> SenderEvidence:
    """The evidence for the From address; `submission` names the receiving host of the organisation's own users."""
    raise NotImplementedError
