"""People, decisions, configurations, audit, leases and the numbers of `status`."""

from dataclasses import replace

import pytest

from mailbot.desk.decision import Disposition, Outcome
from mailbot.desk.people import Person
from mailbot.store.rows import DecisionRecord
from mailbot.store.unit_of_work import Work
from mailbot.triage.assessment import Reason
from tests.store.material import ANN, CARL, HOUR, MINUTE, NOW, claimed, finished, opened, queued, received

SIGNED = Person(ANN, name="Annie", phone="12", same_as=("a@home.example",), source="signature")


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("signature", "specialist", Person(ANN, name="Ann", phone="12", site="B", source="specialist")),
        ("specialist", "specialist", Person(ANN, name="Ann", phone="12", site="B", source="specialist")),
        ("specialist", "signature", Person(ANN, name="Annie", phone="12", site="B", source="specialist")),
    ],
)
def test_a_weaker_source_fills_gaps_and_a_stronger_one_overwrites(
    first: str, second: str, kept: Person, work: Work
) -> None:
    work.people.save(Person(ANN, name="Annie", phone="12", source=first), NOW)
    work.people.save(Person(ANN, name="Ann", site="B", source=second), NOW)
    assert work.people.get(ANN) == kept
    assert work.people.everybody() == [kept]


def test_a_person_comes_back_whole(work: Work) -> None:
    work.people.save(SIGNED, NOW)
    assert work.people.get(ANN) == SIGNED
    assert work.people.get(CARL) is None


def test_a_decision_keeps_its_reasons_in_order(work: Work) -> None:
    opened(work)
    row = finished(work)
    reasons = (Reason("group print", "rule Printers"), Reason("kind incident", "word jams"))
    record = DecisionRecord("request_received", NOW, "abc", reasons, inbox_id=row.id, ticket=1, disposition="done")
    other = replace(record, inbox_id=None, ticket=2, deadline="unclaimed/0/0", reasons=())
    work.audit.decision(record)
    work.audit.decision(other)
    assert work.audit.decisions(inbox_id=row.id) == [record]
    assert work.audit.decisions(ticket=2) == [other]


def test_a_configuration_is_kept_once_under_its_hash(work: Work) -> None:
    work.audit.config_snapshot("abc", {"rules": ["Printers"]}, NOW)
    work.audit.config_snapshot("abc", {"rules": []}, NOW)
    assert work.audit.config("abc") == {"rules": ["Printers"]}
    assert work.audit.config("def") is None


def test_a_lease_is_held_by_one_and_renewed_by_its_holder(work: Work) -> None:
    assert work.leases.acquire("support", "one", NOW, 60) == 1
    assert work.leases.acquire("support", "two", NOW, 60) is None
    assert work.leases.acquire("support", "one", NOW, 60) == 1


@pytest.mark.parametrize("next_holder", ["one", "two"])
def test_after_a_lease_ended_the_epoch_is_higher_whoever_comes(next_holder: str, work: Work) -> None:
    work.leases.acquire("support", "one", NOW, 60)
    assert work.leases.acquire("support", next_holder, NOW + 2 * MINUTE, 60) == 2


def test_a_lease_that_was_let_go_is_free_at_once(work: Work) -> None:
    work.leases.acquire("support", "one", NOW, 60)
    work.leases.release("support", "two", NOW)
    assert work.leases.acquire("support", "two", NOW, 60) is None
    work.leases.release("support", "one", NOW)
    assert work.leases.acquire("support", "two", NOW, 60) == 2


def test_status_counts_every_state_and_tells_since_when_the_oldest_waits(work: Work) -> None:
    opened(work)
    finished(work, 1, disposition=Disposition(Outcome.HELD, "doubt"), now=NOW - 3 * HOUR)
    claimed(work, 2, now=NOW - 2 * HOUR)
    received(work, 3, now=NOW - HOUR)
    queued(work, not_before=NOW - MINUTE)
    queued(work, not_before=NOW + MINUTE)
    status = work.status(NOW)
    assert {state: count for state, count in status.inbox.items() if count} == {"held": 1, "claimed": 1, "received": 1}
    assert (status.outbox["ready"], status.outbox["sent"], status.tickets["assigned"]) == (2, 0, 1)
    assert status.oldest_held_at == NOW - 3 * HOUR
    assert status.oldest_received_at == NOW - 2 * HOUR
    assert status.oldest_ready_at == NOW - MINUTE
    assert status.oldest_deadline_due_at is None
