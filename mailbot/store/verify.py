"""`mailbot verify`: the invariants that must hold over the whole database at any time (DESIGN section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: which invariant, where, and what is wrong."""

    invariant: str
    where: str
    what: str


def verify(work: Work) -> list[Finding]:
    """Every breach of the invariants; an empty list is what should be."""
    raise NotImplementedError
