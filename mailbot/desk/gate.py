"""May this mail leave? One table of the rules A1-A18, and `judge`, which every outgoing mail passes (decisions.md).

They guard the requester's side: all of them where a mail caused the answer, fewer where the clock or a specialist did.
Mail to groups and admins meets only limits and breaker. Those two delay class A and never drop it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.desk import gate_rules as rules
from mailbot.desk.clues import read_form
from mailbot.desk.evidence import Evidence
from mailbot.desk.gate_rules import Case
from mailbot.desk.outgoing import Cause, Outgoing
from mailbot.desk.policy import Policy
from mailbot.desk.situation import GateCounts
from mailbot.desk.ticket import Side
from mailbot.mail.model import Mail


@dataclass(frozen=True, slots=True)
class Allowed:
    """It may leave; class A above a limit waits until `not_before`, and `rule` says which limit."""

    not_before: datetime | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Denied:
    """It must not leave: the first rule that fails, "A1" to "A18", and its reason."""

    rule: str
    reason: str


Rule = Callable[[Case], str]  # the reason against, "" if there is none

RULES: Mapping[str, Rule] = {
    "A1": rules.a1_a_person_wrote,
    "A2": rules.a2_once_a_mail,
    "A3": rules.a3_return_path,
    "A4": rules.a4_valid_addresses,
    "A5": rules.a5_not_one_of_us,
    "A6": rules.a6_not_a_role_account,
    "A7": rules.a7_written_to_us,
    "A8": rules.a8_no_machine_headers,
    "A9": rules.a9_no_loop,
    "A10": rules.a10_known_sender,
    "A11": rules.a11_not_suspect,
    "A12": rules.a12_few_in_a_row,
    "A13": rules.a13_not_the_same_again,
    "A14": rules.a14_limits,
    "A15": rules.a15_no_backlog,
    "A16": rules.a16_not_muted,
    "A17": rules.a17_breaker,
    "A18": rules.a18_few_recipients,
}
ALL = tuple(RULES)
WITHOUT_A_MAIL = ("A4", "A5", "A6", "A10", "A12", "A14", "A16", "A17")
INSIDE = ("A14", "A17")
DELAYS: Mapping[str, timedelta] = {"A14": timedelta(hours=1), "A17": timedelta(minutes=15)}  # class A waits so long


def applying(outgoing: Outgoing) -> tuple[str, ...]:
    """The codes of the rules that this mail must pass, in order."""
    if outgoing.declared.side is not Side.REQUESTER:
        return INSIDE
    return ALL if outgoing.caused_by is Cause.MAIL else WITHOUT_A_MAIL


def judge(
    outgoing: Outgoing,
    mail: Mail | None,
    evidence: Evidence | None,
    counts: GateCounts,
    policy: Policy,
    now: datetime,
    internal_date: datetime | None,
) -> Allowed | Denied:
    """Whether a mail may leave; `mail` caused it (None: the clock did), `counts` are of its class and its address."""
    by_mail = outgoing.caused_by is Cause.MAIL
    form = read_form(mail, policy) if mail is not None and by_mail else None
    shown = Evidence() if form or evidence is None else evidence
    case = Case(outgoing, mail if by_mail else None, shown, counts, policy, now, internal_date, form)
    verdict = Allowed()
    for code in applying(outgoing):
        reason = RULES[code](case)
        if reason and (code not in DELAYS or case.is_class_b):
            return Denied(code, reason)
        if reason and not verdict.rule:
            verdict = Allowed(now + DELAYS[code], code)
    return verdict
