"""From sound models to the policy of the desk and the settings of its transports."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from mailbot.config.build import build_group, build_levels, compiled, in_all
from mailbot.config.desk_file import DatabaseTable, DeskFile, MailboxTable, SmtpTable
from mailbot.config.levels_file import LevelsFile
from mailbot.config.routing_file import RoutingFile, SourceKind, SourceTable
from mailbot.config.snapshot import MailboxSettings, Since
from mailbot.desk.people import Person
from mailbot.desk.policy import (
    AlertSource,
    Delivery,
    FormSource,
    Identity,
    IgnoredSource,
    Limits,
    Policy,
    Trust,
)
from mailbot.transport.imap import ImapSettings
from mailbot.transport.maildir import MaildirSettings
from mailbot.transport.security import Auth, Security
from mailbot.transport.smtp import SmtpSettings
from mailbot.triage.policy import TriagePolicy

_IMAP_PORTS = {Security.TLS: 993, Security.STARTTLS: 143, Security.NONE: 143}
_SMTP_PORTS = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}


def build_policy(
    desk: DeskFile,
    routing: RoutingFile,
    levels: LevelsFile,
    triage: TriagePolicy,
    people: Mapping[str, Person],
    config_hash: str,
) -> Policy:
    """All that the pure rooms decide by."""
    languages = desk.identity.languages
    return Policy(
        identity=_identity(desk),
        admins=desk.admins.addresses,
        groups=MappingProxyType({one.name: build_group(one, languages) for one in routing.groups}),
        triage=triage,
        levels=build_levels(levels, desk.identity.timezone),
        alerts=tuple(_alert(one) for one in routing.sources if one.kind is SourceKind.ALERT),
        forms=tuple(_form(one) for one in routing.sources if one.kind is SourceKind.FORM),
        ignored=tuple(_ignored(one) for one in routing.sources if one.kind is SourceKind.IGNORE),
        people=MappingProxyType(dict(people)),
        trust=_trust(desk),
        limits=Limits(**desk.limits.model_dump()),
        delivery=Delivery(**desk.delivery.model_dump(), verp=desk.smtp.verp),
        on_machine=routing.on_machine,
        token_lifetime_days=desk.tokens.lifetime_days,
        follow_days=desk.tokens.follow_days,
        public_providers=frozenset(desk.trust.public_providers),
        config_hash=config_hash,
    )


def build_mailbox(mailbox: MailboxTable, folder: Path) -> MailboxSettings:
    """A watched mailbox; raises ValueError for what its transport refuses."""
    since = Since(mailbox.since) if isinstance(mailbox.since, str) else mailbox.since
    return MailboxSettings(_transport(mailbox, folder), since)


def build_smtp(smtp: SmtpTable, folder: Path) -> SmtpSettings:
    """The way out; raises ValueError for what the transport refuses."""
    secret = smtp.token if smtp.auth is Auth.XOAUTH2 else smtp.password
    return SmtpSettings(
        host=smtp.host,
        port=smtp.port or _SMTP_PORTS[smtp.security],
        security=smtp.security,
        user=smtp.user,
        password=secret.reader(folder) if secret else "",
        auth=smtp.auth,
        local_hostname=smtp.local_hostname,
        ca_file=_below(folder, smtp.ca_file),
        connect_timeout_seconds=smtp.connect_timeout_seconds,
        command_timeout_seconds=smtp.command_timeout_seconds,
        data_timeout_seconds=smtp.data_timeout_seconds,
    )


def find_state_folder(database: DatabaseTable, folder: Path) -> Path:
    """Where the desk keeps its data: as set, else as systemd says, else beside the configuration."""
    if database.state_folder is not None:
        return (folder / database.state_folder).resolve()
    return Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0] or folder / ".." / "state").resolve()


def find_database_url(database: DatabaseTable, folder: Path) -> str:
    """The URL as set, else that of an SQLite file in the state folder."""
    if database.url is not None:
        return database.url.read(folder)
    return f"sqlite:///{find_state_folder(database, folder) / 'mailbot.sqlite3'}"


def _transport(mailbox: MailboxTable, folder: Path) -> ImapSettings | MaildirSettings:
    if mailbox.host is None:
        archive = _below(folder, mailbox.archive_maildir)
        return MaildirSettings(
            account=mailbox.account,
            path=folder / (mailbox.maildir or ""),
            folder=mailbox.folder,
            archive_path=Path(archive) if archive else None,
        )
    secret = mailbox.token if mailbox.auth is Auth.XOAUTH2 else mailbox.password
    return ImapSettings(
        account=mailbox.account,
        host=mailbox.host,
        user=mailbox.user,
        password=secret.reader(folder) if secret else "",
        port=mailbox.port or _IMAP_PORTS[mailbox.security],
        security=mailbox.security,
        folder=mailbox.folder,
        archive_folder=mailbox.archive_folder,
        auth=mailbox.auth,
        ca_file=_below(folder, mailbox.ca_file),
        connect_timeout_seconds=mailbox.connect_timeout_seconds,
        read_timeout_seconds=mailbox.read_timeout_seconds,
    )


def _below(folder: Path, name: str | None) -> str | None:
    """A relative path counts from the config folder."""
    return None if name is None else str(folder / name)


def _identity(desk: DeskFile) -> Identity:
    table = desk.identity
    return Identity(
        name=table.name,
        address=table.address,
        organisation=table.organisation,
        instance=table.instance or table.address,
        domain=table.domain or table.address.rpartition("@")[2],
        aliases=table.aliases,
        token_base=table.token_base,
        own_domains=table.own_domains,
        arrives_through=table.arrives_through,
        signature=in_all(table.signature, table.languages),
        languages=table.languages,
        phone=table.phone,
        timezone=table.timezone,
    )


def _trust(desk: DeskFile) -> Trust:
    table = desk.trust
    return replace(
        Trust(),
        results=table.results.value,
        authserv_id=table.authserv_id,
        submission=table.submission,
        colleagues=table.colleagues,
        acknowledge_unknown=table.acknowledge_unknown,
    )


def _alert(source: SourceTable) -> AlertSource:
    key, recovered = compiled(source.key), compiled(source.recovered)
    assert key is not None, "the model demands it"
    assert recovered is not None, "the model demands it"
    return AlertSource(
        name=source.name,
        senders=source.senders,
        key=key,
        recovered=recovered,
        service=source.service,
        group=source.group,
        impact=source.impact,
        urgency=source.urgency,
        on_recovery=source.on_recovery,
    )


def _form(source: SourceTable) -> FormSource:
    person, name, text = compiled(source.person), compiled(source.person_name), compiled(source.text)
    return FormSource(source.name, source.senders, person, name, text)


def _ignored(source: SourceTable) -> IgnoredSource:
    return IgnoredSource(source.name, source.senders, compiled(source.subject))
