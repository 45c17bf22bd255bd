"""What works, and yet an admin should know: secrets that are not here, trust that is small, rules that never decide."""

from __future__ import annotations

from collections.abc import Iterator

from mailbot.config.desk_file import DeskFile, Results, ServerTable
from mailbot.config.findings import Finding, Severity
from mailbot.config.parts import DESK, ROUTING, Parts
from mailbot.config.references import finding_at
from mailbot.config.routing_file import RuleTable
from mailbot.config.secrets import Secret, SecretExposed
from mailbot.config.validate import Loc

_NEGATIVE = "unless"  # the one condition that more values make narrower


def advise(parts: Parts) -> Iterator[Finding]:
    """Warnings (and an error where a secret lies open)."""
    if parts.desk is not None:
        yield from _about_trust(parts, parts.desk)
        yield from _about_secrets(parts, parts.desk)
    yield from _about_rules(parts)


def _about_trust(parts: Parts, desk: DeskFile) -> Iterator[Finding]:
    document = parts.document(DESK)
    written = document.data.get("trust", {})
    if desk.trust.results is Results.NONE and written.get("results") in (None, Results.NONE):
        message = "results: no sender address is verified by the mail server, so rights stay small"
        remedy = "`mailbot doctor` proposes its authserv_id"
        yield finding_at(document, ("trust", "results"), message, remedy, Severity.WARNING)
    if not desk.identity.own_domains:
        message = "own_domains is empty: no colleague can join a ticket"
        yield finding_at(document, ("identity", "own_domains"), message, "name your domains", Severity.WARNING)


def _about_secrets(parts: Parts, desk: DeskFile) -> Iterator[Finding]:
    for path, secret in _secrets(desk):
        problem = secret.problem(parts.files.folder)
        if problem is not None:
            severity = Severity.ERROR if isinstance(problem, SecretExposed) else Severity.WARNING
            yield finding_at(parts.document(DESK), path, f"{path[-1]}: {problem}", severity=severity)


def _secrets(desk: DeskFile) -> Iterator[tuple[Loc, Secret]]:
    servers: list[tuple[Loc, ServerTable | None]] = [(("smtp",), desk.smtp), (("alert_smtp",), desk.alert_smtp)]
    places = [(path, server.password, server.token) for path, server in servers if server is not None]
    for index, mailbox in enumerate(desk.mailboxes):
        places.append((("mailboxes", index), mailbox.password, mailbox.token))
    for path, password, token in places:
        if password is not None:
            yield (*path, "password"), password
        if token is not None:
            yield (*path, "token"), token
    if desk.database.url is not None:
        yield ("database", "url"), desk.database.url


def _about_rules(parts: Parts) -> Iterator[Finding]:
    """Rules behind one that takes all of their mail."""
    rules = parts.routing.rules if parts.routing else ()
    for place, rule in enumerate(rules):
        taker = next((one for one in rules[:place] if _takes_all(one, rule)), None)
        if taker is not None:
            path = ("rules", parts.place("rules", rule.name), "name")
            message = f'never decides: the rule "{taker.name}" above takes all of its mail'
            yield finding_at(parts.document(ROUTING), path, message, "move it up, or remove it", Severity.WARNING)


def _takes_all(first: RuleTable, later: RuleTable) -> bool:
    """Whether each condition of the first rule holds wherever the later rule's conditions hold."""
    for key, values in first.when.items():
        narrower = later.when.get(key)
        if narrower is None:
            return False
        wide, narrow = set(values), set(narrower)
        if not (wide <= narrow if key == _NEGATIVE else narrow <= wide):
            return False
    return True
