"""Verifying DKIM signatures (RFC 6376) with DNS answers that somebody else fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class DkimResult(StrEnum):
    """What the signatures of a mail prove about the domain of its From."""

    PASS = "pass"
    FAIL = "fail"
    NONE = "none"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class DkimVerdict:
    """The result; `domain` signed and is aligned with From (only for `pass`, else empty)."""

    result: DkimResult
    domain: str = ""


def wanted_names(raw: bytes) -> tuple[str, ...]:
    """The DNS names whose TXT records `verify` needs, at most a few."""
    raise NotImplementedError


def verify(raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
    """What the signatures prove; an answer is a TXT record, b"" where there is none, None where DNS failed."""
    raise NotImplementedError
