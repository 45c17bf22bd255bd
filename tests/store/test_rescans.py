"""A folder that is read once more: which message is which."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from mailbot.desk.decision import Disposition, Outcome
from mailbot.store.rows import InboxRow, Understood
from mailbot.store.unit_of_work import Work
from tests.store.material import DONE, NOW, STRONG, WEAK, claimed, finished

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PRINT, OTHER = "f" * 64, "e" * 64
PARSED = {"date": "2026-03-02T08:59:00+00:00", "author": {"name": "Ann", "address": "Ann@corp.example"}}
FORMER = [
    DONE,
    Disposition(Outcome.IGNORED, "mailing list"),
    Disposition(Outcome.HELD, "suspect"),
    Disposition(Outcome.SET_ASIDE, "poison"),
]


def understood(**changes: Any) -> Understood:
    return replace(Understood(message_id="one@x", fingerprint_content=PRINT, parsed=PARSED, evidence=WEAK), **changes)


def renumbered(work: Work, row: InboxRow, **changes: Any) -> InboxRow:
    """The folder has new numbers since now, and this row was read after that."""
    work.mailboxes.register("support", "INBOX", 7, NOW - 90 * DAY)
    work.mailboxes.register("support", "INBOX", 8, NOW)
    return replace(row, uidvalidity=8, **changes)


@pytest.mark.parametrize("former", FORMER, ids=lambda one: one.outcome.value)
def test_the_same_bytes_that_arrived_at_the_same_moment_are_known_again_whatever_became_of_them(
    former: Disposition, work: Work
) -> None:
    first = finished(work, 1, disposition=former)
    again = renumbered(work, claimed(work, 2))
    assert work.rescans.known_again(again) == first.id
    assert work.rescans.known_again(replace(again, internal_date=NOW + SECOND)) == first.id
    assert work.rescans.known_again(replace(again, internal_date=NOW + 2 * SECOND)) is None, "arrived later"
    assert work.rescans.known_again(replace(again, uidvalidity=7)) is None, "another message of the same folder"
    assert work.rescans.known_again(replace(again, account="sales")) is None
    assert work.rescans.known_again(replace(again, raw_hash="0" * 64)) is None
    assert work.rescans.known_again(replace(again, truncated=True)) is None
    assert work.rescans.known_again(replace(first, uidvalidity=8)) is None, "not by itself, nor by a younger row"


@pytest.mark.parametrize("former", FORMER, ids=lambda one: one.outcome.value)
def test_a_server_that_rebuilds_mime_is_seen_through_by_the_second_fingerprint(former: Disposition, work: Work) -> None:
    first = finished(work, 1, disposition=former, understood=understood(), now=NOW - 90 * DAY)
    again = renumbered(work, claimed(work, 2, raw=b"rebuilt"), internal_date=NOW - 90 * DAY + SECOND)
    assert work.inbox.duplicate_of(again, PRINT, WEAK, NOW) == first.id
    assert work.inbox.duplicate_of(again, PRINT, STRONG, NOW) is None, "a forgery would swallow the genuine mail"


def test_the_same_id_date_and_author_with_other_words_is_for_a_person(work: Work) -> None:
    first = finished(work, 1, understood=understood(), now=NOW - 2 * DAY)
    again = renumbered(work, claimed(work, 2, raw=b"other words"), internal_date=NOW - 2 * DAY)
    other = understood(fingerprint_content=OTHER)
    assert work.rescans.differing(again, other) == first.id
    from_list = {**PARSED, "author": None, "from": {"name": "", "address": "ann@corp.example"}}
    assert work.rescans.differing(again, replace(other, parsed=from_list)) == first.id


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("another id", {"message_id": "two@x"}),
        ("no id", {"message_id": ""}),
        ("another date", {"parsed": {**PARSED, "date": "2026-03-02T09:00:00+00:00"}}),
        ("no date", {"parsed": {**PARSED, "date": None}}),
        ("another author", {"parsed": {**PARSED, "author": {"name": "Ann", "address": "bob@corp.example"}}}),
    ],
)
def test_what_is_not_all_the_same_is_another_mail(what: str, changes: dict[str, Any], work: Work) -> None:
    finished(work, 1, understood=understood(), now=NOW - 2 * DAY)
    again = renumbered(work, claimed(work, 2, raw=b"other words"), internal_date=NOW - 2 * DAY)
    assert work.rescans.differing(again, understood(fingerprint_content=OTHER, **changes)) is None, what


def test_new_mail_is_never_held_against_the_time_before_the_renumbering(work: Work) -> None:
    finished(work, 1, understood=understood(), now=NOW - 2 * DAY)
    again, other = renumbered(work, claimed(work, 2, raw=b"other words")), understood(fingerprint_content=OTHER)
    assert work.rescans.differing(replace(again, internal_date=NOW + 2 * SECOND), other) is None
    assert work.rescans.differing(replace(again, uidvalidity=7), other) is None


def test_mail_that_was_ignored_then_may_be_read_anew(work: Work) -> None:
    finished(work, 1, disposition=FORMER[1], understood=understood(), now=NOW - 2 * DAY)
    again = renumbered(work, claimed(work, 2, raw=b"other words"), internal_date=NOW - 2 * DAY)
    assert work.rescans.differing(again, understood(fingerprint_content=OTHER)) is None


def test_a_copy_of_held_mail_is_neither_a_duplicate_nor_a_riddle(work: Work) -> None:
    finished(work, 1, disposition=FORMER[2], understood=understood(), now=NOW - 2 * DAY)
    again = renumbered(work, claimed(work, 2, raw=b"by another way"), internal_date=NOW - DAY)
    assert work.inbox.duplicate_of(again, PRINT, WEAK, NOW) is None
    assert work.rescans.differing(again, understood()) is None
