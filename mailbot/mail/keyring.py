"""The desk's secret keys and what they compute: message authentication codes (RFC 2104) as lower-case base32.

Base32 because gateways lower-case and upper-case addresses; several live keys because a lost or leaked one is replaced
while mails signed with it are still being answered.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_VALUES = {letter: value for value, letter in enumerate(ALPHABET)}


@dataclass(frozen=True, slots=True)
class Key:
    """One secret of 32 bytes, named by one character of `ALPHABET`."""

    id: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        assert self.id in _VALUES, "a key id is one character of a-z2-7"
        assert len(self.secret) == 32, "a key has 32 bytes"

    def sign(self, purpose: str, text: str, letters: int) -> str:
        """The first `letters` base32 letters (5 bits each) of the code of `text`; each purpose has codes of its own."""
        digest = hmac.digest(self.secret, f"{purpose}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256)
        return write_number(int.from_bytes(digest) >> (256 - 5 * letters), letters)

    def verifies(self, purpose: str, text: str, code: str) -> bool:
        """Whether `code` (any case) is what `sign` gives for `text`, compared in constant time."""
        return hmac.compare_digest(self.sign(purpose, text, len(code)).encode(), code.lower().encode())


@dataclass(frozen=True, slots=True)
class Keyring:
    """The live keys: the first signs, all verify."""

    keys: tuple[Key, ...]

    def __post_init__(self) -> None:
        assert self.keys, "a keyring has a key"
        assert len({key.id for key in self.keys}) == len(self.keys), "key ids differ"

    @property
    def signer(self) -> Key:
        """The key that signs what leaves now."""
        return self.keys[0]

    def find(self, id_: str) -> Key | None:
        """The live key of that id."""
        return next((key for key in self.keys if key.id == id_), None)


def write_number(number: int, letters: int) -> str:
    """The number in base 32, padded to exactly `letters` letters."""
    assert 0 <= number < 32**letters, f"{number} does not fit into {letters} letters"
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(letters)))


def read_number(text: str) -> int:
    """The number that `write_number` wrote; raises ValueError for any other letter."""
    number = 0
    for letter in text:
        if letter not in _VALUES:
            raise ValueError(f"no base32 letter: {letter!r}")
        number = number * 32 + _VALUES[letter]
    return number
