"""What a mail says about where it belongs, read from the mail alone; the store looks that up before all else.

Nothing here grants a right: a clue names a ticket, an outbox row, an alert or a person, and `trust.py` judges it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from mailbot.desk.policy import AlertSource, FormSource, IgnoredSource, Policy
from mailbot.desk.situation import Clues
from mailbot.mail.addresses import is_plain_address
from mailbot.mail.carriers import Carrier, find_bounce, find_carriers, is_own_address
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Address, Mail, ascii_fold
from mailbot.mail.tokens import read_serial
from mailbot.triage.patterns import find_value
from mailbot.triage.policy import Pattern


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """A mail of a monitoring system, read."""

    source: AlertSource
    key: str
    recovered: bool


@dataclass(frozen=True, slots=True)
class FormSeen:
    """A mail of a web form, read: the person it names (None where it names nobody) and their words."""

    source: FormSource
    person: Address | None
    text: str


def find_clues(mail: Mail, keyring: Keyring, policy: Policy) -> Clues:
    """Everything the store needs to look up for this mail."""
    carrier = token_of(mail, keyring, policy)
    alert = read_alert(mail, policy)
    person = find_person(mail, policy)
    references = (*mail.in_reply_to, *reversed(mail.references), mail.original_message_id)
    return Clues(
        sender=sender_of(mail),
        ticket=carrier.ticket or None if carrier else None,
        outbox_id=_find_row(mail, keyring, policy),
        references=tuple(dict.fromkeys(reference for reference in references if reference)),
        alert_key=alert.key if alert else None,
        person=ascii_fold(person.address) if person else "",
        attachment_hashes=tuple(hashlib.sha256(part.content).hexdigest() for part in mail.attachments),
    )


def sender_of(mail: Mail) -> str:
    """The folded From address, "" where there is not exactly one."""
    return ascii_fold(mail.sender.address) if len(mail.from_) == 1 else ""


def token_of(mail: Mail, keyring: Keyring, policy: Policy) -> Carrier | None:
    """The best carrier: genuine and issued to the sender, genuine, a genuine subject tag, then whatever claims."""
    names = audiences(sender_of(mail), policy)

    def worth(carrier: Carrier) -> int:
        token = carrier.reading.token if carrier.reading else None
        if token is None:
            return 1 if carrier.genuine else 0
        return 3 if any(token.is_for(name, keyring) for name in names) else 2

    return max(find_carriers(mail, policy.identity.addresses, keyring), key=worth, default=None)


def audiences(sender: str, policy: Policy) -> tuple[str, ...]:
    """Every name that a token `sender` may use was issued to: the person's addresses, "group:NAME" of own groups."""
    addresses = addresses_of(sender, policy)
    groups = (group for group in policy.groups.values() if in_group(addresses, group.name, policy))
    return (*addresses, *(f"group:{group.name}" for group in groups))


def addresses_of(sender: str, policy: Policy) -> tuple[str, ...]:
    """The folded address and all others of the same person, as the directory knows them; () for nobody."""
    if not sender:
        return ()
    person = policy.people.get(sender)
    others = (person.address, *person.same_as) if person else ()
    return tuple(dict.fromkeys(ascii_fold(address) for address in (sender, *others)))


def in_group(addresses: Iterable[str], name: str, policy: Policy) -> bool:
    """Whether one of these addresses is a member, the lead or the fallback of the group."""
    group = policy.groups.get(name)
    if group is None:
        return False
    insiders = {ascii_fold(address) for address in (*group.members, group.fallback, group.lead or "") if address}
    return not insiders.isdisjoint(addresses)


def _find_row(mail: Mail, keyring: Keyring, policy: Policy) -> int | None:
    """The outbox row: of the VERP address the mail came to, else of our own Message-ID that the mail reports on."""
    row = find_bounce(mail, policy.identity.addresses, keyring)
    if row is None and mail.original_message_id:
        return read_serial(mail.original_message_id, keyring)
    return row


# ---------------------------------------------------------------- sources


def read_alert(mail: Mail, policy: Policy) -> AlertSeen | None:
    """The alert that this mail is, if its sender is an alert source; where no key is found the subject is the key.

    The key names its source: no monitoring system counts or recovers the alert of another.
    """
    for source in policy.alerts:
        if comes_from(mail, source.senders):
            key = _search(source.key, mail) or " ".join(mail.subject.split())
            return AlertSeen(source, f"{source.name}: {key}", _search(source.recovered, mail) is not None)
    return None


def read_form(mail: Mail, policy: Policy) -> FormSeen | None:
    """The form that this mail is, if its sender is a form source."""
    for source in policy.forms:
        if comes_from(mail, source.senders):
            text = _search_text(source.text, mail.text) or mail.reply or mail.text
            return FormSeen(source, _named_in(mail, source, policy), text)
    return None


def find_ignored(mail: Mail, policy: Policy) -> IgnoredSource | None:
    """The source that says this mail is stored and nothing else."""
    for source in policy.ignored:
        if comes_from(mail, source.senders) and (source.subject is None or source.subject.search(mail.subject)):
            return source
    return None


def find_person(mail: Mail, policy: Policy) -> Address | None:
    """The requester to be where it is not the sender: named in a form, or the author of what a specialist forwards."""
    if form := read_form(mail, policy):
        return form.person
    forwards = mail.forwarded is not None and (
        policy.group_of_member(sender_of(mail)) or sender_of(mail) in map(ascii_fold, policy.admins)
    )
    if forwards and mail.forwarded is not None and mail.forwarded.sender is not None:
        return _outsider(mail.forwarded.sender, policy)
    return None


def comes_from(mail: Mail, senders: Iterable[str]) -> bool:
    """Whether the one From address is among `senders`: addresses, or "@domain"."""
    sender = sender_of(mail)
    names = {sender, f"@{sender.rpartition('@')[2]}"} if sender else set()
    return any(ascii_fold(name) in names for name in senders)


def _named_in(mail: Mail, source: FormSource, policy: Policy) -> Address | None:
    if source.person is not None:
        address = _search_text(source.person, mail.text)
        name = _search_text(source.person_name, mail.text) or ""
        return _outsider(Address(name, address), policy) if address else None
    return next((person for person in mail.reply_to if _outsider(person, policy)), None)


def _outsider(person: Address, policy: Policy) -> Address | None:
    """The person, unless the address is broken or the desk itself."""
    usable = is_plain_address(person.address) and not is_own_address(person.address, policy.identity.addresses)
    return person if usable else None


def _search(pattern: Pattern, mail: Mail) -> str | None:
    found = _search_text(pattern, mail.subject)
    return found if found is not None else _search_text(pattern, mail.text)


def _search_text(pattern: Pattern | None, text: str) -> str | None:
    found = find_value(pattern, text) if pattern is not None else None
    return None if found is None else found.strip()
