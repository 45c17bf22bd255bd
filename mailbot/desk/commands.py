"""Commands on top of a specialist's reply, `#resolve` for one: registry, grammar, and what is wrong with a line.

Promise: only lines at the very top of the new words command anything, nothing that mailbot itself once sent does, and a
line that looks like a command but is none makes the whole mail internal instead of reaching the requester. To add one:
one `Declaration` in `COMMANDS` with the function that reads its argument.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from difflib import get_close_matches
from enum import StrEnum

from dateutil.relativedelta import relativedelta

from mailbot.desk.policy import Policy
from mailbot.desk.remarks import ProblemCode, Remark
from mailbot.mail.carriers import is_own_address
from mailbot.mail.model import ascii_fold
from mailbot.triage.assessment import Priority


class Role(StrEnum):
    """Who may use a command."""

    SPECIALIST = "specialist"
    ADMIN = "admin"


class Risk(StrEnum):
    """Plain commands are shown to the group and can be undone; risky ones need an authenticated sender."""

    PLAIN = "plain"
    RISKY = "risky"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as the desk understands it, or what is wrong with it."""

    value: str = ""
    problem: Remark | None = None


ReadArgument = Callable[[str, date, Policy], Argument]


@dataclass(frozen=True, slots=True)
class Declaration:
    """All that is settled for one command; the help reply is generated from it."""

    name: str
    argument: str  # how the help shows it, "" where there is none
    help: str  # English; templates of other languages have their own
    read: ReadArgument
    role: Role = Role.SPECIALIST
    risk: Risk = Risk.PLAIN


@dataclass(frozen=True, slots=True)
class Command:
    """One command as read; `problem` says why it cannot be obeyed.

    `argument` is normalised: the name of a group, P1 to P4, requester, vendor, approval, an ISO date, a row number, or
    the text of a note.
    """

    name: str
    argument: str
    line: str
    problem: Remark | None = None

    @property
    def risk(self) -> Risk:
        """`#assign ADDRESS` is risky where `#assign GROUP` is plain."""
        if self.name == "assign" and "@" in self.argument:
            return Risk.RISKY
        declaration = COMMANDS.get(self.name)
        return declaration.risk if declaration else Risk.PLAIN


@dataclass(frozen=True, slots=True)
class CommandBlock:
    """The commands on top of a reply and the words below; `broken`: the mail is internal and nothing is relayed."""

    commands: tuple[Command, ...] = ()
    text: str = ""
    broken: bool = False


# ---------------------------------------------------------------- arguments


def _wrong(code: ProblemCode, value: str = "") -> Argument:
    return Argument(problem=Remark(code, value))


def _nothing(argument: str, _today: date, _policy: Policy) -> Argument:
    return _wrong(ProblemCode.TAKES_NOTHING) if argument else Argument()


def _note(argument: str, _today: date, _policy: Policy) -> Argument:
    return Argument(argument) if argument else _wrong(ProblemCode.EMPTY_NOTE)


def _priority(argument: str, _today: date, _policy: Policy) -> Argument:
    value = argument.upper()
    value = f"P{value}" if value.isdigit() else value
    return Argument(value) if value in set(Priority) else _wrong(ProblemCode.NO_PRIORITY)


def _row(argument: str, _today: date, _policy: Policy) -> Argument:
    value = argument.removeprefix("#")
    valid = not value or (value.isascii() and value.isdigit())
    return Argument(value) if valid else _wrong(ProblemCode.NO_ROW)


def _assignee(argument: str, _today: date, policy: Policy) -> Argument:
    if not argument:
        return _wrong(ProblemCode.NO_ASSIGNEE, ", ".join(policy.groups))
    if "@" in argument:
        return _colleague(ascii_fold(argument.strip("<>")), policy)
    names = {
        spelling.casefold(): group.name for group in policy.groups.values() for spelling in (group.label, group.name)
    }
    if found := names.get(argument.casefold()):
        return Argument(found)
    return _wrong(ProblemCode.UNKNOWN_GROUP, names.get(_suggest(argument.casefold(), tuple(names)), ""))


def _colleague(address: str, policy: Policy) -> Argument:
    for group in policy.groups.values():
        if group.list_address and address == ascii_fold(group.list_address):
            return Argument(group.name)
    if is_own_address(address, policy.identity.addresses):
        return _wrong(ProblemCode.THE_DESK)
    known = policy.group_of_member(address) or address in policy.people
    if known or address.rpartition("@")[2] in policy.identity.own_domains:
        return Argument(address)
    return _wrong(ProblemCode.OUTSIDER, address)


_WAIT_FOR = ("requester", "vendor", "approval")
_SPAN = re.compile(r"(\d{1,3})\s*(day|week|month|tag|woche|monat)(?:s|e|en|n)?", re.IGNORECASE)
_SPANS = {"tag": "days", "day": "days", "woche": "weeks", "week": "weeks", "monat": "months", "month": "months"}
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED_DATE = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_LONGEST_WAIT = timedelta(days=366)


def _wait(argument: str, today: date, _policy: Policy) -> Argument:
    words = argument.lower().removeprefix("for ").removeprefix("until ").strip()
    if words in _WAIT_FOR:
        return Argument(words)
    until = _read_date(words, today)
    if until is None:
        return _wrong(ProblemCode.NO_WAIT)
    if until <= today:
        return _wrong(ProblemCode.NOT_FUTURE, until.isoformat())
    if until - today > _LONGEST_WAIT:
        return _wrong(ProblemCode.TOO_FAR, until.isoformat())
    return Argument(until.isoformat())


def _read_date(words: str, today: date) -> date | None:
    if span := _SPAN.fullmatch(words):
        unit, count = _SPANS[span[2].lower()], int(span[1])
        if unit == "months":
            return today + relativedelta(months=count)
        return today + timedelta(days=count * (7 if unit == "weeks" else 1))
    parts = None
    if iso := _ISO_DATE.fullmatch(words):
        parts = iso.groups()
    elif dotted := _DOTTED_DATE.fullmatch(words):
        parts = dotted.groups()[::-1]
    try:
        return date(*map(int, parts)) if parts else None
    except ValueError:  # 31 February
        return None


# ---------------------------------------------------------------- registry


def _declare(*declarations: Declaration) -> Mapping[str, Declaration]:
    return {declaration.name: declaration for declaration in declarations}


COMMANDS: Mapping[str, Declaration] = _declare(
    Declaration("resolve", "", "it is solved; the words below go to the requester, who is asked to confirm", _nothing),
    Declaration("note", "TEXT", "keep all that follows as a note that the requester never sees", _note),
    Declaration("assign", "GROUP|ADDRESS", "hand the ticket to another group, or to a colleague", _assignee),
    Declaration("claim", "", "take the ticket", _nothing),
    Declaration("priority", "P1..P4", "change the priority", _priority),
    Declaration("wait", "requester|vendor|approval|DATE", "pause, and say for whom or until when", _wait),
    Declaration("incident", "", "it is an incident: something does not work as it should", _nothing),
    Declaration("request", "", "it is a service request: something is wanted", _nothing),
    Declaration("reopen", "", "take up a resolved or closed ticket again", _nothing),
    Declaration("undo", "", "take back the last command or reply, as far as it has not left", _nothing),
    Declaration("send", "[ROW]", "send the held reply to the requester as it was shown", _row),
    Declaration("accept", "[ROW]", "let a held mail of an unknown sender join the ticket", _row, risk=Risk.RISKY),
    Declaration("reject", "[ROW]", "dismiss a held mail", _row, risk=Risk.RISKY),
    Declaration("help", "", "get this list", _nothing),
)


# ---------------------------------------------------------------- reading

_LOOKS_LIKE_COMMAND = re.compile(r"#([A-Za-z][\w-]*)(.*)", re.DOTALL)
_NAMES = "|".join(COMMANDS)
_ALMOST = re.compile(  # what autocorrection, bold type, bullets and other systems' habits make of a command
    rf"(?!>)[\W_]{{0,20}}?(?:[#\\][\W_]{{0,20}}|[@/!])({_NAMES})(?![A-Za-z0-9/@-])", re.IGNORECASE
)


def read_commands(reply_text: str, sent_lines: frozenset[str], today: date, policy: Policy) -> CommandBlock:
    """The command block of a reply; without one, all of the reply is text."""
    lines = reply_text.replace("\xa0", " ").splitlines()
    commands: list[Command] = []
    for place, line in enumerate(lines):
        stripped = _plain(line)
        if not stripped:
            continue
        rest = "\n".join(lines[place + 1 :])
        command = _read_line(stripped, rest, sent_lines, today, policy)
        if command is None:
            return _block([*commands, *_find_misplaced(lines[place:], sent_lines)], "\n".join(lines[place:]))
        if any(command.name == other.name for other in commands) and command.problem is None:
            command = Command(command.name, command.argument, stripped, Remark(ProblemCode.TWICE))
        commands.append(command)
        if command.name == "note" and command.problem is None:
            break
    return _block(commands, "")


def _block(commands: list[Command], text: str) -> CommandBlock:
    return CommandBlock(tuple(commands), text.strip(), any(command.problem is not None for command in commands))


def _plain(line: str) -> str:
    """The line as it looks: without characters that nobody sees, and with an ordinary # for its look-alikes."""
    if line.isascii():
        return line.strip()
    seen = "".join(sign for sign in line if unicodedata.category(sign) != "Cf")
    return unicodedata.normalize("NFKC", seen).replace("\u266f", "#").strip()


def _was_sent(line: str, sent_lines: frozenset[str]) -> bool:
    return line in sent_lines or any(not sent.isascii() and _plain(sent) == line for sent in sent_lines)


def _find_misplaced(lines: list[str], sent_lines: frozenset[str]) -> Iterator[Command]:
    """Commands below the first word: they command nothing, and the requester must not get to read them."""
    for line in map(_plain, lines):
        found = _LOOKS_LIKE_COMMAND.fullmatch(line)
        name = found[1].lower() if found else _almost(line)
        if name in COMMANDS and not _was_sent(line, sent_lines):
            yield Command(name, "", line, Remark(ProblemCode.MISPLACED))


def _almost(line: str) -> str:
    """The command that a line was probably meant to be, "" if it is text."""
    found = _ALMOST.match(line)
    return found[1].lower() if found else ""


def _read_line(line: str, rest: str, sent_lines: frozenset[str], today: date, policy: Policy) -> Command | None:
    """The command in one line, obeyable or not; None if the line is text."""
    found = _LOOKS_LIKE_COMMAND.fullmatch(line)
    if found is None:
        meant = _almost(line)
        return Command(meant, "", line, Remark(ProblemCode.MISSPELT, f"#{meant}")) if meant else None
    name, argument = found[1].lower(), found[2].strip()
    if _was_sent(line, sent_lines):
        return Command(name, "", line, Remark(ProblemCode.QUOTED))
    declaration = COMMANDS.get(name)
    if declaration is None:
        meant = _suggest(name, tuple(COMMANDS))
        return Command(name, "", line, Remark(ProblemCode.UNKNOWN_COMMAND, f"#{meant}" if meant else ""))
    argument = f"{argument}\n{rest}".strip() if name == "note" else argument.strip(".,;:! ")
    read = declaration.read(argument, today, policy)
    return Command(name, read.value, line, read.problem)


def _suggest(word: str, known: tuple[str, ...]) -> str:
    """The known word that is most like this one, "" if none is."""
    return next(iter(get_close_matches(word, known, n=1, cutoff=0.6)), "")
