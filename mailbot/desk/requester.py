"""Whose matter a mail is: the basic details of the requester, and the request they make (ITIL: single point of
contact).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from mailbot.desk.clues import find_person
from mailbot.desk.event import Origin, RequestReceived
from mailbot.desk.evidence import ActingAs, Evidence, Sender
from mailbot.desk.people import Person
from mailbot.desk.policy import Policy
from mailbot.desk.relay import new_words
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Ticket
from mailbot.mail.model import Mail, ascii_fold
from mailbot.mail.signature import read_contact
from mailbot.triage.assessment import Reason


def request_of(
    mail: Mail, situation: Situation, evidence: Evidence, policy: Policy, *reasons: Reason, follows: int | None = None
) -> RequestReceived:
    """A new request by the sender, or by the person whose mail a member of the desk forwards."""
    person = person_of(mail, situation, policy)
    forwarder = ascii_fold(mail.sender.address) if person.address != ascii_fold(mail.sender.address) else ""
    forwarded_text = mail.forwarded.text if mail.forwarded and forwarder else ""
    words = new_words(mail, situation)
    text = f"{words}\n\n{forwarded_text}".strip() if forwarded_text else words or mail.text
    return RequestReceived(
        person=person,
        evidence=Evidence(in_directory=person.source == "directory") if forwarder else evidence,
        origin=Origin.PERSON,
        text=text,
        follows=follows,
        forwarded_by=forwarder,
        reasons=reasons,
    )


def person_of(mail: Mail, situation: Situation, policy: Policy) -> Person:
    """What is known of the requester to be: directory, then what was learnt before, then the signature of this mail."""
    named = find_person(mail, policy)
    address = ascii_fold(named.address if named else mail.sender.address)
    name = named.name if named else mail.sender.name
    known = situation.person if situation.person and address in _addresses(situation.person) else None
    known = policy.people.get(address) or known
    if named is not None or (known is not None and known.source == "directory"):
        return known or Person(address, name)
    contact = read_contact(mail.signature, mail.reply)
    person = known or Person(address)
    return replace(
        person,
        name=person.name or name,
        phone=next(iter(contact.phones), person.phone),
        organisation=contact.organisation or person.organisation,
        title=contact.title or person.title,
        language=person.language or mail.language,
    )


def _addresses(person: Person) -> tuple[str, ...]:
    return (person.address, *person.same_as)


def is_stale(ticket: Ticket, situation: Situation, policy: Policy) -> bool:
    """Whether a ticket was closed so long ago that a valid token opens a new one that follows."""
    return ticket.closed_at is not None and situation.now > ticket.closed_at + timedelta(days=policy.follow_days)


def may_forward(evidence: Evidence) -> bool:
    """Whether somebody may make another person the requester by forwarding their mail."""
    return evidence.role is ActingAs.ADMIN or evidence.sender is Sender.AUTHENTICATED
