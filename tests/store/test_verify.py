"""Verify: a sound database has no finding, and each planted corruption is found by the invariant it breaks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Disposition, Outcome
from mailbot.desk.ticket import CancelReason, State, WaitingFor
from mailbot.store.inbox import IMPORTED
from mailbot.store.rows import DecisionRecord
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.store.verify import INVARIANTS, verify
from tests.store.material import CARL, DONE, HOUR, NOW, SILENCE, claimed, finished, opened, queued, sending

UNCLAIMED = Arm(DeadlineKind.UNCLAIMED)


@pytest.fixture
def work(work: Work) -> Work:
    """A desk in the middle of its day, with nothing wrong."""
    opened(work, 1)
    work.deadlines.arm(1, UNCLAIMED, NOW + HOUR, "p", NOW)
    opened(work, 2, state=State.IN_PROGRESS, owner=CARL)
    opened(work, 3, state=State.WAITING, waiting_for=WaitingFor.DATE)
    work.deadlines.arm(3, Arm(DeadlineKind.WAIT_OVER), NOW + HOUR, "p", NOW)
    opened(work, 4, state=State.RESOLVED)
    sent = sending(work, ticket=4, arms=SILENCE)
    work.outbox.sent(sent, "250", NOW, NOW + HOUR)
    opened(work, 5, state=State.RESOLVED)
    queued(work, ticket=5, arms=SILENCE)
    merged = {"cancel_reason": CancelReason.MERGED, "merged_into": 1, "former_state": State.ASSIGNED}
    opened(work, 6, state=State.CANCELLED, **merged)
    opened(work, 7, state=State.CLOSED)
    work.deadlines.arm(7, SILENCE, NOW, "p", NOW)
    queued(work)
    row = finished(work, 1, ticket=1)
    work.audit.decision(DecisionRecord("request_received", NOW, "abc", (), inbox_id=row.id, ticket=1))
    finished(work, 2, disposition=Disposition(Outcome.IGNORED, "spam"))
    again = claimed(work, 3)
    work.inbox.finish(again, Disposition(Outcome.DUPLICATE, "same bytes"), NOW, duplicate_of=row.id)
    claimed(work, 4)
    assert verify(work) == []
    return work


def run(*statements: str) -> Callable[[Work], None]:
    """Break something behind the back of the store, CHECKs and keys switched off."""

    def act(work: Work) -> None:
        with checks_off(work):
            for statement in statements:
                work.connection.execute(text(statement))

    return act


@contextmanager
def checks_off(work: Work) -> Iterator[None]:
    """SQLite can ignore them for a while; PostgreSQL drops them for the rest of the transaction."""
    if work.connection.dialect.name == "postgresql":
        for table, state in STATES.items():
            work.connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {state}"))
        yield
        return
    work.connection.execute(text("PRAGMA ignore_check_constraints = 1"))
    yield
    work.connection.execute(text("PRAGMA ignore_check_constraints = 0"))


STATES = {table: f"ck_{table}_state" for table in ("inbox", "outbox", "deadlines", "tickets")}


TWICE = (
    "CREATE TABLE loose AS SELECT * FROM deadlines",
    "DROP TABLE deadlines",
    "ALTER TABLE loose RENAME TO deadlines",
    "INSERT INTO deadlines SELECT * FROM deadlines WHERE ticket = 1",
)

PLANTED: list[tuple[str, Callable[[Work], None], str]] = [
    ("every_state_is_named", run("UPDATE inbox SET state = 'limbo' WHERE uid = 2"), "inbox 2"),
    ("every_state_is_named", run("UPDATE outbox SET state = 'limbo' WHERE id = 3"), "outbox 3"),
    ("every_state_is_named", run("UPDATE deadlines SET state = 'limbo' WHERE ticket = 7"), "deadlines 4"),
    ("every_state_is_named", run("UPDATE tickets SET state = 'limbo' WHERE number = 7"), "tickets 7"),
    ("every_claim_has_a_lease", run("UPDATE inbox SET lease_until = NULL WHERE uid = 4"), "inbox 4"),
    ("every_claim_has_a_lease", run("UPDATE outbox SET state = 'sending' WHERE id = 2"), "outbox 2"),
    ("every_disposition_has_a_reason", run("UPDATE inbox SET reason = '' WHERE uid = 2"), "inbox 2"),
    ("every_done_mail_has_a_decision", run("DELETE FROM decisions"), "inbox 1"),
    ("every_duplicate_names_its_original", run("UPDATE inbox SET duplicate_of = NULL WHERE uid = 3"), "inbox 3"),
    ("every_open_ticket_has_a_group", run("UPDATE tickets SET \"group\" = '' WHERE number = 2"), "ticket 2"),
    ("every_assigned_ticket_is_watched", run("DELETE FROM deadlines WHERE ticket = 1"), "ticket 1"),
    ("every_assigned_ticket_is_watched", run("UPDATE deadlines SET state = 'fired' WHERE ticket = 1"), "ticket 1"),
    ("every_assigned_ticket_is_watched", run("UPDATE deadlines SET kind = 'reminder' WHERE ticket = 1"), "ticket 1"),
    ("every_ticket_in_progress_has_an_owner", run("UPDATE tickets SET owner = NULL WHERE number = 2"), "ticket 2"),
    ("every_silence_ends", run("UPDATE deadlines SET state = 'cancelled' WHERE ticket = 3"), "ticket 3"),
    ("every_silence_ends", run("UPDATE outbox SET arms = NULL WHERE id = 2"), "ticket 5"),
    ("every_silence_ends", run("UPDATE outbox SET state = 'cancelled' WHERE id = 2"), "ticket 5"),
    ("every_waiting_ticket_says_for_whom", run("UPDATE tickets SET waiting_for = NULL WHERE number = 3"), "ticket 3"),
    ("every_cancelled_ticket_says_why", run("UPDATE tickets SET cancel_reason = NULL WHERE number = 6"), "ticket 6"),
    ("every_cancelled_ticket_says_why", run("UPDATE tickets SET former_state = NULL WHERE number = 6"), "ticket 6"),
    ("every_cancelled_ticket_says_why", run("UPDATE tickets SET merged_into = NULL WHERE number = 6"), "ticket 6"),
    ("every_deadline_is_there_once", run(*TWICE), "ticket 1"),
    ("every_sent_mail_started_its_clock", run("UPDATE deadlines SET cycle = 9 WHERE ticket = 4"), "outbox 1"),
    ("every_number_is_given_once", run("UPDATE counters SET next = 3 WHERE name = 'ticket'"), "counter ticket"),
    ("every_number_is_given_once", run("DELETE FROM counters WHERE name = 'outbox'"), "counter outbox"),
]


@pytest.mark.parametrize(("invariant", "plant", "where"), PLANTED)
def test_a_planted_corruption_is_found_where_it_is_and_nowhere_else(
    invariant: str, plant: Callable[[Work], None], where: str, work: Work
) -> None:
    plant(work)
    assert [(finding.invariant, finding.where) for finding in verify(work)] == [(invariant, where)]


def test_each_invariant_is_tried() -> None:
    assert {invariant for invariant, _, _ in PLANTED} == {check.__name__ for check in INVARIANTS}


@pytest.mark.parametrize("state", [OutboxState.FAILED, OutboxState.PARKED, OutboxState.UNKNOWN, OutboxState.STOPPED])
def test_a_mail_that_somebody_was_told_of_still_counts(state: OutboxState, work: Work) -> None:
    run(f"UPDATE outbox SET state = '{state}' WHERE id = 2")(work)
    assert verify(work) == []


def test_imported_tickets_need_no_deadline(work: Work) -> None:
    opened(work, 8)
    row = claimed(work, 9, account=IMPORTED)
    work.inbox.finish(row, DONE, NOW, ticket=8)
    work.audit.decision(DecisionRecord("request_received", NOW, "abc", (), inbox_id=row.id, ticket=8))
    assert verify(work) == []
