"""Who wrote: each rule of the decision list with a mail that it decides, and people who write about such matters."""

import pytest

from mailbot.mail.model import Mail, MailClass, Recognition
from mailbot.mail.parse import parse
from tests.mail.letters import letter, multipart

DESK = Recognition(
    own_addresses=("support@desk.example",),
    instance="desk-1",
    arrives_through=("support.desk.example",),
    group_lists=("network@lists.example",),
)


def read(
    *fields: str,
    body: str = "Hello, it does not work.",
    sender: str = "Ann <ann@example.org>",
    subject: str = "Printer",
) -> Mail:
    raw = letter(body, *fields, sender=sender).replace(b"Subject: Printer", f"Subject: {subject}".encode())
    return parse(raw, DESK)


def report(report_type: str, part: str) -> tuple[str, str]:
    field, body = multipart("report", "Content-Type: text/plain\n\nSorry.", part)
    return f"{field}; report-type={report_type}", body


def dsn(action: str) -> Mail:
    recipient = f"Final-Recipient: rfc822; eve@example.net\nAction: {action}\nStatus: 5.1.1\n"
    part = f"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{recipient}"
    field, body = report("delivery-status", part)
    return read(field, body=body, sender="MAILER-DAEMON@mx.example")


@pytest.mark.parametrize(
    ("fields", "class_"),
    [
        (["X-Loop: desk-1"], MailClass.OWN),
        (["X-Loop: other", "X-Loop: DESK-1 (again)"], MailClass.OWN),
        (["X-Loop: other"], MailClass.HUMAN),
        (["Auto-Submitted: auto-replied"], MailClass.AUTO_REPLY),
        (["Auto-Submitted: Auto-Replied (vacation)"], MailClass.AUTO_REPLY),
        (["Auto-Submitted: no", "Auto-Submitted: auto-replied"], MailClass.AUTO_REPLY),
        (["Auto-Submitted: auto-generated"], MailClass.MACHINE),
        (["Auto-Submitted: no"], MailClass.HUMAN),
        (["Auto-Submitted: No (a person)"], MailClass.HUMAN),
        (["X-Autoreply: yes"], MailClass.AUTO_REPLY),
        (["X-Autoreply: no"], MailClass.HUMAN),
        (["X-Autorespond: away"], MailClass.AUTO_REPLY),
        (["Precedence: auto_reply"], MailClass.AUTO_REPLY),
        (["Delivered-To: autoresponder@example.org"], MailClass.AUTO_REPLY),
        (["X-Auto-Response-Suppress: All"], MailClass.HUMAN),
        (["X-FC-Machinegenerated: true"], MailClass.MACHINE),
        (["List-Id: Users <users.lists.example>"], MailClass.LIST),
        (["List-Unsubscribe: <mailto:x@example.org>"], MailClass.LIST),
        (["Precedence: bulk"], MailClass.LIST),
        (["Precedence: first-class"], MailClass.HUMAN),
        (["List-Id: <network.lists.example>"], MailClass.HUMAN),
        (["List-Post: <mailto:network@lists.example>"], MailClass.HUMAN),
        (["List-Id: <support.desk.example>", "Precedence: list"], MailClass.HUMAN),
        (["List-Id: <support.desk.example>", "List-Id: <users.lists.example>"], MailClass.LIST),
        (["Return-Path: <>"], MailClass.MACHINE),
        (["Return-Path: <ann@example.org>"], MailClass.HUMAN),
    ],
)
def test_headers_decide(fields: list[str], class_: MailClass) -> None:
    mail = read(*fields)
    assert mail.class_ is class_
    assert mail.class_reason


@pytest.mark.parametrize(
    ("sender", "class_"),
    [
        ("support@desk.example", MailClass.OWN),
        ("IT <Support+abc@desk.example>", MailClass.OWN),
        ("no-reply@shop.example", MailClass.MACHINE),
        ("Shop <noreply+77@shop.example>", MailClass.MACHINE),
        ("root@server.example", MailClass.MACHINE),
        ("Rooter <rooter@example.org>", MailClass.HUMAN),
        ("Nora Ply <nora.ply@example.org>", MailClass.HUMAN),
    ],
)
def test_senders_decide(sender: str, class_: MailClass) -> None:
    assert read(sender=sender).class_ is class_


@pytest.mark.parametrize(
    ("action", "class_"),
    [
        ("failed", MailClass.BOUNCE),
        ("delayed", MailClass.DELAY),
        ("delivered", MailClass.DELIVERED),
        ("relayed", MailClass.DELIVERED),
    ],
)
def test_a_delivery_report_is_what_its_action_says(action: str, class_: MailClass) -> None:
    assert dsn(action).class_ is class_


@pytest.mark.parametrize(
    ("report_type", "part", "class_"),
    [
        (
            "disposition-notification",
            "Content-Type: message/disposition-notification\n\nDisposition: x; displayed",
            MailClass.MDN,
        ),
        ("feedback-report", "Content-Type: message/feedback-report\n\nFeedback-Type: abuse", MailClass.FEEDBACK),
        ("tlsrpt", "Content-Type: application/tlsrpt+gzip\n\nx", MailClass.REPORT),
    ],
)
def test_standard_reports_are_known_by_their_type(report_type: str, part: str, class_: MailClass) -> None:
    field, body = report(report_type, part)
    assert read(field, body=body).class_ is class_


def test_a_dmarc_report_is_known_by_its_subject() -> None:
    assert read(subject="Report domain: desk.example Submitter: example.org Report-ID: 7").class_ is MailClass.REPORT


@pytest.mark.parametrize("method", ["REQUEST", "REPLY", "COUNTER", "CANCEL"])
def test_an_invitation_or_its_answer_is_of_the_calendar(method: str) -> None:
    field, body = multipart(
        "alternative",
        "Content-Type: text/plain\n\nx",
        f"Content-Type: text/calendar; method={method}\n\nBEGIN:VCALENDAR",
    )
    assert read(field, body=body).class_ is MailClass.CALENDAR


AWAY = "I am out of the office until Monday and will answer then."


@pytest.mark.parametrize(
    "subject",
    ["Out of office", "Automatic reply: x", "Abwesenheitsnotiz", "Automatische Antwort: x", "Réponse automatique : x",
     "Respuesta automática: x", "[Users] Out of the office", "AutoReply: x", "自动回复：x"],
)  # fmt: skip
def test_an_absence_note_is_an_automatic_reply(subject: str) -> None:
    assert read("In-Reply-To: <x@desk.example>", subject=subject, body=AWAY).class_ is MailClass.AUTO_REPLY
    assert read(subject=subject, body=AWAY).class_ is MailClass.AUTO_REPLY


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Out of office assistant does not work", "How do I switch it on? It says error 5."),
        ("Automatic reply cannot be set up", "Outlook says no."),
        ("Abwesenheitsnotiz einrichten", "Wie richte ich die Notiz ein?"),
        ("Holiday", "I will be away from Monday; please order the laptop before."),
        ("Undeliverable mail", "Hi, I get such messages when I write to eve@example.net. What is wrong? Ann"),
        ("Mail delivery failed", "Every mail to our partner comes back, user unknown they say. Please help."),
        ("Quota exceeded", "My mailbox is full, please give me more room."),
        ("Re: Delivery failure", "I still get these, see below."),
    ],
)
def test_people_who_write_about_machines_stay_people(subject: str, body: str) -> None:
    fields = ["In-Reply-To: <x@desk.example>"] if subject.startswith("Re:") else []
    assert read(*fields, subject=subject, body=body).class_ in (MailClass.HUMAN,)


def test_a_mail_without_anything_is_suspect() -> None:
    assert (parse(b"").class_, parse(b"").class_reason) == (MailClass.SUSPECT, "no header")
    assert parse(b"From: ann@example.org\n\n").class_ is MailClass.SUSPECT
    assert parse(b"Subject: hello\n\nwords").class_ is MailClass.SUSPECT


# ---------------------------------------------------------------- lists that stand between


def test_the_person_behind_a_rewritten_from_is_the_author_and_never_the_sender() -> None:
    mail = read(
        "List-Id: <users.lists.example>",
        "List-Post: <mailto:users@lists.example>",
        "Reply-To: Ann Lee <ann@example.org>, users@lists.example",
        sender='"Ann Lee via Users" <users@lists.example>',
    )
    assert mail.author is not None
    assert (mail.author.name, mail.author.address) == ("Ann Lee", "ann@example.org")
    assert mail.sender.address == "users@lists.example"


@pytest.mark.parametrize(
    ("sender", "fields", "address"),
    [
        ("Ann via Users <users@lists.example>", ["X-Original-From: Ann <ann@example.org>"], "ann@example.org"),
        ("Ann via Users <users@lists.example>", ["X-Original-Sender: ann@example.org"], "ann@example.org"),
        (
            "Ann via Users <users@lists.example>",
            ["Cc: Ann <ann@example.org>, Bob <bob@example.org>"],
            "ann@example.org",
        ),
        ("Ann via Users <users@lists.example>", ["Reply-To: users@lists.example"], "users@lists.example"),
        ("Ann via groups <ann=example.org@lists.example>", [], "ann@example.org"),
        ("Ann via groups <ann=40example.org@lists.example>", [], "ann@example.org"),
        ("Ann <ann=example.org@lists.example>", [], "ann=example.org@lists.example"),
        ("Ann <ann@example.org>", ["Reply-To: users@lists.example"], "ann@example.org"),
    ],
)
def test_each_way_of_rewriting_from_is_undone(sender: str, fields: list[str], address: str) -> None:
    mail = read("List-Id: <users.lists.example>", "List-Post: <mailto:users@lists.example>", *fields, sender=sender)
    assert mail.author is not None
    assert mail.author.address == address


@pytest.mark.parametrize(
    ("sender", "address"),
    [("Users <users@lists.example>", "ann@example.org"), ("Bob <bob@example.org>", "bob@example.org")],
)
def test_the_author_of_a_post_that_a_list_wraps_is_its_writer(sender: str, address: str) -> None:
    post = "Content-Type: message/rfc822\n\nFrom: Ann Lee <ann@example.org>\n\nHello"
    field, body = multipart("mixed", post, "Content-Type: text/plain\n\nUsers mailing list")
    mail = read("List-Id: <users.lists.example>", "List-Post: <mailto:users@lists.example>", field, body=body,
                sender=sender)  # fmt: skip
    assert mail.author is not None
    assert mail.author.address == address


def test_a_mail_to_a_support_address_that_is_a_list_reads_as_if_it_had_come_directly() -> None:
    mail = read(
        "List-Id: IT Support <support.desk.example>",
        "List-Post: <mailto:support@desk.example>",
        "Precedence: list",
        "Reply-To: Ann Lee <ann@example.org>",
        sender='"Ann Lee via IT Support" <support@desk.example>',
    )
    assert mail.class_ is MailClass.HUMAN
    assert mail.sender.address == "ann@example.org"
    assert not mail.from_is_plain, "what a list restored is a hint, never an identity"
    assert not mail.header_values("list-id")


def test_a_support_address_that_is_a_list_leaves_an_untouched_sender_as_it_was() -> None:
    mail = read("List-Id: <support.desk.example>", "Precedence: list", sender="Ann Lee <ann@example.org>")
    assert mail.class_ is MailClass.HUMAN
    assert mail.sender.address == "ann@example.org"
    assert mail.from_is_plain, "nothing was restored, so nothing is in doubt"


def test_a_mail_without_sender_has_no_author() -> None:
    assert parse(b"Subject: hello\nList-Id: <support.desk.example>\n\nwords", DESK).author is None


def test_a_person_who_writes_via_something_is_not_rewritten() -> None:
    assert (
        read("Reply-To: eve@evil.example", sender="Ann via Phone <ann@example.org>").author
        == read(sender="Ann via Phone <ann@example.org>").sender
    )


@pytest.mark.parametrize(
    ("sender", "class_"),
    [
        ("network+owner@lists.example", MailClass.MACHINE),  # mlmmj, and no header says that it is one
        ("network-owner@lists.example", MailClass.MACHINE),
        ("network-request@LISTS.example", MailClass.MACHINE),
        ("network+bounces-help@lists.example", MailClass.MACHINE),
        ("network+bounces@lists.example", MailClass.MACHINE),
        ("network-bounce@lists.example", MailClass.MACHINE),
        ("network-admin@lists.example", MailClass.MACHINE),
        ("mailman@lists.example", MailClass.MACHINE),
        ("mlmmj@lists.example", MailClass.MACHINE),
        ("listserv@lists.example", MailClass.MACHINE),
        ("owner@lists.example", MailClass.HUMAN),
        ("network-owner@example.org", MailClass.HUMAN),
        ("networkowner@lists.example", MailClass.HUMAN),
    ],
)
def test_the_software_of_a_groups_list_is_known_by_its_addresses(sender: str, class_: MailClass) -> None:
    assert read(sender=sender, subject="Post to network denied: [#1] Printer").class_ is class_


def test_what_list_software_refuses_is_the_mail_that_it_attaches() -> None:
    refused = "Content-Type: message/rfc822\n\nFrom: support@desk.example\nMessage-ID: <ours.1@desk.example>\n\nHello"
    field, body = multipart("mixed", "Content-Type: text/plain\n\nYou are no member.", refused)
    robot, person = "network+owner@lists.example", "Ann <ann@example.org>"
    assert read(field, body=body, sender=robot).original_message_id == "ours.1@desk.example"
    assert read(field, body=body, sender=person).original_message_id == ""


@pytest.mark.parametrize(
    ("loop", "list_id", "class_"),
    [
        ("desk-1", "network.lists.example", MailClass.OWN),
        ("desk-2", "network.lists.example", MailClass.HUMAN),
        ("desk-1", "others.lists.example", MailClass.LIST),
    ],
)
def test_our_own_post_that_a_groups_list_wraps_is_ours(loop: str, list_id: str, class_: MailClass) -> None:
    post = f"Content-Type: message/rfc822\n\nFrom: support@desk.example\nX-Loop: {loop}\n\nHello"
    field, body = multipart("mixed", post, "Content-Type: text/plain\n\nNetwork mailing list")
    sender = "IT Support via Network <network@lists.example>"
    assert read(field, f"List-Id: <{list_id}>", body=body, sender=sender).class_ is class_
