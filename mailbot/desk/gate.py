"""May this mail leave? The rules A1-A18 as a table, one small function each (RFC 3834, RFC 5230; decisions.md "Mail that leaves")."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbot.desk.evidence import Evidence
from mailbot.desk.outgoing import Outgoing
from mailbot.desk.policy import Policy
from mailbot.desk.situation import GateCounts
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


def judge(
    outgoing: Outgoing,
    mail: Mail | None,
    evidence: Evidence | None,
    counts: GateCounts,
    policy: Policy,
    now: datetime,
    internal_date: datetime | None,
) -> Allowed | Denied:
    """Whether one outgoing mail may leave; `mail` caused it (None for the clock), `counts` are of the same class and address."""
    raise NotImplementedError
