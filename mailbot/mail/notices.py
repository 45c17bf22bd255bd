"""Rules for the mail that mail systems write: delivery notices, receipts, complaints, reports and invitations.

RFC 3464 (delivery), RFC 8098 and 5429 (receipts, refusals), RFC 5965 (complaints), RFC 7489 and 8460 (reports), RFC
5546 (calendar). What has no standard form is known by subject, opening and details together, never by one of them.
"""

from __future__ import annotations

import re

from mailbot.mail.absences import states_absence
from mailbot.mail.bounces import delivery_reports, json_notice
from mailbot.mail.evidence import Evidence, Verdict
from mailbot.mail.model import MailClass, ascii_fold
from mailbot.mail.phrases import (
    mentions_failure,
    opens_as_abuse_report,
    opens_as_notice,
    says_complaint,
    says_delayed,
    says_report,
    says_undelivered,
    says_undelivered_subject,
)

_REFUSED = re.compile(rb"^disposition:\s*automatic-action\s*/[^;\n]{0,60};\s*deleted", re.IGNORECASE | re.MULTILINE)
# RFC 7489 7.2.1.1 and RFC 8460 5.1: receiver!policy-domain!begin!end[!id].extension
_REPORT_FILE = re.compile(
    r"[\w.-]{3,255}![\w.-]{3,255}!\d{9,11}!\d{9,11}(?:!\S{1,100})?\.(?:xml|zip|json|gz|xml\.gz|json\.gz)"
)
_METHODS = ("reply", "counter", "request", "cancel", "declinecounter")


def delivery_notice(evidence: Evidence) -> Verdict | None:
    """A standard delivery notice, unless a person passed it on."""
    reports = delivery_reports(evidence.root)
    is_report = evidence.report_type() == "delivery-status"
    if not reports and not is_report:
        return None
    if evidence.has("x-autoreply", "x-autorespond") and not evidence.is_daemon():
        return None  # some absence assistants dress their notes as delivery reports
    if evidence.root.type != "multipart/report" and evidence.has_answer_prefix() and not evidence.is_daemon():
        return None  # a person's mail program attaches the parts of the notice that is forwarded
    actions = {report.action for report in reports}
    if "failed" in actions or not actions - {""}:
        if not reports and says_delayed(evidence.mail.subject, evidence.mail.text):
            return MailClass.DELAY, "delivery report without recipients that speaks of delay"
        return MailClass.BOUNCE, "delivery report: failed"
    if "delayed" in actions:
        return MailClass.DELAY, "delivery report: delayed"
    return MailClass.DELIVERED, "delivery report: delivered"


def receipt(evidence: Evidence) -> Verdict | None:
    """A disposition notification; one that a server sends for a mail it deleted is a refusal (RFC 5429 2.1.1)."""
    parts = [leaf for leaf in evidence.root.leaves() if leaf.type.endswith("disposition-notification")]
    if any(_REFUSED.search(part.content) for part in parts) and says_undelivered(evidence.mail.text):
        return MailClass.BOUNCE, "disposition notification: refused"
    if parts or evidence.report_type() == "disposition-notification":
        return MailClass.MDN, "disposition notification"
    return None


def complaint(evidence: Evidence) -> Verdict | None:
    """A feedback report, or a complaint in the form that a provider uses instead."""
    if evidence.report_type() == "feedback-report" or "message/feedback-report" in evidence.types():
        return MailClass.FEEDBACK, "feedback report"
    if evidence.has("x-hmxmroriginalrecipient") or json_notice(evidence.mail.text) == "complaint":
        return MailClass.FEEDBACK, "complaint in a provider's own form"
    attaches = any(type_.endswith(("rfc822", "rfc822-headers")) for type_ in evidence.types())
    if says_complaint(evidence.mail.subject, attaches) or (attaches and opens_as_abuse_report(evidence.mail.text)):
        return MailClass.FEEDBACK, "complaint without a standard part"
    return None


def aggregate_report(evidence: Evidence) -> Verdict | None:
    """A DMARC or TLS report."""
    types = evidence.types()
    if evidence.report_type() == "tlsrpt" or any(type_.startswith("application/tlsrpt") for type_ in types):
        return MailClass.REPORT, "TLS report"
    if evidence.has("tls-report-domain"):
        return MailClass.REPORT, "header tls-report-domain"
    if says_report(evidence.mail.subject):
        return MailClass.REPORT, "DMARC report"
    if any(_REPORT_FILE.fullmatch(file.name) for file in evidence.mail.attachments):
        return MailClass.REPORT, "file of a DMARC or TLS report"
    return None


def worded_notice(evidence: Evidence) -> Verdict | None:
    """A delivery notice in words; people write about such notices too, and paste them below their own words."""
    mail = evidence.mail
    if evidence.has("x-failed-recipients"):
        delayed = says_delayed(mail.subject, mail.text)
        return (MailClass.DELAY if delayed else MailClass.BOUNCE), "X-Failed-Recipients"
    if (notice := json_notice(mail.text)) in ("bounce", "delivery"):
        return (MailClass.BOUNCE if notice == "bounce" else MailClass.DELIVERED), f"JSON notice: {notice}"
    in_subject = says_undelivered_subject(mail.subject)
    if not _is_of_mail_system(evidence, in_subject):
        return None
    if says_delayed(mail.subject, mail.text):
        return MailClass.DELAY, "delivery notice in words: delayed"
    is_daemon = evidence.is_daemon()
    if in_subject or evidence.local_part().startswith("mailer-daemon") or (is_daemon and mentions_failure(mail.text)):
        return MailClass.BOUNCE, "delivery notice in words"
    return (MailClass.BOUNCE, "undelivered, with a null path") if says_undelivered(mail.text) else None


def _is_of_mail_system(evidence: Evidence, in_subject: bool) -> bool:
    text = evidence.mail.text
    if evidence.is_daemon():
        return True
    if evidence.has_null_path():
        is_away = states_absence(text) or evidence.has("x-autoreply", "x-autorespond", "x-autoresponder")
        return says_undelivered(text) and not is_away and (in_subject or evidence.has_delivery_details())
    if evidence.is_answer() or not in_subject or not evidence.has_delivery_details():
        return False
    return opens_as_notice(text) or (evidence.is_machine_account() and says_undelivered(text))


def calendar(evidence: Evidence) -> Verdict | None:
    """An invitation, its answer or its end."""
    for leaf in evidence.root.leaves():
        method = ascii_fold(leaf.parameters.get("method", ""))
        if leaf.type == "text/calendar" and method in _METHODS:
            return MailClass.CALENDAR, f"calendar {method}"
    if evidence.root.type == "application/ms-tnef" and evidence.has("x-ms-tnef-correlator"):
        return MailClass.CALENDAR, "TNEF message without text"
    return None
