"""Commands that specialists put on top of their reply, `#resolve` for one: registry, grammar, and what is wrong with a line.

Promise: only lines at the very top of the new words command anything, nothing that mailbot itself once sent does, and a
line that looks like a command but is none makes the whole mail internal instead of reaching the requester.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from mailbot.desk.policy import Policy


class Role(StrEnum):
    """Who may use a command."""

    SPECIALIST = "specialist"
    ADMIN = "admin"


class Risk(StrEnum):
    """Plain commands are shown to the group and can be undone; risky ones need an authenticated sender."""

    PLAIN = "plain"
    RISKY = "risky"


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is settled for one command; the help reply is generated from it."""

    name: str
    argument: str  # how the help shows it, "" where there is none
    help: str
    role: Role = Role.SPECIALIST
    risk: Risk = Risk.PLAIN


@dataclass(frozen=True, slots=True)
class Command:
    """One command as read: `argument` is normalised (group name, P1, ISO date ...), `problem` says why it cannot be obeyed."""

    name: str
    argument: str
    line: str
    problem: str = ""

    @property
    def risk(self) -> Risk:
        """`#assign ADDRESS` is risky where `#assign GROUP` is plain."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class CommandBlock:
    """The commands on top of a reply and the words below; `broken`: the mail is internal and nothing is relayed."""

    commands: tuple[Command, ...] = ()
    text: str = ""
    broken: bool = False


COMMANDS: Mapping[str, Declaration] = {}


def read_commands(reply_text: str, sent_lines: frozenset[str], today: date, policy: Policy) -> CommandBlock:
    """The command block of a reply; without one, all of the reply is text."""
    raise NotImplementedError
