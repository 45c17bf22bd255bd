"""`mailbot.toml`: who the desk is, where its mail comes and goes, whom it believes, and its limits."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mailbot.config.kinds import Address, Domain, Language, OneLine, Table, Text, read_since
from mailbot.config.limits_file import (
    DeliveryTable,
    FaqTable,
    IntervalsTable,
    LimitsTable,
    RetentionTable,
    TokensTable,
)
from mailbot.config.secrets import Secret
from mailbot.transport.security import Auth, Security

PUBLIC_PROVIDERS = (
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
    "aol.com", "gmx.de", "gmx.net", "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.com", "proton.me",
    "protonmail.com", "posteo.de", "mailbox.org", "orange.fr", "free.fr", "laposte.net", "libero.it", "mail.ru",
    "yandex.ru", "qq.com", "163.com",
)  # fmt: skip


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(f'not a time zone: {value!r} (such as "Europe/Berlin")')
    return value


Port = Annotated[int, Field(ge=1, le=65535)]
Zone = Annotated[str, AfterValidator(_zone)]


class IdentityTable(Table):
    """[identity]"""

    name: OneLine = Field(description="name of the desk, as the sender of its mail")
    address: Address = Field(description="the support address that people write to")
    organisation: OneLine = Field(description="whose desk it is; stands below every mail")
    aliases: tuple[Address, ...] = Field((), description="every other address that delivers to the desk")
    own_domains: tuple[Domain, ...] = Field((), description="domains of the organisation's own people")
    arrives_through: tuple[OneLine, ...] = Field((), description="List-Ids, where the support address is a list")
    token_base: Address | None = Field(None, description="shorter alias that plus-addresses are made from")
    instance: OneLine = Field("", description="name of this installation in X-Loop; default: the address")
    domain: Domain | None = Field(None, description="domain of Message-IDs; default: that of the address")
    languages: tuple[Language, ...] = Field(("en",), min_length=1, description="languages it writes, default first")
    timezone: Zone = Field("UTC", description="IANA time zone in which mails write dates")
    phone: OneLine = Field("", description="where people can call, shown below mails")
    signature: Text = Field(default_factory=dict, description="closing lines of mails to requesters")


class AdminsTable(Table):
    """[admins]"""

    addresses: tuple[Address, ...] = Field(min_length=1, description="who is told when something needs a person")


class ServerTable(Table):
    """What every connection to a mail server has."""

    host: OneLine = Field(description="name of the server")
    port: Port | None = Field(None, description="default by security: 993 or 143, for SMTP 465 or 587")
    security: Security = Field(Security.TLS, description='"tls", "starttls", or "none" (this machine only)')
    auth: Auth = Field(Auth.PASSWORD, description='"password" or "xoauth2"')
    password: Secret | None = Field(None, description="password of the account")
    token: Secret | None = Field(None, description="OAuth2 access token, for xoauth2; read at each login")
    ca_file: str | None = Field(None, description="certificate authority of one's own house (PEM)")
    connect_timeout_seconds: float = Field(30, gt=0, description="how long to wait for a connection")

    @model_validator(mode="after")
    def _secret_fits(self) -> ServerTable:
        if self.auth is Auth.XOAUTH2 and self.token is None:
            raise ValueError('auth = "xoauth2" needs a token = { file = … } or { command = […] }')
        if self.token is not None and self.auth is Auth.PASSWORD:
            raise ValueError('a token needs auth = "xoauth2"')
        return self


class SmtpTable(ServerTable):
    """[smtp] and [alert_smtp]"""

    user: OneLine | None = Field(None, description="account name; without one there is no login")
    local_hostname: OneLine | None = Field(None, description="name in EHLO, where the server insists on one")
    command_timeout_seconds: float = Field(300, gt=0, description="how long a reply may take")
    data_timeout_seconds: float = Field(600, gt=0, description="how long the reply to a message may take (RFC 5321)")
    verp: bool = Field(True, description="a return address per mail; false where the server insists on one sender")


class MailboxTable(Table):
    """[[mailboxes]]: an IMAP folder, or a Maildir on this machine."""

    account: OneLine = Field(description="name of this mailbox; never change it, rows are kept under it")
    host: OneLine | None = Field(None, description="name of the IMAP server")
    port: Port | None = Field(None, description="default by security: 993, or 143 for starttls")
    security: Security = Field(Security.TLS, description='"tls", "starttls", or "none" (this machine only)')
    user: OneLine = Field("", description="account name at the server")
    auth: Auth = Field(Auth.PASSWORD, description='"password" or "xoauth2"')
    password: Secret | None = Field(None, description="password of the account")
    token: Secret | None = Field(None, description="OAuth2 access token, for xoauth2; read at each login")
    ca_file: str | None = Field(None, description="certificate authority of one's own house (PEM)")
    connect_timeout_seconds: float = Field(15, gt=0, description="how long to wait for a connection")
    read_timeout_seconds: float = Field(60, gt=0, description="how long a reply may take")
    folder: OneLine = Field("INBOX", description="watched folder")
    archive_folder: OneLine | None = Field(None, description="where stored mail moves; default: it stays, labelled")
    maildir: str | None = Field(None, description="path of a Maildir, instead of host")
    archive_maildir: str | None = Field(None, description="Maildir that stored mail moves to")
    since: Annotated[str | date, BeforeValidator(read_since)] = Field(
        "first start", description='older mail is not looked at: "first start", a date, or "everything"'
    )

    @model_validator(mode="after")
    def _one_kind(self) -> MailboxTable:
        if (self.host is None) == (self.maildir is None):
            raise ValueError("needs either a host (IMAP) or a maildir (path), and not both")
        if self.host is not None and not self.user:
            raise ValueError("needs a user")
        secret = self.token if self.auth is Auth.XOAUTH2 else self.password
        if self.host is not None and secret is None:
            raise ValueError("needs a " + ("token" if self.auth is Auth.XOAUTH2 else "password"))
        return self


class DatabaseTable(Table):
    """[database]"""

    url: Secret | None = Field(None, description="SQLAlchemy URL (postgresql+psycopg://…); default: an SQLite file")
    state_folder: str | None = Field(
        None, description="where the desk keeps its data; default: $STATE_DIRECTORY, else ../state"
    )


class Results(StrEnum):
    """Whether the mail server's Authentication-Results are believed."""

    NONE = "none"
    AUTHSERV = "authserv"
    TOPMOST = "topmost"


class TrustTable(Table):
    """[trust]"""

    results: Results = Field(Results.NONE, description='"none", "authserv" (only that id) or "topmost"')
    authserv_id: OneLine = Field("", description='id of the mail server in Authentication-Results, for "authserv"')
    submission: OneLine = Field("", description="name of the Received hop where the organisation's own users submit")
    colleagues: bool = Field(True, description="a colleague of the requester may join a ticket that was forwarded")
    acknowledge_unknown: bool = Field(True, description="acknowledge senders that could not be authenticated")
    public_providers: tuple[Domain, ...] = Field(PUBLIC_PROVIDERS, description="domains where nobody is a colleague")

    @model_validator(mode="after")
    def _id_fits(self) -> TrustTable:
        if self.results is Results.AUTHSERV and not self.authserv_id:
            raise ValueError('results = "authserv" needs an authserv_id')
        return self


class DeskFile(Table):
    """mailbot.toml"""

    identity: IdentityTable
    admins: AdminsTable
    mailboxes: tuple[MailboxTable, ...] = Field(min_length=1)
    smtp: SmtpTable
    alert_smtp: SmtpTable | None = None
    database: DatabaseTable = DatabaseTable()
    trust: TrustTable = TrustTable()
    limits: LimitsTable = LimitsTable()
    delivery: DeliveryTable = DeliveryTable()
    tokens: TokensTable = TokensTable()
    faq: FaqTable = FaqTable()
    retention: RetentionTable = RetentionTable()
    intervals: IntervalsTable = IntervalsTable()
