"""The MIME tree of a message (RFC 2045, 2046): parts with their decoded content, within depth, number and size limits.

A splitter of our own instead of `email.parser`: one pass per level, no recursion deeper than the limit, and broken
structures (no boundary, no end, foreign encodings) still give the parts a person would see.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailbot.mail.charsets import decode, decode_base64
from mailbot.mail.headers import Fields, parameters, readable, split_message, without_comments
from mailbot.mail.limits import Budget
from mailbot.mail.uuencode import decode_body

_FIRST_BOUNDARY = re.compile(rb"(?:\A|\n)--([^\s-][^\r\n]{0,200})\r?\n(?=[Cc]ontent-|\r?\n)")


@dataclass(frozen=True, slots=True)
class Part:
    """One node: a leaf has `content` (decoded), a multipart has `children`."""

    fields: Fields
    type: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    disposition: str = ""
    name: str = ""
    content: bytes = b""
    children: tuple[Part, ...] = ()
    unpacked: bool = False  # found inside another part, see `wrappers.py`

    @property
    def content_id(self) -> str | None:
        """The Content-ID without angle brackets."""
        return self.fields.first("content-id").strip().strip("<>") or None

    @property
    def text(self) -> str:
        """The content as Unicode with "\\n" line ends."""
        text = decode(self.content, self.parameters.get("charset", ""))
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def leaves(self) -> list[Part]:
        """All leaves, in order."""
        return [leaf for child in self.children for leaf in child.leaves()] if self.children else [self]


def read_part(fields: Fields, body: bytes, budget: Budget, default: str = "text/plain", depth: int = 0) -> Part:
    """The part that header and body make."""
    type_, own = parameters(fields.first("content-type") or default, budget)
    if not re.fullmatch(r"[!-.0-~]+/[!-.0-~]+", type_):
        type_ = {"text": "text/plain", "html": "text/html"}.get(type_, default)
    disposition, theirs = parameters(fields.first("content-disposition"), budget)
    name = theirs.get("filename") or own.get("name") or own.get("filename") or theirs.get("name") or ""
    if type_ == "message/rfc822" and disposition == "inline" and not theirs.get("filename") and "." not in name:
        name = ""  # a label such as "forwarded message" over a mail that is shown in place, no file
    children: tuple[Part, ...] = ()
    if type_.startswith("multipart/"):
        children = _children(type_, own.get("boundary", ""), fields, body, budget, depth)
        type_ = type_ if children else "text/plain"
    content = b"" if children else budget.takes_bytes(_transfer_decoded(fields, type_, body, budget))
    return Part(fields, type_, own, disposition, " ".join(name.split()), content, children)


def _children(type_: str, boundary: str, fields: Fields, body: bytes, budget: Budget, depth: int) -> tuple[Part, ...]:
    if depth >= budget.limits.depth:
        budget.note("nested_too_deep")
        return ()
    default = "message/rfc822" if type_ == "multipart/digest" else "text/plain"
    children = []
    for piece in _pieces(boundary.rstrip(), body, budget):
        if not budget.takes_part():
            break
        inner, content = split_message(piece, budget, is_part=True)
        children.append(read_part(inner, content, budget, default, depth + 1))
    return tuple(children)


def _pieces(boundary: str, body: bytes, budget: Budget) -> list[bytes]:
    pieces, closed = _split(boundary.encode("utf-8", "replace"), body) if boundary else ([], False)
    if not pieces and (found := _FIRST_BOUNDARY.search(body[:100_000])):
        budget.note("boundary_guessed")
        pieces, closed = _split(found[1].rstrip(), body)
    elif not pieces:
        budget.note("multipart_without_parts")
    if pieces and not closed:
        budget.note("multipart_not_closed")
    return pieces


def _split(boundary: bytes, body: bytes) -> tuple[list[bytes], bool]:
    """(the pieces between the boundary lines, whether the closing one was there)."""
    marker = b"--" + boundary
    pieces: list[bytes] = []
    start = -1  # of the piece being read; -1 outside
    position, closed = 0, False
    while (at := body.find(marker, position)) >= 0:
        position = at + len(marker)
        if at > 0 and body[at - 1] not in b"\r\n":
            continue
        line_end = body.find(b"\n", position)
        line_end = len(body) if line_end < 0 else line_end
        rest = body[position:line_end].strip()
        if rest and not rest.startswith(b"--"):
            continue  # a longer boundary that begins alike
        if start >= 0:
            pieces.append(_without_last_line_end(body[start:at]))
        closed = closed or rest.startswith(b"--")
        start = -1 if rest.startswith(b"--") else line_end + 1
    if start >= 0:
        pieces.append(body[start:])
    return pieces, closed


def _without_last_line_end(piece: bytes) -> bytes:
    if piece.endswith(b"\r\n"):
        return piece[:-2]
    return piece[:-1] if piece.endswith((b"\n", b"\r")) else piece


# ---------------------------------------------------------------- transfer encodings


def _transfer_decoded(fields: Fields, type_: str, body: bytes, budget: Budget) -> bytes:
    encoding = without_comments(readable(fields.first("content-transfer-encoding"))).lower().strip("\"'; ")
    match encoding.replace("_", "-"):
        case "base64":
            content, is_clean = decode_base64(body)
            if not is_clean:
                budget.note("broken_base64")
            return content
        case "quoted-printable":
            return binascii.a2b_qp(body)
        case "x-uuencode" | "uuencode" | "x-uue" | "uue":
            return decode_body(body)
        case "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" | "7bits" | "8bits" | "none":
            return body
        case _:
            budget.note("unknown_transfer_encoding")
            return body
