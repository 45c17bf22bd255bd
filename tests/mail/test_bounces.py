"""Delivery notices: who failed, why, for good or for now, and which mail of ours it was."""

import pytest

from mailbot.mail.model import Bounced, Mail, MailClass
from mailbot.mail.parse import parse
from tests.mail.letters import letter, multipart

ORIGINAL = "Content-Type: message/rfc822\n\nFrom: support@desk.example\nMessage-ID: <ours.1@desk.example>\n\nwords"


def standard(*blocks: str, original: str = ORIGINAL) -> Mail:
    status = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" + "\n\n".join(blocks) + "\n"
    field, body = multipart("report", "Content-Type: text/plain\n\nSorry.", status, original)
    return parse(
        letter(body, f"{field}; report-type=delivery-status", "Return-Path: <>", sender="MAILER-DAEMON@mx.example")
    )


def in_words(body: str, *fields: str, subject: str = "Undelivered Mail Returned to Sender") -> Mail:
    raw = letter(body, *fields, sender="Mail System <MAILER-DAEMON@mx.example>")
    return parse(raw.replace(b"Subject: Printer", f"Subject: {subject}".encode()))


@pytest.mark.parametrize(
    ("block", "bounced"),
    [
        (
            "Final-Recipient: rfc822; eve@example.net\nAction: failed\nStatus: 5.1.1",
            Bounced("eve@example.net", "5.1.1", True),
        ),
        (
            "Final-Recipient: rfc822;<eve@example.net>\nAction: failed\nStatus: 4.4.1",
            Bounced("eve@example.net", "4.4.1", False),
        ),
        (
            "Original-Recipient: rfc822;eve@example.net\nFinal-Recipient: rfc822;eve\nAction: failed\nStatus:"
            " 5.0.0 (x)\n"
            "Diagnostic-Code: smtp; 550 5.7.1 refused",
            Bounced("eve@example.net", "5.7.1", True),
        ),
        ("Final-Recipient: rfc822; eve@example.net\nAction: Failed (always)", Bounced("eve@example.net", "", True)),
        (
            "Final-Recipient: rfc822; eve@example.net\nAction: failed\nDiagnostic-Code: smtp; 451 later",
            Bounced("eve@example.net", "4.0.0", False),
        ),
    ],
)
def test_a_standard_notice_names_recipient_and_status(block: str, bounced: Bounced) -> None:
    mail = standard(block)
    assert mail.bounces == (bounced,)
    assert mail.original_message_id == "ours.1@desk.example"


def test_only_the_failed_recipients_of_several_are_named() -> None:
    mail = standard(
        "Final-Recipient: rfc822; ann@example.net\nAction: delivered\nStatus: 2.0.0",
        "Final-Recipient: rfc822; eve@example.net\nAction: failed\nStatus: 5.1.1",
        "Final-Recipient: rfc822; EVE@example.net\nAction: failed\nStatus: 5.1.1",
    )
    assert [one.recipient for one in mail.bounces] == ["eve@example.net"]


def test_the_original_is_found_where_only_its_headers_came_back() -> None:
    headers = "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-Id: <ours.2@desk.example>"
    assert standard("Action: failed", original=headers).original_message_id == "ours.2@desk.example"


@pytest.mark.parametrize(
    ("body", "recipients", "status"),
    [
        ("I'm sorry.\n\n<eve@example.net>: host mx said: 550 5.1.1 unknown user\n", ["eve@example.net"], "5.1.1"),
        (
            "The following address(es) failed:\n\n  eve@example.net\n    Unrouteable address\n",
            ["eve@example.net"],
            "5.1.2",
        ),
        (
            "<eve@example.net>... User unknown\n<bob@example.net>... User unknown\n",
            ["eve@example.net", "bob@example.net"],
            "5.1.1",
        ),
        ("Your message to eve@example.net could not be delivered.\n", ["eve@example.net"], ""),
        (
            "<eve@example.net>: 552 5.2.2 quota exceeded\n\n--- Below this line is a copy of the message.\n\nTo:"
            " <bob@example.net>\n",
            ["eve@example.net"],
            "5.2.2",
        ),
        ("Undeliverable. For help ask postmaster@mx.example.\n", [], ""),
    ],
)
def test_a_notice_in_words_names_its_recipients(body: str, recipients: list[str], status: str) -> None:
    mail = in_words(body)
    assert mail.class_ is MailClass.BOUNCE
    assert [one.recipient for one in mail.bounces] == recipients
    assert all((one.status, one.permanent) == (status, True) for one in mail.bounces)


def test_a_header_that_names_the_recipients_is_believed() -> None:
    mail = in_words("Gone: other@example.net", "X-Failed-Recipients: eve@example.net, bob@example.net")
    assert [one.recipient for one in mail.bounces] == ["eve@example.net", "bob@example.net"]


def test_a_warning_that_it_is_still_being_tried_is_a_delay() -> None:
    mail = in_words(
        "<eve@example.net>: connection refused.\nYou do not need to resend; it will be retried.\n",
        subject="Warning: message delayed",
    )
    assert mail.class_ is MailClass.DELAY
    assert [(one.recipient, one.permanent) for one in mail.bounces] == [("eve@example.net", False)]


def test_a_receipt_and_an_automatic_reply_name_the_mail_they_answer() -> None:
    field, body = multipart(
        "report",
        "Content-Type: message/disposition-notification\n\nOriginal-Message-ID:"
        " <ours.3@desk.example>\nDisposition: x; displayed",
    )
    assert (
        parse(letter(body, f"{field}; report-type=disposition-notification")).original_message_id
        == "ours.3@desk.example"
    )
    away = letter("Away.", "Auto-Submitted: auto-replied", "In-Reply-To: <ours.4@desk.example>")
    assert parse(away).original_message_id == "ours.4@desk.example"
    quoting = letter(
        "Message-ID: <other@example.net>", "Auto-Submitted: auto-replied", "References: <ours.5@desk.example>"
    )
    assert parse(quoting).original_message_id == "ours.5@desk.example"


def test_a_machine_that_answers_names_only_what_it_attaches() -> None:
    alert = letter("Message-ID: <other@example.net>", "Auto-Submitted: auto-generated", "References: <x@desk.example>")
    assert parse(alert).original_message_id == ""


def test_blocks_of_a_notice_may_stand_apart_by_many_blank_lines() -> None:
    block = "Final-Recipient: rfc822; eve@example.net\nAction: failed\nStatus: 5.1.1"
    mail = standard("\n\n\n" + block, "\n\n" + block.replace("eve", "bob") + "\n\n\n\n")
    assert [one.recipient for one in mail.bounces] == ["eve@example.net", "bob@example.net"]


def test_a_person_has_no_bounces() -> None:
    assert parse(letter("<eve@example.net>: does not answer me")).bounces == ()


@pytest.mark.parametrize(
    ("body", "recipients"),
    [
        ("Your message did not reach the intended recipients.\n\n  To: us@desk.example\n\nThe following recipient(s)"
         " could not be reached:\n\n  eve@example.net on 4/29/01 11:34 PM\n    Not found\n", ["eve@example.net"]),
        ("Your message\n\n  To: bob@example.org\n\ndid not reach the following recipient(s):\n\n"
         "c=US;a= ;p=X;dda:SMTP=eve@example.net; on Fri\n    Unknown Recipient\n", ["eve@example.net"]),
        ("Your mail to the following recipients could not be delivered because they accept no pictures:\n\teve\n",
         ["eve@mx.example"]),
        ("The following addresses had delivery problems:\npostmaster@example.net\n\nmailbox full\n",
         ["postmaster@example.net"]),
        ("The address that you wrote to, eve@example.net, is none of ours; the form is name@mx.example.\n\nOriginal"
         " message as received:\n=====\n>To: eve@example.net\n>Subject: x\n", ["eve@example.net"]),
        ("Somebody wrote bob@example.org.\n\nRCPT TO: eve@example.net was refused.\n", ["eve@example.net"]),
        ("Somebody wrote bob@example.org and it failed for <eve@example.net> again.\n", ["eve@example.net"]),
        ("It failed for eve@example.net again.\n", ["eve@example.net"]),
        ("  bob@example.org\n<eve@example.net>: unknown\n", ["eve@example.net"]),
        ("<postmaster@mx.example>\n<eve@example.net>: unknown\n", ["eve@example.net"]),
        ("<mailer-daemon@example.net>\n<eve@example.net>: unknown\n", ["eve@example.net"]),
        ("<no-reply@mx.example>\n<eve@example.net>: unknown\n", ["eve@example.net"]),
        ("Transcript\n421 host: Deferred\n\n--- Unsent message follows ---\nFrom: us@desk.example\n"
         "To: eve@example.net\n\nHello", ["eve@example.net"]),
        ("Reporting-MTA: dns; mx.example\n\nFinal-Recipient: RFC822; eve@example.net\nAction: failed\n",
         ["eve@example.net"]),
        ("Failed:\n\n  \"e..ve\"@example.net\n", ['"e..ve"@example.net']),
        ("<bob@example.org>\n<bob@example.org>: no\n<BOB@example.org>: no\n", ["bob@example.org"]),
    ],
)  # fmt: skip
def test_recipients_stand_below_a_heading_alone_on_a_line_or_in_the_returned_mail(
    body: str, recipients: list[str]
) -> None:
    assert [one.recipient for one in in_words(body).bounces] == recipients


@pytest.mark.parametrize(
    ("words", "status", "permanent"),
    [
        ("User unknown", "5.1.1", True),
        ("no such user here", "5.1.1", True),
        ("mailbox is full", "5.2.2", True),
        ("quota exceeded", "5.2.2", True),
        ("host not found", "5.1.2", True),
        ("account disabled", "5.2.1", True),
        ("message too large", "5.3.4", True),
        ("maximum hop count", "5.4.6", True),
        ("access denied", "5.7.1", True),
        ("retry timeout exceeded", "4.4.7", False),
        ("Deferred: connection timed out", "4.4.1", False),
        ("permanent failure: connection timed out", "5.4.1", True),
        ("greylisted, come back", "4.2.1", False),
        ("450 mailbox is full", "4.2.2", False),
        ("550 go away", "5.0.0", True),
        ("451 later", "4.0.0", False),
        ("something else", "", True),
        ("554 4.4.7 expired <421 4.4.2 timed out>", "4.4.7", False),
    ],
)
def test_words_and_reply_codes_come_to_a_status(words: str, status: str, permanent: bool) -> None:
    bounced = in_words(f"<eve@example.net>: {words}\n").bounces
    assert bounced == (Bounced("eve@example.net", status, permanent),)


@pytest.mark.parametrize(
    ("status", "diagnostic", "notice", "precise"),
    [
        ("5.0.0", "smtp; 550 5.1.1 unknown", "", "5.1.1"),
        ("5.0.0", "5.1.0 - Unknown address error 550-'5.7.1 refused'", "", "5.7.1"),
        ("5.1.1", "smtp; 552 5.2.2 over quota", "", "5.2.2"),
        ("5.1.1", "smtp; 452 4.2.2 over quota", "", "5.1.1"),
        ("5.1.1", "it says 5.2.2 somewhere", "", "5.1.1"),
        ("4.4.7", "smtp; 554 4.4.7 expired <421 4.4.2 timed out>", "", "4.4.2"),
        ("5.0.0", "", "eve@example.net: 550 5.7.25 refused", "5.7.25"),
        ("5.1.1", "", "eve@example.net: 550 5.7.25 refused", "5.1.1"),
        ("5.0.0", "", "", "5.0.0"),
    ],
)
def test_what_the_remote_server_said_is_the_status(status: str, diagnostic: str, notice: str, precise: str) -> None:
    block = f"Final-Recipient: rfc822; eve@example.net\nAction: failed\nStatus: {status}\nDiagnostic-Code: {diagnostic}"
    part = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n" + block + "\n"
    field, body = multipart("report", f"Content-Type: text/plain\n\nSorry.\n\n{notice}", part)
    assert parse(letter(body, f"{field}; report-type=delivery-status")).bounces[0].status == precise


@pytest.mark.parametrize(
    ("fields", "recipient"),
    [
        ("Final-Recipient: rfc822; eve@inner-store\nOriginal-Recipient: rfc822; eve@example.net", "eve@example.net"),
        ("Final-Recipient: rfc822; eve@mx.example\nOriginal-Recipient: rfc822; eve@example.net", "eve@mx.example"),
        ("Final-Recipient: rfc822; /var/mail/eve", "eve@example.net"),
    ],
)
def test_a_recipient_is_an_address_that_somebody_wrote_to(fields: str, recipient: str) -> None:
    status = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n{fields}\nAction: failed\n"
    text = "Content-Type: text/plain\n\n  save to /var/mail/eve\n    generated by eve@example.net\n"
    field, body = multipart("report", text, status)
    assert parse(letter(body, f"{field}; report-type=delivery-status")).bounces[0].recipient == recipient
