"""DKIM: a real signature proves its domain, and neither the sender nor the DNS can make it prove another."""

import dkim as signing
import pytest

from mailbot.mail.dkim import DkimResult, DkimVerdict, verify, wanted_names
from tests.mail.letters import letter

# A key of 1024 bits made for these tests and used nowhere else.
SECRET = b"""-----BEGIN RSA PRIVATE KEY-----
MIICXQIBAAKBgQDPAmT95qgCKw70NmmS2m2zJ2GJG/rQXBQKeU8Fp0Rr4s3GoV/e
QlTh2vCIwduqPO4DC0WD0CfNoP/I+AOrct5tNo7B2A9U79YPtiGgxdjKZ08E1KCr
1dPrQIHd3esvFL5IQhT2JiuTzHt45xwsIp0LdYd7prUjzecEW4BlkHU7YwIDAQAB
AoGBAMJw51et7iWLOFKfQW8VCHF9DhpxU5eexZxI8bbHtHb55HssXRYxi/VRZxmt
rZ0r+gyV68eyH5EAJwIoI5pJHS4b2DJLcOyDu9U7jl71qH3qFp2R8LqYMuOTmf9Z
T2vFLoQc21ulbZKfIuxeHIQRzAd3M7qhPDo2WpqdBdXjX9DBAkEA5kBuTpvzdg00
DRW5dTR0/b3OQBzPJOzWHdyI6gnJplwcXJJv8M24Sc9O8vmfEajyqZQPdXn4rZnO
6KWWslxgMwJBAOYolwJDezT3H52evpFx23xcvYsqRgjrSsWeMQyr2lZlIIeAPkKR
zJYNyWsHJyTdZt/7f93+6Vd+ALF1JkcpyBECQQDVMc9xRgE1y5/ohbcFCR9SW08A
GizLGehgGfVEDvAB88PnC0hPBYyf+y402GErLu4RiqCNu/RAeewVik1wtQv1AkAx
ZQqrmLHrdxHY8QWzDz1snjarlEH9jgm5Ca87KfKs0f0+N16lSMcgeQr+JkXXWpDG
hyI1EY0gktExRJQXd7cRAkBCuh8G0/KaCpv6/6+4nxs8tY08cIvfsL5PEHA8DPQG
PpfCo90aO+5tZpYXtdc38hv/h6tvKd9i2M/cmKIjOFug
-----END RSA PRIVATE KEY-----
"""
PUBLIC = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDPAmT95qgCKw70NmmS2m2zJ2GJ"
    "G/rQXBQKeU8Fp0Rr4s3GoV/eQlTh2vCIwduqPO4DC0WD0CfNoP/I+AOrct5tNo7B"
    "2A9U79YPtiGgxdjKZ08E1KCr1dPrQIHd3esvFL5IQhT2JiuTzHt45xwsIp0LdYd7"
    "prUjzecEW4BlkHU7YwIDAQAB"
)
NAME = "s1._domainkey.example.org"
RECORD = f"v=DKIM1; k=rsa; p={PUBLIC}".encode()
MAIL = letter()


def signed(raw: bytes = MAIL, domain: bytes = b"example.org", **more: object) -> bytes:
    return bytes(signing.sign(raw, b"s1", domain, SECRET, **more)) + raw


def test_a_signature_names_the_record_it_needs_and_proves_its_domain() -> None:
    assert wanted_names(signed()) == (NAME,)
    assert verify(signed(), {NAME: RECORD}, "example.org") == DkimVerdict(DkimResult.PASS, "example.org")
    assert verify(signed(), {NAME: RECORD}, "sub.example.org") == DkimVerdict(DkimResult.PASS, "example.org")


@pytest.mark.parametrize(
    ("raw", "answers", "from_domain", "result"),
    [
        (MAIL, {}, "example.org", DkimResult.NONE),
        (signed(), {}, "example.org", DkimResult.TEMPERROR),
        (signed(), {NAME: None}, "example.org", DkimResult.TEMPERROR),
        (signed(), {NAME: b""}, "example.org", DkimResult.FAIL),
        (signed(), {NAME: b"v=DKIM1; p="}, "example.org", DkimResult.FAIL),
        (signed(), {NAME: b"\xff\0nonsense"}, "example.org", DkimResult.FAIL),
        (signed() + b"more", {NAME: RECORD}, "example.org", DkimResult.FAIL),
        (signed().replace(b"Subject: Printer", b"Subject: Money"), {NAME: RECORD}, "example.org", DkimResult.FAIL),
        (signed(), {NAME: RECORD}, "evil.example", DkimResult.NONE),
        (signed(), {NAME: RECORD}, "badexample.org", DkimResult.NONE),
        (signed(domain=b"org"), {"s1._domainkey.org": RECORD}, "example.org", DkimResult.NONE),
        (signed(length=True), {NAME: RECORD}, "example.org", DkimResult.NONE),
        (signed(signature_algorithm=b"rsa-sha1"), {NAME: RECORD}, "example.org", DkimResult.NONE),
        (b"From: eve@evil.example\r\n" + signed(), {NAME: RECORD}, "example.org", DkimResult.NONE),
        (
            b"DKIM-Signature: v=1; d=example.org; s=s1; a=rsa-sha256\r\n" + MAIL,
            {NAME: RECORD},
            "example.org",
            DkimResult.FAIL,
        ),
        (b"DKIM-Signature: ;;;=\r\n" + MAIL, {}, "example.org", DkimResult.NONE),
    ],
)
def test_what_is_not_proved_is_not_passed(
    raw: bytes, answers: dict[str, bytes | None], from_domain: str, result: DkimResult
) -> None:
    assert verify(raw, answers, from_domain) == DkimVerdict(result)


def test_one_good_signature_among_broken_ones_is_enough() -> None:
    broken = b"DKIM-Signature: v=1; d=example.org; s=s2; a=rsa-sha256; b=x; bh=y; h=from\r\n"
    raw = broken + signed()
    assert wanted_names(raw) == ("s2._domainkey.example.org", NAME)
    assert verify(raw, {NAME: RECORD, "s2._domainkey.example.org": b""}, "example.org").result is DkimResult.PASS


def test_a_flood_of_signatures_asks_for_few_names() -> None:
    flood = b"".join(b"DKIM-Signature: d=d%d.example; s=s; a=rsa-sha256\r\n" % number for number in range(500))
    assert len(wanted_names(flood + MAIL)) <= 5
