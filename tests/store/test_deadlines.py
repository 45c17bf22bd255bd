"""Deadlines: each key once, firing by the row count, a finished one may be armed anew."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mailbot.desk.deadline import Arm, Deadline, DeadlineKind
from mailbot.store.deadlines import MOVES
from mailbot.store.moves import IllegalMove
from mailbot.store.states import DeadlineState
from mailbot.store.unit_of_work import Work
from tests.store.material import HOUR, NOW, opened

UNCLAIMED = Arm(DeadlineKind.UNCLAIMED)
REMINDER = Arm(DeadlineKind.REMINDER, step=1)


def states(work: Work) -> list[DeadlineState]:
    return [line.state for line in work.deadlines.lines()]


def test_deadlines_come_in_the_order_of_their_time(work: Work) -> None:
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW + 2 * HOUR, "p", NOW)
    work.deadlines.arm(1, REMINDER, NOW + HOUR, "p", NOW)
    assert work.deadlines.next_due_at() == NOW + HOUR
    assert work.deadlines.due(NOW) == []
    assert [one.kind for one in work.deadlines.due(NOW + 2 * HOUR)] == [DeadlineKind.REMINDER, DeadlineKind.UNCLAIMED]
    assert [one.kind for one in work.deadlines.due(NOW + 2 * HOUR, limit=1)] == [DeadlineKind.REMINDER]


def test_arming_what_is_pending_changes_nothing(work: Work) -> None:
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW + HOUR, "p", NOW)
    work.deadlines.arm(1, UNCLAIMED, NOW + 9 * HOUR, "p", NOW)
    assert [line.deadline.due_at for line in work.deadlines.lines()] == [NOW + HOUR]


@pytest.mark.parametrize("end", ["fired", "cancelled"])
def test_what_is_over_may_be_armed_anew(end: str, work: Work) -> None:
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW, "p", NOW)
    if end == "fired":
        work.deadlines.fire(work.deadlines.due(NOW)[0], NOW)
    else:
        work.deadlines.cancel(1, [DeadlineKind.UNCLAIMED])
    work.deadlines.arm(1, UNCLAIMED, NOW + HOUR, "p", NOW)
    (line,) = work.deadlines.lines()
    assert (line.state, line.deadline.due_at, line.fired_at) == (DeadlineState.PENDING, NOW + HOUR, None)


def test_a_deadline_fires_once(work: Work) -> None:
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW, "p", NOW)
    (due,) = work.deadlines.due(NOW)
    work.deadlines.fire(due, NOW)
    assert work.deadlines.due(NOW) == []
    with pytest.raises(IllegalMove):
        work.deadlines.fire(due, NOW)


def test_a_deadline_that_was_armed_anew_meanwhile_does_not_fire_early(work: Work) -> None:
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW, "p", NOW)
    (due,) = work.deadlines.due(NOW)
    work.deadlines.cancel(1, [DeadlineKind.UNCLAIMED])
    work.deadlines.arm(1, UNCLAIMED, NOW + HOUR, "p", NOW)
    with pytest.raises(IllegalMove):
        work.deadlines.fire(due, NOW)


def test_only_the_named_kinds_of_the_named_ticket_are_cancelled(work: Work) -> None:
    opened(work, 1)
    opened(work, 2)
    for ticket in (1, 2):
        work.deadlines.arm(ticket, UNCLAIMED, NOW, "p", NOW)
        work.deadlines.arm(ticket, REMINDER, NOW, "p", NOW)
    work.deadlines.cancel(1, [DeadlineKind.REMINDER])
    left = [(one.ticket, one.kind) for one in work.deadlines.due(NOW)]
    assert sorted(left) == [(1, DeadlineKind.UNCLAIMED), (2, DeadlineKind.REMINDER), (2, DeadlineKind.UNCLAIMED)]


def test_a_held_deadline_waits_for_a_person(work: Work) -> None:
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW, "p", NOW)
    (due,) = work.deadlines.due(NOW)
    work.deadlines.hold(due, "storm")
    assert work.deadlines.due(NOW) == []
    work.deadlines.fire(due, NOW)
    assert states(work) == [DeadlineState.FIRED]


def test_the_database_itself_keeps_a_key_once(work: Work) -> None:
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW, "p", NOW)
    copied = "ticket, kind, step, cycle, due_at, policy_hash, state, reason, armed_at"
    with pytest.raises(IntegrityError, match=r"(?i)unique"):
        work.connection.execute(text(f"INSERT INTO deadlines ({copied}) SELECT {copied} FROM deadlines"))


def test_a_deadline_of_no_ticket_is_refused(work: Work) -> None:
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        work.deadlines.arm(99, UNCLAIMED, NOW, "p", NOW)


ALIVE = frozenset({DeadlineState.PENDING, DeadlineState.HELD})
TRIED: dict[str, tuple[Callable[[Work, Deadline], None], frozenset[DeadlineState]]] = {
    "fire": (lambda work, deadline: work.deadlines.fire(deadline, NOW), ALIVE),
    "hold": (lambda work, deadline: work.deadlines.hold(deadline, "storm"), frozenset({DeadlineState.PENDING})),
    "fire another": (
        lambda work, deadline: work.deadlines.fire(replace(deadline, step=deadline.step + 1), NOW),
        frozenset(),
    ),
}


@pytest.mark.parametrize("state", list(DeadlineState))
@pytest.mark.parametrize("what", list(TRIED))
def test_each_move_starts_only_where_the_table_lets_it(what: str, state: DeadlineState, work: Work) -> None:
    act, allowed = TRIED[what]
    opened(work)
    work.deadlines.arm(1, UNCLAIMED, NOW, "p", NOW)
    (due,) = work.deadlines.due(NOW)
    work.connection.execute(text("UPDATE deadlines SET state = :state"), {"state": state.value})
    if state in allowed:
        act(work, due)
        return
    with pytest.raises(IllegalMove):
        act(work, due)
    assert states(work) == [state]


def test_the_table_of_moves_names_every_state() -> None:
    assert set(MOVES) == set(DeadlineState)
