"""Header fields of outgoing mail: cleaned first, then encoded (RFC 5322, 2047, 2231), so that no input adds a field.

What comes out is ASCII, folded with CRLF and one blank, and reads back as exactly the cleaned value.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from mailbot.mail.addresses import is_plain_address
from mailbot.mail.charsets import clean as without_surrogates
from mailbot.mail.model import Address

# C0, C1, line and paragraph separators, direction controls, the byte order mark
_CONTROLS = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]+")
_LINE_OCTETS = 76
_WORD_OCTETS = 45  # before base64: 60 letters and 12 of frame, below the 75 of RFC 2047
_REFERENCES_OCTETS = 3_900
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+", re.ASCII)
_ID = re.compile(r"[!-;=?-~]{3,250}", re.ASCII)
_SECTION_LETTERS = 60


def clean(value: str, characters: int = 900) -> str:
    """One line of a header: no control, line or direction characters, runs of blanks collapsed, cut to `characters`."""
    return " ".join(_CONTROLS.sub(" ", without_surrogates(value)).split())[:characters].strip()


def field(name: str, value: str) -> bytes:
    """A whole field of free text."""
    return _folded(name, _encoded(clean(value)))


def address_field(name: str, addresses: Iterable[Address]) -> bytes:
    """A whole field of addresses; ValueError for an address that cannot be written in ASCII."""
    written = [_mailbox(address) for address in addresses]
    return _folded(name, [word + "," * (last and place < len(written) - 1)
                          for place, words in enumerate(written)
                          for word, last in _with_last(words)])  # fmt: skip


def ids_field(name: str, ids: Iterable[str]) -> bytes:
    """A whole field of Message-IDs, the first and the latest where there are too many; b"" if none is usable."""
    usable = [f"<{id_}>" for id_ in dict.fromkeys(ids) if _ID.fullmatch(id_)]
    while len(usable) > 2 and sum(len(id_) + 3 for id_ in usable) > _REFERENCES_OCTETS:
        del usable[1]
    return _folded(name, usable) if usable else b""


def ascii_address(address: str) -> str:
    """The address as it goes over the wire; a domain of foreign letters as punycode; ValueError if that cannot be."""
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode()
        except UnicodeError as error:
            raise ValueError(f"no domain: {domain!r}") from error
    if not is_plain_address(f"{local}@{domain}"):
        raise ValueError(f"no address: {address!r}")
    return f"{local}@{domain}"


def parameter(name: str, value: str) -> str:
    """`; name=value` on lines of its own, in RFC 2231 sections where it is long or not plain ASCII."""
    if re.fullmatch(r"[A-Za-z0-9 ._+()-]{1,60}", value, re.ASCII):
        return f';\r\n {name}="{value}"'
    text = "utf-8''" + quote(value, safe="")
    cuts, start = [], 0
    while start < len(text):
        end = start + _SECTION_LETTERS
        end -= next((back for back in (1, 2) if text[end - back : end - back + 1] == "%" and end < len(text)), 0)
        cuts.append(text[start:end])
        start = end
    if len(cuts) == 1:
        return f";\r\n {name}*={cuts[0]}"
    return "".join(f";\r\n {name}*{number}*={piece}" for number, piece in enumerate(cuts))


def _with_last(words: list[str]) -> list[tuple[str, bool]]:
    return [(word, place == len(words) - 1) for place, word in enumerate(words)]


def _mailbox(address: Address) -> list[str]:
    name, bare = clean(address.name, 200), ascii_address(address.address)
    if not name:
        return [bare]
    if _PLAIN_NAME.fullmatch(name) and "=?" not in name:
        return [*name.split(" "), f"<{bare}>"]
    if name.isascii() and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return [f'"{escaped}"', f"<{bare}>"]
    return [*_words(name), f"<{bare}>"]


def _encoded(value: str) -> list[str]:
    """The words of a line: as they are if all is plain ASCII, otherwise encoded words."""
    words = value.split(" ")
    plain = value.isascii() and "=?" not in value and all(len(word) <= _LINE_OCTETS * 3 for word in words)
    return words if plain else _words(value)


def _words(text: str) -> list[str]:
    """Encoded words, never cut inside a letter."""
    pieces: list[bytes] = [b""]
    for letter in text:
        octets = letter.encode()
        if len(pieces[-1]) + len(octets) > _WORD_OCTETS:
            pieces.append(b"")
        pieces[-1] += octets
    return [f"=?utf-8?b?{base64.b64encode(piece).decode()}?=" for piece in pieces]


def _folded(name: str, words: list[str]) -> bytes:
    """The field with its words on lines of at most 76 octets where the words allow it."""
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > _LINE_OCTETS and len(lines[-1]) > len(name) + 1:
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines).encode("ascii") + b"\r\n"
