"""Wrappers of our own for the tests: winmail.dat (MS-OXTNEF) and the octets around signed words (RFC 5652)."""

from __future__ import annotations

from struct import pack

MESSAGE_PROPERTIES, FILE_PROPERTIES = 0x9003, 0x9005
NEW_FILE, FILE_TITLE, FILE_DATA, BODY, SUBJECT, CODEPAGE = 0x9002, 0x8010, 0x800F, 0x800C, 0x8004, 0x9007


def tnef(*attributes: tuple[int, bytes]) -> bytes:
    """A winmail.dat of these (attribute, value) pairs."""
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(
        b"\x01" + pack("<HHI", identity, 6, len(value)) + value + pack("<H", sum(value) % 65_536)
        for identity, value in attributes
    )


def properties(*values: tuple[int, int, bytes]) -> bytes:
    """The properties of (kind, identity, value): strings and binaries, padded to four octets."""
    return pack("<I", len(values)) + b"".join(
        pack("<HHII", kind, identity, 1, len(value)) + value + b"\0" * (-len(value) % 4)
        for kind, identity, value in values
    )


def ber(tag: int, *contents: bytes) -> bytes:
    """One value with its length; without contents that have an end, see `endless`."""
    content = b"".join(contents)
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def endless(tag: int, *contents: bytes) -> bytes:
    """One value whose end a mark tells."""
    return bytes([tag, 0x80]) + b"".join(contents) + b"\0\0"


def signed(content: bytes, *, is_streamed: bool = False) -> bytes:
    """The structure that an opaque signature is, without certificates."""
    group = endless if is_streamed else ber
    pieces = (
        endless(0x24, *(ber(0x04, content[at : at + 50]) for at in range(0, len(content), 50)))
        if is_streamed
        else ber(0x04, content)
    )
    inner = group(0x30, bytes.fromhex("06092a864886f70d010701"), group(0xA0, pieces))
    algorithms = ber(0x31, ber(0x30, bytes.fromhex("0609608648016503040201")))
    data = group(0x30, ber(0x02, b"\x01"), algorithms, inner, ber(0x31))
    return group(0x30, bytes.fromhex("06092a864886f70d010702"), group(0xA0, data))
