"""Durations and sender lists as admins write them."""

from datetime import timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from mailbot.config.kinds import Sender, read_duration


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        (90, 90),
        ("30m", 30),
        ("4h", 240),
        ("2d", 2880),
        ("1h 30m", 90),
        ("1h30m", 90),
        ("1.5h", 90),
        (0, 0),
        ("45 min", 45),
    ],
)
def test_a_duration_is_minutes_or_text(written: object, minutes: int) -> None:
    assert read_duration(written) == timedelta(minutes=minutes)


@pytest.mark.parametrize("written", ["", "4", "h", "4 weeks", "-4h", -1, True, None, "4h later", [4]])
def test_what_is_no_duration_is_refused(written: object) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        read_duration(written)


@pytest.mark.parametrize(
    ("written", "sender"), [("Icinga@Corp.example", "icinga@corp.example"), ("@Corp.example", "@corp.example")]
)
def test_senders_are_addresses_or_domains_in_lower_case(written: str, sender: str) -> None:
    assert TypeAdapter(Sender).validate_python(written) == sender


@pytest.mark.parametrize("written", ["icinga", "@", "@corp example", "Kelvin\u212a@corp.example", "a@b@corp.example"])
def test_what_could_be_mistaken_for_a_sender_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Sender).validate_python(written)
