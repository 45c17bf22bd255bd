"""How a connection is protected: implicit TLS (RFC 8314), STARTTLS that is demanded, or none, on loopback only.

STARTTLS is never opportunistic: where a server does not offer it (or somebody in between strips the offer) nothing is
said, least of all a password.
"""

import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

Secret = str | Callable[[], str]
"""A password or token, or what yields the current one at each login."""


class Security(StrEnum):
    """The protection of a connection."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


NO_STARTTLS = "the server does not offer STARTTLS, or somebody in between has removed the offer"


class Auth(StrEnum):
    """How the desk proves who it is to a mail server."""

    PASSWORD = "password"
    XOAUTH2 = "xoauth2"


def refuse_plaintext(host: str, security: Security) -> None:
    """Raise ValueError where a password would travel in clear over a network."""
    if security is Security.NONE and not is_loopback(host):
        raise ValueError(f'security = "none" is for loopback only, not for {host}; use "tls" or "starttls"')


def refuse_control_characters(**values: str | None) -> None:
    """Raise ValueError where a setting could end a command early and start another."""
    for name, value in values.items():
        if value is not None and any(ord(character) < 32 or character == "\x7f" for character in value):
            raise ValueError(f"{name} holds a control character")


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by its very name, without asking DNS."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Verified names and certificates, TLS 1.2 or newer; `ca_file` names the authority of one's own house instead."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def certificate_refused(error: BaseException | None) -> str | None:
    """What is wrong with the server's certificate, where that is at the bottom of an error."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return None if error is None else f"the certificate is not accepted: {error.verify_message}"


def reveal(secret: Secret) -> str:
    """The secret as it is now, without the line break that a file may end with."""
    return (secret if isinstance(secret, str) else secret()).rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Protection:
    """How a connection is protected right now: the version of TLS ("" without), and when the certificate ends."""

    version: str = ""
    certificate_ends: datetime | None = None


def protection_of(wire: object) -> Protection:
    """What can be seen at a socket, or at the SSL object of a transport."""
    if not isinstance(wire, ssl.SSLSocket | ssl.SSLObject):
        return Protection()
    certificate = wire.getpeercert() or {}
    ends = certificate.get("notAfter")
    seconds = ssl.cert_time_to_seconds(ends) if isinstance(ends, str) else None
    return Protection(wire.version() or "", None if seconds is None else datetime.fromtimestamp(seconds, UTC))
