"""What of a mail goes to the other side: new words without signature, private addresses and history, and the attachments."""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.desk.policy import Policy
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import AttachmentRef
from mailbot.mail.model import Mail


@dataclass(frozen=True, slots=True)
class RelayText:
    """What the requester would receive; `hold` says why a person must look first ("" = it may go)."""

    text: str
    hold: str = ""


@dataclass(frozen=True, slots=True)
class Travelling:
    """Attachments that go along, and those that are too large: named in the mail, kept for fetching."""

    refs: tuple[AttachmentRef, ...] = ()
    too_large: tuple[AttachmentRef, ...] = ()


def relay_text(mail: Mail, situation: Situation, policy: Policy, words: str | None = None) -> RelayText:
    """What of a specialist's mail may go to the requester; `words` are those below a command block, else the whole reply."""
    raise NotImplementedError


def new_words(mail: Mail, situation: Situation) -> str:
    """The new words of a requester's mail, for the ticket and the specialists: in doubt more."""
    raise NotImplementedError


def travelling(mail: Mail, situation: Situation, policy: Policy) -> Travelling:
    """Which attachments and inline images travel, with rebuilt names and sniffed types."""
    raise NotImplementedError
