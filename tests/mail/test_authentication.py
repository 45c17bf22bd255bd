"""Evidence for From: only our own server's results count, and whatever the sender wrote beneath them does not."""

import pytest

from mailbot.mail.authentication import ResultsMode, SenderEvidence, find_authserv_ids, judge_sender
from mailbot.mail.dkim import DkimResult, DkimVerdict
from mailbot.mail.parse import parse
from tests.mail.letters import letter

OURS = "Authentication-Results: mx.desk.example"
FAILED, UNKNOWN, AUTHENTICATED = SenderEvidence.FAILED, SenderEvidence.UNKNOWN, SenderEvidence.AUTHENTICATED


def judge(
    *top: str, mode: ResultsMode = ResultsMode.AUTHSERV, sender: str = "Ann <ann@example.org>", **more: object
) -> SenderEvidence:
    raw = ("\r\n".join(top) + "\r\n").encode() * bool(top) + letter(sender=sender)
    return judge_sender(parse(raw), mode, "mx.desk.example", own_domains=("desk.example",), **more)  # type: ignore[arg-type]  # told by name


@pytest.mark.parametrize(
    ("fields", "evidence"),
    [
        ([f"{OURS}; dmarc=pass header.from=example.org"], AUTHENTICATED),
        ([f"{OURS} 1; dmarc=pass (p=none) header.from=example.org"], AUTHENTICATED),
        ([f"{OURS}; dmarc=pass"], AUTHENTICATED),
        ([f"{OURS}; dmarc=pass header.from=evil.example"], UNKNOWN),
        ([f"{OURS}; dmarc=fail header.from=example.org"], FAILED),
        ([f"{OURS}; dmarc=none; dkim=pass header.d=example.org"], AUTHENTICATED),
        ([f"{OURS}; dkim=pass header.i=@example.org"], AUTHENTICATED),
        ([f"{OURS}; dkim=pass header.d=evil.example"], UNKNOWN),
        ([f"{OURS}; dkim=fail header.d=example.org"], UNKNOWN),
        ([f"{OURS}; spf=pass smtp.mailfrom=ann@example.org"], AUTHENTICATED),
        ([f"{OURS}; spf=pass smtp.mailfrom=evil.example"], UNKNOWN),
        ([f"{OURS}; none"], UNKNOWN),
        ([f"{OURS}; x=y (dmarc=pass)"], UNKNOWN),
        ([f"{OURS}; spf=none", f"{OURS}; dmarc=pass header.from=example.org"], AUTHENTICATED),
        ([f"{OURS}; dmarc=pass header.from=example.org", f"{OURS}; dmarc=fail"], FAILED),
        (["Authentication-Results: mx.desk.example.evil.example; dmarc=pass"], UNKNOWN),
        (["Authentication-Results: other.example; dmarc=pass"], UNKNOWN),
        (["Authentication-Results: other.example; spf=none", f"{OURS}; dmarc=pass header.from=example.org"], UNKNOWN),
        ([f"{OURS}; spf=none", "Received: from evil.example", f"{OURS}; dmarc=pass header.from=example.org"], UNKNOWN),
        ([f"{OURS}; spf=none", "DKIM-Signature: x", f"{OURS}; dmarc=pass header.from=example.org"], UNKNOWN),
        ([f"{OURS}; spf=none", "Received-SPF: none", f"{OURS}; dmarc=pass header.from=example.org"], AUTHENTICATED),
        ([], UNKNOWN),
    ],
)
def test_with_an_id_only_the_whole_top_block_of_that_id_counts(fields: list[str], evidence: SenderEvidence) -> None:
    assert judge(*fields) is evidence


@pytest.mark.parametrize(
    ("fields", "evidence"),
    [
        (["Authentication-Results: spf=pass smtp.mailfrom=x.example; dmarc=pass header.from=example.org"], UNKNOWN),
        (["Authentication-Results: x; dmarc=pass header.from=example.org"], AUTHENTICATED),
        (["Authentication-Results: x; none", "Authentication-Results: y; dmarc=pass header.from=example.org"], UNKNOWN),
    ],
)
def test_topmost_believes_the_first_field_only(fields: list[str], evidence: SenderEvidence) -> None:
    expected = AUTHENTICATED if "spf=pass" in fields[0] else evidence  # without an id the first result counts as well
    assert judge(*fields, mode=ResultsMode.TOPMOST) is expected


def test_without_trust_a_pass_proves_nothing_and_a_failure_is_still_held() -> None:
    assert judge(f"{OURS}; dmarc=pass header.from=example.org", mode=ResultsMode.NONE) is UNKNOWN
    assert judge("Authentication-Results: any; dmarc=fail header.from=example.org", mode=ResultsMode.NONE) is FAILED


@pytest.mark.parametrize("mode", ResultsMode)
def test_an_aligned_signature_that_we_verified_counts_in_every_mode(mode: ResultsMode) -> None:
    assert judge(mode=mode, dkim=DkimVerdict(DkimResult.PASS, "example.org")) is AUTHENTICATED
    assert judge(mode=mode, dkim=DkimVerdict(DkimResult.PASS, "evil.example")) is UNKNOWN
    assert judge(mode=mode, dkim=DkimVerdict(DkimResult.FAIL)) is UNKNOWN


def test_our_own_domain_without_proof_is_forged_where_our_server_looked() -> None:
    boss = "Boss <boss@desk.example>"
    assert judge(f"{OURS}; dmarc=none; spf=none", sender=boss) is FAILED
    assert judge(sender=boss) is UNKNOWN
    assert judge(f"{OURS}; spf=none", sender=boss, mode=ResultsMode.NONE) is UNKNOWN


@pytest.mark.parametrize(
    ("received", "evidence"),
    [
        (["Received: from pc by mail.desk.example with ESMTPSA id 1"], AUTHENTICATED),
        (["Received: by x.example with LMTP", "Received: from pc by mail.desk.example with ESMTPA"], AUTHENTICATED),
        (["Received: from x by mx.desk.example with ESMTPS", "Received: from pc by mail.desk.example with"
        " ESMTPSA"], UNKNOWN),
        (["Received: from pc by mail.desk.example with ESMTPS id 1"], UNKNOWN),
        (["Received: from pc by evil.mail.desk.example with ESMTPSA id 1"], UNKNOWN),
    ],
)  # fmt: skip
def test_own_users_are_known_by_the_hop_where_they_logged_in(received: list[str], evidence: SenderEvidence) -> None:
    assert judge(*received, sender="Bob <bob@desk.example>", submission="mail.desk.example") is evidence


@pytest.mark.parametrize(
    "sender",
    [
        "Ann <ann@example.org>, Eve <eve@example.org>",
        '"boss@desk.example" <ann@example.org>',
        "Ann <änn@example.org>",
        "Ann",
    ],
)
def test_a_from_that_is_not_plain_is_never_authenticated(sender: str) -> None:
    verdict = DkimVerdict(DkimResult.PASS, "example.org")
    assert judge(f"{OURS}; dmarc=pass header.from=example.org", sender=sender, dkim=verdict) is UNKNOWN


def test_the_ids_in_a_mail_are_listed_for_the_admin() -> None:
    raw = (
        b"Authentication-Results: one.example 1; none\r\nAuthentication-Results: (x) Two.example; spf=none\r\n"
        + letter()
    )
    assert find_authserv_ids(parse(raw)) == ("one.example", "two.example")
