"""Signed references: they tie an answer to its ticket, role and recipient (decisions.md "Tokens and threads").

Promise: self-contained (no look-up), alive after lower- and upper-casing, and every letter is covered by the code, so
that no altered token verifies and none of one role ever reads as another's. The plus-part of an address is

    kind 1 | key 1 | ticket 7 | cycle 2 | expiry 3 | audience 8 | code 16      = 38 letters of base32, 80-bit code

and with a base of up to 20 characters the local part stays below 64 octets (RFC 5321 4.5.3.1.1). A Message-ID carries
the same fields, a serial number and a 128-bit code. Whether a token has expired or is used by somebody else is the
caller's judgement: `Token.expires`, `Token.is_for`.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mailbot.mail.keyring import Key, Keyring, read_number, write_number
from mailbot.mail.model import ascii_fold


class Role(StrEnum):
    """Which side of a ticket a token speaks for."""

    REQUESTER = "requester"
    SPECIALIST = "specialist"
    ADMIN = "admin"


class Intent(StrEnum):
    """What a click on a link of the request to confirm says."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class TokenState(StrEnum):
    """Whether the code fits: `forged` covers damage as well, `unknown_key` a key that is no longer live."""

    OK = "ok"
    FORGED = "forged"
    UNKNOWN_KEY = "unknown_key"


@dataclass(frozen=True, slots=True)
class Token:
    """What a token states; only one of a Reading with state `ok` has been signed by us."""

    ticket: int  # 0: no ticket (an alert)
    role: Role
    audience: str  # keyed 40-bit fingerprint of the recipient
    key_id: str
    expires: date
    intent: Intent | None = None
    cycle: int = 0  # which request to confirm of the ticket

    def is_for(self, recipient: str, keyring: Keyring) -> bool:
        """Whether the token was issued to this address (or "group:NAME")."""
        key = keyring.find(self.key_id)
        return key is not None and hmac.compare_digest(_audience(key, recipient), self.audience)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text in the form of a token turned out to be; the claims are worth nothing unless the state is `ok`."""

    state: TokenState
    claims: Token

    @property
    def token(self) -> Token | None:
        """The token, if it is genuine."""
        return self.claims if self.state is TokenState.OK else None


_EPOCH = date(2020, 1, 1)
_KINDS: dict[str, tuple[Role, Intent | None]] = {
    "r": (Role.REQUESTER, None),
    "s": (Role.SPECIALIST, None),
    "a": (Role.ADMIN, None),
    "y": (Role.REQUESTER, Intent.CONFIRMED),
    "n": (Role.REQUESTER, Intent.REJECTED),
}
_LETTER = {meaning: letter for letter, meaning in _KINDS.items()}
_FIELDS = r"[rsayn][a-z2-7]{21}"
_ADDRESS = re.compile(rf"({_FIELDS})([a-z2-7]{{16}})", re.ASCII)
_MESSAGE_ID = re.compile(rf"({_FIELDS}\.[a-z2-7]{{8}})\.([a-z2-7]{{26}})@([^\s<>@]{{1,255}})", re.ASCII)
_BOUNCE = re.compile(r"(b([a-z2-7])([a-z2-7]{8}))([a-z2-7]{16})", re.ASCII)
_PROBE = re.compile(r"(p([a-z2-7])[a-z2-7]{8})([a-z2-7]{16})", re.ASCII)
_FOOTER = re.compile(r"\[ref:([a-z2-7]{38}):ref\]", re.ASCII | re.IGNORECASE)
_SUBJECT_TAG = re.compile(r"\[#([1-9][0-9]{0,10})-([a-z2-7]{8})\]", re.ASCII | re.IGNORECASE)


# ---------------------------------------------------------------- signing


def sign_address(
    keyring: Keyring,
    ticket: int,
    role: Role,
    recipient: str,
    expires: date,
    *,
    intent: Intent | None = None,
    cycle: int = 0,
) -> str:
    """The plus-part that an answer by `recipient` (an address or "group:NAME") comes back with."""
    fields = _fields(keyring.signer, ticket, (role, intent), recipient, expires, cycle)
    return fields + keyring.signer.sign("address", fields, 16)


def sign_message_id(
    keyring: Keyring,
    ticket: int,
    role: Role,
    recipient: str,
    expires: date,
    serial: int,
    domain: str,
    *,
    cycle: int = 0,
) -> str:
    """A Message-ID (without angle brackets) that states the same; `serial` tells the mails of a ticket apart."""
    fields = f"{_fields(keyring.signer, ticket, (role, None), recipient, expires, cycle)}.{write_number(serial, 8)}"
    domain = ascii_fold(domain)
    return f"{fields}.{keyring.signer.sign('message-id', f'{fields}@{domain}', 26)}@{domain}"


def sign_bounce(keyring: Keyring, serial: int) -> str:
    """The plus-part of the envelope sender (VERP) of the outbox row `serial`."""
    fields = f"b{keyring.signer.id}{write_number(serial, 8)}"
    return fields + keyring.signer.sign("bounce", fields, 16)


def sign_probe(keyring: Keyring, serial: int) -> str:
    """The plus-part of a mail that `mailbot doctor` writes to the desk to see whether plus-addresses arrive."""
    fields = f"p{keyring.signer.id}{write_number(serial, 8)}"
    return fields + keyring.signer.sign("probe", fields, 16)


def subject_tag(keyring: Keyring, ticket: int) -> str:
    """The tag of a subject, `[#1042-k7q2m9xd]`: a hint that joins known participants and never runs a command."""
    return f"[#{ticket}-{keyring.signer.sign('subject', str(ticket), 8)}]"


def plus_address(base_address: str, plus: str) -> str:
    """`support@example.org` and a plus-part as `support+PLUS@example.org`."""
    local, _, domain = base_address.rpartition("@")
    return f"{local}+{plus}@{domain}"


def footer_reference(plus: str) -> str:
    """The token of an address as the text of a footer, for lists and programs that lose the other carriers."""
    return f"[ref:{plus}:ref]"


# ---------------------------------------------------------------- reading


def read_token(text: str, keyring: Keyring) -> Reading | None:
    """What the plus-part, footer reference or Message-ID (with or without brackets) states; None if it is no token."""
    text = ascii_fold(text.strip().strip("<>"))
    if footer := _FOOTER.fullmatch(text):
        text = footer[1]
    if found := _ADDRESS.fullmatch(text):
        return _reading(keyring, found[1], "address", found[1], found[2])
    if found := _MESSAGE_ID.fullmatch(text):
        return _reading(keyring, found[1], "message-id", f"{found[1]}@{found[3]}", found[2])
    return None


def read_bounce(text: str, keyring: Keyring) -> int | None:
    """The outbox row whose VERP plus-part or whole address this is, or None."""
    plus = plus_part(text) if "@" in text else ascii_fold(text)
    found = _BOUNCE.fullmatch(plus)
    key = keyring.find(found[2]) if found else None
    if found and key and key.verifies("bounce", found[1], found[4]):
        return read_number(found[3])
    return None


def is_probe(plus: str, keyring: Keyring) -> bool:
    """Whether that plus-part is one of `sign_probe`."""
    found = _PROBE.fullmatch(ascii_fold(plus))
    key = keyring.find(found[2]) if found else None
    return bool(found and key and key.verifies("probe", found[1], found[3]))


def read_serial(message_id: str, keyring: Keyring) -> int | None:
    """The serial number (the outbox row) of a Message-ID that we signed, or None."""
    found = _MESSAGE_ID.fullmatch(ascii_fold(message_id.strip().strip("<>")))
    reading = read_token(message_id, keyring) if found else None
    return read_number(found[1].partition(".")[2]) if found and reading and reading.token else None


def find_footers(text: str) -> tuple[str, ...]:
    """Every footer reference in a text, quoted or not, once each."""
    return tuple(dict.fromkeys(ascii_fold(found[0]) for found in _FOOTER.finditer(text)))


def find_subject_tags(subject: str, keyring: Keyring) -> tuple[tuple[int, bool], ...]:
    """(ticket, genuine) of every tag in a subject."""
    return tuple(
        (int(found[1]), any(key.verifies("subject", found[1], found[2]) for key in keyring.keys))
        for found in _SUBJECT_TAG.finditer(subject)
    )


def plus_part(address: str) -> str:
    """The folded plus-part of an address, or ""."""
    return ascii_fold(address).rpartition("@")[0].partition("+")[2]


# ---------------------------------------------------------------- fields


def _fields(key: Key, ticket: int, kind: tuple[Role, Intent | None], recipient: str, expires: date, cycle: int) -> str:
    assert kind in _LETTER, "only a requester's token states an intent"
    days = write_number((expires - _EPOCH).days, 3)
    return "".join(
        (_LETTER[kind], key.id, write_number(ticket, 7), write_number(cycle, 2), days, _audience(key, recipient))
    )


def _audience(key: Key, recipient: str) -> str:
    return key.sign("audience", ascii_fold(recipient), 8)


def _reading(keyring: Keyring, fields: str, purpose: str, signed: str, code: str) -> Reading:
    role, intent = _KINDS[fields[0]]
    expires = _EPOCH + timedelta(days=read_number(fields[11:14]))
    claims = Token(read_number(fields[2:9]), role, fields[14:22], fields[1], expires, intent, read_number(fields[9:11]))
    if (key := keyring.find(fields[1])) is None:
        return Reading(TokenState.UNKNOWN_KEY, claims)
    return Reading(TokenState.OK if key.verifies(purpose, signed, code) else TokenState.FORGED, claims)
