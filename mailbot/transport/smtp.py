"""A postman over SMTP (RFC 5321), one phase at a time, so that every failure says on which side of the dot it fell.

| failure | is |
|---|---|
| connection, silence before DATA's 354, or any 4xx | temporary |
| bad certificate, STARTTLS missing, login or greeting refused (5xx) | permanent in phase `connect`: the mail waits |
| any other 5xx, SIZE too small, 8BITMIME or SMTPUTF8 missing | permanent |
| lost connection, silence or nonsense once the message is being written | unknown |
| QUIT or RSET after the 250 | none: the mail was sent |

The connection is kept for the next mail; one that has gone stale meanwhile is replaced before anybody notices.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

import aiosmtplib
from aiosmtplib import SMTP, SMTPResponse

from mailbot.failpoints import Failpoint, reach
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent, check_addresses
from mailbot.transport.security import (
    NO_STARTTLS,
    Auth,
    Secret,
    Security,
    certificate_refused,
    refuse_control_characters,
    refuse_plaintext,
    reveal,
    tls_context,
)

GOODBYE_SECONDS = 5.0
CLOSING = 421
LOGIN_WANTED = frozenset({530, 534, 535, 538})  # RFC 4954 section 6
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LINE_DOT = re.compile(rb"(?m)^\.")
_FINAL_DOT = b".\r\n"
_WIRE_ERRORS = (aiosmtplib.SMTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Which server takes the desk's mail and how to log in; without a user there is no login."""

    host: str
    port: int = 465
    security: Security = Security.TLS
    user: str | None = None
    password: Secret = field(default="", repr=False)
    auth: Auth = Auth.PASSWORD
    local_hostname: str | None = None
    ca_file: str | None = None
    connect_timeout_seconds: float = 30
    command_timeout_seconds: float = 300
    kept_timeout_seconds: float = 20  # MAIL on a connection that has been silent and may be dead: another costs little
    approach_timeout_seconds: float = 480  # connection to RCPT, together
    data_timeout_seconds: float = 600  # RFC 5321 section 4.5.3.2.6: less makes the next server's slowness our duplicate

    def __post_init__(self) -> None:
        refuse_plaintext(self.host, self.security)
        refuse_control_characters(user=self.user, local_hostname=self.local_hostname)


class SmtpPostman:
    """One connection to the submission server, used for one mail at a time."""

    def __init__(self, settings: SmtpSettings) -> None:
        self.settings = settings
        self._client: SMTP | None = None
        self._busy = asyncio.Lock()

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        """Hand the mail over, or raise DeliveryFailed; `before_data` runs once, between RCPT and DATA."""
        check_addresses(envelope)
        async with self._busy:
            try:
                client = await self._approach(envelope)
                reach(Failpoint.RECIPIENT_TAKEN)
                before_data()
                return await self._data(client, envelope.raw)
            except DeliveryFailed as failure:
                await self._after(failure)
                raise
            except Exception:
                # The caller could not commit: the transaction is taken back and the exception passes on.
                await self._reset()
                raise
            except BaseException:
                # Cancelled in the middle of a command: what the server says next would answer the wrong question.
                self._drop()
                raise

    async def close(self) -> None:
        """Say QUIT where a connection is open; never raises."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(*_WIRE_ERRORS):
                await client.quit(timeout=GOODBYE_SECONDS)
            client.close()

    async def _approach(self, envelope: Envelope) -> SMTP:
        """Up to the accepted recipient; every answer has its time, and all of them together."""
        try:
            async with asyncio.timeout(self.settings.approach_timeout_seconds):
                client = await self._start(envelope)
                await _rcpt(client, envelope)
                return client
        except TimeoutError as late:
            self._drop()
            reason = f"not ready for the message after {self.settings.approach_timeout_seconds:.0f} s"
            raise DeliveryFailed(reason, permanent=False, phase=Phase.RCPT) from late

    async def _start(self, envelope: Envelope) -> SMTP:
        """A connection on which MAIL is accepted; a kept one that turns out dead is replaced, once."""
        kept = self._client
        if kept is not None and kept.is_connected:
            try:
                await _mail(kept, envelope, self.settings.kept_timeout_seconds)
                return kept
            except DeliveryFailed as failure:
                if failure.code not in (None, CLOSING) or failure.permanent:
                    raise
        self._drop()
        self._client = await connect(self.settings)
        reach(Failpoint.SMTP_CONNECTED)
        await _mail(self._client, envelope)
        return self._client

    async def _data(self, client: SMTP, raw: bytes) -> Sent:
        """DATA in two steps of our own: only so is it known whether the dot can have been written."""
        with failing(Phase.DATA):
            start = await client.execute_command(b"DATA")
        if start.code != 354:
            _fail(start, Phase.DATA)
        protocol = client.protocol
        if protocol is None:
            raise DeliveryFailed("connection lost before the message", permanent=False, phase=Phase.DATA)
        with failing(Phase.DATA, unknown=True):
            protocol.write(_dotted(raw))
            reach(Failpoint.IN_DATA)
            protocol.write(_FINAL_DOT)
            reach(Failpoint.DOT_SENT)
            answer = await protocol.read_response(timeout=self.settings.data_timeout_seconds)
        if not 200 <= answer.code < 300:
            _fail(answer, Phase.DATA, unknown=True)
        reach(Failpoint.ACCEPTED)
        return Sent(answer.message)

    async def _after(self, failure: DeliveryFailed) -> None:
        lost = failure.code is None and not failure.permanent
        if lost or failure.code == CLOSING or failure.phase is Phase.CONNECT:
            self._drop()
        else:
            await self._reset()

    async def _reset(self) -> None:
        """Take the transaction back, so that the next mail starts clean."""
        client = self._client
        if client is None:
            return
        try:
            await client.rset(timeout=GOODBYE_SECONDS)
        except _WIRE_ERRORS:
            self._drop()

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


async def connect(settings: SmtpSettings) -> SMTP:
    """A connection that is protected as demanded and logged in, or DeliveryFailed."""
    client = SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.security is Security.TLS,
        # Not the library's None ("where it is offered"): STARTTLS is demanded below.
        start_tls=False,
        tls_context=None if settings.security is Security.NONE else tls_context(settings.ca_file),
        local_hostname=settings.local_hostname,
        timeout=settings.command_timeout_seconds,
    )
    with failing(Phase.CONNECT):
        try:
            await client.connect(timeout=settings.connect_timeout_seconds)
            await client.ehlo()
            if settings.security is Security.STARTTLS:
                await _start_tls(client)
            await _login(client, settings)
        except BaseException:
            client.close()
            raise
    return client


async def _start_tls(client: SMTP) -> None:
    if not client.supports_extension("starttls"):
        raise _for_a_person(NO_STARTTLS)
    await client.starttls()
    await client.ehlo()  # what was offered in clear may have been anybody's


async def _login(client: SMTP, settings: SmtpSettings) -> None:
    if settings.user is None:
        return
    if not client.supports_extension("auth"):
        raise _for_a_person("the server offers no login")
    secret = reveal(settings.password)
    match settings.auth:
        case Auth.PASSWORD:
            await client.login(settings.user, secret)
        case Auth.XOAUTH2:
            await client.auth_xoauth2(settings.user, secret)


async def _mail(client: SMTP, envelope: Envelope, timeout_seconds: float | None = None) -> None:
    options = _options(client, envelope)
    with failing(Phase.MAIL):
        encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        sender, patience = envelope.mail_from, client.timeout if timeout_seconds is None else timeout_seconds
        await client.mail(sender, options=options, encoding=encoding, timeout=patience)


async def _rcpt(client: SMTP, envelope: Envelope) -> None:
    with failing(Phase.RCPT):
        await client.rcpt(envelope.rcpt_to, encoding="ascii" if envelope.rcpt_to.isascii() else "utf-8")


def _options(client: SMTP, envelope: Envelope) -> list[str]:
    """What this mail needs of the server (RFC 1870, 6152, 6531), or a permanent failure where it is not offered."""
    options = []
    header = envelope.raw.partition(b"\r\n\r\n")[0]
    size_bytes = len(_LINE_END.sub(b"\r\n", envelope.raw))
    if client.supports_extension("size"):
        limit = client.esmtp_extensions.get("size", "")
        limit_bytes = int(limit) if limit.isdecimal() else 0  # 0 or nothing: no fixed limit
        if 0 < limit_bytes < size_bytes:
            raise _lacking(f"message of {size_bytes} bytes, the server takes {limit_bytes}")
        options.append(f"SIZE={size_bytes}")
    if not envelope.raw.isascii():
        _demand(client, "8BITMIME")
        options.append("BODY=8BITMIME")
    if not (header.isascii() and (envelope.mail_from + envelope.rcpt_to).isascii()):
        _demand(client, "SMTPUTF8")
        options.append("SMTPUTF8")
    return options


def _demand(client: SMTP, extension: str) -> None:
    if not client.supports_extension(extension.lower()):
        raise _lacking(f"the mail needs {extension}, which the server does not offer")


def _for_a_person(reason: str) -> DeliveryFailed:
    return DeliveryFailed(reason, permanent=True, phase=Phase.CONNECT)


def _lacking(reason: str) -> DeliveryFailed:
    return DeliveryFailed(reason, permanent=True, phase=Phase.MAIL)


def _dotted(raw: bytes) -> bytes:
    """The message as it goes over the wire, up to the final dot: CRLF lines, leading dots doubled."""
    lines = _LINE_END.sub(b"\r\n", raw)
    return _LINE_DOT.sub(b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")


@contextlib.contextmanager
def failing(phase: Phase, unknown: bool = False) -> Iterator[None]:
    """Translate what the library raises; `unknown` from the moment the message is being written."""
    try:
        yield
    except aiosmtplib.SMTPResponseException as refusal:
        _fail(SMTPResponse(refusal.code, refusal.message), phase, unknown)
    except _WIRE_ERRORS as error:
        if (words := certificate_refused(error)) is not None:
            raise _for_a_person(words) from error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DeliveryFailed(reason, permanent=False, phase=phase, unknown=unknown) from error


def _fail(answer: SMTPResponse, phase: Phase, unknown: bool = False) -> NoReturn:
    """Raise what an unwelcome answer means; only a clear refusal tells that a written mail was not taken."""
    refused = 400 <= answer.code < 600
    raise DeliveryFailed(
        f"{answer.code} {answer.message}",
        permanent=answer.code >= 500,
        # "Log in first" is about the desk, whenever it is said.
        phase=Phase.CONNECT if answer.code in LOGIN_WANTED and not unknown else phase,
        code=answer.code if refused else None,
        unknown=unknown and not refused,
    )
