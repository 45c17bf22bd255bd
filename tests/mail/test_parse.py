"""Reading: well-formed mail says what it says, broken mail says what a person would see, and no bytes raise."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.model import DEFAULT_LIMITS, Address, Mail, MailClass, Recognition
from mailbot.mail.parse import parse
from tests.mail.letters import letter, multipart


def one_header(line: str) -> Mail:
    return parse(line.encode("utf-8", "surrogateescape") + b"\n\nwords\n")


def test_a_plain_mail_reads_as_it_was_written() -> None:
    mail = parse(letter("Hello,\nthe printer is down.\n", "Cc: Bob <bob@example.org>", "Received: x", "Received: y"))
    assert mail.sender == Address("Ann Lee", "ann@example.org")
    assert mail.author == mail.sender
    assert mail.from_is_plain
    assert mail.to == (Address("IT Support", "support@desk.example"),)
    assert mail.cc == (Address("Bob", "bob@example.org"),)
    assert mail.subject == "Printer"
    assert mail.date == datetime(2024, 9, 2, 8, tzinfo=UTC)
    assert mail.message_id == "one@example.org"
    assert mail.text == "Hello,\nthe printer is down."
    assert (mail.hops, mail.return_path, mail.defects) == (2, None, ())
    assert mail.class_ is MailClass.HUMAN


# ---------------------------------------------------------------- header fields


@pytest.mark.parametrize(
    ("line", "subject"),
    [
        ("Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("Subject: =?utf-8?b?R3LDvA==?= =?utf-8?b?w59l?=", "Grüße"),
        ("Subject: =?utf-8?b?R3LD?=\n =?utf-8?b?vMOfZQ==?=", "Grüße"),  # cut in the middle of a letter
        ("Subject: =?iso-8859-1?q?a_b?= c =?x-nonsense?q?d?=", "a b c d"),
        ("Subject: =?utf-8?q?not closed", "=?utf-8?q?not closed"),
        ("Subject: =?utf-8?b?R3LD?", "=?utf-8?b?R3LD?"),
        ("Subject: =?utf-8?b?###?=", ""),
        ("Subject: folded\n\t twice", "folded\t twice"),
        ("Subject: Grüße raw", "Grüße raw"),
        ("Subject: Gr\udcfc\udcdfe latin", "Grüße latin"),
        ("Subject: a\0b", "ab"),
        ("Subject: =?utf-8?q?a=00b=ED=A0=80?=", "ab\ufffd\ufffd\ufffd"),
        ("Subject: =?punycode?q?x?=", "x"),
        ("Subject: =?iso-8859-1?q?Caf=E9?=", "Café"),  # the last letter only looks as if it were cut off
        ("Subject: =?us-ascii?q?Gr=C3=BC=C3?=", "Grü\ufffd"),  # and here it is
        ("Subject: \udcb4\udcf2\udcd3\udca1\nContent-Type: text/plain; charset=gb2312", "打印"),
        ("Subject: Grüße\nContent-Type: text/plain; charset=gb2312", "Grüße"),
    ],
)
def test_a_subject_is_decoded(line: str, subject: str) -> None:
    assert one_header(line).subject == subject


@pytest.mark.parametrize(
    ("value", "found", "plain"),
    [
        ("ann@example.org", [("", "ann@example.org")], True),
        ("Ann Lee <ann@example.org>", [("Ann Lee", "ann@example.org")], True),
        ('"Lee, Ann" <ann@example.org>', [("Lee, Ann", "ann@example.org")], True),
        ('"a \\"b\\" c" <ann@example.org>', [('a "b" c', "ann@example.org")], True),
        ("=?utf-8?q?Lee=2C_=C3=84nn?= <ann@example.org>", [("Lee, Änn", "ann@example.org")], True),
        ("=?utf-8?q?Lee,_Ann?= <ann@example.org>", [("Lee, Ann", "ann@example.org")], True),
        ("ann@example.org (Ann Lee)", [("Ann Lee", "ann@example.org")], True),
        ("Ann <ann@example.org>, bob@example.org", [("Ann", "ann@example.org"), ("", "bob@example.org")], False),
        (
            "Ann <ann@example.org>; Bob <bob@example.org>",
            [("Ann", "ann@example.org"), ("Bob", "bob@example.org")],
            False,
        ),
        ("Staff: ann@example.org, bob@example.org;", [("", "ann@example.org"), ("", "bob@example.org")], False),
        ("undisclosed-recipients:;", [], False),
        ("<@relay.example:ann@example.org>", [("", "ann@example.org")], False),
        ("Lee, Ann <ann@example.org>", [("Lee, Ann", "ann@example.org")], False),
        ('"boss@desk.example" <eve@evil.example>', [("boss@desk.example", "eve@evil.example")], False),
        ("Ann <änn@example.org>", [("Ann", "änn@example.org")], False),
        ("Ann ann@example.org", [("Ann", "ann@example.org")], False),
        ("Ann", [("", "Ann")], False),
        ("Ann <ann@example.org> (", [("Ann (", "ann@example.org")], False),
        ("ann at example.org (Ann)", [("Ann", "ann@example.org")], False),
        ("<mailto:ann@example.org>", [("", "ann@example.org")], True),
        ("'ann@example.org", [("", "ann@example.org")], False),  # another mailbox for who reads it by the letter
        ("'@example.org", [("", "@example.org")], False),
    ],
)
def test_addresses_are_read_and_only_a_plain_one_counts_as_such(
    value: str, found: list[tuple[str, str]], plain: bool
) -> None:
    mail = one_header(f"From: {value}")
    assert [(one.name, one.address) for one in mail.from_] == found
    assert mail.from_is_plain is plain


def test_two_from_fields_are_both_read_and_neither_is_plain() -> None:
    mail = one_header("From: ann@example.org\nFrom: eve@example.org")
    assert [one.address for one in mail.from_] == ["ann@example.org", "eve@example.org"]
    assert not mail.from_is_plain


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("In-Reply-To: <a@x>", ("a@x",)),
        ("In-Reply-To: <a@x> <b@x> <a@x>", ("a@x", "b@x")),
        ("In-Reply-To: Message from Ann of Monday <a@x>", ("a@x",)),
        ("In-Reply-To: a@x", ("a@x",)),
        ("In-Reply-To: <a\n @x>", ("a@x",)),
        ("In-Reply-To: yesterday's mail", ()),
        ("In-Reply-To:", ()),
    ],
)
def test_message_ids_are_read_without_brackets(line: str, ids: tuple[str, ...]) -> None:
    assert one_header(line).in_reply_to == ids


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("Mon, 2 Sep 2024 10:00:00 +0200", datetime(2024, 9, 2, 8, tzinfo=UTC)),
        ("2 Sep 2024 10:00:00 -0000", datetime(2024, 9, 2, 10, tzinfo=UTC)),
        ("Mon, 2 Sep 2024 10:00:00 +0200 (CEST (summer))", datetime(2024, 9, 2, 8, tzinfo=UTC)),
        ("2024-09-02T10:00:00+02:00", datetime(2024, 9, 2, 8, tzinfo=UTC)),
        ("Mon, 32 Sep 2024 10:00:00", None),
        ("0", None),
        ("Fri, 31 Dec 9999 23:00:00 -1400", None),
        ("tomorrow", None),
    ],
)
def test_a_date_has_a_zone_or_is_none(value: str, moment: datetime | None) -> None:
    assert one_header(f"Date: {value}").date == moment


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("Return-Path: <>", ""),
        ("Return-Path: <ann@example.org>", "ann@example.org"),
        ("Return-Path:", ""),
        ("X: y", None),
    ],
)
def test_the_null_return_path_differs_from_none(line: str, path: str | None) -> None:
    assert one_header(line).return_path == path


def test_a_line_that_is_no_field_does_not_end_the_header() -> None:
    mail = parse(b"From: ann@example.org\nthis is no field\nSubject: Printer\n\nwords\n")
    assert (mail.subject, mail.text) == ("Printer", "words")


@pytest.mark.parametrize(
    "start", [b"", b"From ann@example.org Mon Sep  2 10:00:00 2024\n", b"\r\n \r\n", b"\xef\xbb\xbf"]
)
def test_what_stands_before_the_first_field_does_not_matter(start: bytes) -> None:
    assert parse(start + letter()).subject == "Printer"


def test_lines_that_end_in_bare_carriage_returns_are_lines() -> None:
    mail = parse(letter("Hello,\n\nthe printer is down.\n").replace(b"\r\n", b"\r"))
    assert (mail.subject, mail.text) == ("Printer", "Hello,\n\nthe printer is down.")
    assert mail.defects == ("bare_carriage_returns",)


def test_a_carriage_return_too_many_is_no_line_of_its_own() -> None:
    mail = parse(letter("Hello,\nprinter\n").replace(b"\r\n", b"\r\r\n"))
    assert mail.subject == "Printer"
    assert mail.message_id == "one@example.org"


def test_a_text_without_any_header_is_all_body() -> None:
    mail = parse(b"Hallo,\n\nder Drucker ist hin.\n")
    assert mail.text == "Hallo,\n\nder Drucker ist hin."
    assert mail.class_ is MailClass.SUSPECT


# ---------------------------------------------------------------- bodies


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("utf-8", "Grüße".encode(), "Grüße"),
        ("iso-8859-1", "Grüße – “x”".encode("cp1252"), "Grüße – “x”"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("iso-8859-1", "Grüße".encode(), "Grüße"),
        ("x-unknown", "Grüße".encode(), "Grüße"),
        ("gb2312", "打印机坏了".encode("gb18030"), "打印机坏了"),
        ("iso-2022-jp", "印刷".encode("iso2022_jp"), "印刷"),
        ("utf-16", "Grüße".encode("utf-16"), "Grüße"),
        ("utf-8", b"a\0b", "ab"),
        ("utf-8", b"a\xff", "a\ufffd"),
        ("zlib", b"abc", "abc"),
        ("utf-7", b"Gr+APwA3w-e", "Grüße"),
        ("hz-gb-2312", b"~{4rS!~}", "打印"),
        ('"; broken', b"abc", "abc"),
    ],
)
def test_a_body_is_decoded_by_its_charset_or_by_what_it_is(charset: str, content: bytes, text: str) -> None:
    encoded = base64.encodebytes(content)
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n".encode()
    assert parse(b"From: ann@example.org\n" + head + encoded).text == text


@pytest.mark.parametrize(
    ("encoding", "body", "text"),
    [
        ("quoted-printable", "Gr=C3=BC=C3=9Fe=\n an alle =Z", "Grüße an alle =Z"),
        ("base64", "R3LDvMOfZQ", "Grüße"),
        ("base64", "R3L\nDvM!Of ZQ==", "Grüße"),
        ("base64", "R3LDvA==w59l", "Grüße"),
        ("x-uuencode", "begin 644 a\n%2&5L;&\\\n`\nend\n", "Hello"),
        ("nonsense", "words", "words"),
        ("BASE64 (as told)", "aGk=", "hi"),
        ("8bits", "words", "words"),
    ],
)
def test_transfer_encodings_are_undone_even_where_they_are_broken(encoding: str, body: str, text: str) -> None:
    assert parse(letter(body, f"Content-Transfer-Encoding: {encoding}")).text == text


def test_flowed_lines_are_joined_and_quotes_and_the_signature_mark_stay() -> None:
    body = "one \ntwo\n> old \n> words\n-- \nAnn"
    assert parse(letter(body, "Content-Type: text/plain; format=flowed")).text == "one two\n> old words\n-- \nAnn"
    body = "one \ntwo"
    assert parse(letter(body, "Content-Type: text/plain; format=flowed; delsp=yes")).text == "onetwo"


PLAIN = "Content-Type: text/plain\n\nplain words"
HTML = "Content-Type: text/html\n\n<p>rich <b>words</b></p>"
PDF = 'Content-Type: application/pdf; name="a.pdf"\nContent-Transfer-Encoding: base64\n\nJVBERg=='


@pytest.mark.parametrize(
    ("subtype", "parts", "text", "names"),
    [
        ("alternative", (PLAIN, HTML), "plain words", []),
        ("alternative", (HTML,), "rich words", []),
        ("alternative", ("Content-Type: text/plain\n\n  \n", HTML), "rich words", []),
        ("mixed", (PLAIN, PDF), "plain words", ["a.pdf"]),
        ("mixed", (PLAIN, HTML, PDF), "plain words\nrich words", ["a.pdf"]),
        ("related", (HTML, PDF), "rich words", ["a.pdf"]),
        ("mixed", (PLAIN, "Content-Type: message/rfc822\n\nSubject: inner\n\ninner words"), "plain words", [""]),
        ("mixed", ('Content-Disposition: attachment; filename="log.txt"\n\nlines', PLAIN), "plain words", ["log.txt"]),
        ("mixed", ('Content-Disposition: inline; filename="log.txt"\n\nlines',), "lines", []),
        ("nonsense", (PLAIN,), "plain words", []),
        ("mixed", ("no header at all",), "no header at all", []),
    ],
)
def test_the_text_and_the_files_of_a_multipart(
    subtype: str, parts: tuple[str, ...], text: str, names: list[str]
) -> None:
    field, body = multipart(subtype, *parts)
    mail = parse(letter(body, field))
    assert mail.text == text
    assert [one.name for one in mail.attachments] == names


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ('filename="a b.txt"', "a b.txt"),
        ("filename=a b.txt; size=3", "a b.txt"),
        ("filename*=utf-8''Gr%C3%BC%C3%9Fe.txt", "Grüße.txt"),
        ("filename*0*=utf-8''Gr%C3%BC; filename*1*=%C3%9Fe; filename*2=.txt", "Grüße.txt"),
        ('filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.txt?="', "Grüße.txt"),
        ('filename="a\\"b.txt"', 'a"b.txt'),
        ('filename="../../etc/passwd"', "../../etc/passwd"),
        ('filename="unclosed.txt', "unclosed.txt"),
        ("filename*=x'y'%ZZ", "%ZZ"),
    ],
)
def test_the_name_of_a_file_is_what_the_sender_claims(parameter: str, name: str) -> None:
    field, body = multipart("mixed", f"Content-Type: text/x-log\nContent-Disposition: attachment; {parameter}\n\nx")
    assert [one.name for one in parse(letter(body, field)).attachments] == [name]


@pytest.mark.parametrize(
    ("field", "body", "defect"),
    [
        ("Content-Type: multipart/mixed; boundary=cut", "--cut\n\nwords", "multipart_not_closed"),
        ("Content-Type: multipart/mixed", "--cut\nContent-Type: text/plain\n\nwords\n--cut--", "boundary_guessed"),
        ("Content-Type: multipart/mixed; boundary=other", "words", "multipart_without_parts"),
    ],
)
def test_a_broken_multipart_still_shows_its_words(field: str, body: str, defect: str) -> None:
    mail = parse(letter(body, field))
    assert mail.text == "words"
    assert defect in mail.defects


# ---------------------------------------------------------------- limits and hostile bytes

SMALL = replace(DEFAULT_LIMITS, header_block_bytes=500, header_bytes=100, headers=10, addresses=3, parameters=2,
                depth=2, parts=3, decoded_bytes=50, text_characters=20)  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "defect"),
    [
        (b"A: " + b"x" * 200 + b"\n\nwords", "header_field_too_long"),
        (b"A: x\n" * 50 + b"\nwords", "header_too_long"),
        (b"To: " + b"a@example.org, " * 6 + b"\n\nwords", "too_many_addresses"),
        (b"Content-Type: text/plain; a=b; c=d; e=f\n\nwords", "too_many_parameters"),
        (b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nwords\n" * 5, "too_many_parts"),
        (
            b"".join(b"Content-Type: multipart/mixed; boundary=a%d\n\n--a%d\n" % (n, n) for n in range(4)),
            "nested_too_deep",
        ),
        (b"From: ann@example.org\n\n" + b"words " * 20, "too_many_decoded_bytes"),
        (b"From: ann@example.org\n\n" + b"words " * 5, "text_too_long"),
    ],
)
def test_what_is_beyond_a_limit_is_cut_and_noted(raw: bytes, defect: str) -> None:
    assert defect in parse(raw, limits=SMALL).defects


def test_a_header_beyond_its_limit_is_not_taken_for_the_body() -> None:
    assert parse(b"A: x\n" * 50 + b"\nwords\n", limits=SMALL).text == "words"


@given(st.binary(max_size=2_000))
def test_no_bytes_raise(raw: bytes) -> None:
    mail = parse(raw)
    mail.text.encode()
    assert mail.size_bytes == len(raw)
    assert not [defect for defect in mail.defects if defect.startswith("unreadable:")]


PIECES = [
    b"\n", b"\r\n", b"\n\n", b" ", b"\t", b":", b";", b",", b"=", b"<", b">", b'"', b"(", b")", b"\\", b"@",
    b"--cut", b"--cut--", b"=?utf-8?q?", b"=?utf-8?b?", b"?=", b"=41", b"Content-Type: ",
    b"multipart/mixed; boundary=cut", b"text/html", b"text/plain", b"message/delivery-status",
    b"multipart/report; report-type=delivery-status; boundary=cut", b"From: ", b"To: ", b"Subject: ", b"Date: ",
    b"MAILER-DAEMON@example.org", b"ann@example.org", b"Final-Recipient: rfc822;", b"Action: failed",
    b"Status: 5.1.1", b"Received: ", b"List-Id: ", b"X-Loop: ", b"<div>", b"</div>", b"<blockquote>", b"<!--",
    b"<a href=", b"&#0;", b"&amp", b"On Mon, 2 Sep 2024 Ann <ann@example.org> wrote:", b"> ", b"-- ",
    b"-----Original Message-----", b"filename*0*=", b"\xff", b"\0", b"charset=utf-7",
    b"Content-Transfer-Encoding: base64", b"format=flowed", b"0", b"x" * 80,
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=80))
def test_no_order_of_telling_pieces_raises(pieces: list[bytes]) -> None:
    mail = parse(b"".join(pieces), Recognition(own_addresses=("support@desk.example",), instance="x"))
    mail.text.encode()
    assert not [defect for defect in mail.defects if defect.startswith("unreadable:")]


@given(st.binary(max_size=300))
def test_reading_twice_gives_the_same(raw: bytes) -> None:
    assert parse(letter() + raw) == parse(letter() + raw)
