"""Tokens anywhere in a text: whose they are, and which of them a recipient must not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.mail.keyring import Keyring
from mailbot.mail.model import ascii_fold
from mailbot.mail.tokens import Role, Token, read_token

# A token may stand between other letters of its alphabet, so every place is tried. Shape as in mail/tokens.py.
_ADDRESS = re.compile(r"(?=([rsayn][a-z2-7]{37}))", re.ASCII)
_MESSAGE_ID = re.compile(r"(?=([rsayn][a-z2-7]{21}\.[a-z2-7]{8}\.[a-z2-7]{26}@[a-z0-9.-]{1,255}))", re.ASCII)


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom a mail's tokens are: a role, and an address or "group:NAME"."""

    role: Role
    audience: str

    def may_see(self, token: Token, keyring: Keyring) -> bool:
        """Whether this token says nothing that the holder could not say anyway."""
        return token.role is self.role and token.is_for(self.audience, keyring)


def find_tokens(text: str, keyring: Keyring) -> Iterator[tuple[str, Token]]:
    """Every genuine token in `text`, as it stands there after folding."""
    folded = ascii_fold(text)
    for shape in (_ADDRESS, _MESSAGE_ID):
        for found in shape.finditer(folded):
            if keyring.find(found[1][1]) and (token := _read(found[1], keyring)):
                yield token


def _read(text: str, keyring: Keyring) -> tuple[str, Token] | None:
    """The genuine token at the start of `text`; the domain of a Message-ID may be followed by more letters."""
    head, at, domain = text.partition("@")
    parts = domain.split(".") if at else [""]
    for length in range(len(parts), 0, -1):
        candidate = head + at + ".".join(parts[:length])
        if (reading := read_token(candidate, keyring)) and reading.token:
            return candidate, reading.token
    return None


def find_foreign(text: str, holder: Holder, keyring: Keyring) -> tuple[str, ...]:
    """The genuine tokens in `text` that `holder` must not see."""
    return tuple(written for written, token in find_tokens(text, keyring) if not holder.may_see(token, keyring))


def hide_foreign(text: str, holder: Holder, keyring: Keyring) -> str:
    """The text with an ellipsis in place of such tokens: people quote our mails to each other."""
    for written in find_foreign(text, holder, keyring):
        text = re.sub(re.escape(written), "…", text, flags=re.IGNORECASE | re.ASCII)
    return text
