"""The content of an opaque S/MIME signature (RFC 8551 3.5.2, RFC 5652): the mail itself, inside the signed structure.

Nothing is verified: this only finds the octets that were signed, as any reader must to show the mail. A walk down one
fixed path of BER, definite and indefinite lengths, each octet string looked at once.
"""

from __future__ import annotations

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")
_SEQUENCE, _SET, _INTEGER, _CONTEXT, _OCTETS, _OCTETS_IN_PIECES = 0x30, 0x31, 0x02, 0xA0, 0x04, 0x24
_PIECES_AT_MOST = 100_000
_DEPTH_AT_MOST = 20


def signed_content(der: bytes) -> bytes | None:
    """The signed octets, or None where the structure is another one: encrypted, compressed, or broken."""
    try:
        return _content(der)
    except (IndexError, ValueError):
        return None


def _content(der: bytes) -> bytes | None:
    at = _inside(der, 0, _SEQUENCE)
    if not der.startswith(_SIGNED_DATA, at):
        return None
    at = _inside(der, _inside(der, at + len(_SIGNED_DATA), _CONTEXT), _SEQUENCE)
    at = _after(der, _after(der, at, _INTEGER), _SET)
    at = _inside(der, at, _SEQUENCE)
    if not der.startswith(_DATA, at):
        return None
    return b"".join(_octets(der, _inside(der, at + len(_DATA), _CONTEXT)))


def _header(der: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where the value begins, its length or -1 where an end mark closes it)."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length == 0x80:
        return tag, start, -1
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(der[start : start + count], "big"), start + count
    if start + length > len(der):
        raise ValueError("longer than the structure")
    return tag, start, length


def _inside(der: bytes, at: int, wanted: int) -> int:
    tag, start, _ = _header(der, at)
    if tag != wanted:
        raise ValueError(f"tag {tag}")
    return start


def _after(der: bytes, at: int, wanted: int) -> int:
    """Where the value after this one begins; of those that an end mark closes only flat ones are expected here."""
    tag, start, length = _header(der, at)
    if tag != wanted:
        raise ValueError(f"tag {tag}")
    return start + length if length >= 0 else _end_of(der, start, 0)


def _end_of(der: bytes, at: int, depth: int) -> int:
    while der[at : at + 2] != b"\0\0":
        if depth > _DEPTH_AT_MOST:
            raise ValueError("nested too deep")
        _, start, length = _header(der, at)
        at = start + length if length >= 0 else _end_of(der, start, depth + 1)
    return at + 2


def _octets(der: bytes, at: int) -> list[bytes]:
    tag, start, length = _header(der, at)
    if tag == _OCTETS and length >= 0:
        return [der[start : start + length]]
    if tag != _OCTETS_IN_PIECES:
        raise ValueError(f"tag {tag}")
    pieces: list[bytes] = []
    at, end = start, start + length if length >= 0 else len(der)
    while at < end and der[at : at + 2] != b"\0\0" and len(pieces) < _PIECES_AT_MOST:
        _, start, length = _header(der, at)
        pieces.append(der[start : start + length])
        at = start + max(length, 0)
    return pieces
