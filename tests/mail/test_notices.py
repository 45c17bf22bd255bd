"""Delivery notices, refusals, complaints, reports and machines' addresses, each rule with mails on both its sides."""

import json

import pytest

from mailbot.mail.model import Mail, MailClass
from mailbot.mail.parse import parse
from tests.mail.letters import multipart, with_subject

BOUNCE, DELAY, HUMAN, MACHINE = MailClass.BOUNCE, MailClass.DELAY, MailClass.HUMAN, MailClass.MACHINE
DAEMON, PERSON, SHOP = "MAILER-DAEMON@mx.example", "Ann Lee <ann@example.org>", "no-reply@shop.example"
GATE = "Mail Gate <gate1@example.net>"  # a mail server behind an ordinary address
RETURNED = "Content-Type: message/rfc822\n\nFrom: support@desk.example\nTo: eve@example.net\n\nHello"


def read(subject: str, body: str, *fields: str, sender: str = PERSON) -> Mail:
    return parse(with_subject(subject, body, *fields, sender=sender))


@pytest.mark.parametrize(
    ("sender", "subject", "body", "class_"),
    [
        (DAEMON, "failure notice", "<eve@example.net>:\n550 no", BOUNCE),
        (DAEMON, "", "Sorry.", BOUNCE),
        ("postmaster@mx.example", "Printer", "Your message to eve@example.net was rejected.", BOUNCE),
        ("postmaster@mx.example", "Printer", "We will move the server on Friday.", MACHINE),
        ("Mail Delivery System <x@mx.example>", "Printer", "eve@example.net: user unknown", BOUNCE),
        (GATE, "Returned mail", "--- Failed Recipients ---\n\n<eve@example.net>: unavailable", BOUNCE),
        (GATE, "Mail delivery failure", "Sent >>> RCPT TO:<eve@example.net>\nReceived <<< 550 unknown", BOUNCE),
        (GATE, "Undeliverable", "****** Message from Gate ******\nThe following mail could not be delivered.\n"
         "eve@example.net", BOUNCE),
        (GATE, "Delivery failure", "Your message with subject Printer\ncould not be delivered to:\n\neve@example.net\n"
         "\nDelivery attempts will continue to be made.", DELAY),
        (GATE, "non remis", "Votre message n'a pas pu etre delivre a\neve@example.net", BOUNCE),
        (GATE, "Unzustellbar", "Ihre Nachricht an die folgenden Empfänger konnte nicht zugestellt werden:\n"
         "eve@example.net", BOUNCE),
        (GATE, "No entregado", "Su mensaje no se ha podido entregar a:\neve@example.net", BOUNCE),
        (GATE, "Undeliverable", "The following mail could not be delivered.", HUMAN),
        (GATE, "Printer", "Your message could not be delivered to:\n\neve@example.net", HUMAN),
        (PERSON, "Undeliverable", "See this:\n\nThe following mail could not be delivered.\neve@example.net", HUMAN),
        (SHOP, "Delivery notification", "Your parcel could not be delivered today.", MACHINE),
        (SHOP, "Delivery failed", "Dear user,\n<eve@example.net>: 550 5.1.1 user unknown", BOUNCE),
        ("root@mx.example", "Mail delivery failed", "Subject: Mail delivery failed\n\nThis message was created"
         " automatically by mail delivery software.\n\n  eve@example.net", BOUNCE),
    ],
)  # fmt: skip
def test_a_notice_in_words_has_sender_subject_opening_and_details_of_one(
    sender: str, subject: str, body: str, class_: MailClass
) -> None:
    assert read(subject, body, sender=sender).class_ is class_


@pytest.mark.parametrize(
    ("body", "class_"),
    [
        ("You sent mail to eve@example.net. That's not a valid user here.", BOUNCE),
        ("<eve@example.net>: 550 5.1.1 user unknown", BOUNCE),
        ("Our new address is on floor 3.", MACHINE),
        ("I am away from Monday on. My old address does not exist any more: bob@example.org", MACHINE),
    ],
)
def test_with_a_null_path_undelivered_words_are_enough(body: str, class_: MailClass) -> None:
    assert read("About your mail", body, "Return-Path: <>").class_ is class_


def test_an_answer_is_no_notice_although_it_begins_with_one() -> None:
    body = "The following mail could not be delivered.\neve@example.net"
    assert read("Undeliverable", body, sender=GATE).class_ is BOUNCE
    assert read("Undeliverable", body, "In-Reply-To: <x@example.org>", sender=GATE).class_ is HUMAN


def test_a_returned_mail_is_a_detail() -> None:
    text = "Content-Type: text/plain\n\nThe following mail could not be delivered."
    field, body = multipart("mixed", text, RETURNED)
    mail = read("Undeliverable", body, field, sender=GATE)
    assert mail.class_ is BOUNCE
    assert [one.recipient for one in mail.bounces] == ["eve@example.net"]


@pytest.mark.parametrize(
    ("disposition", "words", "class_"),
    [
        ("automatic-action/MDN-sent-automatically; deleted", "Your message was automatically rejected", BOUNCE),
        ("automatic-action/MDN-sent-automatically; deleted", "It was filed.", MailClass.MDN),
        ("manual-action/MDN-sent-automatically; deleted", "Your message was automatically rejected", MailClass.MDN),
        ("automatic-action/MDN-sent-automatically; displayed", "Your message was rejected", MailClass.MDN),
    ],
)
def test_a_receipt_that_deletes_and_rejects_is_a_refusal(disposition: str, words: str, class_: MailClass) -> None:
    part = "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; eve@example.net\nDisposition:"
    field, body = multipart("report", f"Content-Type: text/plain\n\n{words} <eve@example.net>", f"{part} {disposition}")
    assert read("Printer", body, f"{field}; report-type=disposition-notification").class_ is class_


@pytest.mark.parametrize(
    ("action", "status", "class_"),
    [
        ("failed", "", BOUNCE), ("failure", "2.0.0", BOUNCE), ("error", "2.0.0", BOUNCE), ("expired", "2.0.0", BOUNCE),
        ("undeliverable", "2.0.0", BOUNCE), ("failed", "2.0.0", BOUNCE), ("delay", "5.0.0", DELAY),
        ("expanded", "", MailClass.DELIVERED), ("deliverable", "", MailClass.DELIVERED),
        ("failed", "5.1.1", BOUNCE), ("Failure", "5.1.1", BOUNCE), ("error", "5.0.0", BOUNCE),
        ("undeliverable", "5.1.1", BOUNCE), ("expired", "4.4.7", BOUNCE), ("odd", "5.1.1", BOUNCE),
        ("delayed", "4.4.1", DELAY), ("deferred", "4.4.1", DELAY), ("delivered", "2.0.0", MailClass.DELIVERED),
        ("deliverable", "2.1.5", MailClass.DELIVERED), ("odd", "2.1.5", MailClass.DELIVERED),
    ],
)  # fmt: skip
def test_the_words_that_servers_write_for_an_action(action: str, status: str, class_: MailClass) -> None:
    block = f"Final-Recipient: rfc822; eve@example.net\nAction: {action}\nStatus: {status}\n"
    part = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{block}"
    field, body = multipart("report", "Content-Type: text/plain\n\nSorry.", part)
    assert read("Printer", body, f"{field}; report-type=delivery-status").class_ is class_


@pytest.mark.parametrize(
    ("fields", "subject", "text", "attaches", "class_"),
    [
        ([], "complaint about message from 192.0.2.1", "", True, MailClass.FEEDBACK),
        ([], "complaint about message from 192.0.2.1", "Who did that?", False, HUMAN),
        ([], "Abuse report", "", True, MailClass.FEEDBACK),
        ([], "Mail", "This is an email abuse report for a message from 192.0.2.1", True, MailClass.FEEDBACK),
        ([], "Mail", "This is an abuse report. What shall I do?", False, HUMAN),
        ([], "DMARC Failure Report for desk.example", "Feedback", False, MailClass.FEEDBACK),
        ([], "A DMARC failure report", "What is that?", False, HUMAN),
        (["X-HmXmrOriginalRecipient: eve@example.net"], "Mail", "Hello", False, MailClass.FEEDBACK),
        (["TLS-Report-Domain: desk.example"], "Mail", "Hello", False, MailClass.REPORT),
        ([], "Report domain: desk.example Submitter: example.org", "Hello", False, MailClass.REPORT),
        ([], "Report about our domain", "Hello", False, HUMAN),
    ],
)
def test_complaints_and_reports_without_their_part(
    fields: list[str], subject: str, text: str, attaches: bool, class_: MailClass
) -> None:
    field, body = multipart("mixed", f"Content-Type: text/plain\n\n{text}", *([RETURNED] if attaches else []))
    assert read(subject, body, field, *fields).class_ is class_


@pytest.mark.parametrize(
    ("name", "class_"),
    [
        ("example.org!desk.example!1700000000!1700086400.xml.gz", MailClass.REPORT),
        ("example.org!desk.example!1700000000!1700086400!7.zip", MailClass.REPORT),
        ("example.org!desk.example!1700000000!1700086400!7.json.gz", MailClass.REPORT),
        ("report!final.zip", HUMAN),
        ("example.org.xml", HUMAN),
    ],
)
def test_a_report_is_known_by_the_name_of_its_file(name: str, class_: MailClass) -> None:
    file = f'Content-Type: application/zip; name="{name}"\nContent-Disposition: attachment; filename="{name}"\n\nPK'
    field, body = multipart("mixed", "Content-Type: text/plain\n\nAttached.", file)
    assert read("Numbers", body, field).class_ is class_


def json_text(kind: str, *, wrapped: bool = False) -> str:
    failed = {"emailAddress": "eve@example.net", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}
    notice = json.dumps({"notificationType": kind, kind.lower(): {"bouncedRecipients": [failed]}})
    return json.dumps({"Type": "Notification", "Message": notice}) if wrapped else notice


@pytest.mark.parametrize(
    ("text", "class_", "recipients"),
    [
        (json_text("Bounce"), BOUNCE, ["eve@example.net"]),
        (json_text("Bounce", wrapped=True), BOUNCE, ["eve@example.net"]),
        (json_text("Complaint"), MailClass.FEEDBACK, []),
        (json_text("Delivery"), MailClass.DELIVERED, []),
        ('{"notificationType": ["Bounce"]}', MACHINE, []),
        ('{"notificationType": "Bounce", "bounce": [1]}', BOUNCE, []),
        ('{"notificationType": "Bounce"', MACHINE, []),
        ("[" * 5_000, MACHINE, []),
        ('{"a":' * 5_000, MACHINE, []),
    ],
)
def test_a_notice_in_json_is_read(text: str, class_: MailClass, recipients: list[str]) -> None:
    mail = read("Notification", text, sender=SHOP)
    assert mail.class_ is class_
    assert [one.recipient for one in mail.bounces] == recipients


@pytest.mark.parametrize(
    ("local", "class_"),
    [
        ("noreply", MACHINE), ("no-reply", MACHINE), ("no_reply+77", MACHINE), ("shop-noreply", MACHINE),
        ("orders.do-not-reply", MACHINE), ("donotreply", MACHINE), ("noreply-billing", MACHINE),
        ("ne-pas-repondre", MACHINE), ("noresponder", MACHINE), ("nao-responda", MACHINE), ("keine-antwort", MACHINE),
        ("nicht-antworten", MACHINE), ("non-rispondere", MACHINE), ("niet-beantwoorden", MACHINE),
        ("nie-odpowiadaj", MACHINE), ("ikke-svar", MACHINE), ("svara-inte", MACHINE), ("root", MACHINE),
        ("cron", MACHINE), ("notifications", MACHINE), ("users-bounces", MACHINE), ("postmaster", MACHINE),
        ("mta", MACHINE), ("replyann", HUMAN), ("ann.reply", HUMAN), ("cronin", HUMAN), ("notification-team", HUMAN),
        ("bouncer", HUMAN), ("mtabor", HUMAN), ("support", HUMAN), ("monorail", HUMAN),
    ],
)  # fmt: skip
def test_local_parts_that_no_person_reads(local: str, class_: MailClass) -> None:
    assert read("Printer", "It is out of toner.", sender=f"{local}@example.org").class_ is class_


LIST_FIELDS = ["List-Id", "List-Post", "List-Unsubscribe", "List-Help", "List-Subscribe", "List-Owner", "List-Archive",
               "Mailing-List", "X-Mailing-List", "X-BeenThere", "X-Mailman-Version"]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "class_"),
    [
        *((f"{name}: <users.lists.example>", MailClass.LIST) for name in LIST_FIELDS),
        ("Precedence: list", MailClass.LIST),
        ("Precedence: junk", MailClass.LIST),
        ("X-Listing: 1", HUMAN),
        ("X-Cron-Env: <HOME=/root>", MACHINE),
        ("X-Auto-Generated: yes", MACHINE),
        ("X-Autogenerated: Letter", MACHINE),
        ("X-FC-MachineGenerated: true", MACHINE),
        ("X-FC-MachineGenerated: false", HUMAN),
        ("X-Failed-Recipients: eve@example.net", BOUNCE),
        ("X-Failure: eve@example.net", HUMAN),
    ],
)
def test_fields_that_machines_write(field: str, class_: MailClass) -> None:
    assert read("Printer", "The page is empty.", field).class_ is class_


def test_failed_recipients_of_a_mail_still_being_tried_are_delayed() -> None:
    body = "Your mail has not yet been delivered. You do not need to resend it."
    assert read("Printer", body, "X-Failed-Recipients: eve@example.net").class_ is DELAY


@pytest.mark.parametrize(
    ("text", "fields", "class_"),
    [
        ("Sorry.", [], BOUNCE),
        ("Your mail is delayed; delivery attempts will continue.", [], DELAY),
        ("I am out of the office.", ["X-Autoreply: yes"], MailClass.AUTO_REPLY),
    ],
)
def test_a_delivery_report_without_recipients_is_what_its_text_says(
    text: str, fields: list[str], class_: MailClass
) -> None:
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n"
    field, body = multipart("report", f"Content-Type: text/plain\n\n{text}", status)
    assert read("Printer", body, f"{field}; report-type=delivery-status", *fields).class_ is class_


@pytest.mark.parametrize(
    ("method", "class_"),
    [("REPLY", MailClass.CALENDAR), ("COUNTER", MailClass.CALENDAR), ("REQUEST", MailClass.CALENDAR),
     ("CANCEL", MailClass.CALENDAR), ("DECLINECOUNTER", MailClass.CALENDAR), ("PUBLISH", HUMAN), ("", HUMAN)],
)  # fmt: skip
def test_a_calendar_part_with_a_method_is_of_the_calendar(method: str, class_: MailClass) -> None:
    part = f"Content-Type: text/calendar; method={method}\n\nBEGIN:VCALENDAR"
    field, body = multipart("alternative", "Content-Type: text/plain\n\nSee below.", part)
    assert read("Meeting", body, field).class_ is class_


@pytest.mark.parametrize(
    ("fields", "class_"),
    [(["X-MS-TNEF-Correlator: <a@example.org>"], MailClass.CALENDAR), ([], HUMAN)],
)
def test_a_mail_that_is_all_tnef_is_of_the_calendar(fields: list[str], class_: MailClass) -> None:
    assert read("Meeting", "xx", "Content-Type: application/ms-tnef", *fields).class_ is class_
