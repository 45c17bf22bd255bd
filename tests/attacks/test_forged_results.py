"""Authentication-Results (RFC 8601) repeat what the sender chose: a quoted envelope address may say anything."""

from __future__ import annotations

import pytest

from mailbot.mail.authentication import ResultsMode, SenderEvidence, judge_sender
from mailbot.mail.parse import parse

OURS = "Authentication-Results: mx.desk.example"


def judge(*fields: str) -> SenderEvidence:
    raw = "\r\n".join((*fields, "From: Sam <sam@corp.example>", "To: support@desk.example", "", "Hello"))
    return judge_sender(parse(raw.encode()), ResultsMode.AUTHSERV, "mx.desk.example")


@pytest.mark.parametrize(
    "results",
    [
        'spf=pass smtp.mailfrom="a; dmarc=pass header.from=corp.example"@evil.example',
        "spf=pass smtp.mailfrom=a;dmarc=pass@evil.example",
        'spf=pass smtp.mailfrom="corp.example x"@evil.example',
        'spf=pass smtp.mailfrom="x@corp.example y"@evil.example',
        'spf=pass smtp.mailfrom="\\"x@corp.example y"@evil.example',
        'dkim=pass reason="header.d=corp.example" header.d=evil.example',
        'dkim=pass header.d=evil.example header.i="x header.d=corp.example"@evil.example',
    ],
)
def test_what_a_sender_hides_in_a_quoted_address_proves_nothing(results: str) -> None:
    assert judge(f"{OURS}; {results}") is SenderEvidence.UNKNOWN


def test_an_escaped_quote_does_not_hide_a_failure_that_stands_behind_it() -> None:
    field = f'{OURS}; spf=pass smtp.mailfrom="a\\"("@evil.example; dmarc=fail header.from=corp.example'
    assert judge(field) is SenderEvidence.FAILED


def test_a_forged_field_directly_below_ours_adds_no_proof() -> None:
    ours, forged = f"{OURS}; dmarc=none header.from=corp.example", f"{OURS}; dmarc=pass header.from=corp.example"
    assert judge(ours, forged) is SenderEvidence.UNKNOWN
    assert judge(forged, ours) is SenderEvidence.AUTHENTICATED  # the upper one is ours


@pytest.mark.parametrize("address", ["sam@corp.example", '"sam@corp.example"', '"sam smith"@corp.example'])
def test_a_quoted_address_of_the_domain_itself_still_counts(address: str) -> None:
    assert judge(f"{OURS}; spf=pass smtp.mailfrom={address}") is SenderEvidence.AUTHENTICATED
