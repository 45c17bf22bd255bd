"""The rules A1-A18 that guard mail to the requester's side, one function each: the reason against, "" if there is none.

Sources: RFC 3834 and RFC 5230 for automatic answers, and what help desks learnt about loops. `gate.py` holds the table
that says which of them apply; a rule never knows about another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.desk.clues import FormSeen, comes_from
from mailbot.desk.evidence import Evidence
from mailbot.desk.outgoing import Cause, InternalView, MailClass, Outgoing, OutgoingKind
from mailbot.desk.policy import Policy
from mailbot.desk.situation import GateCounts
from mailbot.desk.ticket import Side
from mailbot.desk.trust import Action, allows
from mailbot.mail.addresses import is_plain_address
from mailbot.mail.carriers import is_own_address, without_plus
from mailbot.mail.model import Address, Mail, ascii_fold, same_address
from mailbot.mail.model import MailClass as Class
from mailbot.triage.assessment import Priority


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at; `form`: the person it names stands for the sender in A3-A8."""

    outgoing: Outgoing
    mail: Mail | None
    evidence: Evidence
    counts: GateCounts
    policy: Policy
    now: datetime
    internal_date: datetime | None
    form: FormSeen | None

    @property
    def cause(self) -> Mail:
        """The mail that caused this one; A1 has made sure of it, and runs before every rule that asks."""
        assert self.mail is not None, "rules about the cause apply to cause `mail` only"
        return self.mail

    @property
    def to(self) -> str:
        """Where it goes, folded."""
        return ascii_fold(self.outgoing.to)

    @property
    def is_class_b(self) -> bool:
        """Whether it is sent at most once."""
        return self.outgoing.declared.class_ is MailClass.B


def a1_a_person_wrote(case: Case) -> str:
    """A1: a person wrote, or a form for one."""
    if case.mail is None:
        return "no mail caused it"
    class_ = case.mail.class_
    fine = class_ in _OF_A_FORM if case.form else class_ is Class.HUMAN
    return "" if fine else f"the mail is {class_}"


_OF_A_FORM = frozenset({Class.HUMAN, Class.MACHINE, Class.LIST, Class.SUSPECT, Class.SPAM})  # A11 judges the last two


def a2_once_a_mail(case: Case) -> str:
    """A2: one automatic answer of a kind to one mail."""
    return "this mail already has such an answer" if case.counts.answered_row else ""


def a3_return_path(case: Case) -> str:
    """A3: there is a way back, and it is not chosen by Reply-To alone (RFC 3834 4)."""
    if case.form:
        return ""
    mail = case.cause
    if not mail.return_path:
        return "no Return-Path" if mail.return_path is None else "null Return-Path"
    if not _only_in_reply_to(case.to, mail):
        return ""
    same_domain = _domain(case.to) == _domain(ascii_fold(mail.sender.address))
    trusted = allows(Action.ECHO, case.evidence, case.policy).allowed
    return "" if same_domain and trusted else "Reply-To is not the sender"


def _only_in_reply_to(address: str, mail: Mail) -> bool:
    named = (*(one.address for one in mail.from_), mail.return_path or "")
    return any(same_address(address, one.address) for one in mail.reply_to) and not any(
        same_address(address, other) for other in named
    )


def a4_valid_addresses(case: Case) -> str:
    """A4: one plain From, and a destination that can exist."""
    if case.mail is not None and not case.form and not case.mail.from_is_plain:
        return "From is not exactly one plain address"
    if not is_plain_address(case.outgoing.to):
        return "no valid address"
    unreachable = _domain(case.to).rpartition(".")[2] in _NOWHERE
    return "the domain is no place that takes mail" if unreachable else ""


_NOWHERE = frozenset({"invalid", "localhost", "onion", "arpa", "alt"})  # RFC 6761, RFC 7686, RFC 9476


def a5_not_one_of_us(case: Case) -> str:
    """A5: neither the desk, a list of ours, nor a machine that we know."""
    policy, to = case.policy, case.to
    if is_own_address(to, policy.identity.addresses):
        return "the desk itself"
    lists = {ascii_fold(group.list_address) for group in policy.groups.values() if group.list_address}
    if without_plus(to) in lists or to in lists:
        return "a specialist list"
    recipient = Mail(from_=(Address("", to),))
    if any(comes_from(recipient, source.senders) for source in policy.alerts):
        return "an alert source"
    machines = [name for form in policy.forms for name in form.senders]
    machines += [name for ignored in policy.ignored for name in ignored.senders]
    return "a machine" if any(same_address(to, name) for name in machines) else ""


def _domain(address: str) -> str:
    return address.rpartition("@")[2]


_ROLE_ACCOUNT = re.compile(
    r"mailer-daemon|postmaster|abuse|root|no-?reply.*|do-?not-?reply.*|bounces?([+=_-].*)?|owner-.*|.*-owner|.*-request"
    r"|.*-bounces?|listserv|majordomo|notifications?"
)


def a6_not_a_role_account(case: Case) -> str:
    """A6: no mailbox of mail systems and daemons."""
    local = without_plus(case.to).rpartition("@")[0]
    return "an address that nobody reads" if _ROLE_ACCOUNT.fullmatch(local) else ""


def a7_written_to_us(case: Case) -> str:
    """A7: the mail names us, it is no blind copy (RFC 5230 4.5)."""
    addressed = (*case.cause.to, *case.cause.cc)
    own = case.policy.identity.addresses
    return "" if any(is_own_address(one.address, own) for one in addressed) else "our address is not in To or Cc"


def a8_no_machine_headers(case: Case) -> str:
    """A8: no header that asks for silence (RFC 3834 2, RFC 5230 4.6)."""
    if case.form:
        return ""
    mail = case.cause
    if not _came_through_own_list(mail, case.policy):
        if any(name.startswith("list-") for name, _ in mail.headers):
            return "List header"
        if _says(mail, "precedence", {"list", "bulk", "junk", "auto_reply"}):
            return "Precedence header"
    if any(_plain_value(value) != "no" for value in mail.header_values("auto-submitted")):
        return "Auto-Submitted header"
    quiet = _says(mail, "x-auto-response-suppress", {"all", "autoreply", "oof"})
    return "X-Auto-Response-Suppress header" if quiet else ""


def _came_through_own_list(mail: Mail, policy: Policy) -> bool:
    """Whether the list that put its headers on the mail is the support address itself."""
    own = {ascii_fold(name).strip("<>") for name in policy.identity.arrives_through}
    names = [ascii_fold(value).rpartition("<")[2].strip("<> ") for value in mail.header_values("list-id")]
    return bool(names) and all(name in own for name in names)


def _plain_value(value: str) -> str:
    return re.sub(r"\([^)]*\)", " ", value).partition(";")[0].strip().lower()


def _says(mail: Mail, name: str, words: set[str]) -> bool:
    values = (_plain_value(part) for value in mail.header_values(name) for part in value.split(","))
    return not words.isdisjoint(values)


def a9_no_loop(case: Case) -> str:
    """A9: the mail has not gone in circles."""
    if case.cause.hops >= 30:
        return "30 hops or more"
    own = case.policy.identity.addresses
    arrivals = [without_plus(value.strip("<> ")) for value in case.cause.header_values("delivered-to")]
    twice = any(arrivals.count(address) > 1 for address in arrivals if is_own_address(address, own))
    return "delivered to us twice" if twice else ""


def a10_known_sender(case: Case) -> str:
    """A10: the evidence suffices for this answer."""
    if case.outgoing.caused_by is not Cause.MAIL:
        return "" if case.outgoing.ticket is not None else "belongs to no ticket, so to nobody who wrote to us"
    faq = case.outgoing.kind is OutgoingKind.FAQ_ANSWER
    verdict = allows(Action.FAQ_ANSWER if faq else Action.ACKNOWLEDGE, case.evidence, case.policy)
    return "" if verdict.allowed else verdict.reason


def a11_not_suspect(case: Case) -> str:
    """A11: neither spam nor unreadable."""
    return f"the mail is {case.cause.class_}" if case.cause.class_ in (Class.SPAM, Class.SUSPECT) else ""


def a12_few_in_a_row(case: Case) -> str:
    """A12: at most two of class B since a person wrote."""
    many = case.is_class_b and case.counts.in_a_row >= case.policy.limits.automatic_in_a_row
    return "enough automatic mails since a person wrote" if many else ""


def a13_not_the_same_again(case: Case) -> str:
    """A13: not the same template on this ticket to this address within a day."""
    return "the same mail went there within a day" if case.counts.same_lately else ""


_PERSONS_SHARE = 10  # class A is caused by people, so its windows are as much wider


def a14_limits(case: Case) -> str:
    """A14: the sliding windows have room."""
    counts, limits = case.counts, case.policy.limits
    if case.outgoing.declared.side is not Side.REQUESTER:
        many = counts.address_hour >= limits.group_per_hour and not _is_most_urgent(case)
        return f"{counts.address_hour} mails to this group within an hour" if many else ""
    share = 1 if case.is_class_b else _PERSONS_SHARE
    at_home = _domain(case.to) in map(ascii_fold, case.policy.identity.own_domains)  # a whole house shares its domain
    windows = (
        (counts.address_hour, limits.address_per_hour * share, "mails to this address within an hour"),
        (counts.address_day, limits.address_per_day * share, "mails to this address within a day"),
        (0 if at_home else counts.domain_hour, limits.domain_per_hour * share, "mails to this domain within an hour"),
        (counts.ticket_day, limits.ticket_per_day * share, "mails on this ticket within a day"),
        (counts.global_hour, limits.global_per_hour * share, "mails within an hour"),
    )
    return next((f"{count} {what}" for count, limit, what in windows if count >= limit), "")


def _is_most_urgent(case: Case) -> bool:
    """P1 never waits behind a storm of lesser matters."""
    view = case.outgoing.view
    return isinstance(view, InternalView) and view.ticket.priority is Priority.P1


def a15_no_backlog(case: Case) -> str:
    """A15: no answers of class B to old mail, after an outage for one."""
    if not case.is_class_b or case.internal_date is None:
        return ""
    age = case.now - case.internal_date
    hours = case.policy.limits.backlog_hours
    return f"the mail is older than {hours} hours" if age > timedelta(hours=hours) else ""


def a16_not_muted(case: Case) -> str:
    """A16: the address has not bounced for good."""
    return "the address is muted" if case.counts.muted else ""


def a17_breaker(case: Case) -> str:
    """A17: the desk as a whole is not running away."""
    return "the breaker is open" if case.counts.breaker_open else ""


def a18_few_recipients(case: Case) -> str:
    """A18: not a mail to the whole town."""
    recipients = len(case.cause.to) + len(case.cause.cc)
    return f"{recipients} recipients" if recipients > case.policy.limits.recipients else ""
