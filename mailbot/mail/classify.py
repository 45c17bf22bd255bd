"""Who or what wrote a mail: a decision list whose first match wins (RFC 3834, 3464, 8098, 5965, 2369).

All instances of a header count, folded and without comments. `human` is what nothing speaks against; every class has
the rule that decided as its reason. Phrases that decide stand in `phrases.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailbot.mail.bounces import delivery_reports
from mailbot.mail.carriers import is_own_address
from mailbot.mail.headers import split_message, without_comments
from mailbot.mail.limits import Budget
from mailbot.mail.lists import came_through, is_list_software
from mailbot.mail.model import Mail, MailClass, Recognition, ascii_fold
from mailbot.mail.parts import Part
from mailbot.mail.phrases import (
    is_automatic_prefix,
    opens_as_notice,
    says_absent,
    says_absent_subject,
    says_complaint,
    says_delayed,
    says_report,
    says_undelivered,
    says_undelivered_subject,
)

Verdict = tuple[MailClass, str]

_DAEMONS = ("mailer-daemon", "mailerdaemon", "mail-daemon", "mailer_daemon", "postmaster", "post_master", "mdaemon",
            "mail.daemon", "mta", "mail-system", "mailsystem", "mailer", "mailadm", "postoffice")  # fmt: skip
_NO_REPLIES = ("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "do_not_reply", "nicht-antworten",
               "noreply-", "no-reply-", "daemon", "root", "nobody", "cron", "www-data", "mailman", "majordomo",
               "listserv", "notification", "notifications", "autoreply", "auto-reply")  # fmt: skip
_LIST_FIELDS = ("list-id", "list-post", "list-unsubscribe", "list-help", "list-subscribe", "list-owner", "list-archive",
                "mailing-list", "x-mailing-list", "x-beenthere", "x-mailman-version")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Facts:
    """One mail, as the rules look at it."""

    mail: Mail
    root: Part
    recognition: Recognition

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(ascii_fold(without_comments(value)) for value in self.mail.header_values(name))

    def has(self, *names: str) -> bool:
        return any(name in names for name, _ in self.mail.headers)

    def types(self) -> tuple[str, ...]:
        return tuple(leaf.type for leaf in self.root.leaves())

    def report_type(self) -> str:
        return ascii_fold(self.root.parameters.get("report-type", "")) if self.root.type == "multipart/report" else ""

    def local_part(self) -> str:
        return ascii_fold(self.mail.sender.address or self.mail.sender.name).rpartition("@")[0] or ascii_fold(
            self.mail.sender.address or self.mail.sender.name
        )

    def is_daemon(self) -> bool:
        name = ascii_fold(self.mail.sender.name)
        return self.local_part().startswith(_DAEMONS) or "mail delivery" in name or "mailer-daemon" in name

    def is_answer(self) -> bool:
        return bool(self.mail.in_reply_to or self.mail.references)


def classify(mail: Mail, root: Part, recognition: Recognition) -> Verdict:
    """The class of a mail and the rule that decided it."""
    facts = _Facts(mail, root, recognition)
    return next(
        (verdict for rule in _RULES if (verdict := rule(facts))), (MailClass.HUMAN, "nothing speaks against a person")
    )


# ---------------------------------------------------------------- the rules, in their order


def _own(facts: _Facts) -> Verdict | None:
    instance = ascii_fold(facts.recognition.instance)
    if instance and any(
        instance in value.split() for name in ("x-loop", "x-mailbot-instance") for value in facts.values(name)
    ):
        return MailClass.OWN, "X-Loop names this instance"
    if instance and instance in _wrapped_loops(facts):
        return MailClass.OWN, "X-Loop of the mail that a list has wrapped names this instance"
    senders = [one.address for one in facts.mail.from_]
    if any(is_own_address(address, facts.recognition.own_addresses) for address in senders):
        return MailClass.OWN, "From is an own address"
    return None


def _wrapped_loops(facts: _Facts) -> list[str]:
    """The X-Loop words inside a post that a group's list sends on whole, as Mailman's "wrap message" does."""
    first = next(iter(facts.root.leaves()), facts.root)
    if first.type != "message/rfc822" or not came_through(facts.mail, facts.recognition.group_lists):
        return []
    fields, _ = split_message(first.content.lstrip(), Budget(), is_part=True)
    return ascii_fold(fields.first("x-loop")).split()


def _delivery_notice(facts: _Facts) -> Verdict | None:
    reports = delivery_reports(facts.root)
    if not reports and facts.report_type() != "delivery-status":
        return None
    if facts.has("x-autoreply", "x-autorespond") and says_absent_subject(facts.mail.subject):
        return None  # some absence assistants dress their notes as delivery reports
    actions = {report.action for report in reports}
    if actions & {"failed", "failure"} or not actions - {""}:
        if not reports and says_delayed(facts.mail.subject, facts.mail.text):
            return MailClass.DELAY, "delivery report without recipients that speaks of delay"
        return MailClass.BOUNCE, "delivery report: failed"
    if "delayed" in actions:
        return MailClass.DELAY, "delivery report: delayed"
    return MailClass.DELIVERED, "delivery report: delivered"


def _receipt(facts: _Facts) -> Verdict | None:
    if facts.report_type() == "disposition-notification" or "message/disposition-notification" in facts.types():
        return MailClass.MDN, "disposition notification"
    return None


def _feedback(facts: _Facts) -> Verdict | None:
    if facts.report_type() == "feedback-report" or "message/feedback-report" in facts.types():
        return MailClass.FEEDBACK, "feedback report"
    if facts.has("x-hmxmroriginalrecipient") or says_complaint(facts.mail.subject):
        return MailClass.FEEDBACK, "complaint without a standard part"
    return None


def _aggregate_report(facts: _Facts) -> Verdict | None:
    if facts.report_type() == "tlsrpt" or "application/tlsrpt+gzip" in facts.types() or facts.has("tls-report-domain"):
        return MailClass.REPORT, "TLS report"
    if says_report(facts.mail.subject):
        return MailClass.REPORT, "DMARC report"
    return None


def _other_delivery_notice(facts: _Facts) -> Verdict | None:
    mail = facts.mail
    if facts.has("x-failed-recipients"):
        delayed = says_delayed(mail.subject, mail.text)
        return (MailClass.DELAY if delayed else MailClass.BOUNCE), "X-Failed-Recipients"
    in_subject = says_undelivered_subject(mail.subject)
    in_form = in_subject and opens_as_notice(mail.text) and not facts.is_answer()
    if not facts.is_daemon() and mail.return_path != "" and not in_form:
        return None  # people write about such notices, and paste them below their own words
    if says_delayed(mail.subject, mail.text):
        return MailClass.DELAY, "delivery notice in words: delayed"
    if in_subject or facts.local_part().startswith("mailer-daemon") or says_undelivered(mail.text):
        return MailClass.BOUNCE, "delivery notice in words"
    return None


def _calendar(facts: _Facts) -> Verdict | None:
    for leaf in facts.root.leaves():
        method = ascii_fold(leaf.parameters.get("method", ""))
        if leaf.type == "text/calendar" and method in ("reply", "counter", "request", "cancel", "declinecounter"):
            return MailClass.CALENDAR, f"calendar {method}"
    wordless = not facts.mail.text.strip()
    if wordless and facts.root.type == "application/ms-tnef" and facts.has("x-ms-tnef-correlator"):
        return MailClass.CALENDAR, "TNEF message without text"
    return None


def _automatic_reply(facts: _Facts) -> Verdict | None:
    if any(value.startswith("auto-replied") for value in facts.values("auto-submitted")):
        return MailClass.AUTO_REPLY, "Auto-Submitted: auto-replied"
    for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply"):
        if any(value not in ("no", "false", "") for value in facts.values(name)):
            return MailClass.AUTO_REPLY, f"header {name}"
    if any(value in ("auto_reply", "auto-reply") for value in facts.values("precedence")):
        return MailClass.AUTO_REPLY, "Precedence: auto_reply"
    if any("autoresponder" in value for value in facts.values("delivered-to")):
        return MailClass.AUTO_REPLY, "Delivered-To: autoresponder"
    return _absence(facts)


def _absence(facts: _Facts) -> Verdict | None:
    absent = says_absent_subject(facts.mail.subject)
    if absent and facts.has(
        "x-auto-response-suppress", "x-ms-exchange-inbox-rules-loop", "x-ms-exchange-generated-message-source"
    ):
        return MailClass.AUTO_REPLY, "absence in the subject and an automatic reply's headers"
    if is_automatic_prefix(facts.mail.subject):
        return MailClass.AUTO_REPLY, "prefix of an automatic reply in the subject"
    if absent and (facts.is_answer() or facts.mail.return_path == "" or says_absent(facts.mail.reply)):
        return MailClass.AUTO_REPLY, "absence in the subject of an answer"
    return None


def _machine(facts: _Facts) -> Verdict | None:
    for value in facts.values("auto-submitted"):
        if value.partition(";")[0].strip() not in ("no", ""):
            return MailClass.MACHINE, f"Auto-Submitted: {value[:40]}"
    for name in ("x-auto-generated", "x-fc-machinegenerated", "x-cron-env", "feedback-id-machine"):
        if facts.has(name):
            return MailClass.MACHINE, f"header {name}"
    local = facts.local_part().partition("+")[0]
    is_listed = facts.has(*_LIST_FIELDS) and facts.mail.author is not None and facts.mail.author != facts.mail.sender
    if not is_listed and (local in _NO_REPLIES or local.startswith(_NO_REPLIES[:8]) or facts.is_daemon()):
        return MailClass.MACHINE, f"sender {local[:40]}"
    return None


def _list_software(facts: _Facts) -> Verdict | None:
    """mlmmj writes its refusals without a word that says so (RFC 3834 5): only the address tells."""
    if is_list_software(facts.mail.sender.address, facts.recognition.group_lists):
        return MailClass.MACHINE, "software of a group's list"
    return None


def _mailing_list(facts: _Facts) -> Verdict | None:
    if came_through(facts.mail, facts.recognition.group_lists):
        return None
    if present := next((name for name in _LIST_FIELDS if facts.has(name)), None):
        return MailClass.LIST, f"header {present}"
    bulk = next((value for value in facts.values("precedence") if value in ("list", "bulk", "junk")), None)
    return (MailClass.LIST, f"Precedence: {bulk}") if bulk else None


def _null_sender(facts: _Facts) -> Verdict | None:
    return (MailClass.MACHINE, "null Return-Path") if facts.mail.return_path == "" else None


def _suspect(facts: _Facts) -> Verdict | None:
    mail = facts.mail
    if not mail.headers:
        return MailClass.SUSPECT, "no header"
    if not any(one.address for one in mail.from_):
        return MailClass.SUSPECT, "no sender"
    if not mail.text.strip() and not mail.attachments and not mail.subject.strip():
        return MailClass.SUSPECT, "empty"
    return None


_RULES: tuple[Callable[[_Facts], Verdict | None], ...] = (
    _own,
    _delivery_notice,
    _receipt,
    _feedback,
    _aggregate_report,
    _other_delivery_notice,
    _calendar,
    _automatic_reply,
    _machine,
    _list_software,
    _mailing_list,
    _null_sender,
    _suspect,
)
