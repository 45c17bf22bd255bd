"""Compressed RTF (MS-OXRTFCP) -> text: in many a winmail.dat the only form of the words.

The words only, in one pass: no fonts, no pictures, no tables; of HTML that was wrapped in RTF (MS-OXRTFEX) what a
reader would have seen. Bounded output, since compression would otherwise multiply what a mail may hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from struct import unpack_from

from mailbot.mail.charsets import clean, decode

_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n"
    rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
_RING = 4_096

_TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)|.", re.DOTALL
)
_UNSEEN = {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"header", b"footer", b"object", b"filetbl",
           b"listtable", b"revtbl"}  # fmt: skip
_SHOWN = {b"par": "\n", b"line": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t", b"lquote": "‘", b"rquote": "’",
          b"ldblquote": "“", b"rdblquote": "”", b"bullet": "•", b"endash": "–", b"emdash": "—"}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}
_GROUPS_AT_MOST = 1_000


def rtf_text(compressed: bytes, at_most: int) -> tuple[str, int]:
    """(the words of a compressed RTF body, the octets that it unpacked to): of these no more than `at_most`."""
    rtf = _decompressed(compressed, at_most)
    return _words(rtf), len(rtf)


def _decompressed(content: bytes, at_most: int) -> bytes:
    if len(content) < 16:
        return b""
    kind = content[8:12]
    if kind == b"MELA":
        return content[16 : 16 + at_most]
    if kind != b"LZFu":
        return b""
    size = min(unpack_from("<I", content, 4)[0], at_most)
    out = bytearray(_DICTIONARY)
    position, wanted = 16, len(_DICTIONARY) + size
    while position < len(content) and len(out) < wanted:
        flags = content[position]
        position += 1
        for bit in range(8):
            if not flags >> bit & 1:
                out += content[position : position + 1]
                position += 1
                continue
            if position + 2 > len(content) or not _copy(out, content[position], content[position + 1]):
                return bytes(out[len(_DICTIONARY) : wanted])
            position += 2
    return bytes(out[len(_DICTIONARY) : wanted])


def _copy(out: bytearray, high: int, low: int) -> bool:
    """Repeat what the reference names; False at the end mark, which names the place of writing itself."""
    back = (len(out) - (high << 4 | low >> 4)) % _RING
    if back == 0 or back > len(out):
        return False
    for _ in range((low & 15) + 2):
        out.append(out[-back])
    return True


@dataclass(frozen=True, slots=True)
class _State:
    """What holds inside a group: whether it is shown, and how many octets stand in for a Unicode letter."""

    unseen: bool = False
    stand_ins: int = 1


class _Reader:
    """The pass over the tokens."""

    def __init__(self) -> None:
        self.state, self.stack = _State(), [_State()]
        self.texts: list[str] = []
        self.octets = bytearray()  # of the code page, decoded together because a letter may need two
        self.charset, self.skip = "cp1252", 0
        self.in_rtf_only = False  # between \htmlrtf and \htmlrtf0: not of the wrapped HTML

    def show(self, text: str) -> None:
        self.flush()
        if not self.state.unseen and not self.in_rtf_only:
            self.texts.append(text)

    def take_octets(self, octets: bytes) -> None:
        left, self.skip = octets[self.skip :], max(0, self.skip - len(octets))
        if not self.state.unseen and not self.in_rtf_only:
            self.octets += left

    def flush(self) -> None:
        if self.octets:
            self.texts.append(decode(bytes(self.octets), self.charset))
            self.octets.clear()

    def brace(self, brace: bytes) -> None:
        self.flush()
        if brace == b"{" and len(self.stack) < _GROUPS_AT_MOST:
            self.stack.append(self.state)
        elif brace == b"}" and len(self.stack) > 1:
            self.state = self.stack.pop()

    def symbol(self, symbol: bytes) -> None:
        if symbol == b"*":  # a destination that older readers may pass over
            self.state = replace(self.state, unseen=True)
        elif symbol in _SYMBOLS:
            self.show(_SYMBOLS[symbol])

    def word(self, word: bytes, number: int | None) -> None:
        if word in _SHOWN:
            self.show(_SHOWN[word])
        elif word in _UNSEEN:
            self.state = replace(self.state, unseen=True)
        elif word == b"htmlrtf":
            self.flush()
            self.in_rtf_only = number != 0
        elif word == b"u" and number is not None:
            self.show(chr(number % 65_536))
            self.skip = self.state.stand_ins
        elif word == b"uc" and number is not None:
            self.state = replace(self.state, stand_ins=max(0, min(number, 10)))
        elif word == b"ansicpg" and number:
            self.charset = f"cp{number}"


def _words(rtf: bytes) -> str:
    reader = _Reader()
    for found in _TOKEN.finditer(rtf):
        if found[1]:
            reader.word(found[1], int(found[2]) if found[2] else None)
        elif found[3]:
            reader.take_octets(bytes.fromhex(found[3].decode()))
        elif found[4]:
            reader.symbol(found[4])
        elif found[5]:
            reader.brace(found[5])
        elif found[6]:
            reader.take_octets(found[6])
    reader.flush()
    pairs = "".join(reader.texts).encode("utf-16-le", "surrogatepass")  # \u writes large letters as two halves
    return clean(pairs.decode("utf-16-le", "replace")).strip()
