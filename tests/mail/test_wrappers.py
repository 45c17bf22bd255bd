"""What Outlook, old scripts and cryptography wrap around a mail: the words and files inside it come out."""

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.describe import as_record
from mailbot.mail.model import Mail
from mailbot.mail.parse import parse
from mailbot.mail.rtf import rtf_text
from mailbot.mail.smime import signed_content
from mailbot.mail.tnef import read_tnef
from mailbot.mail.uuencode import find_uuencoded
from tests.mail.letters import letter, multipart
from tests.mail.wrapped import (
    BODY,
    CODEPAGE,
    FILE_DATA,
    FILE_PROPERTIES,
    FILE_TITLE,
    MESSAGE_PROPERTIES,
    NEW_FILE,
    SUBJECT,
    properties,
    signed,
    tnef,
)

RENDERING = b"\0" * 14
LOG = ((NEW_FILE, RENDERING), (FILE_TITLE, b"PRINTE~1.LOG\0"), (FILE_DATA, b"paper jam"))
# The example of MS-OXRTFCP 4.1.1
HELLO_WORLD = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)


def wrapped(content: bytes, *parts: str) -> Mail:
    """A mail of these parts and a winmail.dat."""
    encoded = base64.encodebytes(content).decode()
    head = 'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64'
    field, body = multipart("mixed", *parts, f"{head}\n\n{encoded}")
    return parse(letter(body, field))


def files(mail: Mail) -> list[tuple[str, bytes]]:
    return [(one.name, one.content) for one in mail.attachments if one.unpacked]


# ---------------------------------------------------------------- winmail.dat


def test_the_files_of_a_winmail_dat_are_attachments_under_their_long_names() -> None:
    long_name = properties((0x1F, 0x3707, "Drucker Übersicht.log".encode("utf-16-le")), (0x1E, 0x370E, b"text/x-log\0"))
    mail = wrapped(tnef(*LOG, (FILE_PROPERTIES, long_name)), "Content-Type: text/plain\n\nsee the log")
    assert mail.text == "see the log"
    assert files(mail) == [("Drucker Übersicht.log", b"paper jam")]
    assert [one.type for one in mail.attachments if one.unpacked] == ["text/x-log"]
    record = as_record(mail, "one.eml", 0.0)
    assert [one["name"] for one in record["attachments"]] == ["winmail.dat"]  # type: ignore[attr-defined]  # JSON
    assert [one["name"] for one in record["unpacked"]] == ["Drucker Übersicht.log"]  # type: ignore[attr-defined]  # JSON


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        (((BODY, b"The printer is down.\r\n\0"),), "The printer is down."),
        (((CODEPAGE, b"\xe3\x04\0\0\0\0\0\0"), (BODY, "Принтер сломан".encode("cp1251"))), "Принтер сломан"),
        (((MESSAGE_PROPERTIES, properties((0x1F, 0x1000, "Grüße".encode("utf-16-le")))),), "Grüße"),
        (((MESSAGE_PROPERTIES, properties((0x102, 0x1013, b"<p>The <b>printer</b></p>"))),), "The printer"),
        (((MESSAGE_PROPERTIES, properties((0x102, 0x1009, HELLO_WORLD))),), "hello world"),
    ],
)
def test_the_words_of_a_winmail_dat_are_read_where_the_mail_has_no_others(
    attributes: tuple[tuple[int, bytes], ...], text: str
) -> None:
    assert wrapped(tnef(*attributes)).text == text
    assert wrapped(tnef(*attributes), "Content-Type: text/plain\n\nother words").text == "other words"


def test_a_message_inside_a_winmail_dat_gives_its_text_and_its_files() -> None:
    inner = tnef((SUBJECT, b"Printer report\0"), (BODY, b"It jams."), *LOG)
    outer = tnef((NEW_FILE, RENDERING), (FILE_PROPERTIES, properties((0x0D, 0x3701, b"\0" * 16 + inner))))
    mail = wrapped(outer, "Content-Type: text/plain\n\nas told")
    assert files(mail) == [("Printer report.txt", b"It jams."), ("PRINTE~1.LOG", b"paper jam")]


def test_a_winmail_dat_that_is_none_stays_a_file_and_is_noted() -> None:
    mail = wrapped(b"something else")
    assert [one.content for one in mail.attachments] == [b"something else"]
    assert mail.defects == ("unreadable_tnef",)


def test_a_winmail_dat_that_breaks_off_gives_what_stood_before() -> None:
    assert files(wrapped(tnef(*LOG, (NEW_FILE, RENDERING), (FILE_DATA, b"x" * 90))[:-80])) == [
        ("PRINTE~1.LOG", b"paper jam")
    ]


@given(st.binary(max_size=400))
def test_no_winmail_dat_raises(content: bytes) -> None:
    read_tnef(tnef((MESSAGE_PROPERTIES, content), (NEW_FILE, b""), (FILE_PROPERTIES, content)))
    read_tnef(tnef()[:6] + content)


def repeated(rtf: bytes) -> bytes:
    return len(rtf).to_bytes(4, "little") * 2 + b"MELA" + b"\0" * 4 + rtf


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x;}one\par two\tab three}", "one\ntwo\tthree"),
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'ed\'f2\'e5\'f0}", "Принтер"),
        (rb"{\rtf1\uc1 Gr\u252?\u223?e \u-10179?\u-8704?}", "Grüße \U0001f600"),
        (rb"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 words\htmlrtf\par}\htmlrtf0 }", "words"),
        (rb"{\rtf1 a\\b \{c\}\~d", "a\\b {c}\u00a0d"),
        (b"}}}{{{", ""),
    ],
)
def test_rtf_shows_its_words(rtf: bytes, text: str) -> None:
    assert rtf_text(repeated(rtf), 1_000) == (text, len(rtf))


@given(st.binary(max_size=300))
def test_no_rtf_raises(content: bytes) -> None:
    rtf_text(repeated(content), 1_000)[0].encode()
    text, spent = rtf_text(b"\xff\xff\xff\x7f" * 2 + b"LZFu" + b"\0" * 4 + content, 1_000)
    assert len(text.encode("utf-8")) <= 4_000
    assert spent <= 1_000


def test_what_compression_multiplies_is_bounded_for_all_messages_together() -> None:
    text = (MESSAGE_PROPERTIES, properties((0x102, 0x1009, HELLO_WORLD)))
    inner = properties((0x0D, 0x3701, b"\0" * 16 + tnef(text)))
    found = read_tnef(tnef((NEW_FILE, RENDERING), (FILE_PROPERTIES, inner), text), rtf_octets=60)
    assert found is not None
    assert [file.content for file in found.files] == [b"hello world"]  # 43 octets, which leaves 17
    assert (found.text, found.rtf_octets) == ("", 0)


# ---------------------------------------------------------------- uuencode


def uuencoded(name: str, content: bytes) -> str:
    lines = [binascii.b2a_uu(content[at : at + 45]).decode() for at in range(0, len(content), 45)]
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"


def test_uuencoded_files_in_a_text_are_attachments_and_leave_their_names_there() -> None:
    body = f"see both\n{uuencoded('a b.log', b'paper jam' * 20)}and\n{uuencoded('c.txt', b'more')}bye\n"
    mail = parse(letter(body))
    assert mail.text == "see both\n[a b.log]\nand\n[c.txt]\nbye"
    assert files(mail) == [("a b.log", b"paper jam" * 20), ("c.txt", b"more")]


def test_a_block_that_never_ends_does_not_hide_the_next() -> None:
    mail = parse(letter(f"begin 644 a.txt\nwords\n{uuencoded('b.txt', b'more')}"))
    assert (mail.text, files(mail)) == ("begin 644 a.txt\nwords\n[b.txt]", [("b.txt", b"more")])


@pytest.mark.parametrize(
    "body",
    [
        "Please\nbegin 644 of the manual\nand read on.\nThe end is near.",
        "begin 644 a.txt\nnot an encoded line at all\nend",
        "begin 644 a.txt\n%2&5L;&\\\n",
    ],
)
def test_words_that_only_look_like_a_uuencoded_file_stay(body: str) -> None:
    mail = parse(letter(body))
    assert mail.text == body.rstrip("\n")
    assert mail.attachments == ()


@given(st.binary(max_size=200).map(lambda content: b"begin 644 a\n" + content + b"\nend\n"))
def test_no_uuencoded_text_raises(content: bytes) -> None:
    find_uuencoded(content)


# ---------------------------------------------------------------- cryptography

INNER = b"Content-Type: text/plain; charset=utf-8\r\n\r\nThe printer is down, says M\xc3\xbcller.\r\n" + b"x" * 200


def opaque(content: bytes, parameter: str = "; smime-type=signed-data") -> Mail:
    fields = (
        f"Content-Type: application/pkcs7-mime; name=smime.p7m{parameter}",
        "Content-Transfer-Encoding: base64",
    )
    return parse(letter(base64.encodebytes(content).decode(), *fields))


@pytest.mark.parametrize("is_streamed", [False, True])
def test_the_words_inside_an_opaque_signature_are_read(is_streamed: bool) -> None:
    mail = opaque(signed(INNER, is_streamed=is_streamed))
    assert mail.text.startswith("The printer is down, says Müller.")
    assert (mail.attachments, mail.defects) == ((), ("signed_smime",))


def test_what_only_a_key_could_open_is_said_to_be_so() -> None:
    mail = opaque(b"0\x80secret", "; smime-type=enveloped-data")
    assert [one.name for one in mail.attachments] == ["smime.p7m"]
    assert mail.defects == ("encrypted_smime",)
    field, body = multipart(
        "encrypted; protocol=application/pgp-encrypted",
        "Content-Type: application/pgp-encrypted\n\nVersion: 1",
        "Content-Type: application/octet-stream; name=msg.asc\n\n-----BEGIN PGP MESSAGE-----",
    )
    assert parse(letter(body, field)).defects == ("encrypted_pgp",)
    text = "-----BEGIN PGP MESSAGE-----\n\nhQIMA\n-----END PGP MESSAGE-----"
    assert parse(letter(text)).defects == ("encrypted_pgp",)


def test_a_signed_multipart_reads_as_its_first_part() -> None:
    field, body = multipart(
        "signed; protocol=application/pgp-signature",
        "Content-Type: text/plain\n\nthe printer is down",
        "Content-Type: application/pgp-signature; name=signature.asc\n\n-----BEGIN PGP SIGNATURE-----",
    )
    mail = parse(letter(body, field))
    assert (mail.text, mail.defects) == ("the printer is down", ())


def test_clear_signed_words_lose_their_armour() -> None:
    armoured = (
        "before\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nHello,\n- -- the printer\n\nis down\n"
        "-----BEGIN PGP SIGNATURE-----\nVersion: 2\n\niQEzBA\n=abcd\n-----END PGP SIGNATURE-----\nafter"
    )
    mail = parse(letter(armoured))
    assert mail.text == "before\nHello,\n-- the printer\n\nis down\nafter"
    assert mail.defects == ("signed_pgp",)


@given(st.binary(max_size=300))
def test_no_signed_structure_raises(content: bytes) -> None:
    signed_content(content)
    signed_content(bytes.fromhex("308006092a864886f70d010702a080") + content)
    signed_content(signed(b"words")[: len(content)])


def test_the_label_of_a_mail_that_is_shown_in_place_is_no_file_name() -> None:
    field, body = multipart(
        "mixed",
        "Content-Type: message/rfc822; name=forwarded message\nContent-Disposition: inline\n\nSubject: x\n\nwords",
        "Content-Type: message/rfc822; name=a.eml\nContent-Disposition: inline\n\nSubject: x\n\nwords",
    )
    assert [one.name for one in parse(letter(body, field)).attachments] == ["", "a.eml"]
