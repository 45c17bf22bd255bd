"""Mail servers: reached, protected, logged in, with the folder and the capabilities that matter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from mailbot.daemon.examining.result import Place, Result
from mailbot.transport.imap_survey import FolderSurvey, ImapSurvey
from mailbot.transport.mailbox import MailboxUnavailable
from mailbot.transport.postman import DeliveryFailed
from mailbot.transport.security import Protection
from mailbot.transport.smtp_survey import SmtpSurvey

EXPIRES_SOON = timedelta(days=21)
SMALL_BYTES = 10_000_000
_CERTIFICATE = ("certificate",)
_OTHER_PROTOCOL = ("wrong_version_number", "wrong version number", "record layer failure", "packet length")
_LOGIN = ("auth", "login", "password", "credential", "535", "534", "530", "token", "secret", "no such file")
_RENEW = "renew the certificate of this server: on that day the desk stops reading and sending"


# ---------------------------------------------------------------- IMAP


def imap_results(place: Place, found: ImapSurvey, now: datetime, poll_seconds: float) -> Iterator[Result]:
    """What the visit to a mailbox tells."""
    yield place.ok("login", "accepted")
    yield _protection(place, found.protection, now)
    yield _folder(place, "folder", found.folder)
    if found.archive is not None:
        yield _folder(place, "archive", found.archive)
    idle = "IDLE" in found.capabilities
    yield place.ok("IDLE", "new mail is seen at once" if idle else f"missing: looked at every {poll_seconds:g} s")
    if not found.folder.refused:
        yield _marking(place, found)


def _folder(place: Place, what: str, found: FolderSurvey) -> Result:
    if found.refused:
        key = "archive_folder" if what == "archive" else "folder"
        remedy = f"name an existing one in [[mailboxes]] {key}, or make it; mailbot makes none"
        return place.fail(what, f"{found.name}: {found.refused}", remedy)
    return place.ok(what, f"{found.name}, {found.messages} messages")


def _marking(place: Place, found: ImapSurvey) -> Result:
    """How people see what the desk has taken in."""
    if found.archive is not None:
        means = next((one for one in ("MOVE", "UIDPLUS") if one in found.capabilities), None)
        if means:
            return place.ok("stored mail", f"is moved to {found.archive.name} ({means})")
        remedy = "nothing is lost; take archive_folder out of [[mailboxes]], or ask for MOVE (RFC 6851)"
        return place.warn("stored mail", "cannot be moved: the server has neither MOVE nor UIDPLUS", remedy)
    if found.folder.keeps_keyword:
        return place.ok("stored mail", "is labelled with a keyword")
    remedy = "nothing is lost; to see what the desk has stored, set archive_folder in [[mailboxes]]"
    return place.warn("stored mail", "stays as it is: the server keeps no keywords", remedy)


def mailbox_failure(place: Place, failure: MailboxUnavailable) -> Result:
    """Why a mailbox could not be read."""
    return place.fail(
        "connection",
        failure.reason,
        _remedy(failure.reason, "[[mailboxes]]", failure.temporary),
        unreachable=failure.temporary,
    )


# ---------------------------------------------------------------- SMTP


def smtp_results(
    place: Place, found: SmtpSurvey, now: datetime, sender: str, recipients: Sequence[str], *, login: bool
) -> Iterator[Result]:
    """What the visit to a submission server tells."""
    yield place.ok("login", "accepted" if login else "none is configured")
    yield _protection(place, found.protection, now)
    yield _size(place, found.extensions.get("size", ""))
    for name, needed in (
        ("8bitmime", "mail is sent as it is"),
        ("smtputf8", "addresses beyond ASCII can be written to"),
    ):
        yield place.ok(name.upper(), needed if name in found.extensions else "missing: rarely needed")
    if found.sender_refused:
        remedy = (
            "let this account send as support+ANYTHING@…, or set verp = false in [smtp] (fewer bounces are matched)"
        )
        yield place.fail("sender", f"{sender}: {found.sender_refused}", remedy)
    else:
        yield place.ok("sender", f"{sender} is accepted")
    for recipient in recipients:
        if reply := found.recipients_refused.get(recipient):
            remedy = "is the address right, and may this account send to it, with this sender?"
            yield place.fail("recipient", f"{recipient}: {reply}", remedy)


def _size(place: Place, told: str) -> Result:
    limit_bytes = int(told) if told.isdecimal() else 0
    if 0 < limit_bytes < SMALL_BYTES:
        remedy = "large attachments stay behind, named; set [limits] below this, or ask for more"
        return place.warn("SIZE", f"the server takes at most {limit_bytes / 1e6:.1f} MB a mail", remedy)
    return place.ok("SIZE", f"at most {limit_bytes / 1e6:.0f} MB a mail" if limit_bytes else "no limit is told")


def smtp_failure(place: Place, table: str, failure: DeliveryFailed) -> Result:
    """Why nothing could be handed over."""
    return place.fail(
        "connection",
        failure.reason,
        _remedy(failure.reason, table, not failure.permanent),
        unreachable=not failure.permanent,
    )


# ---------------------------------------------------------------- both


def _protection(place: Place, found: Protection, now: datetime) -> Result:
    if not found.version:
        return place.ok("TLS", "none, which is allowed on this machine only")
    if found.certificate_ends is None:
        return place.ok("TLS", found.version)
    left = found.certificate_ends - now
    told = f"{found.version}, the certificate ends in {left.days} days"
    return place.warn("TLS", told, _RENEW) if left < EXPIRES_SOON else place.ok("TLS", told)


def _remedy(reason: str, table: str, temporary: bool) -> str:
    """By whose fault it is; the words of servers differ, so the hint names what to look at."""
    told = reason.lower()
    if any(word in told for word in _CERTIFICATE):
        return f"host in {table} must be the name in the certificate; ca_file names the authority of your own house"
    if any(word in told for word in _OTHER_PROTOCOL):
        return f'port and security in {table} do not fit: "tls" is 993 and 465, "starttls" is 143 and 587'
    if "starttls" in told:
        return f'security = "tls" in {table} if the server speaks TLS from the start, else ask its admin'
    if not temporary or any(word in told for word in _LOGIN):
        return f'user, password and auth in {table}; many providers want an app password or auth = "xoauth2"'
    return f"host, port and security in {table}; does a firewall stand between?"


def list_results(place: Place, found: SmtpSurvey, addresses: Sequence[str]) -> Iterator[Result]:
    """Whether the server would take mail for the lists; whether a list lets the desk post only a post can show."""
    for address in addresses:
        if reply := found.recipients_refused.get(address):
            yield place.fail("list", f"{address}: {reply}", "correct [[groups]] list in routing.toml, or make the list")
        else:
            yield place.ok("list", f"{address} is accepted; let the support address post there")
