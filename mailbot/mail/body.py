"""Where the new words of a mail end and its signature and history begin."""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.mail.model import Certainty


@dataclass(frozen=True, slots=True)
class Split:
    """A body taken apart; `reason` says which mark decided."""

    reply: str
    signature: str
    history: str
    certainty: Certainty
    reason: str


def split_body(text: str) -> Split:
    """The new words, the signature and the quoted history of a body."""
    raise NotImplementedError
