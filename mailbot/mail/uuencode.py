"""Files that stand uuencoded in a text (POSIX uuencode): older programs and scripts still attach that way.

A block counts only if it begins, ends and decodes: a person who writes "begin 644 of the manual" keeps the line.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass

_BEGIN = re.compile(rb"^begin (?:0?[0-7]{3}) ([^\r\n]{1,255}?)[ \t]*\r?\n", re.MULTILINE)
_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)
_FILES_AT_MOST = 100


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file and where its block stood."""

    name: bytes
    content: bytes
    start: int
    end: int


def find_uuencoded(text: bytes) -> list[UuFile]:
    """The files of a text, in order."""
    files: list[UuFile] = []
    begin, end = _BEGIN.search(text), None
    while begin and len(files) < _FILES_AT_MOST:
        if end is None or end.start() < begin.end():
            end = _END.search(text, begin.end())
        following = _BEGIN.search(text, begin.end())
        if end is None:
            break
        if following is None or following.start() > end.start():  # a block holds no other beginning
            content = decode_lines(text[begin.end() : end.start()].splitlines(), strict=True)
            if content:
                files.append(UuFile(begin[1].strip(), content, begin.start(), end.end()))
        begin = following
    return files


def decode_body(body: bytes) -> bytes:
    """The content of a part whose transfer encoding is uuencode, as far as it can be read."""
    lines = body.splitlines()
    begin = next((place for place, line in enumerate(lines) if line.startswith(b"begin ")), -1)
    return decode_lines(lines[begin + 1 :], strict=False)


def decode_lines(lines: list[bytes], *, strict: bool) -> bytes:
    """The decoded lines up to the empty one; b"" if `strict` and one of them cannot be such a line."""
    content = []
    for line in lines:
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            content.append(binascii.a2b_uu(line))
        except binascii.Error:  # some encoders write too long lines
            piece = _cut_line(line)
            if strict and not piece:
                return b""
            content.append(piece)
    return b"".join(content)


def _cut_line(line: bytes) -> bytes:
    size = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:size])
    except binascii.Error:
        return b""
