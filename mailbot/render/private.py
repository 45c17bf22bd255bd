"""What the requester's side must never read: addresses of specialists and words of internal notes."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mailbot.desk.policy import Policy
from mailbot.mail.carriers import without_plus
from mailbot.mail.model import ascii_fold

SHINGLE_WORDS = 5
SHORTEST_NOTE = 12
_WORD = re.compile(r"\w+")


def private_addresses(policy: Policy, recipient: str) -> tuple[str, ...]:
    """Members, leads, fallbacks and lists of every group, except the recipient and the desk itself."""
    found: set[str] = set()
    for group in policy.groups.values():
        found.update((*group.members, group.fallback, group.lead or "", group.list_address or ""))
    known = {ascii_fold(address) for address in found if address}
    return tuple(sorted(known - {ascii_fold(recipient)} - {without_plus(own) for own in policy.identity.addresses}))


def find_private(text: str, policy: Policy, recipient: str) -> tuple[str, ...]:
    """The private addresses that stand in `text` as whole addresses."""
    folded = ascii_fold(text)
    return tuple(address for address in private_addresses(policy, recipient) if _stands_in(address, folded))


def _stands_in(address: str, folded: str) -> bool:
    if address not in folded:
        return False
    return re.search(rf"(?<![a-z0-9._%-]){re.escape(address)}(?![a-z0-9-]|\.[a-z0-9])", folded) is not None


def find_note(texts: Iterable[str], notes: Iterable[str]) -> str:
    """A fragment of a note that stands in one of `texts`, compared word by word, or ""."""
    worded = [_words(text) for text in texts]
    shingles = {shingle for words in worded for shingle in _shingles(words)}
    joined = [f" {' '.join(words)} " for words in worded]
    for note in notes:
        words = _words(note)
        if len(words) < SHINGLE_WORDS:
            short = " ".join(words)
            if len(note.strip()) >= SHORTEST_NOTE and short and any(f" {short} " in text for text in joined):
                return short
        elif found := next((shingle for shingle in _shingles(words) if shingle in shingles), ""):
            return found
    return ""


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _shingles(words: list[str]) -> list[str]:
    return [" ".join(words[place : place + SHINGLE_WORDS]) for place in range(len(words) - SHINGLE_WORDS + 1)]
