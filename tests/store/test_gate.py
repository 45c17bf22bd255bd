"""The memory of the gate: sliding windows, counted where the mail is queued, and mutes."""

from datetime import timedelta

import pytest

from mailbot.desk.decision import Mute
from mailbot.desk.outgoing import MailClass
from mailbot.desk.situation import GateCounts
from mailbot.desk.ticket import Side, Visibility
from mailbot.store.database import Database
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from tests.store.material import ANN, CARL, HOUR, MINUTE, NOW, opened, queued, received, said

ACK = "acknowledgement"
DAY = timedelta(hours=24)


def counts(
    work: Work, address: str = ANN, ticket: int | None = 1, kind: str = ACK, inbox_id: int | None = None
) -> GateCounts:
    return work.gate.counts(address, ticket, kind, inbox_id, NOW)


def test_nobody_was_written_to_yet(work: Work) -> None:
    assert counts(work) == GateCounts()


def test_a_mail_counts_in_every_window_it_belongs_to(work: Work) -> None:
    work.gate.count(ANN, 1, ACK, NOW)
    assert counts(work) == GateCounts(1, 1, 1, 1, 1, 0, same_lately=True)
    assert counts(work, ticket=2) == GateCounts(1, 1, 1, 0, 1, 0, same_lately=False)
    assert counts(work, kind="reminder") == GateCounts(1, 1, 1, 1, 1, 0, same_lately=False)
    assert counts(work, "bob@corp.example", 2) == GateCounts(0, 0, 1, 0, 1)
    assert counts(work, "bob@example.net", 2) == GateCounts(0, 0, 0, 0, 1)


def test_windows_slide(work: Work) -> None:
    work.gate.count(ANN, 1, ACK, NOW - HOUR - MINUTE)
    assert counts(work) == GateCounts(0, 1, 0, 1, 0, 0, same_lately=True)
    work.gate.count(CARL, 2, ACK, NOW - DAY - MINUTE)
    assert counts(work, CARL, 2) == GateCounts(0, 0, 0, 0, 0)


@pytest.mark.parametrize("spelt", ["ann+shop@corp.example", "Ann@Corp.Example", "ANN+x+y@corp.example"])
def test_no_spelling_of_an_address_escapes_its_limit(spelt: str, work: Work) -> None:
    work.gate.count(spelt, None, ACK, NOW)
    assert counts(work, ticket=None).address_hour == 1


def test_addresses_of_one_person_share_their_limits(work: Work) -> None:
    work.gate.count("ann@home.example", 1, ACK, NOW)
    found = work.gate.counts(ANN, 1, ACK, None, NOW, aliases=("ann@home.example",))
    assert (found.address_hour, found.same_lately) == (1, True)


def test_a_count_is_undone_with_the_transaction_that_made_it(database: Database) -> None:
    with database.rehearse() as work:
        work.gate.count(ANN, 1, ACK, NOW)
    with database.read() as work:
        assert counts(work) == GateCounts()


def test_answers_in_a_row_are_counted_since_a_person_last_spoke(work: Work) -> None:
    opened(work)
    queued(work, ticket=1, class_=MailClass.B, now=NOW - 3 * HOUR)
    work.tickets.add_entries(1, (said("It jams.", at=NOW - 2 * HOUR),))
    assert counts(work).in_a_row == 0
    queued(work, ticket=1, class_=MailClass.B, now=NOW - HOUR)
    queued(work, ticket=1, class_=MailClass.B, now=NOW)
    queued(work, ticket=1, class_=MailClass.A, now=NOW)
    queued(work, ticket=1, class_=MailClass.B, now=NOW, state=OutboxState.CANCELLED)
    queued(work, ticket=None, class_=MailClass.B, now=NOW)
    assert counts(work).in_a_row == 2
    work.tickets.add_entries(
        1, (said("away", what="automatic", at=NOW), said("x", side=Side.DESK, at=NOW, what="event"))
    )
    assert counts(work).in_a_row == 2
    note = said("Drum?", side=Side.GROUP, visibility=Visibility.INTERNAL, what="note", at=NOW + MINUTE)
    work.tickets.add_entries(1, (note,))
    assert counts(work).in_a_row == 0


def test_a_mail_that_was_answered_is_not_answered_twice(work: Work) -> None:
    row_id = received(work)
    queued(work, inbox_id=row_id, class_=MailClass.B, kind=ACK)
    assert counts(work, inbox_id=row_id).answered_row
    assert not counts(work, inbox_id=row_id, kind="faq_answer").answered_row
    assert not counts(work, inbox_id=received(work, 2)).answered_row


def test_a_mute_ends_by_itself_or_by_a_person(work: Work) -> None:
    work.gate.mute(Mute("ann+x@corp.example", NOW + MINUTE, "bounced"), NOW)
    assert counts(work).muted
    assert not counts(work, CARL).muted
    assert not work.gate.counts(ANN, 1, ACK, None, NOW + HOUR).muted
    work.gate.mute(Mute(ANN, NOW + DAY, "again"), NOW)
    work.gate.unmute(ANN)
    assert not counts(work).muted


def test_an_open_breaker_is_seen_by_every_mail(work: Work) -> None:
    work.gate.open_breaker(NOW + HOUR, "200 an hour", NOW)
    assert (counts(work).breaker_open, counts(work).muted) == (True, False)
    work.gate.close_breaker()
    assert not counts(work).breaker_open


def test_counts_older_than_every_window_can_be_forgotten(work: Work) -> None:
    work.gate.count(ANN, 1, ACK, NOW - HOUR)
    work.gate.forget_before(NOW)
    assert counts(work) == GateCounts()
