"""winmail.dat: what Outlook wraps text and files in when it takes the reader for another Outlook (MS-OXTNEF).

A small reader of our own: the only library for it has not been kept for years. It never raises for bytes, copies
nothing but what it hands out, and stops at the first attribute that does not fit: what was read until then counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from struct import unpack_from

from mailbot.mail.charsets import decode
from mailbot.mail.rtf import rtf_text

_SIGNATURE = b"\x78\x9f\x3e\x22"
_ATTRIBUTES_AT_MOST = 20_000
_PROPERTIES_AT_MOST = 2_000
_DEPTH_AT_MOST = 3  # messages inside messages
_RTF_OCTETS = 400_000

# Attributes of the stream
_SUBJECT, _BODY, _CODEPAGE, _MESSAGE_PROPERTIES = 0x8004, 0x800C, 0x9007, 0x9003
_NEW_FILE, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_OF_FILES = {_FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES}
# Properties of MAPI
_TEXT, _RTF, _HTML, _HTML_CODEPAGE = 0x1000, 0x1009, 0x1013, 0x3FDE
_DATA, _SHORT_NAME, _LONG_NAME, _MIME_TYPE, _CONTENT_ID = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_OBJECT, _STRING, _WIDE_STRING, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_MANY = 0x1000


@dataclass(slots=True)
class TnefFile:
    """A file of the wrapper; `type` and `content_id` are "" where it does not say."""

    name: str = ""
    type: str = ""
    content_id: str = ""
    content: bytes = b""


@dataclass(slots=True)
class Tnef:
    """What a winmail.dat holds: the text of the message in one of two forms, and its files."""

    subject: str = ""
    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)
    charset: str = "cp1252"  # of the strings of one octet a letter
    rtf_octets: int = 0  # that may still be unpacked, messages inside included


def read_tnef(content: bytes, depth: int = 0, rtf_octets: int = _RTF_OCTETS) -> Tnef | None:
    """What the bytes hold, or None where they are no such wrapper; `rtf_octets` bounds what compression multiplies."""
    if not content.startswith(_SIGNATURE):
        return None
    found = Tnef(rtf_octets=rtf_octets)
    for attribute, value in _attributes(content):
        if attribute in _OF_FILES:
            if found.files:
                _take_file(found, attribute, value, depth)
        else:
            _take(found, attribute, value)
    found.files = [file for file in found.files if file.content]
    return found


def _take(found: Tnef, attribute: int, value: bytes) -> None:
    if attribute == _CODEPAGE:
        found.charset = _codepage(value) or found.charset
    elif attribute == _SUBJECT:
        found.subject = _line(value, found.charset)
    elif attribute == _BODY:
        found.text = found.text or decode(value, found.charset).strip("\0")
    elif attribute == _MESSAGE_PROPERTIES:
        _take_message(found, _properties(value))
    elif attribute == _NEW_FILE:
        found.files.append(TnefFile())


def _codepage(value: bytes) -> str:
    return f"cp{unpack_from('<I', value)[0]}" if len(value) >= 4 else ""


def _attributes(content: bytes) -> Iterator[tuple[int, bytes]]:
    """(identity, value) of each attribute that is whole: level 1, identity 4, length 4, value, checksum 2 octets."""
    position = 6
    for _ in range(_ATTRIBUTES_AT_MOST):
        if position + 9 > len(content):
            return
        identity, size = unpack_from("<HxxI", content, position + 1)
        start = position + 9
        if start + size > len(content):
            return
        yield identity, content[start : start + size]
        position = start + size + 2


def _take_message(found: Tnef, properties: Mapping[int, bytes]) -> None:
    html_charset = _codepage(properties.get(_HTML_CODEPAGE, b"")) or found.charset
    found.text = found.text or _string(properties.get(_TEXT, b""), found.charset)
    found.html = found.html or _string(properties.get(_HTML, b""), html_charset)
    if not found.text and not found.html:
        found.text, spent = rtf_text(properties.get(_RTF, b""), found.rtf_octets)
        found.rtf_octets -= spent


def _take_file(found: Tnef, attribute: int, value: bytes, depth: int) -> None:
    file = found.files[-1]
    if attribute == _FILE_TITLE:
        file.name = file.name or _line(value, found.charset)
    elif attribute == _FILE_DATA:
        file.content = value
    else:
        properties = _properties(value)
        name = properties.get(_LONG_NAME) or properties.get(_SHORT_NAME) or b""
        file.name = _line(name, found.charset) or file.name
        file.type = _line(properties.get(_MIME_TYPE, b""), found.charset).lower()
        file.content_id = _line(properties.get(_CONTENT_ID, b""), found.charset).strip("<>")
        if not file.content and _DATA in properties:
            _take_message_inside(found, properties[_DATA], depth)


def _take_message_inside(found: Tnef, data: bytes, depth: int) -> None:
    """An attached message: its files, and its text as one of them; other objects stay as they are."""
    file = found.files[-1]
    within = depth < _DEPTH_AT_MOST
    inner = read_tnef(data[16:], depth + 1, found.rtf_octets) if within else None  # 16 octets name the interface
    if inner is None:
        file.content = data
        return
    found.rtf_octets = inner.rtf_octets
    title = file.name or inner.subject or "message"
    file.name, file.type = f"{title}.{'txt' if inner.text else 'html'}", "text/plain" if inner.text else "text/html"
    file.content = (inner.text or inner.html).encode()
    found.files.extend(inner.files)
    found.files.append(TnefFile())  # what follows belongs to no file of the inner message


# ---------------------------------------------------------------- properties


def _properties(content: bytes) -> dict[int, bytes]:
    """The first value of each property, strings of two octets a letter as UTF-8 with a mark in front."""
    found: dict[int, bytes] = {}
    if len(content) < 4:
        return found
    position = 4
    for _ in range(min(unpack_from("<I", content)[0], _PROPERTIES_AT_MOST)):
        if position + 4 > len(content):
            break
        kind, identity = unpack_from("<HH", content, position)
        position = _after_name(content, position + 4, identity)
        value, position = _value(content, position, kind)
        if position < 0:
            break
        found.setdefault(identity, value)
    return found


def _after_name(content: bytes, position: int, identity: int) -> int:
    """Where the value begins: properties from 0x8000 on carry a GUID and a number or a name."""
    if identity < 0x8000 or position + 24 > len(content):
        return position
    is_name, size = unpack_from("<II", content, position + 16)
    return position + 24 + (_padded(size) if is_name else 0)


def _value(content: bytes, position: int, kind: int) -> tuple[bytes, int]:
    """(the first value, where the next property begins), or -1 where the rest cannot be read."""
    base, count = kind & ~_MANY, 1
    if size := _SIZES.get(base, 0):
        if kind & _MANY:
            count, position = _number(content, position)
        end = position + count * size
        return content[position : position + size], (end if position >= 0 and end <= len(content) else -1)
    if base not in (_OBJECT, _STRING, _WIDE_STRING, _BINARY):
        return b"", -1
    count, position = _number(content, position)
    first = b""
    for place in range(count):
        size, position = _number(content, position)
        if position < 0 or position + size > len(content):
            return b"", -1
        if place == 0:
            first = content[position : position + size]
        position += _padded(size)
    return (_MARK + decode(first, "utf-16-le").encode() if base == _WIDE_STRING else first), position


_MARK = b"\xef\xbb\xbf"


def _number(content: bytes, position: int) -> tuple[int, int]:
    if position < 0 or position + 4 > len(content):
        return 0, -1
    return unpack_from("<I", content, position)[0], position + 4


def _padded(size: int) -> int:
    return size + -size % 4


def _string(value: bytes, charset: str) -> str:
    return decode(value, "utf-8" if value.startswith(_MARK) else charset)


def _line(value: bytes, charset: str) -> str:
    return " ".join(_string(value, charset).split())
