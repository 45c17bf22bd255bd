"""The inbox: one row a mail, attempts counted before the work, one named disposition, every move by the table."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from mailbot.desk.decision import Disposition, Outcome
from mailbot.store.database import Database
from mailbot.store.inbox import IMPORTED, MOVES
from mailbot.store.moves import ClaimLost, IllegalMove
from mailbot.store.rows import InboxRow, Understood
from mailbot.store.states import InboxState
from mailbot.store.unit_of_work import Work
from tests.store.material import AFTER_LEASE, CARL, DONE, LEASE_SECONDS, NOW, RAW, STRONG, claimed, finished, received


def state_of(work: Work, row_id: int) -> InboxState:
    row = work.inbox.row(row_id)
    assert row is not None
    return row.state


def test_a_mail_is_received_once_whatever_the_server_says_again(work: Work) -> None:
    first = work.inbox.receive("support", "INBOX", 7, 41, RAW, NOW, len(RAW), False, NOW)
    again = work.inbox.receive("support", "INBOX", 7, 41, b"other bytes", NOW, 11, False, NOW)
    assert first is not None
    assert again is None
    assert work.inbox.known_uids("support", "INBOX", 7) == {41}
    kept = work.inbox.row(first)
    assert kept is not None
    assert kept.raw == RAW


@pytest.mark.parametrize("place", [("sales", "INBOX", 7), ("support", "Other", 7), ("support", "INBOX", 8)])
def test_the_same_uid_elsewhere_is_another_mail(place: tuple[str, str, int], work: Work) -> None:
    received(work, 41)
    assert work.inbox.receive(*place, 41, RAW, NOW, len(RAW), False, NOW) is not None
    assert work.inbox.known_uids(*place) == {41}


def test_the_mark_on_the_server_is_due_until_it_is_made(work: Work) -> None:
    one, two = received(work, 1), received(work, 2)
    assert work.inbox.unmarked("support", "INBOX", 7) == [(one, 1), (two, 2)]
    work.inbox.marked([one])
    assert work.inbox.unmarked("support", "INBOX", 7) == [(two, 2)]


def test_claims_take_the_oldest_first_and_each_row_once(work: Work) -> None:
    ids = [received(work, uid) for uid in (5, 3, 9)]
    first = work.inbox.claim(2, "one", NOW, LEASE_SECONDS)
    second = work.inbox.claim(2, "two", NOW, LEASE_SECONDS)
    assert [row.id for row in first.rows] == ids[:2]
    assert [row.id for row in second.rows] == ids[2:]
    assert [row.attempts for row in first.rows] == [1, 1]


def test_a_lease_that_ended_lets_another_worker_claim_and_locks_the_first_out(work: Work) -> None:
    old = claimed(work)
    assert work.inbox.claim(1, "other", NOW, LEASE_SECONDS).rows == ()
    new = work.inbox.claim(1, "other", AFTER_LEASE, LEASE_SECONDS).rows[0]
    assert (new.id, new.attempts) == (old.id, 2)
    with pytest.raises(ClaimLost):
        work.inbox.finish(old, DONE, AFTER_LEASE)
    with pytest.raises(ClaimLost):
        work.inbox.note_dkim(old, "pass corp.example")
    work.inbox.finish(new, DONE, AFTER_LEASE)


def test_a_mail_that_kills_its_reader_three_times_is_set_aside_and_the_next_proceeds(work: Work) -> None:
    poison, fine = received(work, 1), received(work, 2)
    now = NOW
    for _ in range(3):
        assert work.inbox.claim(1, "daemon", now, LEASE_SECONDS, only=[poison]).rows[0].id == poison
        now += timedelta(seconds=LEASE_SECONDS + 1)
    claim = work.inbox.claim(10, "daemon", now, LEASE_SECONDS)
    assert claim.poisoned == (poison,)
    assert [row.id for row in claim.rows] == [fine]
    line = work.inbox.held_and_set_aside()[0]
    assert (line.id, line.state, line.reason, line.attempts) == (poison, InboxState.SET_ASIDE, "poison", 3)


def test_a_clean_stop_counts_no_attempt(work: Work) -> None:
    for _ in range(5):
        row = work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS).rows
        if not row:
            row = (claimed(work),)
        work.inbox.hand_back(row[0])
    claim = work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS)
    assert [row.attempts for row in claim.rows] == [1]


def test_an_attempt_survives_the_crash_of_what_it_counts(database: Database) -> None:
    with database.write() as work:
        received(work)
        work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS)
    with pytest.raises(ZeroDivisionError):
        crash_after_finishing(database)
    with database.read() as work:
        row = work.inbox.row(1)
    assert row is not None
    assert (row.state, row.attempts) == (InboxState.CLAIMED, 1)


def crash_after_finishing(database: Database) -> None:
    with database.write() as work:
        row = work.inbox.row(1)
        assert row is not None
        work.inbox.finish(row, DONE, NOW)
        raise ZeroDivisionError


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_a_state_of_the_same_name_with_its_reason(outcome: Outcome, work: Work) -> None:
    row = finished(work, disposition=Disposition(outcome, "because"))
    line = work.inbox.lines()[0]
    assert (line.id, line.state.value, line.reason, line.done_at) == (row.id, outcome.value, "because", NOW)


def test_what_was_learnt_of_a_mail_stays_on_its_row(work: Work) -> None:
    understood = Understood("id@x", "ann@corp.example", "Printer", "human", "else", "f" * 64, {"text": "hi"}, STRONG)
    row = claimed(work)
    work.inbox.note_dkim(row, "pass corp.example")
    work.inbox.finish(row, DONE, NOW, understood=understood, ticket=12, config_hash="abc")
    line = work.inbox.lines(ticket=12)[0]
    assert (line.message_id, line.sender, line.subject) == ("id@x", "ann@corp.example", "Printer")
    assert (line.mail_class, line.class_reason) == ("human", "else")
    again = work.inbox.row(row.id)
    assert again is not None
    assert again.dkim == "pass corp.example"


def test_a_header_of_any_length_fits_into_its_column(work: Work) -> None:
    finished(work, understood=Understood(message_id="x" * 5000, sender="y" * 5000))
    line = work.inbox.lines()[0]
    assert (len(line.message_id), len(line.sender)) == (998, 320)


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.SET_ASIDE, Outcome.IGNORED])
def test_a_person_may_release_what_waits_and_it_is_audited(outcome: Outcome, work: Work) -> None:
    row = finished(work, disposition=Disposition(outcome, "doubt"))
    work.inbox.release(row.id, CARL, NOW)
    again = work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS).rows[0]
    assert (again.id, again.released_by, again.attempts) == (row.id, CARL, 1)
    note = work.audit.notes()[0]
    assert (note.who, note.verb, note.what) == (CARL, "release", f"inbox {row.id}")


def test_a_discarded_mail_stays_discarded(work: Work) -> None:
    row = finished(work, disposition=Disposition(Outcome.HELD, "doubt"))
    work.inbox.discard(row.id, CARL, NOW)
    assert work.inbox.held_and_set_aside() == []
    assert work.audit.notes()[0].verb == "discard"
    with pytest.raises(IllegalMove):
        work.inbox.release(row.id, CARL, NOW)


def test_a_mail_above_the_limit_can_be_filled_and_is_worked_on_whole(work: Work) -> None:
    row_id = work.inbox.receive("support", "INBOX", 7, 1, RAW[:20], NOW, 90_000_000, True, NOW)
    assert row_id is not None
    row = work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS).rows[0]
    work.inbox.finish(row, Disposition(Outcome.SET_ASIDE, "too_big"), NOW)
    work.inbox.fill(row_id, RAW, CARL, NOW)
    again = work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS).rows[0]
    assert (again.raw, again.truncated, again.released_by) == (RAW, False, CARL)
    assert again.raw_hash != row.raw_hash


def test_the_daemon_leaves_imported_mail_to_the_verb_unless_a_person_released_it(work: Work) -> None:
    row = claimed(work, account=IMPORTED)
    work.inbox.hand_back(row)
    assert work.inbox.claim(9, "daemon", NOW, LEASE_SECONDS).rows == ()
    own = work.inbox.claim(9, "import", NOW, LEASE_SECONDS, only=[row.id]).rows[0]
    work.inbox.finish(own, Disposition(Outcome.HELD, "doubt"), NOW)
    work.inbox.release(row.id, CARL, NOW)
    assert [one.id for one in work.inbox.claim(9, "daemon", NOW, LEASE_SECONDS).rows] == [row.id]


def finish_as(outcome: Outcome) -> Callable[[Work, InboxRow], None]:
    return lambda work, row: work.inbox.finish(row, Disposition(outcome, "x"), NOW)


WAITING = frozenset({InboxState.HELD, InboxState.SET_ASIDE})
TRIED: dict[str, tuple[Callable[[Work, InboxRow], None], frozenset[InboxState]]] = {
    "finish": (finish_as(Outcome.DONE), frozenset({InboxState.CLAIMED})),
    "hand back": (lambda work, row: work.inbox.hand_back(row), frozenset({InboxState.CLAIMED})),
    "release": (
        lambda work, row: work.inbox.release(row.id, CARL, NOW),
        frozenset({InboxState.HELD, InboxState.SET_ASIDE, InboxState.IGNORED}),
    ),
    "discard": (
        lambda work, row: work.inbox.discard(row.id, CARL, NOW),
        frozenset({InboxState.HELD, InboxState.SET_ASIDE}),
    ),
    "fill": (lambda work, row: work.inbox.fill(row.id, RAW, CARL, NOW), frozenset({InboxState.SET_ASIDE})),
}


@pytest.mark.parametrize("state", list(InboxState))
@pytest.mark.parametrize("what", list(TRIED))
def test_each_move_starts_only_where_the_table_lets_it(what: str, state: InboxState, work: Work) -> None:
    act, allowed = TRIED[what]
    row = claimed(work)
    work.connection.execute(text("UPDATE inbox SET state = :state"), {"state": state.value})
    if state in allowed:
        act(work, row)
        assert state_of(work, row.id) is not state
    else:
        with pytest.raises(IllegalMove):
            act(work, row)
        assert state_of(work, row.id) is state


def test_the_table_of_moves_names_every_state_and_only_ends_have_no_exit() -> None:
    assert set(MOVES) == set(InboxState)
    ends = {state for state, targets in MOVES.items() if not targets}
    assert ends == {InboxState.DONE, InboxState.DUPLICATE, InboxState.DISCARDED}


def test_a_mailbox_remembers_its_first_start_and_notices_that_it_was_renumbered(work: Work) -> None:
    first = work.mailboxes.register("support", "INBOX", 7, NOW)
    later = work.mailboxes.register("support", "INBOX", 7, AFTER_LEASE)
    renumbered = work.mailboxes.register("support", "INBOX", 8, AFTER_LEASE)
    after = work.mailboxes.register("support", "INBOX", 8, AFTER_LEASE)
    assert [one.renumbered for one in (first, later, renumbered, after)] == [False, False, True, False]
    assert {one.first_start for one in (first, later, renumbered, after)} == {NOW}
    assert work.mailboxes.all() == (replace(after, renumbered=False),)


def test_an_accepted_backlog_is_remembered_with_who_accepted_it(work: Work) -> None:
    work.mailboxes.register("support", "INBOX", 7, NOW)
    work.mailboxes.accept_backlog("support", CARL, AFTER_LEASE)
    assert work.mailboxes.all()[0].backlog_accepted_at == AFTER_LEASE
    assert work.audit.notes()[0].who == CARL
