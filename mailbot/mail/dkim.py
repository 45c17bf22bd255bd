"""Verifying DKIM signatures (RFC 6376) with DNS answers that somebody else fetched.

Stricter than the RFC where it is known to be weak: no partial bodies (`l=`), no SHA-1 (RFC 8301), one From field
only; and a signature counts only for a From in the signing domain or below it. The library compares `x=` with the
clock, so a verdict belongs to the moment of arrival and is stored then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailbot.mail.charsets import decode
from mailbot.mail.headers import split_message
from mailbot.mail.limits import Budget
from mailbot.mail.model import ascii_fold

_SIGNATURES_AT_MOST = 5


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


@dataclass(frozen=True, slots=True)
class _Signature:
    place: int  # among all DKIM-Signature fields, as the library counts them
    domain: str
    name: str  # of its key in the DNS
    is_weak: bool


def wanted_names(raw: bytes) -> tuple[str, ...]:
    """The DNS names whose TXT records `verify` needs, at most a few."""
    return tuple(dict.fromkeys(signature.name for signature in _signatures(raw) if not signature.is_weak))


def verify(raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
    """What the signatures prove; an answer is a TXT record, b"" where there is none, None where DNS failed."""
    aligned = [one for one in _signatures(raw) if not one.is_weak and is_aligned(one.domain, from_domain)]
    results = []
    for signature in aligned:
        answer = answers.get(signature.name)
        if answer is None:
            results.append(DkimResult.TEMPERROR)
        elif answer and _holds(raw, signature, answer):
            return DkimVerdict(DkimResult.PASS, signature.domain)
        else:
            results.append(DkimResult.FAIL)
    if DkimResult.TEMPERROR in results:
        return DkimVerdict(DkimResult.TEMPERROR)
    return DkimVerdict(DkimResult.FAIL if results else DkimResult.NONE)


def is_aligned(domain: str, from_domain: str) -> bool:
    """Whether the signing domain is that of From or one above it (never a top-level domain)."""
    domain, from_domain = ascii_fold(domain), ascii_fold(from_domain)
    return "." in domain and (from_domain == domain or from_domain.endswith("." + domain))


def _signatures(raw: bytes) -> list[_Signature]:
    fields, _ = split_message(raw, Budget())
    if len(fields.all("from")) != 1:
        return []
    found = []
    for place, value in enumerate(fields.all("dkim-signature")[:_SIGNATURES_AT_MOST]):
        tags = dict(_tags(value))
        domain, selector = ascii_fold(tags.get("d", "")), tags.get("s", "")
        if domain and selector and domain.isascii() and selector.isascii():
            is_weak = "l" in tags or tags.get("a", "").lower() not in ("rsa-sha256", "ed25519-sha256")
            found.append(_Signature(place, domain, f"{selector}._domainkey.{domain}", is_weak))
    return found


def _tags(value: str) -> list[tuple[str, str]]:
    pairs = [piece.partition("=") for piece in value.split(";")[:30]]
    return [(name.strip(), "".join(text.split())) for name, equals, text in pairs if equals]


def _holds(raw: bytes, signature: _Signature, record: bytes) -> bool:
    import dkim  # noqa: PLC0415  # 60 ms that a mail without a signature need not wait for

    def answer(name: bytes, timeout: int = 0) -> bytes:
        return record

    try:
        checker = dkim.DKIM(raw)
        return bool(checker.verify(idx=signature.place, dnsfunc=answer)) and _means_the_same(checker, raw, signature)
    except Exception:  # the library raises many kinds for broken signatures and keys; all mean "not proved"
        return False


def _means_the_same(checker: Any, raw: bytes, signature: _Signature) -> bool:
    """Whether the library saw the signature and the From that we saw: two readers of a broken header may differ."""
    senders = [value for name, value in checker.headers if name.strip().lower() == b"from"]
    ours = split_message(raw, Budget())[0].first("from")
    return (
        len(senders) == 1
        and decode(senders[0]).split() == ours.split()
        and ascii_fold(decode(checker.domain)) == signature.domain
    )
