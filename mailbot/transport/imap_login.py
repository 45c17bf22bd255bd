"""The way into an IMAP server: settings, connection, protection, login, and whose fault it is when that fails.

TLS by RFC 8314, demanded STARTTLS by RFC 9051 section 6.2.1, XOAUTH2 as the large providers speak it. A refused login
is for a person to mend, a server that says "temporary" or [UNAVAILABLE] (RFC 5530) is not.
"""

import contextlib
import imaplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, LoginError

from mailbot.failpoints import Failpoint, reach
from mailbot.transport.imap_patience import PatientClient, within
from mailbot.transport.mailbox import MailboxUnavailable
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


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """Where a mailbox is and how to log in; raises ValueError for what must not be."""

    account: str
    host: str
    user: str
    password: Secret = field(repr=False)
    port: int = 993
    security: Security = Security.TLS
    folder: str = "INBOX"
    archive_folder: str | None = None
    auth: Auth = Auth.PASSWORD
    ca_file: str | None = None
    connect_timeout_seconds: float = 15
    read_timeout_seconds: float = 60
    probe_timeout_seconds: float = 10  # of an answer that needs no work: NOOP, DONE
    idle_seconds: float = 55  # silence on the line that is believed

    def __post_init__(self) -> None:
        refuse_plaintext(self.host, self.security)
        refuse_control_characters(user=self.user, folder=self.folder, archive_folder=self.archive_folder)


def connect(settings: ImapSettings) -> IMAPClient:
    """A connection that is protected as demanded and logged in, or MailboxUnavailable."""
    with unavailable(f"{settings.host}:{settings.port}"):
        client = _dial(settings)
        try:
            with within(settings.read_timeout_seconds, client.socket()):
                if settings.security is Security.STARTTLS:
                    _start_tls(client, settings)
                _login(client, settings)
            reach(Failpoint.CONNECTED)
        except BaseException:
            # Nothing may be said on a half-open connection, not even LOGOUT.
            hang_up(client)
            raise
        return client


def _dial(settings: ImapSettings) -> IMAPClient:
    implicit = settings.security is Security.TLS
    client = PatientClient(
        settings.host,
        settings.port,
        ssl=implicit,
        ssl_context=tls_context(settings.ca_file) if implicit else None,
        timeout=SocketTimeout(settings.connect_timeout_seconds, settings.read_timeout_seconds),
    )
    # imapclient sets imaplib's debug level to 5 and so formats every response for nobody: 95 % of the time of a fetch.
    client._imap.debug = 0
    client.normalise_times = False
    client.socket().setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return client


def _start_tls(client: IMAPClient, settings: ImapSettings) -> None:
    # Asked of imaplib: what imapclient is asked before the login it still believes after it.
    if "STARTTLS" not in client._imap.capabilities:
        raise CapabilityError(NO_STARTTLS)
    client.starttls(tls_context(settings.ca_file))


def _login(client: IMAPClient, settings: ImapSettings) -> None:
    secret = reveal(settings.password)
    refuse_control_characters(password=secret)
    match settings.auth:
        case Auth.XOAUTH2:
            client.sasl_login("XOAUTH2", _xoauth2(settings.user, secret))
        case Auth.PASSWORD if (settings.user + secret).isascii():
            client.login(settings.user, secret)
        case Auth.PASSWORD:
            # LOGIN is ASCII in imaplib; AUTHENTICATE PLAIN is UTF-8 (RFC 4616).
            client.plain_login(settings.user, secret)


def _xoauth2(user: str, token: str) -> Callable[[bytes], str]:
    """Say the token once; a second challenge is the account of an error, which wants an empty answer."""
    answers = iter([f"user={user}\1auth=Bearer {token}\1\1"])
    return lambda challenge: next(answers, "")


@contextlib.contextmanager
def unavailable(where: str) -> Iterator[None]:
    """Turn whatever goes wrong on the wire into MailboxUnavailable."""
    try:
        yield
    except (OSError, imaplib.IMAP4.error, ValueError) as error:
        raise MailboxUnavailable(f"{where}: {_describe(error)}", temporary=_is_temporary(error)) from error


def _describe(error: Exception) -> str:
    return certificate_refused(error) or " ".join(str(error).split()) or type(error).__name__


def _is_temporary(error: Exception) -> bool:
    match error:
        case ssl.SSLCertVerificationError() | CapabilityError():
            return False
        case LoginError():
            # imapclient also calls it a failed login when the connection broke meanwhile.
            return isinstance(error.__context__, imaplib.IMAP4.abort) or says_later(str(error))
        case imaplib.IMAP4.abort() | OSError():
            return True
        case ValueError():
            return False
        case _:
            return True


def says_later(text: str) -> bool:
    """Whether a refusal names a passing condition (RFC 5530 codes, and how servers word it)."""
    codes = ("[unavailable]", "[inuse]", "[limit]", "[serverbug]", "[overquota]", "[throttled]")
    words = ("temporar", "try again", "too many", "busy", "not connected", "bandwidth", "exceeded", "unavailable")
    return any(word in text.lower() for word in codes + words)


def hang_up(client: IMAPClient) -> None:
    """Close the socket without a word; never raises."""
    with contextlib.suppress(Exception):
        client.shutdown()
