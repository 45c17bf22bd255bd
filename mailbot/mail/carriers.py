"""Where a mail carries tokens: plus-addresses, signed Message-IDs, footer lines and the subject tag."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Address, Mail, MailClass, ascii_fold
from mailbot.mail.tokens import Reading, find_footers, find_subject_tags, is_probe, plus_part, read_bounce, read_token


class CarrierSource(StrEnum):
    """Where a token stood; all but the subject are worth the same."""

    ADDRESS = "address"
    MESSAGE_ID = "message_id"
    FOOTER = "footer"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Carrier:
    """One token that a mail carries; the subject tag names a ticket only and has no reading."""

    source: CarrierSource
    text: str
    ticket: int
    genuine: bool
    reading: Reading | None = None


def find_carriers(mail: Mail, own_addresses: Iterable[str], keyring: Keyring) -> tuple[Carrier, ...]:
    """Every token of a mail: addresses first, then references from the nearest on, footers, the subject tag."""
    found = [
        *_signed(CarrierSource.ADDRESS, _plus_parts(mail, own_addresses), keyring),
        *_signed(CarrierSource.MESSAGE_ID, (*mail.in_reply_to, *reversed(mail.references)), keyring),
        *_signed(CarrierSource.FOOTER, find_footers(mail.text), keyring),
        *(
            Carrier(CarrierSource.SUBJECT, f"#{ticket}", ticket, genuine)
            for ticket, genuine in find_subject_tags(mail.subject, keyring)
        ),
    ]
    return tuple(dict.fromkeys(found))


def find_bounce(mail: Mail, own_addresses: Iterable[str], keyring: Keyring) -> int | None:
    """The outbox row whose envelope sender this mail was sent to, or None."""
    rows = (read_bounce(plus, keyring) for plus in _plus_parts(mail, own_addresses))
    return next((row for row in rows if row is not None), None)


def is_own_probe(mail: Mail, own_addresses: Iterable[str], keyring: Keyring) -> bool:
    """Whether this is the desk's own mail to a plus-address of `mailbot doctor`; nobody else can hide behind one."""
    return mail.class_ is MailClass.OWN and any(is_probe(plus, keyring) for plus in _plus_parts(mail, own_addresses))


def is_own_address(address: str, own_addresses: Iterable[str]) -> bool:
    """Whether an address is one of the desk's, in its plain or a plus-form."""
    return without_plus(address) in {without_plus(own) for own in own_addresses}


def without_plus(address: str) -> str:
    """The folded address without its plus-part."""
    local, at, domain = ascii_fold(address).rpartition("@")
    return local.partition("+")[0] + at + domain


def _plus_parts(mail: Mail, own_addresses: Iterable[str]) -> Iterator[str]:
    bases = {without_plus(own) for own in own_addresses}
    mailboxes: Iterable[Address] = (*mail.to, *mail.cc)
    for address in (*(mailbox.address for mailbox in mailboxes), *mail.delivered_to):
        if without_plus(address) in bases and (plus := plus_part(address)):
            yield plus


def _signed(source: CarrierSource, texts: Iterable[str], keyring: Keyring) -> Iterator[Carrier]:
    for text in texts:
        if reading := read_token(text, keyring):
            yield Carrier(source, text, reading.claims.ticket, reading.token is not None, reading)
