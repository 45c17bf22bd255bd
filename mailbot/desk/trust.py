"""Who may do what: the one table, action × evidence, that grants anything (decisions.md "Evidence and rights")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailbot.desk.commands import Command
from mailbot.desk.evidence import Evidence, Sender
from mailbot.desk.policy import Policy
from mailbot.desk.ticket import Participant, Ticket
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Mail
from mailbot.mail.tokens import Reading


class Action(StrEnum):
    """What a mail may want."""

    ACKNOWLEDGE = "acknowledge"  # be told that it arrived
    ECHO = "echo"  # see its own subject and name in our answer
    FAQ_ANSWER = "faq_answer"
    OPEN = "open"
    ADD = "add"
    CONFIRM = "confirm"
    REOPEN = "reopen"
    RELAY = "relay"  # a specialist's words to the requester
    COMMAND_PLAIN = "command_plain"
    COMMAND_RISKY = "command_risky"
    ADMIN_REPLY = "admin_reply"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is granted, and why; `hold`: a person must look at the mail before it does anything."""

    allowed: bool
    reason: str
    hold: bool = False


def allows(action: Action, evidence: Evidence, policy: Policy) -> Verdict:
    """Whether the evidence suffices for the action."""
    raise NotImplementedError


def action_of(command: Command) -> Action:
    """COMMAND_RISKY or COMMAND_PLAIN."""
    raise NotImplementedError


def weigh(
    mail: Mail,
    ticket: Ticket | None,
    participants: Sequence[Participant],
    policy: Policy,
    keyring: Keyring,
    now: datetime,
    sender: Sender,
    dkim: str = "",
    released_by: str = "",
) -> tuple[Evidence, Reading | None]:
    """The evidence for a mail on this ticket, and the token that decided it (its `claims` tell intent and cycle)."""
    raise NotImplementedError
