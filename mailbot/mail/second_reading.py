"""A second reading of a mail's final bytes, with the standard library instead of our own parser.

It gives every text that hides in them: raw, headers unfolded and decoded, parts decoded, HTML without its tags, names
of files, and attached messages to a depth that nobody reaches by accident. `find_note` looks for words of an internal
note in them: before a mail leaves (`render/last_check.py`) and afterwards (`mailbot verify`).
"""

from __future__ import annotations

import email
import html
import re
from collections.abc import Iterable, Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from urllib.parse import unquote

DEPTH = 6
SHINGLE_WORDS = 5
SHORTEST_NOTE = 12
_WORD = re.compile(r"\w+")
_TAG = re.compile(r"<[^<>]{0,5000}>")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LOOKS_LIKE_MESSAGE = re.compile(rb"\s{0,100}(?:From |[A-Za-z][A-Za-z0-9-]{0,60}: )")


def read_message(raw: bytes) -> Message[str, str]:
    """The structure of the mail, headers undecoded."""
    return email.message_from_bytes(raw)


def read_texts(raw: bytes, depth: int = DEPTH) -> Iterator[str]:
    """Every text in `raw`, which may be a message or any file."""
    if depth < DEPTH:
        yield from _variants(raw)
    else:
        yield raw.decode("latin-1")
    if depth and _LOOKS_LIKE_MESSAGE.match(raw):
        for part in read_message(raw).walk():
            yield from read_headers(part)
            yield from _read_body(part, depth)


def read_headers(part: Message[str, str]) -> Iterator[str]:
    """Each header of a message or part, decoded; and the names of files in them, however they are written."""
    for name, value in part.items():
        yield f"{name}: {decode_value(str(value))}"
    yield part.get_filename("") or ""
    for _, value in part.get_params([], "content-type"):
        yield str(value)


def decode_value(value: str) -> str:
    """A header value unfolded, encoded words decoded."""
    unfolded = _FOLD.sub(" ", value)
    try:
        pieces = decode_header(unfolded)
    except (HeaderParseError, ValueError):
        return unfolded
    return "".join(
        piece if isinstance(piece, str) else piece.decode(_charset(charset), "replace") for piece, charset in pieces
    )


def _charset(name: str | None) -> str:
    """A charset that Python can decode, whatever a header claims."""
    try:
        b"".decode(name or "latin-1")
    except LookupError:
        return "latin-1"
    return name or "latin-1"


def _read_body(part: Message[str, str], depth: int) -> Iterator[str]:
    if part.is_multipart():
        yield part.preamble or ""
        yield part.epilogue or ""
        return
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return
    if _LOOKS_LIKE_MESSAGE.match(content) and part.get_content_type() != "text/plain":
        yield from read_texts(content, depth - 1)
    else:
        yield from _variants(content)


def _variants(content: bytes) -> Iterator[str]:
    """A text and what programs make of it: entities and percent signs decoded, tags dropped."""
    start = content[:4000]
    if start.count(0) > len(start) // 5:  # every second octet of most texts in UTF-16
        yield from _shown(content.decode("utf-16-le", "ignore"))
        yield from _shown(content.decode("utf-16-be", "ignore"))
    elif b"\x00" in start:
        yield content.decode("latin-1")
    else:
        try:
            yield from _shown(content.decode())
        except UnicodeDecodeError:
            yield from _shown(content.decode("latin-1"))


def _shown(text: str) -> Iterator[str]:
    yield text
    if "%" in text:
        yield unquote(text)
    if "<" in text or "&" in text:
        yield html.unescape(_TAG.sub("", text))
        yield html.unescape(_TAG.sub(" ", text))


# ---------------------------------------------------------------- words of a note


def find_note(texts: Iterable[str], notes: Iterable[str]) -> str:
    """A fragment of a note that stands in one of `texts`, compared word by word, or ""."""
    fragments = {fragment for note in notes for fragment in _fragments(note)}
    for text in texts if fragments else ():
        folded = text.casefold()
        absent = {word for fragment in fragments for word in fragment.split() if word not in folded}
        possible = [fragment for fragment in fragments if absent.isdisjoint(fragment.split())]
        if possible:  # only then is it worth to take the text apart
            words = f" {' '.join(_WORD.findall(folded))} "
            if found := next((fragment for fragment in possible if f" {fragment} " in words), ""):
                return found
    return ""


def _fragments(note: str) -> Iterator[str]:
    """Every run of five words, or the whole note where it is shorter but long enough to be told from chance."""
    words = _WORD.findall(note.casefold())
    if len(words) >= SHINGLE_WORDS:
        yield from (" ".join(words[start:][:SHINGLE_WORDS]) for start in range(len(words) - SHINGLE_WORDS + 1))
    elif words and len(note.strip()) >= SHORTEST_NOTE:
        yield " ".join(words)
