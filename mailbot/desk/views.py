"""What a mail may show: the public view is all a requester ever gets, the internal view is for specialists.

Whether the sender's own words (name, subject) may stand in a mail is decided here, once: an acknowledgement to a forged
address must not carry an attacker's text (decisions.md, "Tokens and threads").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailbot.desk.evidence import Evidence
from mailbot.desk.outgoing import Approver, InternalView, PublicView, TermsShown
from mailbot.desk.people import Person
from mailbot.desk.policy import Policy
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Ticket
from mailbot.desk.trust import Action, allows
from mailbot.triage.policy import Service


def in_language(texts: Mapping[str, str], language: str, policy: Policy) -> str:
    """A configured text in `language`, else in the desk's default language, else in any."""
    default = policy.identity.languages[0]
    return texts.get(language) or texts.get(default) or next(iter(texts.values()), "")


def language_of(person: Person, mail_language: str, policy: Policy) -> str:
    """The language to write in: the directory's, else the mail's, else the desk's default."""
    known = policy.identity.languages
    return next((tongue for tongue in (person.language, mail_language) if tongue in known), known[0])


def service_of(ticket: Ticket, policy: Policy) -> Service | None:
    """The configured service of the ticket, if it still exists."""
    return policy.triage.services.get(ticket.service or "")


def words_may_be_used(ticket: Ticket, evidence: Evidence | None, policy: Policy) -> bool:
    """Whether the requester's subject may stand in mail to them: shown to be theirs, or a specialist has looked at
    it.
    """
    if ticket.specialist_answered:
        return True
    return evidence is not None and allows(Action.ECHO, evidence, policy).allowed


def public_view(ticket: Ticket, situation: Situation, evidence: Evidence | None, policy: Policy) -> PublicView:
    """What the requester may see of the ticket as it is now; callers `replace` what their mail adds."""
    service = service_of(ticket, policy)
    usable = words_may_be_used(ticket, evidence, policy)
    person = policy.people.get(ticket.requester)
    name = person.name if person else (ticket.requester_name if usable else "")
    return PublicView(
        number=ticket.number,
        kind=ticket.kind,
        question=ticket.question,
        priority=ticket.priority,
        state=ticket.state,
        service=in_language(service.label, ticket.language, policy) if service else "",
        greeting_name=name,
        subject=ticket.subject if usable else "",
        missing=missing_questions(ticket, policy),
        terms=_without_address(terms_shown(ticket, ticket.language, policy)),
        response_due_at=ticket.response_due_at,
        resolution_due_at=ticket.resolution_due_at,
        reopen_days=policy.levels.reopen_days,
        cycle=ticket.cycle,
    )


def internal_view(ticket: Ticket, situation: Situation, policy: Policy) -> InternalView:
    """What specialists see of the ticket as it is now; callers `replace` what their mail adds."""
    group = policy.groups[ticket.group]
    service = service_of(ticket, policy)
    person = situation.requester or situation.person or Person(ticket.requester, ticket.requester_name)
    return InternalView(
        ticket=ticket,
        person=person,
        group=group.label,
        service=in_language(service.label, group.language, policy) if service else "",
        entries=situation.entries,
        terms=terms_shown(ticket, group.language, policy),
        facts=fact_rows(ticket, group.language, policy),
    )


def fact_rows(ticket: Ticket, language: str, policy: Policy) -> tuple[tuple[str, str], ...]:
    """(label, value) of every fact the service wants; "" where it is still missing."""
    service = service_of(ticket, policy)
    wanted = service.facts if service else ()
    return tuple((in_language(fact.label, language, policy), ticket.facts.get(fact.name, "")) for fact in wanted)


def missing_questions(ticket: Ticket, policy: Policy) -> tuple[str, ...]:
    """How the desk asks for what is missing, in the requester's language."""
    service = service_of(ticket, policy)
    wanted = service.facts if service else ()
    return tuple(in_language(fact.question, ticket.language, policy) for fact in wanted if fact.name in ticket.missing)


def terms_shown(ticket: Ticket, language: str, policy: Policy) -> TermsShown | None:
    """The terms of a service request, the approver by name or else address; None for incidents and questions."""
    service = service_of(ticket, policy)
    if service is None or service.terms is None or ticket.kind != "request" or ticket.question:
        return None
    terms = service.terms
    approval, approver = _approver(terms.approval, ticket, policy)
    return TermsShown(
        delivery=in_language(terms.delivery, language, policy),
        cost=in_language(terms.cost, language, policy),
        needed=in_language(terms.needed, language, policy),
        approval=approval,
        approver=approver,
    )


def _approver(approval: str | None, ticket: Ticket, policy: Policy) -> tuple[Approver | None, str]:
    if not approval:
        return None, ""
    requester = policy.people.get(ticket.requester)
    managed = approval == Approver.MANAGER
    address = (requester.manager if requester else "") if managed else approval
    person = policy.people.get(address)
    return Approver.MANAGER if managed else Approver.OTHER, (person.name if person else "") or address


def _without_address(terms: TermsShown | None) -> TermsShown | None:
    """As a requester may see them: an approver may be a specialist, whose address is private."""
    return replace(terms, approver="") if terms and "@" in terms.approver else terms
