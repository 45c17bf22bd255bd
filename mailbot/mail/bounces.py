"""What a delivery notice says: which recipients failed, with which status (RFC 3463, RFC 3464), and about which mail.

Standard notices are read from their `message/delivery-status` part; for the others the lines above the returned mail
are searched for the forms that mail servers write (qmail, Exim, sendmail, Exchange and their likes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.mail.headers import split_message, without_comments
from mailbot.mail.limits import Budget
from mailbot.mail.model import Bounced, Mail, MailClass, ascii_fold
from mailbot.mail.parts import Part

_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY_CODE = re.compile(r"(?<![\d.#])([45][0-5]\d)(?=[ \-:)\]>,;]|$)")
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9_-]{1,63}\.){0,8}[A-Za-z0-9-]{1,63}")
_MESSAGE_ID = re.compile(r"^[>\s]{0,20}message-id\s?:\s*<([^<>\s]{1,500})>", re.IGNORECASE | re.MULTILINE)
_COPY_BEGINS = re.compile(
    r"^\W{0,40}(?:below this line is a copy|this is a copy of|original message (?:follows|headers|text)|original"
    r" message\W*$"
    r"|(?:unsent|returned) message (?:below|follows)|message header|transcript of message follows|here is a copy of"
    r"|the header(?:s)? of the original|included is a copy of|original[- ]headers?|headers? of (?:the"
    r" )?(?:original )?(?:message|mail)"
    r"|returned mail follows|start of returned message|received:|return-path:|the (?:text|body) (?:part )?of your"
    r" message"
    r"|message contents? follow|ursprüngliche nachricht|text of message|unsent mail)",
    re.IGNORECASE,
)
_LINES_AT_MOST = 400
_MACHINES = ("postmaster@", "mailer-daemon@", "mailerdaemon@", "mail-daemon@", "noreply@", "no-reply@")


@dataclass(frozen=True, slots=True)
class Report:
    """One recipient's block of a standard notice."""

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
        action = without_comments(fields.first("action")).lower().split(" ")[0]
        if recipient or action:
            diagnostic = fields.first("diagnostic-code")
            status = _first(_STATUS, fields.first("status"))
            yield Report(recipient, action, status, diagnostic)


def _recipient(original: str, final: str) -> str:
    named = [without_comments(value.partition(";")[2] or value).strip(" <>") for value in (final, original)]
    found = (_ADDRESS.search(value) for value in named)
    whole = next((address[0] for address in found if address), "")
    return whole or next((value for value in named if value and " " not in value), "")


def read_bounces(mail: Mail, root: Part) -> tuple[Bounced, ...]:
    """The failed (or delayed) recipients of a bounce or delay."""
    if mail.class_ not in (MailClass.BOUNCE, MailClass.DELAY):
        return ()
    is_delay = mail.class_ is MailClass.DELAY
    wanted = ("delayed", "") if is_delay else ("failed", "failure", "")
    reports = [report for report in delivery_reports(root) if report.recipient and report.action in wanted]
    if reports:
        bounced = [_of_report(report, is_delay) for report in reports]
    else:
        notice = _notice(mail, root)
        bounced = [_of_notice(recipient, notice, is_delay) for recipient in _named(mail, notice)]
    return tuple({ascii_fold(one.recipient): one for one in reversed(bounced)}.values())[::-1]


def _of_report(report: Report, is_delay: bool) -> Bounced:
    precise = _first(_STATUS, report.diagnostic)
    vague = not report.status or report.status.endswith(".0.0")
    status = precise if vague and precise and (not report.status or precise[0] == report.status[0]) else report.status
    code = status[:1] or _first(_REPLY_CODE, report.diagnostic)[:1] or "5"
    return Bounced(report.recipient, status, not is_delay and code == "5")


def _of_notice(recipient: str, notice: str, is_delay: bool) -> Bounced:
    place = max(0, ascii_fold(notice).find(ascii_fold(recipient)))
    near = notice[place : place + 1_500]
    status = _first(_STATUS, near) or _first(_STATUS, notice)
    code = status[:1] or _first(_REPLY_CODE, near)[:1] or "5"
    return Bounced(recipient, status, not is_delay and code == "5")


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""


# ---------------------------------------------------------------- notices without a standard part


def _notice(mail: Mail, root: Part) -> str:
    """The words above the returned mail."""
    text = mail.text or next((leaf.text for leaf in root.leaves() if leaf.type.startswith("text/")), "")
    lines = text.split("\n")[:_LINES_AT_MOST]
    end = next((place for place, line in enumerate(lines) if place and _COPY_BEGINS.match(line[:200])), len(lines))
    return "\n".join(line[:1_000] for line in lines[:end])


def _named(mail: Mail, notice: str) -> tuple[str, ...]:
    headers = [word for value in mail.header_values("x-failed-recipients") for word in _ADDRESS.findall(value[:5_000])]
    if headers:
        return tuple(dict.fromkeys(headers))
    ours = {ascii_fold(one.address) for one in (*mail.to, *mail.from_)} | {ascii_fold(mail.return_path or "")}
    for pattern in _FORMS:
        named = [_bare(address) for address in _in_form(pattern, notice)]
        named = [address for address in named if not ascii_fold(address).startswith(_MACHINES)]
        if found := [address for address in named if ascii_fold(address) not in ours] or named:
            return tuple({ascii_fold(address): address for address in reversed(found)}.values())[::-1][:50]
    return ()


def _bare(address: str) -> str:
    """The address without the quote marks and the "SMTP=" that some servers write before it."""
    address = address.strip("'.#")
    return address[5:] if address[:5].upper() == "SMTP=" else address


_NAMED = rf"({_ADDRESS.pattern})"
_FORMS = (  # the first that finds anything decides; each is tried on a line
    re.compile(rf"^\s*<{_NAMED}>\s*:?"),
    re.compile(rf"^\s*{_NAMED}\s*(?:\.{{3}}|:|$|\(|\s-|,\s)"),
    re.compile(
        r"\b(?:rcpt to|recipient|user|address|to|mailbox|empfänger|destinataire)\W{1,6}(?:smtp=|rfc822;)?" + _NAMED,
        re.IGNORECASE,
    ),
    re.compile(rf"<{_NAMED}>"),
    re.compile(_NAMED),
)


def _in_form(pattern: re.Pattern[str], notice: str) -> Iterator[str]:
    return (found[1] for line in notice.split("\n") for found in pattern.finditer(line))


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
    return _first(_MESSAGE_ID, mail.text) or next(iter((*mail.in_reply_to, *reversed(mail.references))), "")
