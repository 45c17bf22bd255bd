"""DNS answers as values, for pure code that checks signatures (RFC 6376: the keys are TXT records).

Never raises: a name that cannot be looked up in time has no answer, and a signature without a key proves nothing.
"""

import time
from collections.abc import Iterable

import dns.exception
import dns.rdatatype
import dns.resolver
from dns.resolver import Resolver


def lookup_txt(
    names: Iterable[str], timeout_seconds: float, resolver: Resolver | None = None
) -> dict[str, bytes | None]:
    """The first TXT record of each name, its strings joined; None where there is none; all within the given time."""
    deadline = time.monotonic() + timeout_seconds
    answers: dict[str, bytes | None] = {}
    for name in names:
        if name not in answers:
            answers[name] = _lookup(name, deadline - time.monotonic(), resolver)
    return answers


def _lookup(name: str, left_seconds: float, resolver: Resolver | None) -> bytes | None:
    if left_seconds <= 0:
        return None
    try:
        asked = resolver or dns.resolver.get_default_resolver()
        answer = asked.resolve(name, dns.rdatatype.TXT, lifetime=left_seconds, raise_on_no_answer=False, search=False)
        return next((b"".join(record.strings) for record in answer.rrset or ()), None)
    except (dns.exception.DNSException, OSError, ValueError):
        # ValueError: names are written by strangers, and not every string is a name.
        return None
