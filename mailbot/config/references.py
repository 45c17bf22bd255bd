"""What one file says about another: names that must exist, addresses that must not meet, whole languages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping

from mailbot.config.desk_file import DeskFile
from mailbot.config.files import Document
from mailbot.config.findings import Finding, Severity, did_you_mean
from mailbot.config.kinds import ANY_LANGUAGE
from mailbot.config.levels_file import WordsFile
from mailbot.config.parts import DESK, LEVELS, ROUTING, Parts
from mailbot.config.routing_file import RoutingFile
from mailbot.config.validate import Loc, name_of
from mailbot.mail.model import ascii_fold

LOCAL_PART_OCTETS = 64  # RFC 5321 section 4.5.3.1.1
TOKEN_OCTETS = 39  # "+" and the plus-part of mail/tokens.py
NEEDED_WORDS = ("disruption", "request", "question", "confirmed", "rejected", "negation", "out_of_office")


def check_references(parts: Parts) -> tuple[list[Finding], list[Loc]]:
    """Every finding, and the paths in routing.toml of what is not sound."""
    found = [finding for check in _CHECKS for finding in check(parts)]
    routing = parts.files.shown(ROUTING)
    broken = [one for one in found if one.file == routing and one.severity is Severity.ERROR and one.key]
    return found, [_path(one.key) for one in broken]


def _path(key: str) -> Loc:
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


def finding_at(
    document: Document, path: Loc, message: str, remedy: str = "", severity: Severity = Severity.ERROR
) -> Finding:
    """A finding at that path, which says first whose setting it is."""
    key = ".".join(map(str, path))
    return Finding(document.file, document.line(path), key, name_of(document.data, path) + message, remedy, severity)


def _names_are_known(parts: Parts) -> Iterator[Finding]:
    """Services, rules and sources name groups, services and facts that exist."""
    known = {table: parts.names(table) for table in ("groups", "services", "facts")}
    document = parts.document(ROUTING)
    for table in ("services", "rules", "sources"):
        for index, element in parts.elements(table):
            for setting in ("group", "service"):
                name = element.get(setting)
                if isinstance(name, str) and name not in known[f"{setting}s"]:
                    remedy = did_you_mean(name, known[f"{setting}s"])
                    yield finding_at(document, (table, index, setting), f'unknown {setting} "{name}"', remedy)
            yield from _facts_are_known(document, (table, index), element.get("facts"), known["facts"])
    default = document.data.get("default_group")
    if isinstance(default, str) and default not in known["groups"]:
        remedy = did_you_mean(default, known["groups"])
        yield finding_at(document, ("default_group",), f'default_group: unknown group "{default}"', remedy)


def _facts_are_known(document: Document, path: Loc, facts: object, known: Collection[str]) -> Iterator[Finding]:
    for index, fact in enumerate(facts if isinstance(facts, list) else []):
        if isinstance(fact, str) and fact not in known:
            yield finding_at(document, (*path, "facts", index), f'unknown fact "{fact}"', did_you_mean(fact, known))


def _names_are_unique(parts: Parts) -> Iterator[Finding]:
    document = parts.document(ROUTING)
    for table in ("services", "groups", "facts", "sources", "rules"):
        seen: set[str] = set()
        for index, element in parts.elements(table):
            name = element.get("name")
            if isinstance(name, str) and name.casefold() in seen:
                yield finding_at(document, (table, index, "name"), "stands here a second time", "names must differ")
            elif isinstance(name, str):
                seen.add(name.casefold())
    accounts = Counter(mailbox.account for mailbox in parts.desk.mailboxes) if parts.desk else Counter[str]()
    for account, times in accounts.items():
        if times > 1:
            yield finding_at(parts.document(DESK), ("mailboxes",), f'two mailboxes have the account "{account}"')


def _own_addresses(desk: DeskFile) -> dict[str, str]:
    """Every address that comes back to the desk, with what it is."""
    identity = desk.identity
    own = {ascii_fold(mailbox.user): "a watched mailbox" for mailbox in desk.mailboxes if "@" in mailbox.user}
    own |= dict.fromkeys(identity.aliases, "an alias of the desk")
    if identity.token_base:
        own[identity.token_base] = "the token base"
    return own | {identity.address: "the desk's own address"}


def _mail_does_not_circle(parts: Parts) -> Iterator[Finding]:
    """Admins and groups must not be the desk itself: their mail would come back as a request."""
    if parts.desk is None:
        return
    own = _own_addresses(parts.desk)
    lists = {ascii_fold(str(one.get("list", ""))) for _, one in parts.elements("groups")}
    for index, address in enumerate(parts.desk.admins.addresses):
        what = own.get(_base(address)) or ("a group list" if address in lists else "")
        if what:
            remedy = "name a person or a list that the desk does not use"
            yield finding_at(parts.document(DESK), ("admins", "addresses", index), f"{address} is {what}", remedy)
    document = parts.document(ROUTING)
    for index, element in parts.elements("groups"):
        for path, address in _addresses(element):
            if what := own.get(_base(address), ""):
                message = f"{path[0]} {address} is {what}: the mail would come back"
                yield finding_at(document, ("groups", index, *path), message)


def _base(address: str) -> str:
    """The address without its plus-part: the desk receives all of them."""
    local, at, domain = ascii_fold(address).rpartition("@")
    return local.partition("+")[0] + at + domain


def _addresses(group: Mapping[str, object]) -> Iterator[tuple[Loc, str]]:
    for setting in ("list", "lead", "fallback"):
        if isinstance(address := group.get(setting), str):
            yield (setting,), address
    members = group.get("members")
    for index, address in enumerate(members if isinstance(members, list) else []):
        if isinstance(address, str):
            yield ("members", index), address


def _lists_differ(parts: Parts) -> Iterator[Finding]:
    seen: dict[str, object] = {}
    document = parts.document(ROUTING)
    for index, group in parts.elements("groups"):
        address = group.get("list")
        if not isinstance(address, str):
            continue
        if ascii_fold(address) in seen:
            message = f'its list is also that of group "{seen[ascii_fold(address)]}"'
            yield finding_at(document, ("groups", index, "list"), message)
        seen.setdefault(ascii_fold(address), group.get("name"))
        if isinstance(group.get("fallback"), str) and ascii_fold(str(group["fallback"])) == ascii_fold(address):
            message = "the fallback is the list itself, which has not reacted by then"
            yield finding_at(document, ("groups", index, "fallback"), message, "name a person", Severity.WARNING)


def _tokens_fit(parts: Parts) -> Iterator[Finding]:
    if parts.desk is None:
        return
    setting = "token_base" if parts.desk.identity.token_base else "address"
    base = parts.desk.identity.token_base or parts.desk.identity.address
    octets = len(base.rpartition("@")[0]) + TOKEN_OCTETS
    if octets > LOCAL_PART_OCTETS:
        message = f"{base} with a token has a local part of {octets} octets, {LOCAL_PART_OCTETS} are allowed"
        yield finding_at(
            parts.document(DESK), ("identity", setting), message, "set identity.token_base to a shorter alias"
        )


def _calendar_is_known(parts: Parts) -> Iterator[Finding]:
    if parts.levels is None:
        return
    names = [calendar.name for calendar in parts.levels.calendars]
    document = parts.document(LEVELS)
    if parts.levels.calendar not in names:
        remedy = did_you_mean(parts.levels.calendar, names)
        yield finding_at(document, ("calendar",), f'unknown calendar "{parts.levels.calendar}"', remedy)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield finding_at(document, ("calendars",), f'two calendars have the name "{name}"')


def _languages_are_whole(parts: Parts) -> Iterator[Finding]:
    """Every language of the desk has its word list, and every text for requesters."""
    if parts.desk is None:
        return
    for index, language in enumerate(parts.desk.identity.languages):
        path = ("identity", "languages", index)
        if f"words.{language}.toml" not in parts.files.raw:
            remedy = f"write words.{language}.toml, or leave the language out"
            yield finding_at(parts.document(DESK), path, f'no word list for "{language}"', remedy)
        elif language in parts.words:
            yield from _words_are_there(parts.document(f"words.{language}.toml"), parts.words[language])
    yield from _texts_are_whole(parts, parts.desk.identity.languages)


def _texts_are_whole(parts: Parts, languages: Collection[str]) -> Iterator[Finding]:
    if parts.routing is not None:
        document = parts.document(ROUTING)
        for group in parts.routing.groups:
            if group.language and group.language not in languages:
                path: Loc = ("groups", parts.place("groups", group.name), "language")
                message = f'the desk does not write "{group.language}"'
                yield finding_at(document, path, message, did_you_mean(group.language, languages))
        for (table, name, *setting), text in _texts(parts.routing):
            missing = [one for one in languages if text and one not in text]
            if missing and ANY_LANGUAGE not in text:
                place: Loc = (table, parts.place(table, name), *setting)
                yield finding_at(document, place, f'{".".join(setting)} has no text in "{missing[0]}"')


def _words_are_there(document: Document, words: WordsFile) -> Iterator[Finding]:
    for name in NEEDED_WORDS:
        if not getattr(words, name):
            message, remedy = f"{name} has no words", "the desk cannot read this language without them"
            yield finding_at(document, (name,), message, remedy, Severity.WARNING)


def _texts(routing: RoutingFile) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
    """(table, name, setting…) and the text by language, of all that requesters read."""
    for service in routing.services:
        yield ("services", service.name, "label"), service.label
        if service.terms:
            for setting in ("delivery", "cost", "needed"):
                yield ("services", service.name, "terms", setting), getattr(service.terms, setting)
    for fact in routing.facts:
        yield ("facts", fact.name, "label"), fact.label
        yield ("facts", fact.name, "question"), fact.question


_CHECKS: tuple[Callable[[Parts], Iterator[Finding]], ...] = (
    _names_are_known,
    _names_are_unique,
    _mail_does_not_circle,
    _lists_differ,
    _tokens_fit,
    _calendar_is_known,
    _languages_are_whole,
)
