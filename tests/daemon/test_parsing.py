"""The parser's child may die, hang or grow: `parse` always comes back, and the next mail is read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import pytest

from mailbot.daemon.parsing import ChildParser, Parsed
from mailbot.daemon.reading import Reading, read, read_limited
from mailbot.mail.model import NO_RECOGNITION, Recognition

MAIL = b"From: ann@corp.example\r\nSubject: VPN\r\n\r\nThe tunnel is closed.\r\n"


def die(raw: bytes, recognition: Recognition) -> Reading:
    """A reader that is killed by certain mails."""
    if b"KILLER" in raw:
        os.abort()
    return read(raw, recognition)


def hang(raw: bytes, recognition: Recognition) -> Reading:
    """A reader that sleeps over certain mails."""
    if b"SLEEPER" in raw:
        time.sleep(60)
    return read(raw, recognition)


def process_of(raw: bytes, recognition: Recognition) -> Reading:
    """A reader that tells in which process it runs."""
    return Reading(read(f"Subject: {os.getpid()}\r\n\r\n".encode(), recognition).mail, peak_bytes=len(raw))


@pytest.fixture
def parser_with() -> Iterator[Callable[..., ChildParser]]:
    made: list[ChildParser] = []

    def make(reader: Callable[[bytes, Recognition], Reading] = read_limited, **settings: float) -> ChildParser:
        made.append(ChildParser(reader=reader, **settings))  # type: ignore[arg-type]  # names are those of the parser
        return made[-1]

    yield make
    for parser in made:
        parser.close()


def subject(parsed: Parsed) -> str:
    assert parsed.mail is not None, parsed.problem
    return parsed.mail.subject


def test_a_mail_is_read_in_another_process(parser_with: Callable[..., ChildParser]) -> None:
    assert subject(parser_with().parse(MAIL, NO_RECOGNITION)) == "VPN"
    assert subject(parser_with(process_of).parse(MAIL, NO_RECOGNITION)) != str(os.getpid())


def test_a_mail_that_kills_its_reader_is_told_and_the_next_one_is_read(
    parser_with: Callable[..., ChildParser],
) -> None:
    parser = parser_with(die)
    assert parser.parse(b"Subject: KILLER\r\n\r\n", NO_RECOGNITION).problem.startswith("parser died")
    assert subject(parser.parse(MAIL, NO_RECOGNITION)) == "VPN"


def test_a_mail_that_hangs_its_reader_is_told_and_the_next_one_is_read(
    parser_with: Callable[..., ChildParser],
) -> None:
    parser = parser_with(hang, wall_seconds=0.5)
    assert parser.parse(b"Subject: SLEEPER\r\n\r\n", NO_RECOGNITION).problem == "no end after 0.5 s"
    assert subject(parser.parse(MAIL, NO_RECOGNITION)) == "VPN"


def test_a_child_lives_for_many_mails_until_it_has_grown(parser_with: Callable[..., ChildParser]) -> None:
    parser = parser_with(process_of, grown_bytes=100)
    first, second = (subject(parser.parse(b"small", NO_RECOGNITION)) for _ in range(2))
    assert first == second
    parser.parse(b"x" * 200, NO_RECOGNITION)
    assert subject(parser.parse(b"small", NO_RECOGNITION)) != first


def test_a_closed_parser_starts_again(parser_with: Callable[..., ChildParser]) -> None:
    parser = parser_with()
    parser.parse(MAIL, NO_RECOGNITION)
    parser.close()
    parser.close()
    assert subject(parser.parse(MAIL, NO_RECOGNITION)) == "VPN"
