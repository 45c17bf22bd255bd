"""What each parser promises about any bytes; an AssertionError or any other exception is a finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

from fuzz.seeds import KEYRING, TICKET
from mailbot.desk.commands import read_commands
from mailbot.mail.addresses import is_plain_address, read_addresses
from mailbot.mail.authentication import ResultsMode, SenderEvidence, judge_sender
from mailbot.mail.body import split_body
from mailbot.mail.describe import as_record
from mailbot.mail.forwarded import find_forwarded
from mailbot.mail.html import sanitise, to_text
from mailbot.mail.model import Mail, Recognition
from mailbot.mail.parse import parse
from mailbot.mail.rtf import rtf_text
from mailbot.mail.smime import signed_content
from mailbot.mail.tnef import read_tnef
from mailbot.mail.tokens import (
    TokenState,
    find_footers,
    find_subject_tags,
    plus_part,
    read_bounce,
    read_serial,
    read_token,
)
from mailbot.mail.uuencode import find_uuencoded
from tests.desk.world import POLICY

_RECOGNITION = Recognition(own_addresses=("support@desk.example",), instance="desk", arrives_through=("l.example",))
_ENVELOPE = b"From: Ann <ann@example.org>\r\nTo: support@desk.example\r\nSubject: Printer\r\n"


def read_mime(data: bytes) -> None:
    """A mail: every step ends by itself, and what comes out can be written down."""
    _read(data)


def _read(raw: bytes) -> Mail:
    mail = parse(raw, _RECOGNITION)
    assert not [defect for defect in mail.defects if defect.startswith("unreadable:")], mail.defects
    json.dumps(as_record(mail, "x", 0.0), ensure_ascii=False).encode()
    return mail


def read_people(data: bytes) -> None:
    """An address field: what counts as plain is exactly one valid address each."""
    found = read_addresses(_text(data))
    if found.plain:
        assert all(is_plain_address(one.address) for one in found.addresses), found


def read_results(data: bytes) -> None:
    """Authentication-Results: nobody is believed whom the mode does not name."""
    mail = _read(b"Authentication-Results: " + data + b"\r\n" + _ENVELOPE + b"\r\nwords\r\n")
    assert judge_sender(mail, ResultsMode.NONE, "") is not SenderEvidence.AUTHENTICATED
    other = judge_sender(mail, ResultsMode.AUTHSERV, "mx.nobody.example", None, ("desk.example",), "mx.nobody.example")
    assert other is not SenderEvidence.AUTHENTICATED or b"nobody" in data.lower()
    judge_sender(mail, ResultsMode.TOPMOST, "", None, ("desk.example",), "mx.desk.example")


def read_orders(data: bytes) -> None:
    """Commands: the text below them is what the person wrote there."""
    text = _text(data)
    block = read_commands(text, frozenset(), date(2026, 3, 2), POLICY)
    assert block.text in "\n".join(text.replace("\xa0", " ").splitlines())


def read_reply(data: bytes) -> None:
    """A body taken apart: every line of every piece stood in the text."""
    text = _text(data).replace("\r", "\n")
    lines = {"".join(line.split()) for line in text.split("\n")} | {""}
    split = split_body(text)
    for piece in (split.reply, split.signature, split.history):
        assert all("".join(line.split()) in lines for line in piece.split("\n"))
    find_forwarded(text, "Fwd: x")


def read_html(data: bytes) -> None:
    """HTML: text without marks of its own, and nothing that loads or runs."""
    to_text(_text(data)).encode()
    clean = sanitise(_text(data)).lower()
    assert "<script" not in clean
    assert 'src="http' not in clean


def read_notice(data: bytes) -> None:
    """A delivery notice of any form."""
    field = b"Content-Type: multipart/report; report-type=delivery-status; boundary=cut\r\n"
    for bounced in _read(b"Return-Path: <>\r\n" + _ENVELOPE + field + b"\r\n" + data).bounces:
        assert bounced.recipient.strip() == bounced.recipient


def read_references(data: bytes) -> None:
    """Tokens: none verifies that states another ticket than the one that was signed."""
    text = _text(data)
    for token in (text, plus_part(text), *find_footers(text)):
        reading = read_token(token, KEYRING)
        if reading is not None and reading.state is TokenState.OK:
            assert reading.token is not None
            assert reading.token.ticket == TICKET
    assert read_bounce(text, KEYRING) in (None, 7)
    assert read_serial(text, KEYRING) in (None, 7)
    assert all(ticket == TICKET or not is_ours for ticket, is_ours in find_subject_tags(text, KEYRING))


def read_wrapper(data: bytes) -> None:
    """winmail.dat, RTF, signed structures and uuencode; the first octet says which."""
    kind, content = data[:1], data[1:]
    if kind == b"t":
        read_tnef(content)
    elif kind == b"s":
        signed_content(content)
    elif kind == b"r":
        rtf_text(content, 100_000)[0].encode()
    elif kind == b"m":
        rtf_text(b"\0\0\1\0\0\0\1\0MELA\0\0\0\0" + content, 100_000)[0].encode()
    else:
        find_uuencoded(content)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").replace("\0", "")


TARGETS: dict[str, Callable[[bytes], None]] = {
    "mime": read_mime,
    "addresses": read_people,
    "authentication": read_results,
    "commands": read_orders,
    "quotes": read_reply,
    "html": read_html,
    "dsn": read_notice,
    "tokens": read_references,
    "wrappers": read_wrapper,
}
