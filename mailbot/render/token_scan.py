"""Tokens anywhere in a text: whose they are, and which of them a recipient must not see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mailbot.mail.keyring import Keyring
from mailbot.mail.tokens import Role, Token, read_token


@lru_cache(maxsize=8)
def _shapes(key_ids: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What tokens of these keys look like (mail/tokens.py); one may stand right between other letters."""
    return (
        re.compile(rf"[rsayn](?=([{key_ids}][a-z2-7]{{36}}))", re.ASCII),
        re.compile(
            rf"[rsayn](?=([{key_ids}][a-z2-7]{{20}}\.[a-z2-7]{{8}}\.[a-z2-7]{{26}}@[a-z0-9.-]{{1,255}}))", re.ASCII
        ),
    )


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
    folded = text.lower()
    for shape in _shapes("".join(key.id for key in keyring.keys)):
        for found in shape.finditer(folded):
            if token := _read(found[0] + found[1], keyring):
                yield token


def _read(text: str, keyring: Keyring) -> tuple[str, Token] | None:
    """The genuine token at the start of `text`; the domain of a Message-ID may be followed by more letters."""
    shortest = text.find("@") + 2 if "@" in text else len(text)
    for length in range(len(text), shortest - 1, -1):
        if (reading := read_token(text[:length], keyring)) and reading.token:
            return text[:length], reading.token
    return None


def find_foreign(text: str, holder: Holder, keyring: Keyring) -> tuple[str, ...]:
    """The genuine tokens in `text` that `holder` must not see."""
    return tuple(written for written, token in find_tokens(text, keyring) if not holder.may_see(token, keyring))


def hide_foreign(text: str, holder: Holder, keyring: Keyring) -> str:
    """The text with an ellipsis in place of such tokens: people quote our mails to each other."""
    for written in find_foreign(text, holder, keyring):
        text = re.sub(re.escape(written), "…", text, flags=re.IGNORECASE | re.ASCII)
    return text
