"""What a delivery notice says: which recipients failed, with which status (RFC 3463, RFC 3464), and about which mail.

Standard notices are read from their `message/delivery-status` part, the JSON notices of mailing services from their
object, and all others from their words (`undelivered.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.mail.headers import split_message, without_comments
from mailbot.mail.limits import Budget
from mailbot.mail.model import Bounced, Mail, MailClass, ascii_fold
from mailbot.mail.parts import Part
from mailbot.mail.statuses import derive_status, find_status, more_precise
from mailbot.mail.undelivered import ADDRESS, generated_from, named_recipients, notice_text

_MESSAGE_ID = re.compile(r"^[>\s]{0,20}message-id\s?:\s*<([^<>\s]{1,500})>", re.IGNORECASE | re.MULTILINE)
_NEAR_LETTERS = 1_500

# The actions of RFC 3464 2.3.3 and what servers write instead.
_FAILED = ("failed", "failure", "error", "undeliverable", "expired")
_DELAYED = ("delayed", "delay", "deferred")
_DELIVERED = ("delivered", "relayed", "expanded", "deliverable")


@dataclass(frozen=True, slots=True)
class Report:
    """One recipient's block of a standard notice; `action` is failed, delayed, delivered or ""."""

    recipient: str
    action: str
    status: str
    diagnostic: str


def delivery_reports(root: Part) -> tuple[Report, ...]:
    """The recipients' blocks of every delivery-status part."""
    leaves = [
        leaf for leaf in root.leaves() if leaf.type in ("message/delivery-status", "message/global-delivery-status")
    ]
    return tuple(report for leaf in leaves for report in _reports(leaf.content.lstrip(b"\r\n")))


def _reports(content: bytes) -> Iterator[Report]:
    budget = Budget()
    for _ in range(budget.limits.addresses):
        if not content.strip():
            return
        fields, content = split_message(content, budget, is_part=True)
        content = content.lstrip(b"\r\n")
        if not fields.items:
            return
        recipient = _recipient(fields.first("original-recipient"), fields.first("final-recipient"))
        word = without_comments(fields.first("action")).lower().split(" ")[0]
        if recipient or word:
            status = find_status(fields.first("status"))
            yield Report(recipient, _action(word, status), status, fields.first("diagnostic-code"))


def _action(word: str, status: str) -> str:
    known = {"failed": _FAILED, "delayed": _DELAYED, "delivered": _DELIVERED}
    of_status = {"5": "failed", "4": "failed", "2": "delivered"}.get(status[:1], "") if word else ""
    return next((action for action, words in known.items() if word in words), of_status)


def _recipient(original: str, final: str) -> str:
    named = [without_comments(value.partition(";")[2] or value).strip(" <>") for value in (final, original)]
    found = [address[0] for value in named if (address := ADDRESS.search(value))]
    routable = (address for address in found if "." in address.rpartition("@")[2])  # not a server's inner name
    whole = next(routable, "") or next(iter(found), "")
    return whole or next((value for value in named if value and " " not in value), "")


def read_bounces(mail: Mail, root: Part) -> tuple[Bounced, ...]:
    """The failed (or delayed) recipients of a bounce or delay."""
    if mail.class_ not in (MailClass.BOUNCE, MailClass.DELAY):
        return ()
    is_delay = mail.class_ is MailClass.DELAY
    wanted = ("delayed", "") if is_delay else ("failed", "")
    reports = [report for report in delivery_reports(root) if report.recipient and report.action in wanted]
    reports = reports or list(json_reports(mail.text))
    notice = notice_text(mail, root)
    if reports:
        bounced = [_of_report(report, notice, is_delay) for report in reports]
    else:
        bounced = [_of_notice(recipient, notice, is_delay) for recipient in named_recipients(mail, root, notice)]
    return tuple({ascii_fold(one.recipient): one for one in reversed(bounced)}.values())[::-1]


def _of_report(report: Report, notice: str, is_delay: bool) -> Bounced:
    recipient = report.recipient if "@" in report.recipient else generated_from(notice) or report.recipient
    status = more_precise(report.status, report.diagnostic, _near(recipient, notice))
    return _bounced(recipient, status or derive_status(report.diagnostic), is_delay)


def _of_notice(recipient: str, notice: str, is_delay: bool) -> Bounced:
    near = _near(recipient, notice) or notice
    status = find_status(near) or find_status(notice) or derive_status(near) or derive_status(notice)
    return _bounced(recipient, status, is_delay)


def _bounced(recipient: str, status: str, is_delay: bool) -> Bounced:
    return Bounced(recipient, status, not is_delay and status[:1] in ("5", ""))


def _near(recipient: str, notice: str) -> str:
    """The words of the notice from the recipient on, or ""."""
    place = ascii_fold(notice).find(ascii_fold(recipient))
    return notice[place : place + _NEAR_LETTERS] if place >= 0 else ""


# ---------------------------------------------------------------- notices as JSON


def json_notice(text: str) -> str:
    """What a mailing service's JSON notice tells: "bounce", "complaint", "delivery" or ""."""
    found = _json_notice(text)
    kind = found.get("notificationType", found.get("eventType"))
    return ascii_fold(kind) if isinstance(kind, str) else ""


def json_reports(text: str) -> Iterator[Report]:
    """The failed recipients of a mailing service's JSON notice."""
    bounce = _json_notice(text).get("bounce")
    recipients = bounce.get("bouncedRecipients") if isinstance(bounce, dict) else None
    for one in recipients if isinstance(recipients, list) else ():
        words = {key: value for key, value in one.items() if isinstance(value, str)} if isinstance(one, dict) else {}
        if words.get("emailAddress"):
            status, diagnostic = find_status(words.get("status", "")), words.get("diagnosticCode", "")
            yield Report(words["emailAddress"], "failed", status, diagnostic)


def _json_notice(text: str) -> dict[str, object]:
    """The notice itself: a service that only passes it on writes it as a string into an object of its own."""
    found = _json_object(text)
    inner = found.get("Message")
    return _json_object(inner) if isinstance(inner, str) else found


def _json_object(text: str) -> dict[str, object]:
    if text.lstrip()[:1] != "{":
        return {}
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text.lstrip()[:100_000])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


# ---------------------------------------------------------------- the mail a notice speaks of


def read_original_message_id(mail: Mail, root: Part) -> str:
    """Message-ID of the mail that a bounce, receipt, automatic reply or refusal is about, or ""."""
    if mail.class_ in (MailClass.HUMAN, MailClass.LIST, MailClass.OWN, MailClass.CALENDAR):
        return ""
    for leaf in root.leaves():
        if leaf.type.endswith(
            ("disposition-notification", "rfc822", "rfc822-headers", "message/global", "global-headers")
        ):
            fields, _ = split_message(leaf.content.lstrip(), Budget(), is_part=True)
            value = fields.first("original-message-id") or fields.first("message-id")
            if value:
                return value.strip().strip("<>").strip()
    if mail.class_ is MailClass.MACHINE:
        return ""  # only what it attaches is the mail that it speaks of
    if mail.class_ is MailClass.AUTO_REPLY:
        return next(iter((*mail.in_reply_to, *reversed(mail.references))), "")
    found = _MESSAGE_ID.search(mail.text)
    return found[1] if found else next(iter((*mail.in_reply_to, *reversed(mail.references))), "")
