"""Does this reply confirm? Reads a requester's answer to "is it solved?" with the word lists of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailbot.desk.event import Meaning
from mailbot.triage.policy import Words


@dataclass(frozen=True, slots=True)
class Intent:
    """What a reply says: confirmed, rejected, courtesy or unclear, and the words that said so."""

    value: Meaning
    words: tuple[str, ...] = ()


def read_intent(text: str, words: Mapping[str, Words], language: str = "") -> Intent:
    """The intent of the new words of a reply; in doubt unclear, for a wrong `confirmed` closes an unsolved ticket."""
    raise NotImplementedError
