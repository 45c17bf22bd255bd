"""Bytes -> Unicode by the charset a mail names, or by what the bytes themselves say where that name is missing or
wrong.

Encoded words (RFC 2047) are read by a scanner of our own: neighbours of one charset are joined before they are decoded,
because programs cut in the middle of a letter.
"""

from __future__ import annotations

import binascii
import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

_ALIASES = {  # as browsers read them (WHATWG), since that is what senders test with
    "latin1": "cp1252", "latin-1": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252",
    "iso-8859-8-i": "iso-8859-8", "iso-8859-6-i": "iso-8859-6", "gb2312": "gb18030", "gbk": "gb18030",
    "x-gbk": "gb18030", "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "tis-620": "cp874", "iso-8859-11": "cp874", "iso-8859-9": "cp1254", "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman", "cp-850": "cp850", "unicode-1-1-utf-7": "utf-7", "utf8mb4": "utf-8", "utf-8n": "utf-8",
    "windows-874": "cp874", "iso-2022-jp": "iso2022_jp_ext", "x-windows-949": "cp949", "big5": "big5hkscs",
}  # fmt: skip
# No charsets, or slow ones: punycode and idna insert letter by letter.
_REFUSED = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
_UNWANTED = re.compile("[\0\ud800-\udfff]")
_PRINTABLE = bytes(range(0x20, 0x7F))
_NAME_LETTERS = 60


def decode(content: bytes, charset: str = "") -> str:
    """The text of the bytes; never raises, undecodable bytes become U+FFFD, NUL and lone surrogates are dropped."""
    charset = charset[:_NAME_LETTERS]
    if content.isascii() and b"\x1b" not in content and (not charset or _reads_ascii(charset)):  # nearly always
        return content.decode("ascii").replace("\0", "")
    return clean(_decode(content, charset))


def decode_unlabelled(content: bytes, hint: str) -> str:
    """The text of bytes that name no charset: UTF-8 where they are valid as such, otherwise by the `hint`."""
    try:
        return clean(content.decode("utf-8"))
    except UnicodeDecodeError:
        return decode(content, hint)


def clean(text: str) -> str:
    """The text without NUL and lone surrogates, which neither databases nor UTF-8 take."""
    return text.replace("\0", "") if text.isascii() else _UNWANTED.sub("", text)


def is_known(charset: str) -> bool:
    """Whether the name stands for a charset (or is empty)."""
    return not charset or _codec(charset) is not None


def _decode(content: bytes, charset: str) -> str:
    codec = _codec(charset)
    if codec in ("ascii", "cp1252", None):  # these names are wrong more often than valid UTF-8 is an accident
        return _guess(content)
    try:
        return content.decode(codec).removeprefix("\ufeff")
    except (UnicodeDecodeError, UnicodeError):
        pass
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(codec, "replace").removeprefix("\ufeff")


@lru_cache(maxsize=256)
def _reads_ascii(charset: str) -> bool:
    """Whether ASCII octets stand for themselves in a charset; UTF-7 and HZ give some of them another meaning."""
    codec = _codec(charset)
    return codec is None or (
        codec not in ("utf-7", "hz") and _PRINTABLE.decode(codec, "replace").encode() == _PRINTABLE
    )


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    name = charset.strip().strip("\"'").lower().partition("*")[0]
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    text_codec = getattr(found, "_is_text_encoding", True)
    return found.name if text_codec and found.name.replace("_", "-") not in _REFUSED else None


def _guess(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if b"\x1b$" in content[:100_000] or b"\x1b(" in content[:100_000]:
        return content.decode("iso2022_jp_ext", "replace")
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and not content[: error.start].isascii():  # the last letter is cut
            return content.decode("utf-8", "replace")
        return content.decode("cp1252", "replace")


# ---------------------------------------------------------------- encoded words


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    charset: str
    content: bytes


_OPENING = re.compile(r"=\?([^?\s=]{1,60})\?([bBqQ])\?")


def decode_words(text: str) -> str:
    """The text with its encoded words decoded; what only looks like one stays as it is."""
    if "=?" not in text:
        return text
    pieces: list[str | _Word] = []
    position = 0
    while (found := _OPENING.search(text, position)) and (word := read_word(text, found.start())):
        gap = text[position : found.start()]
        if not (pieces and isinstance(pieces[-1], _Word) and not gap.strip()):
            pieces.append(gap)
        pieces.append(word)
        position = word.end
    pieces.append(text[position:])
    return "".join(_joined(pieces))


def read_word(text: str, start: int) -> _Word | None:
    """The encoded word that begins at `start`, or None."""
    opening = _OPENING.match(text, start)
    end = text.find("?=", opening.end()) if opening else -1
    if not opening or end < 0:
        return None
    inner = text[opening.end() : end]
    return _Word(start, end + 2, opening[1], _word_bytes(inner, opening[1], opening[2] in "bB"))


def _word_bytes(inner: str, charset: str, is_base64: bool) -> bytes:
    content = inner.encode(_codec(charset) or "utf-8", "replace")  # more than ASCII is against the rules and happens
    if is_base64:
        return decode_base64(content)[0]
    return binascii.a2b_qp(content.replace(b" ", b"_"), header=True)


def _joined(pieces: list[str | _Word]) -> list[str]:
    texts: list[str] = []
    waiting: list[_Word] = []
    for piece in [*pieces, ""]:
        if isinstance(piece, _Word) and waiting and piece.charset.lower() != waiting[0].charset.lower():
            texts.append(_decode_together(waiting))
            waiting = [piece]
        elif isinstance(piece, _Word):
            waiting.append(piece)
        else:
            if waiting:
                texts.append(_decode_together(waiting))
                waiting = []
            texts.append(piece)
    return texts


def _decode_together(words: list[_Word]) -> str:
    return decode(b"".join(word.content for word in words), words[0].charset)


_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")


def decode_base64(content: bytes) -> tuple[bytes, bool]:
    """(bytes, whether the base64 was clean); reads on over foreign characters and a missing end."""
    letters = _NO_BASE64.sub(b"", content)
    body = letters.rstrip(b"=")
    clean_input = len(letters) % 4 == 0 and b"=" not in body
    chunks = []
    for padded in body.split(b"=") if b"=" in body else [body]:  # concatenated pieces, each padded
        piece = padded[:-1] if len(padded) % 4 == 1 else padded
        chunks.append(binascii.a2b_base64(piece + b"=" * (-len(piece) % 4)))
    return b"".join(chunks), clean_input
