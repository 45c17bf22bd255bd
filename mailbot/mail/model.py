"""What a mail is, once its bytes have been read (RFC 5322, RFC 2045 ff.).

Values only: nothing here parses, and nothing here knows a ticket. `parse.py` makes a `Mail` from any bytes without ever
raising; what was wrong with the bytes stands in `Mail.defects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox as a header names it; `address` keeps its spelling, compare it with `same_address`."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part that is not the text; `name` is what the sender claims and must be rebuilt before it is used."""

    name: str
    type: str
    content: bytes
    inline: bool
    content_id: str | None = None
    unpacked: bool = False  # found inside winmail.dat or a uuencoded text, not a part of its own


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The original inside a forwarded mail, as far as its quoted header block tells."""

    sender: Address | None
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    subject: str
    date: str
    text: str


@dataclass(frozen=True, slots=True)
class Bounced:
    """One failed recipient of a delivery status notification (RFC 3464); `status` is an RFC 3463 code or empty."""

    recipient: str
    status: str
    permanent: bool


class MailClass(StrEnum):
    """Who or what wrote: first match of the list in `classify.py`; `own`, `spam` and `canary` need a configuration."""

    HUMAN = "human"
    AUTO_REPLY = "auto_reply"
    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERED = "delivered"
    MDN = "mdn"
    FEEDBACK = "feedback"
    REPORT = "report"
    CALENDAR = "calendar"
    LIST = "list"
    MACHINE = "machine"
    OWN = "own"
    SPAM = "spam"
    SUSPECT = "suspect"


class Certainty(StrEnum):
    """Whether the cut between new words and history can be relied on."""

    SURE = "sure"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Mail:
    """One message, read. Texts are Unicode without NUL and lone surrogates; times carry a zone."""

    message_id: str = ""  # without angle brackets, as all ids here
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    from_: tuple[Address, ...] = ()  # every address of every From field: a privileged sender has exactly one
    from_is_plain: bool = False  # exactly one From field, one address, no defect, no group, no other "@" in the name
    author: Address | None = None  # the person: = from unless a mailing list rewrote it; a hint, never an identity
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()  # Delivered-To, X-Original-To, Envelope-To ...: addresses the mail arrived for
    return_path: str | None = None  # None: no such header; "": the null path
    headers: tuple[tuple[str, str], ...] = ()  # (lower-case name, decoded value), every instance, in order
    text: str = ""  # all body text
    reply: str = ""  # only what the sender newly wrote: no quoted mail, no signature
    certainty: Certainty = Certainty.SURE
    certainty_reason: str = ""
    signature: str = ""
    history: str = ""  # the quoted mail that was cut off
    language: str = ""  # ISO 639-1, "" where unknown
    attachments: tuple[Attachment, ...] = ()
    class_: MailClass = MailClass.HUMAN
    class_reason: str = ""
    bounces: tuple[Bounced, ...] = ()
    original_message_id: str = ""  # of the mail that a bounce, MDN or automatic reply speaks of
    forwarded: Forwarded | None = None
    defects: tuple[str, ...] = ()
    size_bytes: int = 0
    hops: int = 0  # number of Received fields

    @property
    def sender(self) -> Address:
        """The first From address, or an empty one."""
        return self.from_[0] if self.from_ else NOBODY

    def header_values(self, name: str) -> tuple[str, ...]:
        """Every instance of the header `name` (lower case), in order."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a configuration knows about mail before it is read; everything is compared after `ascii_fold`."""

    own_addresses: tuple[str, ...] = ()  # base addresses and aliases; their plus-forms are own as well
    instance: str = ""  # what mailbot writes into X-Loop
    arrives_through: tuple[
        str, ...
    ] = ()  # List-Ids of lists that deliver the support address: their headers do not count
    group_lists: tuple[
        str, ...
    ] = ()  # List-Ids or addresses of specialist groups: a person's mail there stays a person's
    languages: tuple[str, ...] = ("en", "de", "fr", "es")  # that the text may be in


NO_RECOGNITION = Recognition()

NOBODY = Address("", "")


def same_address(one: str, other: str) -> bool:
    """Equal as exact ASCII after lower-casing A-Z; what needs more folding is a stranger (homographs)."""
    return bool(one) and ascii_fold(one) == ascii_fold(other)


_FOLD = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def ascii_fold(address: str) -> str:
    """The address with A-Z in lower case and nothing else changed."""
    return address.translate(_FOLD)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the parser reads at most; the rest of a mail beyond a limit is cut and noted as a defect."""

    header_block_bytes: int = 262_144
    header_bytes: int = 65_536
    headers: int = 1_000
    addresses: int = 1_000
    parameters: int = 100
    depth: int = 50
    parts: int = 1_000
    decoded_bytes: int = 52_428_800
    text_characters: int = 200_000
    line_characters: int = 2_000


DEFAULT_LIMITS = Limits()
