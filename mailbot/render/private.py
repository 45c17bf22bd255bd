"""What the requester's side must never read: addresses of specialists (words of notes: `mail/second_reading.py`)."""

from __future__ import annotations

import re

from mailbot.desk.policy import Policy
from mailbot.mail.carriers import without_plus
from mailbot.mail.model import ascii_fold


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
