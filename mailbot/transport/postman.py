"""What delivery needs of whoever carries mail away: one envelope, one recipient, and a precise account of failure.

The dangerous moment of SMTP is the final dot (RFC 1047, RFC 5321 section 6.1): until it is written nobody has the mail,
once its 250 is read the next server has it, and in between nobody knows. So the caller is asked back before DATA
(`before_data`: commit the phase), and every failure says on which side of the dot it fell.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Phase(StrEnum):
    """How far a transaction came."""

    CONNECT = "connect"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail for exactly one recipient, as final bytes; `mail_from` may be empty (the null sender)."""

    mail_from: str
    rcpt_to: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """The next server took responsibility; `reply` is the text of its 250, usually with a queue id."""

    reply: str


class DeliveryFailed(Exception):
    """Not delivered, or (`unknown`) perhaps delivered: the connection died once the final dot may have been written.

    `permanent` in phase `connect` is about the desk, not about the mail: a person must mend the login, the certificate
    or the settings, and the mail waits for that.
    """

    def __init__(
        self, reason: str, *, permanent: bool, phase: Phase, code: int | None = None, unknown: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.phase = phase
        self.code = code
        self.unknown = unknown


class Postman(Protocol):
    """Delivers one envelope at a time over a connection that it keeps."""

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        """Hand the mail over, or raise DeliveryFailed.

        `before_data` is called once, after the recipient is accepted and before DATA; what it raises passes on
        after the transaction was reset, and nothing was sent.
        """
        ...

    async def close(self) -> None:
        """Say goodbye; never raises, may be repeated."""
        ...


# RFC 5321 dot-strings, with the liberty of RFC 6531 (SMTPUTF8); quoted local parts are never ours to send to.
_ADDRESS = re.compile(r"[^\s<>\"(),:;\\\[\]@\x00-\x1f\x7f]{1,64}@[^\s<>\"(),:;\\\[\]@\x00-\x1f\x7f]{1,255}")


def check_addresses(envelope: Envelope) -> None:
    """Refuse, for good and before any byte is sent, an envelope address that could end its SMTP command early."""
    if envelope.mail_from and not _ADDRESS.fullmatch(envelope.mail_from):
        raise DeliveryFailed(f"not a sender address: {envelope.mail_from!r}", permanent=True, phase=Phase.MAIL)
    if not _ADDRESS.fullmatch(envelope.rcpt_to):
        raise DeliveryFailed(f"not a recipient address: {envelope.rcpt_to!r}", permanent=True, phase=Phase.RCPT)
