"""What holds for every mail: any bytes give a value in bounded time, and how a mail is encoded changes nothing."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mailbot.mail.model import DEFAULT_LIMITS, Mail
from mailbot.mail.parse import parse
from tests.mail.letters import letter

# A mail is read in far less than 2 s; only what is worse by orders of magnitude fails, not a busy machine.
UNHURRIED = timedelta(seconds=20)
OCTETS = 65_536

# ---------------------------------------------------------------- any bytes

values = st.sampled_from(
    [
        b"text/plain", b"text/html; charset=utf-16", b"multipart/mixed; boundary=a",
        b"multipart/alternative; boundary=b",
        b'multipart/signed; boundary="a"', b"multipart/report; report-type=delivery-status; boundary=a",
        b"message/rfc822",
        b"message/delivery-status", b"application/ms-tnef", b"application/pkcs7-mime",
        b"a/b; name*0*=x'y'%41; name*1=z",
        b"base64", b"quoted-printable", b"x-uuencode", b"7bit", b"", b"\xff\xfe", b"=?utf-8?b?////?=", b"=?x?q?=41?=",
        b"<a@b>, (c (d) e), \"f\" <g>", b"<<<<>>>>", b"Mon, 99 Foo 0000 99:99 +9999", b"inline; filename=" + b"a" * 300,
    ]
)  # fmt: skip
names = st.sampled_from(
    [b"Content-Type", b"Content-Transfer-Encoding", b"Content-Disposition", b"From", b"To", b"Subject", b"Date",
     b"Message-ID", b"References", b"Received", b"Return-Path", b"Auto-Submitted", b"List-Id", b"odd name", b""]
)  # fmt: skip
line_ends = st.sampled_from([b"\n", b"\r\n", b"\r", b"\r\r\n", b"\n\t"])
fields = st.lists(st.tuples(names, values, line_ends), max_size=8).map(
    lambda found: b"".join(name + b": " + value + end for name, value, end in found)
)
words = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
    st.sampled_from([b"> quoted\n", b"On Mon, Ann <a@b> wrote:\n", b"<div><blockquote>x",
                     b"begin 644 a\n#0V%T\n`\nend\n",
                     b"Final-Recipient: rfc822; a@b\nAction: failed\n", b"-----BEGIN PGP SIGNED MESSAGE-----\n\n",
                     b"QUJD", b"=C3=BC=\n", b"From: x\nTo: y\nSubject: z\n\n"]),
)  # fmt: skip
markers = st.sampled_from([b"--a\n", b"--b\n", b"--a--\n", b"--b--\n", b"\n--a\r\n", b"-- a\n", b""])


def nested(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Parts of parts, whose boundaries are those of others, or never come."""
    part = st.tuples(markers, fields, line_ends, inner).map(b"".join)
    return st.lists(part, min_size=1, max_size=6).map(b"".join)


mails = st.tuples(fields, line_ends, st.recursive(words, nested, max_leaves=25)).map(b"".join)


def read(raw: bytes) -> Mail:
    mail = parse(raw[:OCTETS])
    assert not [defect for defect in mail.defects if defect.startswith("unreadable:")], mail.defects
    mail.text.encode()
    assert len(mail.text) <= DEFAULT_LIMITS.text_characters
    return mail


@given(st.one_of(st.binary(max_size=OCTETS), st.tuples(words, st.integers(1, 500)).map(lambda pair: pair[0] * pair[1])))
@settings(deadline=UNHURRIED, max_examples=25)
def test_any_bytes_give_a_mail(raw: bytes) -> None:
    read(raw)


@given(mails)
@settings(deadline=UNHURRIED, max_examples=60)
def test_any_broken_tree_of_parts_gives_a_mail(raw: bytes) -> None:
    read(raw)


@given(names, st.one_of(words, values), st.integers(1, 2_000))
@settings(deadline=UNHURRIED, max_examples=25)
def test_any_field_repeated_without_end_gives_a_mail(name: bytes, value: bytes, times: int) -> None:
    read(name + b": " + (value.replace(b"\n", b" ") * times)[:OCTETS] + b"\n\nwords")
    read((name + b": " + value.replace(b"\n", b" ") + b"\n") * times + b"\nwords")


# ---------------------------------------------------------------- one mail, many encodings

CHARSETS = {  # as a mail names it: as browsers read it
    "utf-8": "utf-8", "iso-8859-1": "cp1252", "iso-8859-2": "iso-8859-2", "windows-1251": "cp1251", "koi8-r": "koi8-r",
    "gb2312": "gb18030", "shift_jis": "cp932", "euc-kr": "cp949", "big5": "big5hkscs", "utf-16": "utf-16",
}  # fmt: skip
LETTERS = "aZ 09.,-_=?!äßéñçøđłžřГгЖяіїΩλשלוםمرحبا你好打印機打印机日本語プリンタ한국어สวัสดี€–“”\u00a0"


def texts_of(charset: str) -> st.SearchStrategy[str]:
    letters = [letter for letter in LETTERS if letter.encode(CHARSETS[charset], "ignore").decode(CHARSETS[charset])]
    return st.lists(st.text(st.sampled_from(letters), max_size=60), max_size=8).map("\n".join)


def encoded(octets: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return base64.encodebytes(octets)
    return binascii.b2a_qp(octets, istext=False) if encoding == "quoted-printable" else octets


def mail_of(text: str, charset: str, encoding: str) -> Mail:
    head = (f"Content-Type: text/plain; charset={charset}", f"Content-Transfer-Encoding: {encoding}")
    octets = text.replace("\n", "\r\n").encode(CHARSETS[charset])
    return parse(letter("", *head).rstrip() + b"\r\n\r\n" + encoded(octets, encoding))


def is_utf8(octets: bytes) -> bool:
    return "\ufffd" not in octets.decode("utf-8", "replace")


def told(mail: Mail) -> tuple[object, ...]:
    return mail.subject, mail.text, mail.reply, mail.signature, mail.history, mail.class_, mail.defects


@given(
    st.sampled_from(list(CHARSETS)).flatmap(lambda charset: st.tuples(st.just(charset), texts_of(charset))),
    st.sampled_from(["base64", "quoted-printable", "8bit"]),
)
def test_how_a_text_is_encoded_changes_nothing(pair: tuple[str, str], encoding: str) -> None:
    charset, text = pair
    octets = text.encode(CHARSETS[charset])
    assume(charset != "utf-16" or encoding == "base64")  # line ends of two octets are for base64 only
    assume(charset != "iso-8859-1" or octets.isascii() or not is_utf8(octets))  # which is then believed
    assert told(mail_of(text, charset, encoding)) == told(mail_of(text, "utf-8", "8bit"))


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80), st.sampled_from("bq"))
def test_how_a_subject_is_encoded_changes_nothing(subject: str, encoding: str) -> None:
    octets = subject.encode()
    inner = base64.b64encode(octets) if encoding == "b" else b"".join(b"=%02X" % octet for octet in octets)
    raw = b"From: ann@example.org\nSubject: %s\n\nwords"
    plain = parse(raw % octets)
    assume("=?" not in subject)
    assert parse(raw % (b"=?utf-8?%s?%s?=" % (encoding.encode(), inner))).subject == plain.subject
