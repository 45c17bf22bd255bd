"""The outbox: class A at least once, class B at most once, and the silence clock starts with `sent`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from mailbot.desk.deadline import DeadlineKind
from mailbot.desk.outgoing import MailClass
from mailbot.desk.ticket import State
from mailbot.store.moves import ClaimLost, IllegalMove
from mailbot.store.outbox import MOVES
from mailbot.store.rows import OutboxRow
from mailbot.store.states import DeadlineState, OutboxState, Phase
from mailbot.store.unit_of_work import Work
from mailbot.triage.assessment import Priority
from tests.store.material import (
    AFTER_LEASE,
    ANN,
    CARL,
    HOUR,
    LEASE_SECONDS,
    MINUTE,
    NOW,
    SILENCE,
    opened,
    queued,
    sending,
)

QUARTER = timedelta(minutes=15)


def state_of(work: Work, mail_id: int) -> OutboxState:
    return next(line.state for line in work.outbox.lines() if line.id == mail_id)


def ids(rows: list[OutboxRow]) -> list[int]:
    return [row.id for row in rows]


def test_every_id_is_reserved_once(work: Work) -> None:
    assert [work.outbox.reserve_id() for _ in range(3)] == [1, 2, 3]


def test_mail_leaves_by_class_then_priority_then_age(work: Work) -> None:
    late = queued(work, now=NOW - MINUTE)
    early = queued(work, now=NOW - HOUR)
    urgent = queued(work, priority=Priority.P1)
    polite = queued(work, now=NOW - 2 * HOUR, class_=MailClass.B, priority=Priority.P1)
    assert ids(work.outbox.claim(9, "daemon", NOW, LEASE_SECONDS)) == [urgent, early, late, polite]


def test_mail_waits_for_its_time_so_that_it_can_still_be_undone(work: Work) -> None:
    mail = queued(work, not_before=NOW + MINUTE)
    assert work.outbox.claim(9, "daemon", NOW, LEASE_SECONDS) == []
    assert work.outbox.next_ready_at() == NOW + MINUTE
    assert work.outbox.cancel_mails([mail], "undone") == (mail,)
    assert work.outbox.claim(9, "daemon", NOW + HOUR, LEASE_SECONDS) == []


def test_what_is_on_its_way_cannot_be_undone(work: Work) -> None:
    row = sending(work)
    assert work.outbox.cancel_mails([row.id], "undone") == ()
    assert state_of(work, row.id) is OutboxState.SENDING


@pytest.mark.parametrize("state", [OutboxState.STOPPED, OutboxState.CANCELLED])
def test_a_mail_that_was_stopped_or_imported_never_leaves_by_itself(state: OutboxState, work: Work) -> None:
    queued(work, state=state, reason="token of a specialist")
    assert work.outbox.claim(9, "daemon", NOW, LEASE_SECONDS) == []
    assert work.outbox.lines()[0].reason == "token of a specialist"


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.SENDING, OutboxState.UNKNOWN, OutboxState.PARKED])
def test_no_mail_begins_in_the_middle_of_its_life(state: OutboxState, work: Work) -> None:
    with pytest.raises(IllegalMove):
        queued(work, state=state)


def test_sent_starts_the_clock_that_rides_on_the_mail(work: Work) -> None:
    opened(work)
    row = sending(work, ticket=1, arms=SILENCE, config_hash="abc")
    assert row.arms == SILENCE
    assert work.deadlines.lines(ticket=1) == []
    work.outbox.enter_data(row)
    work.outbox.sent(row, "250 queued as 4F1", NOW, NOW + 40 * HOUR)
    line = work.outbox.lines()[0]
    assert (line.state, line.sent_at, line.smtp_reply) == (OutboxState.SENT, NOW, "250 queued as 4F1")
    (armed,) = work.deadlines.lines(ticket=1)
    assert (armed.deadline.kind, armed.deadline.cycle) == (DeadlineKind.AUTO_CLOSE, 1)
    assert (armed.deadline.due_at, armed.state) == (NOW + 40 * HOUR, DeadlineState.PENDING)


def test_sent_without_a_due_time_for_its_clock_is_our_mistake(work: Work) -> None:
    opened(work)
    row = sending(work, ticket=1, arms=SILENCE)
    with pytest.raises(ValueError, match="say when it is due"):
        work.outbox.sent(row, "250 ok", NOW)


def test_a_deferred_mail_leaves_later_with_the_same_bytes(work: Work) -> None:
    first = sending(work)
    work.outbox.deferred(first, NOW + HOUR, "450 greylisted")
    assert work.outbox.claim(9, "daemon", NOW, LEASE_SECONDS) == []
    (again,) = work.outbox.claim(9, "daemon", NOW + HOUR, LEASE_SECONDS)
    assert (again.raw, again.message_id, again.attempts) == (first.raw, first.message_id, 2)


def test_a_clean_stop_counts_no_attempt_but_never_after_data(work: Work) -> None:
    row = sending(work)
    work.outbox.hand_back(row)
    (again,) = work.outbox.claim(9, "daemon", NOW, LEASE_SECONDS)
    assert again.attempts == 1
    work.outbox.enter_data(again)
    with pytest.raises(ClaimLost):
        work.outbox.hand_back(again)


@pytest.mark.parametrize("class_", list(MailClass))
def test_a_lease_that_ended_before_data_lets_either_class_leave_again(class_: MailClass, work: Work) -> None:
    row = sending(work, class_=class_)
    assert work.outbox.settle(AFTER_LEASE) == ()
    assert ids(work.outbox.claim(9, "other", AFTER_LEASE, LEASE_SECONDS)) == [row.id]
    with pytest.raises(ClaimLost):
        work.outbox.enter_data(row)


def test_a_lease_that_still_runs_is_left_alone(work: Work) -> None:
    row = sending(work)
    assert work.outbox.settle(NOW) == ()
    assert state_of(work, row.id) is OutboxState.SENDING


def test_class_b_in_doubt_is_parked_and_never_sent_again(work: Work) -> None:
    opened(work)
    row = sending(work, class_=MailClass.B, ticket=1, kind="acknowledgement")
    work.outbox.enter_data(row)
    (parked,) = work.outbox.settle(AFTER_LEASE)
    assert (parked.id, parked.ticket, parked.kind, parked.recipient) == (row.id, 1, "acknowledgement", ANN)
    assert work.outbox.claim(9, "daemon", AFTER_LEASE + 9 * HOUR, LEASE_SECONDS) == []
    assert work.outbox.settle(AFTER_LEASE + 9 * HOUR) == ()


def test_class_a_in_doubt_is_sent_again_three_times_and_then_parked(work: Work) -> None:
    row, now = sending(work), NOW
    for _ in range(3):
        work.outbox.enter_data(row)
        assert work.outbox.doubtful(row, "dropped after the dot", now) is None
        assert work.outbox.settle(now + QUARTER - MINUTE) == ()
        assert work.outbox.claim(9, "daemon", now + QUARTER - MINUTE, LEASE_SECONDS) == []
        now += QUARTER
        assert work.outbox.settle(now) == ()
        (row,) = work.outbox.claim(9, "daemon", now, LEASE_SECONDS)
    work.outbox.enter_data(row)
    parked = work.outbox.doubtful(row, "dropped after the dot", now)
    assert parked is not None
    assert parked.id == row.id
    assert state_of(work, row.id) is OutboxState.PARKED


def test_a_fresh_try_of_a_mail_in_doubt_begins_before_data(work: Work) -> None:
    row = sending(work)
    work.outbox.enter_data(row)
    work.outbox.doubtful(row, "dropped", NOW)
    work.outbox.settle(NOW + QUARTER)
    work.outbox.claim(9, "daemon", NOW + QUARTER, LEASE_SECONDS)
    assert work.outbox.lines()[0].phase is Phase.CONNECT


def test_late_news_of_success_beats_the_doubt(work: Work) -> None:
    row = sending(work)
    work.outbox.enter_data(row)
    work.outbox.settle(AFTER_LEASE)
    work.outbox.sent(row, "250 ok", AFTER_LEASE)
    assert state_of(work, row.id) is OutboxState.SENT


def test_a_copy_proves_that_a_doubtful_mail_arrived_and_starts_its_clock(work: Work) -> None:
    opened(work)
    row = sending(work, ticket=1, arms=SILENCE)
    work.outbox.enter_data(row)
    work.outbox.doubtful(row, "dropped", NOW)
    assert work.proofs.arrived(row.id, "copy", NOW, NOW + HOUR)
    assert not work.proofs.arrived(row.id, "copy", NOW, NOW + HOUR)
    assert [line.deadline.due_at for line in work.deadlines.lines(ticket=1)] == [NOW + HOUR]


def test_no_clock_starts_on_a_ticket_that_was_closed_while_the_mail_was_in_doubt(work: Work) -> None:
    ticket = opened(work)
    row = sending(work, ticket=1, arms=SILENCE)
    work.tickets.save(replace(ticket, state=State.CLOSED), NOW)
    work.outbox.sent(row, "250 ok", NOW, NOW + HOUR)
    assert work.deadlines.lines(ticket=1) == []
    sent = work.outbox.row(row.id)
    assert sent is not None
    assert (state_of(work, row.id), sent.arms) == (OutboxState.SENT, None)


def test_a_refused_mail_is_failed_and_given_back_for_its_ticket(work: Work) -> None:
    opened(work)
    row = sending(work, ticket=1, author=CARL)
    mail = work.outbox.failed(row, "550 no such user", NOW)
    assert (mail.id, mail.ticket, mail.state, mail.author) == (row.id, 1, OutboxState.FAILED, CARL)


def test_a_bounce_undoes_sent_once(work: Work) -> None:
    row = sending(work)
    work.outbox.sent(row, "250 ok", NOW)
    mail = work.proofs.bounced(row.id, "5.1.1", NOW)
    assert mail is not None
    assert mail.id == row.id
    assert work.proofs.bounced(row.id, "5.1.1", NOW) is None
    assert work.proofs.bounced(999, "5.1.1", NOW) is None


def test_a_bounce_also_ends_the_doubt(work: Work) -> None:
    row = sending(work)
    work.outbox.enter_data(row)
    work.outbox.doubtful(row, "dropped", NOW)
    assert work.proofs.bounced(row.id, "5.1.1", NOW) is not None
    assert state_of(work, row.id) is OutboxState.FAILED


def test_a_person_sends_again_with_a_fresh_count(work: Work) -> None:
    row = sending(work)
    work.outbox.failed(row, "550", NOW)
    work.outbox.resend(row.id, CARL, NOW)
    (again,) = work.outbox.claim(9, "daemon", NOW, LEASE_SECONDS)
    assert (again.attempts, again.raw) == (1, row.raw)
    assert (work.audit.notes()[0].who, work.audit.notes()[0].verb) == (CARL, "resend")


def test_the_words_of_our_own_mail_are_kept_beside_its_bytes(work: Work) -> None:
    queued(work)
    queued(work, text="given")
    kept = work.connection.execute(text("SELECT text FROM outbox ORDER BY id")).scalars().all()
    assert kept == ["Please try tray 2.\n", "given"]


ALL = frozenset(OutboxState)
SENDING = frozenset({OutboxState.SENDING})
PEOPLE = frozenset({OutboxState.STOPPED, OutboxState.FAILED, OutboxState.PARKED})
TRIED: dict[str, tuple[Callable[[Work, OutboxRow], object], frozenset[OutboxState]]] = {
    "enter data": (lambda work, row: work.outbox.enter_data(row), SENDING),
    "sent": (lambda work, row: work.outbox.sent(row, "250", NOW), SENDING | {OutboxState.UNKNOWN}),
    "deferred": (lambda work, row: work.outbox.deferred(row, NOW, "450"), SENDING),
    "hand back": (lambda work, row: work.outbox.hand_back(row), SENDING),
    "failed": (lambda work, row: work.outbox.failed(row, "550", NOW), SENDING),
    "doubtful": (lambda work, row: work.outbox.doubtful(row, "drop", NOW), SENDING),
    "resend": (lambda work, row: work.outbox.resend(row.id, CARL, NOW), PEOPLE),
    "cancel": (lambda work, row: work.outbox.cancel(row.id, CARL, NOW), PEOPLE | {OutboxState.READY}),
}


@pytest.mark.parametrize("state", list(OutboxState))
@pytest.mark.parametrize("what", list(TRIED))
def test_each_move_starts_only_where_the_table_lets_it(what: str, state: OutboxState, work: Work) -> None:
    act, allowed = TRIED[what]
    row = sending(work)
    work.connection.execute(text("UPDATE outbox SET state = :state"), {"state": state.value})
    if state in allowed:
        act(work, row)
        return
    with pytest.raises(IllegalMove):
        act(work, row)
    assert state_of(work, row.id) is state


def test_the_table_of_moves_names_every_state_and_only_cancelled_has_no_exit() -> None:
    assert set(MOVES) == ALL
    assert {state for state, targets in MOVES.items() if not targets} == {OutboxState.CANCELLED}
