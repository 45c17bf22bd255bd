"""Who a mail is from: a program that repeats the address as the name is honest, a name with another address is not."""

from __future__ import annotations

import pytest

from mailbot.mail.parse import parse


def is_plain(sender: str) -> bool:
    return parse(f"From: {sender}\r\nTo: support@corp.example\r\n\r\nHello".encode()).from_is_plain


@pytest.mark.parametrize("name", ['"sam@corp.example"', "'sam@corp.example'", "SAM@Corp.example", "sam@corp.example"])
def test_the_own_address_as_a_name_deceives_nobody(name: str) -> None:
    assert is_plain(f"{name} <sam@corp.example>")


@pytest.mark.parametrize(
    "sender",
    [
        '"sam@corp.example" <eve@elsewhere.example>',
        "=?utf-8?q?sam=40corp=2Eexample?= <eve@elsewhere.example>",
        '"sam@corp.example\\" <eve@elsewhere.example>" <sam@corp.example>',
        '"sam@corp.example eve@elsewhere.example" <sam@corp.example>',
        "s\u0430m@corp.example <s\u0430m@corp.example>",
        "<sam@corp.example> eve@elsewhere.example",
        "sam@corp.example (eve@elsewhere.example)",
        "Staff: sam@corp.example;",
        "sam@corp.example, eve@elsewhere.example",
        "sam@corp.example\r\nFrom: eve@elsewhere.example",
    ],
)
def test_whatever_could_be_read_as_two_senders_is_none(sender: str) -> None:
    assert not is_plain(sender)
