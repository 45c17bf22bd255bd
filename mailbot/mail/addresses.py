"""Address lists of a header (RFC 5322 3.4) -> `Address` values, in one pass over the letters.

Groups, comments, quoted names and encoded words are understood; what is broken still yields the addresses a person
would see in it, and the reading says that it was not plain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailbot.mail.charsets import read_word
from mailbot.mail.headers import readable
from mailbot.mail.model import Address

_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?", re.ASCII)
_ARCHIVED = re.compile(r"([^\s@]{1,64}) at ([A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,})")
_SPACES = re.compile(r"\s+")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"?')
_ESCAPED = re.compile(r"\\(.)")
_UNTELLING = re.compile(r'[^"(=,;<>:]+')


@dataclass(frozen=True, slots=True)
class AddressList:
    """The addresses of one field; `plain` if nothing in it was odd: no group, no route, valid ASCII addresses."""

    addresses: tuple[Address, ...] = ()
    plain: bool = True
    cut: bool = False


@dataclass(slots=True)
class _Piece:
    """One list item while it is read: `outside` the angle brackets, `inside` them, and its comments."""

    outside: list[str] = field(default_factory=list)
    inside: list[str] | None = None
    closed: bool = False
    comments: list[str] = field(default_factory=list)


def read_addresses(value: str, at_most: int = 1_000) -> AddressList:
    """Every address of an undecoded field value."""
    reader = _Reader(value, at_most)
    reader.run()
    return AddressList(tuple(reader.found), reader.plain, reader.cut)


def is_plain_address(address: str) -> bool:
    """Whether an address is a valid one of ASCII letters, as a privileged sender must have."""
    return _PLAIN.fullmatch(address) is not None and ".." not in address


class _Reader:
    """The pass over one value: each step takes what begins at `position`."""

    def __init__(self, value: str, at_most: int) -> None:
        self.value, self.at_most = value, at_most
        self.position, self.piece = 0, _Piece()
        self.found: list[Address] = []
        self.plain, self.cut = True, False
        self.lone = Address("", "")  # a word without "@", an address only where there is no other: "MAILER-DAEMON"
        self.waiting = ""  # a name that a comma cut off from its address
        self.closes = True  # until a comment was found that never does: looking again for each "(" would be slow

    def run(self) -> None:
        while self.position < len(self.value) and not self.cut:
            if words := _UNTELLING.match(self.value, self.position):
                self.take(words[0])
                continue
            letter = self.value[self.position]
            if letter == '"':
                self.quoted()
            elif letter == "(" and self.closes:
                self.comment()
            elif letter == "=" and (word := read_word(self.value, self.position)):
                self.take(self.value[self.position : word.end])
            else:
                self.plain_letter(letter)
        self.flush()
        if self.waiting and not self.found:
            self.found.append(self.lone if self.lone.address == self.waiting else Address(self.waiting, ""))

    def plain_letter(self, letter: str) -> None:
        if letter in ",;" and not self.is_inside():
            self.flush()
        elif letter == "<" and self.piece.inside is None:
            self.piece.inside = []
        elif letter == ">" and self.is_inside():
            self.piece.closed = True
        elif letter == ":" and self.piece.inside is None and "@" not in "".join(self.piece.outside[-64:])[-64:]:
            self.piece, self.plain = _Piece(), False  # the name of a group
        else:
            self.take(letter)
            return
        self.position += 1

    def is_inside(self) -> bool:
        return self.piece.inside is not None and not self.piece.closed

    def take(self, text: str) -> None:
        (self.piece.inside if self.is_inside() and self.piece.inside is not None else self.piece.outside).append(text)
        self.position += len(text)

    def quoted(self) -> None:
        end = self.position + 1
        while end < len(self.value) and self.value[end] != '"':
            end += 2 if self.value[end] == "\\" else 1
        self.take(self.value[self.position : end + 1])

    def comment(self) -> None:
        depth, end = 0, self.position
        while end < len(self.value):
            depth += (self.value[end] == "(") - (self.value[end] == ")")
            end += 2 if self.value[end] == "\\" else 1
            if depth == 0:
                break
        if depth:  # never closed: an ordinary letter
            self.plain = self.closes = False
            return
        self.piece.comments.append(self.value[self.position + 1 : end - 1])
        self.position = end

    def flush(self) -> None:
        piece, self.piece = self.piece, _Piece()
        address, plain = _address(piece)
        if address is None:
            return
        if "@" not in address.address:
            self.lone = address
            self.waiting, self.plain = f"{self.waiting}, {address.address or address.name}".strip(", "), False
            return
        if self.waiting:
            address, self.waiting = Address(f"{self.waiting}, {address.name}".strip(", "), address.address), ""
        if len(self.found) >= self.at_most:
            self.cut, self.plain = True, False
            return
        self.found.append(address)
        self.plain = self.plain and plain


def _address(piece: _Piece) -> tuple[Address | None, bool]:
    outside = "".join(piece.outside).strip()
    comment = next((text for text in piece.comments if text.strip()), "")
    if piece.inside is not None:
        return _bracketed(outside, "".join(piece.inside), comment)
    if not outside:
        return None, True
    words = outside.split()
    place = next((place for place, word in enumerate(words) if "@" in word.strip('"')), -1)
    if len(words) == 1 or (place >= 0 and outside.startswith('"') and outside.rpartition("@")[0].endswith('"')):
        address = outside if outside.startswith('"') else outside.strip("'")
        return Address(_name(comment), _tidy(address)), is_plain_address(outside) and address == outside
    if place < 0:
        archived = _ARCHIVED.fullmatch(outside)  # list archives write "ann at example.org (Ann)"
        return (
            Address(_name(comment), f"{archived[1]}@{archived[2]}") if archived else Address(_name(outside), "")
        ), False
    name = " ".join(words[:place] + words[place + 1 :])
    return Address(_name(name) or _name(comment), _tidy(words[place])), False


def _bracketed(outside: str, inside: str, comment: str) -> tuple[Address | None, bool]:
    inner = inside.strip()
    routed = inner.startswith("@") and ":" in inner
    address = _tidy(inner.partition(":")[2] if routed else inner)
    name = _name(outside) or _name(comment)
    if not address and "@" in outside:  # "ann@example.org <>"
        return Address("", _tidy(outside.split(maxsplit=1)[0])), False
    if not address and not name:
        return None, True
    return Address(name, address), not routed and is_plain_address(address)


def _tidy(address: str) -> str:
    """The address without white space, brackets and a "mailto:" that a program left in it."""
    if not address.startswith('"'):
        address = _SPACES.sub("", readable(address))
    address = address.strip("<>")
    return address[7:] if address[:7].lower() == "mailto:" else address


def _name(text: str) -> str:
    text = _QUOTED.sub(lambda found: _ESCAPED.sub(r"\1", found[1]), text.strip())
    text = _SPACES.sub(" ", readable(text)).strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == "'" else text
