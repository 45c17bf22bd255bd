"""The way in: a folder of files becomes a `Snapshot`, or every mistake in it is reported at once.

files at one moment -> models, each by itself -> what they say about each other -> rules tried on their examples
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mailbot.config.advice import advise
from mailbot.config.build import build_triage
from mailbot.config.build_desk import (
    build_mailbox,
    build_policy,
    build_smtp,
    find_database_url,
    find_state_folder,
)
from mailbot.config.files import Files, read_files
from mailbot.config.findings import ConfigError, Finding, Severity
from mailbot.config.keys import borrowed_keys, read_keys
from mailbot.config.locate import find_templates
from mailbot.config.parts import DESK, Parts, read_parts
from mailbot.config.references import check_references, finding_at
from mailbot.config.rules import check_conditions, try_examples
from mailbot.config.secrets import SecretMissing
from mailbot.config.snapshot import Intervals, Retention, Snapshot
from mailbot.config.validate import Loc
from mailbot.mail.keyring import Keyring
from mailbot.triage.policy import TriagePolicy

__all__ = ["ConfigError", "Finding", "Severity", "Snapshot", "check", "load"]


def load(folder: Path, *, keys_needed: bool = True, files: Files | None = None) -> Snapshot:
    """The configuration of that folder, checked; raises ConfigError with all findings if one of them is an error.

    Without `keys_needed` missing keys, or a database that cannot be named here, are no mistake: enough for looking at
    mail without running the desk. `files` stand in for those of the folder; keys, secrets and paths stay its own.
    """
    found: list[Finding] = []
    parts, triage = _examine(files or read_files(folder), found)
    keyring = _keys(folder, keys_needed, found)
    database_url = _database_url(parts, keys_needed, found)
    findings = _ordered(found)
    if any(one.severity is Severity.ERROR for one in findings):
        raise ConfigError(findings)
    assert triage is not None, "what is missing is an error"
    assert keyring is not None, "what is missing is an error"
    return _snapshot(parts, triage, keyring, database_url, findings)


def check(folder: Path, strict: bool = False) -> tuple[Finding, ...]:
    """Every finding, sorted by file and line; `strict` makes errors of warnings."""
    found: list[Finding] = []
    try:
        _examine(read_files(folder), found)
        _keys(folder, True, found)
    except ConfigError as error:
        found.extend(error.findings)
    if strict:
        found = [replace(one, severity=Severity.ERROR) for one in found]
    return _ordered(found)


def _examine(files: Files, found: list[Finding]) -> tuple[Parts, TriagePolicy | None]:
    parts = read_parts(files, found)
    findings, broken = check_references(parts)
    conditions = list(check_conditions(parts))
    found += [*findings, *conditions, *advise(parts), *_transports(parts)]
    broken += [_rule_of(one) for one in conditions]
    triage = _triage(parts.without(broken))
    if triage is not None:
        found.extend(try_examples(parts, triage))
    return parts, triage


def _rule_of(finding: Finding) -> Loc:
    table, place, *_ = finding.key.split(".")
    return table, int(place)


def _triage(sound: Parts) -> TriagePolicy | None:
    if sound.desk is None or sound.routing is None or sound.levels is None:
        return None
    return build_triage(sound.desk, sound.routing, sound.levels, sound.words, sound.faq)


def _transports(parts: Parts) -> list[Finding]:
    """What the transports say about their settings: control characters, passwords in clear text over a network."""
    desk, folder = parts.desk, parts.files.folder
    if desk is None:
        return []
    tries: list[tuple[Loc, Callable[[], object]]] = [(("smtp",), lambda: build_smtp(desk.smtp, folder))]
    if (alert := desk.alert_smtp) is not None:
        tries.append((("alert_smtp",), lambda: build_smtp(alert, folder)))
    for index, mailbox in enumerate(desk.mailboxes):
        tries.append((("mailboxes", index), lambda one=mailbox: build_mailbox(one, folder)))  # type: ignore[misc]  # a default binds
    found = []
    for path, build in tries:
        try:
            build()
        except ValueError as error:
            found.append(finding_at(parts.document(DESK), path, str(error)))
    return found


def _keys(folder: Path, needed: bool, found: list[Finding]) -> Keyring | None:
    try:
        return read_keys(folder)
    except ConfigError as error:
        if not needed:
            return borrowed_keys()
        found.extend(error.findings)
        return None


def _database_url(parts: Parts, needed: bool, found: list[Finding]) -> str:
    """The URL; "" where it is a secret that is not here and nobody needs it."""
    if parts.desk is None:
        return ""
    try:
        return find_database_url(parts.desk.database, parts.files.folder)
    except SecretMissing as error:
        if needed:
            found.append(finding_at(parts.document(DESK), ("database", "url"), f"url: {error}"))
        return ""


def _snapshot(
    parts: Parts, triage: TriagePolicy, keyring: Keyring, database_url: str, warnings: tuple[Finding, ...]
) -> Snapshot:
    desk, routing, levels, folder = parts.desk, parts.routing, parts.levels, parts.files.folder
    assert desk is not None, "what is missing is an error"
    assert routing is not None, "what is missing is an error"
    assert levels is not None, "what is missing is an error"
    return Snapshot(
        hash=parts.files.hash,
        folder=folder,
        policy=build_policy(desk, routing, levels, triage, parts.people, parts.files.hash),
        keyring=keyring,
        mailboxes=tuple(build_mailbox(one, folder) for one in desk.mailboxes),
        smtp=build_smtp(desk.smtp, folder),
        alert_smtp=build_smtp(desk.alert_smtp, folder) if desk.alert_smtp else None,
        database_url=database_url,
        state_folder=find_state_folder(desk.database, folder),
        templates=find_templates(folder),
        intervals=Intervals(**desk.intervals.model_dump()),
        retention=Retention(**desk.retention.model_dump()),
        files=tuple(sorted(parts.files.raw.items())),
        warnings=warnings,
    )


def _ordered(found: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(set(found)))
