"""Mail + Situation -> Event: who writes, about which ticket, meaning what. The first line that fits decides.

Order: what is not from a person (own mail, bounces, sources, machines), then forgeries, then who speaks (specialist or
requester) on which ticket; what belongs nowhere is a new request, so that no mail from a person is lost.
"""

from __future__ import annotations

from mailbot.desk.clues import find_ignored, read_alert, read_form
from mailbot.desk.event import (
    AlertReceived,
    AutomaticMail,
    Event,
    HandOverRefused,
    Held,
    Ignored,
    MailUndelivered,
    Origin,
    RequestReceived,
)
from mailbot.desk.evidence import ActingAs, Evidence, Sender, TokenState
from mailbot.desk.outgoing import NoteCode
from mailbot.desk.people import Person
from mailbot.desk.policy import Policy
from mailbot.desk.reading import read_reply, read_steering
from mailbot.desk.relay import new_words
from mailbot.desk.remarks import HoldCode, Remark
from mailbot.desk.requester import request_of
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Side
from mailbot.desk.trust import Action, allows
from mailbot.mail.lists import is_list_software
from mailbot.mail.model import Mail, MailClass, ascii_fold
from mailbot.mail.tokens import Reading, Role
from mailbot.triage.assessment import Reason

_REPORTS = (MailClass.FEEDBACK, MailClass.REPORT)
_RECEIPTS = (MailClass.AUTO_REPLY, MailClass.DELAY, MailClass.DELIVERED, MailClass.MDN, MailClass.CALENDAR)
_MACHINES = (MailClass.MACHINE, MailClass.LIST)


def interpret(mail: Mail, situation: Situation, evidence: Evidence, reading: Reading | None, policy: Policy) -> Event:
    """What this mail means. `reading` is the token that decided the evidence; its claims tell intent and cycle."""
    event = _not_from_a_person(mail, situation, evidence, policy)
    if event is not None:
        return event
    if evidence.sender is Sender.FAILED and not evidence.released_by:
        return Held(Remark(HoldCode.FORGED, mail.sender.address), "", evidence)
    return _from_a_person(mail, situation, evidence, reading, policy)


# ---------------------------------------------------------------- not from a person


def _not_from_a_person(mail: Mail, situation: Situation, evidence: Evidence, policy: Policy) -> Event | None:
    if mail.class_ is MailClass.OWN:
        return Ignored("own mail")
    if mail.class_ is MailClass.BOUNCE:
        return _bounced(mail, situation)
    if refused := _refused_by_list(mail, situation, policy):
        return refused
    if evidence.sender is not Sender.FAILED and (event := _from_source(mail, situation, evidence, policy)):
        return event
    return _by_class(mail, situation, evidence, policy)


def _by_class(mail: Mail, situation: Situation, evidence: Evidence, policy: Policy) -> Event | None:
    if mail.class_ in _REPORTS:
        return Ignored(f"report: {mail.class_}")
    if mail.class_ is MailClass.SPAM:
        return Ignored("spam")
    if mail.class_ in _RECEIPTS:
        return _automatic(mail)
    if evidence.released_by:
        return None
    if mail.class_ is MailClass.SUSPECT:
        return _suspect(mail, situation, evidence)
    if situation.our_mail is not None:
        return _automatic(mail)  # mail to a bounce address is noted on its ticket, never a ticket, never answered
    return _machine(mail, situation, evidence, policy) if mail.class_ in _MACHINES else None


def _bounced(mail: Mail, situation: Situation) -> Event:
    """Only a bounce address or Message-ID that we signed ties a bounce to a mail of ours: forged bounces do nothing."""
    ours = situation.our_mail
    if ours is None:
        return Ignored("bounce of no mail of ours")
    failed = next((one for one in mail.bounces if ascii_fold(one.recipient) == ascii_fold(ours.recipient)), None)
    failed = failed or next(iter(mail.bounces), None)
    status = failed.status if failed else ""
    permanent = failed.permanent if failed else True
    return MailUndelivered(ours.id, ours.kind, ours.recipient, permanent, status, mail.subject)


def _automatic(mail: Mail) -> Event:
    return AutomaticMail(mail.class_, mail.reply or mail.text, mail.sender.address)


def _refused_by_list(mail: Mail, situation: Situation, policy: Policy) -> Event | None:
    """List software that denies or holds our post (it writes as LIST-owner, LIST-bounces ..., in answer to our hand-
    over).
    """
    if mail.class_ is MailClass.HUMAN:
        return None
    ours, sender = situation.our_mail, mail.sender.address
    group = next((one for one in policy.groups.values() if is_list_software(sender, (one.list_address or "",))), None)
    if group is None or ours is None or ours.side is not Side.GROUP:
        return None
    return HandOverRefused(ours.id, group.name, mail.subject)


def _from_source(mail: Mail, situation: Situation, evidence: Evidence, policy: Policy) -> Event | None:
    """Alerts, web forms and ignored machines that admins named, before anything else is guessed."""
    if ignored := find_ignored(mail, policy):
        return Ignored(f"source {ignored.name}")
    if alert := read_alert(mail, policy):
        return AlertReceived(alert.source.name, alert.key, alert.recovered)
    form = read_form(mail, policy)
    if form is None:
        return None
    if form.person is None:
        return Held(Remark(HoldCode.NO_PERSON, form.source.name), "", evidence)
    known = situation.person or Person(ascii_fold(form.person.address), form.person.name)
    return RequestReceived(known, Evidence(in_directory=evidence.in_directory), Origin.FORM, form.text)


def _machine(mail: Mail, situation: Situation, evidence: Evidence, policy: Policy) -> Event:
    if situation.ticket is not None and evidence.token is TokenState.OK:
        return _automatic(mail)
    if mail.class_ is MailClass.LIST:
        return Ignored("mailing list")
    if policy.on_machine == "store":
        return Ignored("machine")
    if situation.machine_mails_last_hour >= policy.limits.machine_fold_per_hour:
        return Ignored("machine: folded, too many in an hour")
    person = Person(ascii_fold(mail.sender.address), mail.sender.name)
    return RequestReceived(person, evidence, Origin.MACHINE, new_words(mail, situation))


def _suspect(mail: Mail, situation: Situation, evidence: Evidence) -> Event:
    if situation.ticket is not None and evidence.token is TokenState.OK:
        return AutomaticMail(mail.class_, "", mail.sender.address)
    return Held(Remark(HoldCode.SUSPECT, mail.class_reason), "", evidence)


# ---------------------------------------------------------------- from a person


def _from_a_person(
    mail: Mail, situation: Situation, evidence: Evidence, reading: Reading | None, policy: Policy
) -> Event:
    ticket = situation.ticket
    if ticket is None:
        return request_of(mail, situation, evidence, policy)
    if _is_colleague(evidence, reading, policy):
        return read_reply(mail, situation, evidence, reading, policy)
    if held := _unclear_identity(mail, situation, evidence, policy):
        return held
    if evidence.role in (ActingAs.SPECIALIST, ActingAs.ADMIN):
        return read_steering(mail, situation, evidence, policy)
    if evidence.role is ActingAs.REQUESTER or evidence.released_by:
        return read_reply(mail, situation, evidence, reading, policy)
    why = Reason("a new ticket", f"the mail names #{ticket.number}, but its sender takes no part in it")
    return request_of(mail, situation, evidence, policy, why)


def _is_colleague(evidence: Evidence, reading: Reading | None, policy: Policy) -> bool:
    """Somebody of the same house writes with the token of the requester: they join by themselves."""
    handed_on = evidence.token is TokenState.OTHER_ADDRESS and evidence.role is ActingAs.NONE
    of_requester = reading is not None and reading.claims.role is Role.REQUESTER
    return handed_on and of_requester and allows(Action.ADD, evidence, policy).allowed


def _unclear_identity(mail: Mail, situation: Situation, evidence: Evidence, policy: Policy) -> Event | None:
    """A genuine token in other hands, or one that cannot be read any more: a person decides."""
    ticket = situation.ticket
    assert ticket is not None
    if evidence.released_by:
        return None
    if evidence.token is TokenState.UNKNOWN_KEY:
        lost = Remark(HoldCode.LOST_KEY)
        return Held(lost, ticket.group, evidence, NoteCode.UNKNOWN_COLLEAGUE, mail.reply)
    if evidence.token is TokenState.OTHER_ADDRESS and evidence.role is ActingAs.NONE:
        reason = Remark(HoldCode.OTHER_ADDRESS, mail.sender.address)
        return Held(reason, ticket.group, evidence, NoteCode.UNKNOWN_COLLEAGUE, mail.reply)
    if evidence.token is TokenState.OK and evidence.role is ActingAs.NONE:
        reason = Remark(HoldCode.FORMER_SPECIALIST, mail.sender.address)
        return Held(reason, ticket.group, evidence, NoteCode.UNKNOWN_COLLEAGUE, mail.reply)
    if evidence.token is TokenState.EXPIRED:
        why = Reason("a new ticket", f"the token for #{ticket.number} has expired")
        follows = ticket.number if evidence.role is ActingAs.REQUESTER else None
        return request_of(mail, situation, evidence, policy, why, follows=follows)
    return None
