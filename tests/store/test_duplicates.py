"""Duplicates: the same mail again does nothing twice, and a forgery sent first swallows nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.desk.decision import Disposition, Outcome
from mailbot.desk.evidence import Evidence, Sender, TokenState
from mailbot.store.duplicates import is_weaker
from mailbot.store.rows import Understood
from mailbot.store.unit_of_work import Work
from tests.store.material import DONE, NOW, STRONG, WEAK, claimed, finished

DAY = timedelta(days=1)
PRINT = "f" * 64


def understood(evidence: Evidence | None = WEAK) -> Understood:
    return Understood(message_id="same@x", fingerprint_content=PRINT, evidence=evidence)


def test_equal_bytes_are_the_same_mail_at_any_time(work: Work) -> None:
    first = finished(work, 1, understood=understood(), now=NOW - 90 * DAY)
    again = claimed(work, 2)
    assert work.inbox.duplicate_of(again, "", WEAK, NOW) == first.id


def test_an_equal_fingerprint_is_the_same_mail_for_seven_days(work: Work) -> None:
    first = finished(work, 1, understood=understood(), now=NOW - 6 * DAY)
    again = claimed(work, 2, raw=b"by another way")
    assert work.inbox.duplicate_of(again, PRINT, WEAK, NOW) == first.id
    late = replace(again, internal_date=NOW + 2 * DAY)
    assert work.inbox.duplicate_of(late, PRINT, WEAK, NOW + 2 * DAY) is None


def test_a_copy_that_came_with_its_original_is_one_even_if_an_outage_lay_between(work: Work) -> None:
    came = NOW - 20 * DAY
    first = finished(work, 1, understood=understood(), now=came)
    again = replace(claimed(work, 2, raw=b"by another way"), internal_date=came + timedelta(seconds=15))
    assert work.inbox.duplicate_of(again, PRINT, WEAK, NOW) == first.id


def test_after_renumbering_the_same_arrival_is_the_same_mail_at_any_time(work: Work) -> None:
    first = finished(work, 1, understood=understood(), now=NOW - 90 * DAY)
    again = replace(claimed(work, 2, raw=b"marked by the server"), uidvalidity=8)
    arrived = NOW - 90 * DAY + timedelta(milliseconds=800)
    assert work.inbox.duplicate_of(replace(again, internal_date=arrived), PRINT, WEAK, NOW) == first.id
    assert work.inbox.duplicate_of(replace(again, internal_date=arrived + 8 * DAY), PRINT, WEAK, NOW) is None


@pytest.mark.parametrize("shown", [b"by an alias", b"by an alias, marked by the server"])
def test_a_copy_that_was_a_duplicate_stays_one_when_it_is_shown_again_at_any_time(shown: bytes, work: Work) -> None:
    """The copy came a minute after its original, so after a renumbering only its own row knows it again."""
    first = finished(work, 1, understood=understood(), now=NOW - 90 * DAY)
    came = NOW - 90 * DAY + timedelta(minutes=1)
    copy = claimed(work, 2, raw=b"by an alias", now=came)
    verdict = Disposition(Outcome.DUPLICATE, "of inbox row 1")
    work.inbox.finish(copy, verdict, came, understood=understood(), duplicate_of=first.id)
    again = replace(claimed(work, 3, raw=shown), uidvalidity=8, internal_date=came)
    assert work.inbox.duplicate_of(again, PRINT, WEAK, NOW) == first.id
    assert work.inbox.duplicate_of(again, PRINT, STRONG, NOW) is None


def test_an_equal_message_id_alone_proves_nothing(work: Work) -> None:
    finished(work, 1, understood=understood())
    assert work.inbox.duplicate_of(claimed(work, 2, raw=b"other"), "e" * 64, WEAK, NOW) is None


def test_mails_without_a_fingerprint_are_not_all_the_same(work: Work) -> None:
    finished(work, 1, understood=replace(understood(), fingerprint_content=""))
    assert work.inbox.duplicate_of(claimed(work, 2, raw=b"other"), "", WEAK, NOW) is None


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.IGNORED, Outcome.SET_ASIDE, Outcome.DUPLICATE])
def test_a_mail_that_was_not_carried_out_makes_no_duplicate(outcome: Outcome, work: Work) -> None:
    finished(work, 1, disposition=Disposition(outcome, "x"), understood=understood())
    assert work.inbox.duplicate_of(claimed(work, 2), PRINT, WEAK, NOW) is None


def test_a_discarded_mail_makes_no_duplicate(work: Work) -> None:
    row = finished(work, 1, disposition=Disposition(Outcome.HELD, "x"), understood=understood())
    work.inbox.discard(row.id, "admin", NOW)
    assert work.inbox.duplicate_of(claimed(work, 2), PRINT, WEAK, NOW) is None


def test_a_forgery_that_came_first_does_not_swallow_the_genuine_mail(work: Work) -> None:
    finished(work, 1, understood=understood(WEAK), disposition=DONE)
    genuine = claimed(work, 2, raw=b"genuine")
    assert work.inbox.duplicate_of(genuine, PRINT, STRONG, NOW) is None


def test_a_forgery_that_came_later_is_a_duplicate(work: Work) -> None:
    first = finished(work, 1, understood=understood(STRONG))
    assert work.inbox.duplicate_of(claimed(work, 2, raw=b"forged"), PRINT, WEAK, NOW) == first.id


def test_behind_a_weak_row_the_strong_one_is_found(work: Work) -> None:
    finished(work, 1, understood=understood(WEAK))
    strong = finished(work, 2, raw=b"2", understood=understood(STRONG))
    assert work.inbox.duplicate_of(claimed(work, 3, raw=b"3"), PRINT, STRONG, NOW) == strong.id


@pytest.mark.parametrize(
    "less",
    [
        replace(STRONG, sender=Sender.UNKNOWN),
        replace(STRONG, sender=Sender.FAILED),
        replace(STRONG, token=TokenState.NONE),
        replace(STRONG, token=TokenState.FORGED),
        replace(STRONG, plain_from=False),
        None,
    ],
)
def test_evidence_that_shows_less_in_any_respect_is_weaker(less: Evidence | None) -> None:
    assert is_weaker(less, STRONG)
    assert not is_weaker(STRONG, less)
    assert not is_weaker(less, less)
