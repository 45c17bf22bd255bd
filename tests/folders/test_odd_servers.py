"""IMAP servers that speak out of turn: the list and the bodies are right all the same, and nothing is empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from mailbot.daemon.intake import Intake
from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.transport.imap_lists import read_list
from tests.conversations.desk import Desk
from tests.daemon.test_renumbered import letter
from tests.fakes.transport_imap import ScriptedImap
from tests.transport.mailbox_contract import SMALL
from tests.transport.test_imap import mailbox

Lines = Iterator[str | bytes]
MAILS = {uid: letter(f"n{uid}", f"The tunnel in room {uid} is broken.") for uid in (2, 3, 7, 8)}


class OddImap(ScriptedImap):
    """`says` makes other answers to FETCH out of the right ones."""

    def __init__(self, says: Callable[[Sequence[str | bytes]], Iterable[str | bytes]]) -> None:
        super().__init__(messages=dict(MAILS))
        self.says = says

    def _fetch(self, uids: Sequence[int], items: str) -> Lines:
        yield from self.says(list(super()._fetch(uids, items)))


def interrupted(lines: Sequence[str | bytes]) -> Lines:
    """Other clients are at work: flags with and without a UID, mail that goes, mail that comes."""
    for line in lines:
        yield r"* 2 FETCH (FLAGS (\Seen))"
        yield r"* 3 FETCH (FLAGS (\Seen \Deleted) UID 3)"
        yield "* 1 EXPUNGE"
        yield line
        yield "* 9 EXISTS"
        yield r"* 7 FETCH (UID 7 FLAGS (\Flagged) MODSEQ (12))"
        yield "* OK [HIGHESTMODSEQ 12] still here"


def twice(lines: Sequence[str | bytes]) -> Lines:
    """As Gmail may: the same reply again."""
    yield from (*lines, *lines)


def backwards(lines: Sequence[str | bytes]) -> Lines:
    """No order is promised."""
    yield from reversed(lines)


def with_others(lines: Sequence[str | bytes]) -> Lines:
    """Messages that were not asked for, whole."""
    yield '* 9 FETCH (UID 99 RFC822.SIZE 3 INTERNALDATE "02-Mar-2026 09:00:00 +0100" BODY[] {3}\r\nabc)'
    yield from lines


@pytest.mark.parametrize("says", [interrupted, twice, backwards, with_others])
def test_what_is_listed_and_read_is_what_stands_there(says: Callable[[Sequence[str | bytes]], Lines]) -> None:
    with OddImap(says) as server:
        box = mailbox(server)
        box.open()
        assert [ref.uid for ref in box.uids()] == sorted(MAILS)
        assert {one.uid: one.raw for one in box.fetch(MAILS, SMALL)} == MAILS
        box.close()


@pytest.mark.parametrize("body", ["NIL", '""', "{0}\r\n"])
def test_a_body_that_is_not_given_is_no_empty_mail_and_is_asked_for_again(body: str) -> None:
    def withheld(lines: Sequence[str | bytes]) -> Lines:
        for line in lines:
            gone = isinstance(line, bytes) and b"UID 3 " in line
            yield f"* 2 FETCH (UID 3 BODY[] {body})" if gone else line

    with OddImap(withheld) as server:
        desk = Desk()
        desk.intake = Intake(desk.parts, Watched(mailbox(server), EVERYTHING))
        assert desk.intake.turn(desk.clock.now()) == 3
        server.says = lambda lines: lines
        assert desk.intake.turn(desk.clock.now()) == 1
        with desk.database.read() as work:
            rows = [work.inbox.row(line.id) for line in work.inbox.lines()]
        assert sorted(row.raw for row in rows if row) == sorted(MAILS.values())
        desk.intake.close()
        desk.close()


def test_a_mail_of_no_bytes_is_a_mail() -> None:
    with ScriptedImap(messages={1: b""}) as server:
        box = mailbox(server)
        box.open()
        assert [one.raw for one in box.fetch([1], SMALL)] == [b""]
        box.close()


def test_a_uid_that_appears_below_the_newest_is_found_at_the_next_look() -> None:
    with OddImap(lambda lines: [line for line in lines if b"UID 3 " not in _bytes(line)]) as server:
        desk = Desk()
        desk.intake = Intake(desk.parts, Watched(mailbox(server), EVERYTHING))
        desk.intake.turn(desk.clock.now())
        server.says = lambda lines: lines
        assert desk.intake.turn(desk.clock.now() + timedelta(minutes=1)) == 1
        assert desk.intake.turn(desk.clock.now() + timedelta(minutes=2)) == 0
        assert sorted(line.uid for line in desk.mails_in()) == sorted(MAILS)
        desk.intake.close()
        desk.close()


def _bytes(line: str | bytes) -> bytes:
    return line.encode() if isinstance(line, str) else line


ARRIVED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        b'1 (UID 5 RFC822.SIZE 7 INTERNALDATE "02-Mar-2026 09:00:00 +0100")',
        b'1 (INTERNALDATE " 2-Mar-2026 09:00:00 +0100" RFC822.SIZE 7 UID 5)',
        b'1 (uid 5 flags (\\Seen) internaldate "02-MAR-2026 02:30:00 -0530" rfc822.size 7)',
        b'1 (UID 5 MODSEQ (6) RFC822.SIZE 7 INTERNALDATE "01-Mar-2026 22:00:00 -1000" X-GM-MSGID 1278455344230334865)',
    ],
)
def test_a_line_of_the_list_is_read_in_any_order_and_case(line: bytes) -> None:
    (ref,) = read_list([line])
    assert (ref.uid, ref.size_bytes, ref.internal_date) == (5, 7, ARRIVED)


@pytest.mark.parametrize(
    "date",
    ['"00-Mar-2026 09:00:00 +0100"', '"02-Foo-2026 09:00:00 +0100"', '"01-Jan-0001 00:00:00 +1400"', "NIL", '"now"'],
)
def test_a_date_that_is_none_stops_no_list(date: str) -> None:
    (ref,) = read_list([f"1 (UID 5 RFC822.SIZE 7 INTERNALDATE {date})".encode()])
    assert ref.uid == 5
    assert abs(ref.internal_date - datetime.now(UTC)) < timedelta(minutes=1), "the best that is known"


def test_what_was_not_asked_for_is_passed_over() -> None:
    assert read_list([None, rb"1 (UID 5 FLAGS (\Seen))", rb"5 (FLAGS (\Seen))", (b"1 (UID 5 BODY[] {3}", b"abc")]) == []
