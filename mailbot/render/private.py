"""What the requester's side must never read: addresses of specialists and words of internal notes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

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
    folded = text.lower()
    return tuple(address for address in private_addresses(policy, recipient) if _stands_in(address, folded))


def _stands_in(address: str, folded: str) -> bool:
    if address not in folded:
        return False
    return re.search(rf"(?<![a-z0-9._%-]){re.escape(address)}(?![a-z0-9-])", folded) is not None


def find_note(texts: Iterable[str], notes: Iterable[str]) -> str:
    """A fragment of a note that stands in one of `texts`, compared word by word, or ""."""
    fragments = {fragment for note in notes for fragment in _fragments(note)}
    for text in texts if fragments else ():
        folded = text.casefold()
        absent = {word for fragment in fragments for word in fragment.split() if word not in folded}
        possible = [fragment for fragment in fragments if absent.isdisjoint(fragment.split())]
        if possible:  # only then is it worth to take the text apart
            words = f" {' '.join(_WORD.findall(folded))} "
            if found := next((fragment for fragment in possible if f" {fragment} " in words), ""):
                return found
    return ""


def _fragments(note: str) -> Iterator[str]:
    """Every run of five words, or the whole note where it is shorter but long enough to be told from chance."""
    words = _WORD.findall(note.casefold())
    if len(words) >= SHINGLE_WORDS:
        yield from (" ".join(words[start:][:SHINGLE_WORDS]) for start in range(len(words) - SHINGLE_WORDS + 1))
    elif words and len(note.strip()) >= SHORTEST_NOTE:
        yield " ".join(words)
