"""Fields -> the bytes of one outgoing mail: the same fields give the same bytes (RFC 5322, 2045, 2046, 2183).

Text and HTML are alternatives, inline images stand beside the HTML that shows them, attachments follow. Boundaries come
from the Message-ID, so that a mail composed again after a crash is the mail that was composed before. Every part ends
with a line end, which a boundary then counts as its own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mailbot.mail.charsets import clean as without_surrogates
from mailbot.mail.fields import address_field, clean, field, ids_field, parameter
from mailbot.mail.model import Address, Attachment

__all__ = ["Draft", "clean", "compose"]

_OWN_FIELDS = {"date", "from", "to", "cc", "bcc", "reply-to", "subject", "message-id", "in-reply-to", "references",
               "mime-version", "content-type", "content-transfer-encoding", "content-disposition",
               "sender"}  # fmt: skip
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}", re.ASCII)
_TYPE = re.compile(r"(?:application|audio|font|image|model|text|video)/[a-z0-9][a-z0-9.+-]{0,60}", re.ASCII)
_TEXT_CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")
_NAME_LETTERS = 150


@dataclass(frozen=True, slots=True)
class Draft:
    """All that one outgoing mail is made of; ids without angle brackets, `date` with a zone."""

    message_id: str
    date: datetime
    from_: Address
    to: tuple[Address, ...]
    subject: str
    text: str
    html: str = ""
    cc: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()  # further fields, e.g. ("X-Loop", instance)
    attachments: tuple[Attachment, ...] = ()  # those with inline and content_id stand beside the HTML


@dataclass(frozen=True, slots=True)
class _Node:
    """A MIME part: its own fields and its encoded content, both with CRLF."""

    fields: bytes
    content: bytes


def compose(draft: Draft) -> bytes:
    """The mail as it goes over the wire: CRLF, ASCII only, no line above 998 octets; ValueError for a bad address."""
    body = _body(draft)
    return _header(draft) + body.fields + b"\r\n" + body.content


def _header(draft: Draft) -> bytes:
    assert draft.date.tzinfo is not None, "a date without a zone states no moment"
    own = [
        f"Date: {format_datetime(draft.date)}\r\n".encode(),
        address_field("From", (draft.from_,)),
        address_field("To", draft.to),
        address_field("Cc", draft.cc) if draft.cc else b"",
        address_field("Reply-To", draft.reply_to) if draft.reply_to else b"",
        field("Subject", draft.subject),
        ids_field("Message-ID", (draft.message_id,)),
        ids_field("In-Reply-To", (draft.in_reply_to,)),
        ids_field("References", draft.references),
    ]
    return b"".join((*own, *(_further(name, value) for name, value in draft.headers), b"MIME-Version: 1.0\r\n"))


def _further(name: str, value: str) -> bytes:
    assert _FIELD_NAME.fullmatch(name), f"no name of a field: {name!r}"
    assert name.lower() not in _OWN_FIELDS, f"{name} has a place of its own in the draft"
    return field(name, value)


# ---------------------------------------------------------------- the MIME tree


def _body(draft: Draft) -> _Node:
    inline = [one for one in draft.attachments if one.inline and one.content_id and draft.html]
    files = [one for one in draft.attachments if one not in inline]
    body = _text_node(draft.text, "plain")
    if draft.html:
        shown = _text_node(draft.html, "html")
        if inline:
            shown = _multipart(draft.message_id, "related", [shown, *map(_file_node, inline)])
        body = _multipart(draft.message_id, "alternative", [body, shown])
    return _multipart(draft.message_id, "mixed", [body, *map(_file_node, files)]) if files else body


def _multipart(message_id: str, subtype: str, nodes: list[_Node]) -> _Node:
    contents = [node.fields + b"\r\n" + node.content for node in nodes]
    boundary = _boundary(message_id, subtype, contents)
    marker = b"--" + boundary.encode()
    content = b"".join(marker + b"\r\n" + one for one in contents) + marker + b"--\r\n"
    return _Node(f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\n'.encode(), content)


def _boundary(message_id: str, subtype: str, contents: list[bytes]) -> str:
    """A boundary that stands in none of the contents: the first of a row that the Message-ID fixes."""
    number = 0
    while True:
        seed = f"{message_id}\0{subtype}\0{number}".encode("utf-8", "replace")
        boundary = f"=_{hashlib.sha256(seed).hexdigest()[:32]}"
        if not any(boundary.encode() in content for content in contents):
            return boundary
        number += 1


def _text_node(text: str, subtype: str) -> _Node:
    text = _TEXT_CONTROLS.sub("", without_surrogates(text)).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.rstrip("\n").split("\n")
    plain = all(line.isascii() and len(line) <= 900 and not line.startswith("From ") for line in lines)
    printable = "\r\n".join(lines).encode() if plain else _quoted_printable(lines)
    encoded = base64.encodebytes("\r\n".join(lines).encode()).replace(b"\n", b"\r\n") if not plain else b""
    content, encoding = printable, "7bit" if plain else "quoted-printable"
    if encoded and len(encoded) < len(printable):
        content, encoding = encoded, "base64"
    fields = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return _Node(fields.encode(), content.rstrip(b"\r\n") + b"\r\n")


def _quoted_printable(lines: list[str]) -> bytes:
    encoded = []
    for line in lines:
        octets = binascii.b2a_qp(line.encode(), istext=True).replace(b"\n", b"\r\n")
        encoded.append(b"=46" + octets[1:] if octets.startswith(b"From ") else octets)
    return b"\r\n".join(encoded)


def _file_node(attachment: Attachment) -> _Node:
    type_ = attachment.type.lower()
    type_ = type_ if _TYPE.fullmatch(type_) else "application/octet-stream"
    name = clean(attachment.name, _NAME_LETTERS) or "attachment"
    shown = attachment.inline and attachment.content_id
    fields = [
        f"Content-Type: {type_}{parameter('name', name)}\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        f"Content-Disposition: {'inline' if shown else 'attachment'}{parameter('filename', name)}\r\n",
    ]
    identity = ids_field("Content-ID", (attachment.content_id,)) if shown and attachment.content_id else b""
    content = base64.encodebytes(attachment.content).replace(b"\n", b"\r\n")
    return _Node("".join(fields).encode() + identity, content or b"\r\n")
