"""Several daemons on one PostgreSQL: each row is one worker's, decisions take turns, nothing happens twice."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.people import Person
from mailbot.desk.situation import Clues
from mailbot.desk.ticket import Side
from mailbot.store.database import Database, DatabaseUnavailable
from mailbot.store.leases import daemon_lease
from mailbot.store.moves import ClaimLost, Conflict
from mailbot.store.rows import DecisionRecord
from mailbot.store.unit_of_work import Work
from mailbot.store.verify import verify
from tests.store.material import (
    AFTER_LEASE,
    ANN,
    CARL,
    DONE,
    HOUR,
    LEASE_SECONDS,
    MINUTE,
    NOW,
    a_ticket,
    opened,
    queued,
    received,
    said,
)

UNCLAIMED = Arm(DeadlineKind.UNCLAIMED)
ACK = "acknowledgement"
T = TypeVar("T")


@pytest.fixture
def one(emptied: Database) -> Database:
    """The first daemon."""
    return emptied


@pytest.fixture
def two(postgres_desk: str, one: Database) -> Iterator[Database]:
    """The second, in a pool of its own."""
    database = Database.open(postgres_desk, busy_timeout_seconds=5)
    yield database
    database.close()


class Beside:
    """Runs what the other daemon does, at the same time."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    def write(self, database: Database, act: Callable[[Work], T]) -> Future[T]:
        """`act` in a writing transaction of that daemon."""

        def transaction() -> T:
            with database.write() as work:
                return act(work)

        return self._pool.submit(transaction)


@pytest.fixture
def beside() -> Iterator[Beside]:
    with ThreadPoolExecutor() as pool:
        yield Beside(pool)


def waits(future: Future[T]) -> bool:
    """Whether it is still not done after a moment in which it would be, if nothing stood in its way."""
    try:
        future.result(timeout=0.2)
    except TimeoutError:
        return True
    return False


def test_a_second_daemon_is_welcome(one: Database, two: Database) -> None:
    one.claim_daemon("mailbot run")
    two.claim_daemon("mailbot run")


def test_two_workers_claim_different_mails_and_neither_waits(one: Database, two: Database) -> None:
    with one.write() as work:
        ids = [received(work, uid) for uid in range(1, 6)]
    with one.write() as first, two.write() as second:
        mine = first.inbox.claim(2, "one", NOW, LEASE_SECONDS).rows
        theirs = second.inbox.claim(9, "two", NOW, LEASE_SECONDS).rows
    assert [row.id for row in mine] == ids[:2]
    assert [row.id for row in theirs] == ids[2:]


def test_two_workers_deliver_different_mails_and_neither_waits(one: Database, two: Database) -> None:
    with one.write() as work:
        ids = [queued(work) for _ in range(4)]
    with one.write() as first, two.write() as second:
        mine = first.outbox.claim(1, "one", NOW, LEASE_SECONDS)
        theirs = second.outbox.claim(9, "two", NOW, LEASE_SECONDS)
    assert [row.id for row in mine] == ids[:1]
    assert [row.id for row in theirs] == ids[1:]


def test_a_claim_that_ended_is_not_waited_for_while_its_worker_finishes(one: Database, two: Database) -> None:
    with one.write() as work:
        received(work)
        row = work.inbox.claim(1, "one", NOW, LEASE_SECONDS).rows[0]
    with one.write() as first:
        first.inbox.finish(row, DONE, AFTER_LEASE)
        with two.write() as second:
            assert second.inbox.claim(9, "two", AFTER_LEASE, LEASE_SECONDS).rows == ()
    with one.read() as work:
        assert work.inbox.standing(row) == DONE.outcome.value


def test_two_decisions_on_one_ticket_come_one_after_the_other(one: Database, two: Database, beside: Beside) -> None:
    with one.write() as work:
        opened(work)

    def reply(work: Work) -> int:
        ticket = work.situation(Clues(sender=ANN, ticket=1), NOW).ticket
        assert ticket is not None
        return work.tickets.save(replace(ticket, subject=f"{ticket.subject}!"), NOW).version

    with one.write() as first:
        reply(first)
        other = beside.write(two, reply)
        assert waits(other)
    assert other.result(timeout=5) == 3
    with one.read() as work:
        ticket = work.tickets.get(1)
    assert ticket is not None
    assert ticket.subject == "Printer!!"


def test_who_decided_on_what_is_no_longer_so_is_told(one: Database, two: Database) -> None:
    with one.write() as work:
        old = opened(work)
    with two.write() as work:
        work.tickets.save(replace(old, subject="theirs"), NOW)
    with pytest.raises(Conflict):
        save(one, replace(old, subject="mine"))


def save(database: Database, ticket: object) -> None:
    with database.write() as work:
        work.tickets.save(ticket, NOW)  # type: ignore[arg-type]  # a ticket


def test_two_loops_fire_a_deadline_once(one: Database, two: Database, beside: Beside) -> None:
    with one.write() as work:
        opened(work)
        work.deadlines.arm(1, UNCLAIMED, NOW, "p", NOW)
    with one.write() as first:
        (due,) = first.deadlines.due(NOW)
        other = beside.write(two, lambda work: work.deadlines.due(NOW))
        assert waits(other)
        first.deadlines.fire(due, NOW)
    assert other.result(timeout=5) == []


def test_no_two_daemons_get_one_number(one: Database, two: Database, beside: Beside) -> None:
    def open_one(work: Work) -> tuple[int, int]:
        number = work.tickets.next_number()
        work.tickets.save(a_ticket(number), NOW)
        return number, queued(work, ticket=number)

    given = [beside.write(database, open_one) for _ in range(15) for database in (one, two)]
    numbers, mails = zip(*(future.result(timeout=20) for future in given), strict=True)
    assert sorted(numbers) == list(range(1, 31)), "each once, and none lost"
    assert sorted(mails) == list(range(1, 31))


def test_one_mail_is_received_once_by_two_that_watch_one_mailbox(one: Database, two: Database, beside: Beside) -> None:
    with one.write() as first:
        received(first, 41)
        other = beside.write(two, lambda work: work.inbox.receive("support", "INBOX", 7, 41, b"x", NOW, 1, False, NOW))
        assert waits(other)
    assert other.result(timeout=5) is None


def test_a_folder_that_two_see_first_has_one_first_start(one: Database, two: Database, beside: Beside) -> None:
    with one.write() as first:
        first.mailboxes.register("support", "INBOX", 7, NOW)
        other = beside.write(two, lambda work: work.mailboxes.register("support", "INBOX", 7, NOW + HOUR))
        assert waits(other)
    assert other.result(timeout=5).first_start == NOW


def test_a_thread_that_two_extend_keeps_both_messages(one: Database, two: Database, beside: Beside) -> None:
    with one.write() as work:
        opened(work)
    with one.write() as first:
        first.tickets.extend_chain(1, Side.GROUP, "one@x")
        other = beside.write(two, lambda work: work.tickets.extend_chain(1, Side.GROUP, "two@x"))
        assert waits(other)
    other.result(timeout=5)
    with one.read() as work:
        assert work.tickets.chain(1, Side.GROUP) == ("one@x", "two@x")


def test_the_last_place_below_a_limit_is_taken_once(one: Database, two: Database, beside: Beside) -> None:
    def answer(work: Work) -> bool:
        work.situation(Clues(sender=ANN), NOW)
        if work.gate.counts(ANN, None, ACK, None, NOW).address_hour >= 1:
            return False
        work.gate.count(ANN, None, ACK, NOW)
        return True

    tries = [beside.write(database, answer) for _ in range(5) for database in (one, two)]
    assert [future.result(timeout=10) for future in tries].count(True) == 1


def test_what_two_learn_of_one_person_is_kept_together(one: Database, two: Database, beside: Beside) -> None:
    with one.write() as first:
        first.people.save(Person(ANN, name="Ann", source="specialist"), NOW)
        other = beside.write(two, lambda work: work.people.save(Person(ANN, phone="12", source="signature"), NOW))
        assert waits(other)
    other.result(timeout=5)
    with one.read() as work:
        assert work.people.get(ANN) == Person(ANN, name="Ann", phone="12", source="specialist")


def test_one_of_two_gets_a_lease_and_the_epoch_rises_with_each_holder(
    one: Database, two: Database, beside: Beside
) -> None:
    with one.write() as first:
        assert first.leases.acquire("support", "one", NOW, 60) == 1
        other = beside.write(two, lambda work: work.leases.acquire("support", "two", NOW, 60))
        assert waits(other)
    assert other.result(timeout=5) is None
    with two.write() as work:
        assert work.leases.acquire("support", "two", NOW + 2 * MINUTE, 60) == 2


def test_who_was_overtaken_while_frozen_can_do_nothing_more(one: Database, two: Database) -> None:
    with one.write() as work:
        epoch = work.leases.acquire("support", "one", NOW, 60)
        assert epoch is not None
        work.leases.keep("support", epoch)
    with two.write() as work:
        work.leases.acquire("support", "two", NOW + 2 * MINUTE, 60)
    with one.write() as work, pytest.raises(ClaimLost):
        work.leases.keep("support", epoch)


def test_nobody_takes_over_in_the_middle_of_what_the_owner_does_and_nobody_waits_for_it(
    one: Database, two: Database
) -> None:
    epoch = owned(one)
    with one.write() as first:
        first.leases.keep("support", epoch)
        with two.write() as second:
            assert second.leases.acquire("support", "two", NOW + 2 * MINUTE, 60) is None
    with two.write() as second:
        assert second.leases.acquire("support", "two", NOW + 2 * MINUTE, 60) == 2


def test_the_main_thread_renews_beside_a_transaction_that_keeps_the_lease(one: Database, two: Database) -> None:
    epoch = owned(one)
    with one.write() as first, two.write() as main_thread:
        first.leases.keep("support", epoch)
        assert main_thread.leases.renew("support", epoch, NOW + MINUTE, 60)
    with two.read() as work:
        assert work.leases.holder("support", NOW + 1.5 * MINUTE) == "one"
        assert work.leases.holder("support", NOW + 3 * MINUTE) == ""


def test_nothing_of_a_transaction_that_keeps_a_stale_epoch_is_committed(one: Database, two: Database) -> None:
    epoch = owned(one)
    with two.write() as work:
        assert work.leases.acquire("support", "two", NOW + 2 * MINUTE, 60) == epoch + 1
        assert not work.leases.renew("support", epoch, NOW + 2 * MINUTE, 60)
    with pytest.raises(ClaimLost):
        store_as(one, epoch)
    with pytest.raises(ClaimLost), one.read() as work:
        work.leases.check("support", epoch)
    with one.read() as work:
        assert work.inbox.lines() == []


def store_as(database: Database, epoch: int) -> None:
    with database.write() as work:
        received(work)
        work.leases.keep("support", epoch)


def test_who_asks_while_another_takes_over_waits_and_is_refused(one: Database, two: Database, beside: Beside) -> None:
    epoch = owned(one)
    with two.write() as second:
        second.leases.acquire("support", "two", NOW + 2 * MINUTE, 60)
        stale = beside.write(one, lambda work: work.leases.keep("support", epoch))
        assert waits(stale)
    with pytest.raises(ClaimLost):
        stale.result(timeout=5)


def owned(database: Database) -> int:
    with database.write() as work:
        epoch = work.leases.acquire("support", "one", NOW, 60)
    assert epoch is not None
    return epoch


def test_what_a_dead_daemon_had_claimed_is_free_and_what_others_have_is_not(one: Database, two: Database) -> None:
    with one.write() as work:
        for uid in (1, 2):
            received(work, uid)
            queued(work)
        dead_in, dead_out = work.inbox.claim(1, "dead", NOW, LEASE_SECONDS), work.outbox.claim(1, "dead", NOW, 60)
        work.inbox.claim(1, "alive", NOW, LEASE_SECONDS)
        work.outbox.claim(1, "alive", NOW, LEASE_SECONDS)
    with two.write() as work:
        assert work.inbox.end_leases("dead") == work.outbox.end_leases("dead") == 1
        assert work.inbox.end_leases("dead") == 0, "once is enough"
        assert work.outbox.settle(NOW, holder="dead") == ()
        assert [row.id for row in work.inbox.claim(9, "two", NOW, LEASE_SECONDS).rows] == [dead_in.rows[0].id]
        assert [row.id for row in work.outbox.claim(9, "two", NOW, LEASE_SECONDS)] == [dead_out[0].id]
    with pytest.raises(ClaimLost), one.write() as work:
        work.inbox.finish(dead_in.rows[0], DONE, NOW)
    with pytest.raises(ClaimLost), one.write() as work:
        work.outbox.enter_data(dead_out[0])


def test_a_row_that_a_frozen_daemon_has_locked_is_left_for_the_next_time(one: Database, two: Database) -> None:
    with one.write() as work:
        received(work)
        row = work.inbox.claim(1, "frozen", NOW, LEASE_SECONDS).rows[0]
    with one.write() as frozen:
        frozen.inbox.note_dkim(row, "pass")
        with two.write() as work:
            assert work.inbox.end_leases("frozen") == 0
    with two.write() as work:
        assert work.inbox.end_leases("frozen") == 1


def test_a_daemon_is_dead_when_its_lease_ran_out_unless_it_shows_itself_again(one: Database, two: Database) -> None:
    for holder in ("one", "two"):
        with one.write() as work:
            work.leases.acquire(daemon_lease(holder), holder, NOW, 60)
    with two.write() as work:
        work.leases.acquire(daemon_lease("two"), "two", NOW + MINUTE, 60)
        assert work.leases.dead_daemons(NOW + MINUTE) == ["one"]
        assert work.leases.is_dead("one", NOW + MINUTE)
        assert not work.leases.is_dead("two", NOW + MINUTE)
    with one.write() as awake, two.write() as work:
        awake.leases.acquire(daemon_lease("one"), "one", NOW + MINUTE, 60)
        assert not work.leases.is_dead("one", NOW + MINUTE), "it is just about to show itself"
    with two.write() as work:
        work.leases.forget_daemon("two")
        assert work.leases.dead_daemons(NOW + HOUR) == ["one"]


def test_both_daemons_have_the_time_of_the_database(one: Database, two: Database) -> None:
    assert abs(one.now() - two.now()) < timedelta(seconds=1)


def test_a_worker_that_waits_too_long_is_told_and_may_try_again(postgres_desk: str, one: Database) -> None:
    hasty = Database.open(postgres_desk, busy_timeout_seconds=0.1)
    with one.write() as work:
        work.tickets.next_number()
        with pytest.raises(DatabaseUnavailable, match="lock timeout"):
            save(hasty, a_ticket(1))
    save(hasty, a_ticket(1))
    hasty.close()


def test_two_daemons_under_load_never_wait_in_a_circle_and_lose_nothing(one: Database, two: Database) -> None:
    mails = 40
    with one.write() as work:
        for uid in range(mails):
            received(work, uid, raw=b"mail %d" % uid)
    daemons = [(database, f"{name}{number}") for name, database in (("a", one), ("b", two)) for number in range(2)]
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        clocks = [pool.submit(let_time_pass, database, stop) for database in (one, two)]
        posts = [pool.submit(deliver, database, stop) for database in (one, two)]
        worked = [pool.submit(work_off, database, holder) for database, holder in daemons]
        assert sum(future.result(timeout=60) for future in worked) == mails
        stop.set()
        assert all(future.result(timeout=20) >= 0 for future in (*clocks, *posts))
    with one.read() as work:
        assert verify(work) == []
        assert work.status(NOW).inbox["done"] == mails
        entries = [entry.text for number in range(1, 6) for entry in work.tickets.entries(number)]
    assert sorted(entries) == sorted(f"mail {uid}" for uid in range(mails)), "each mail is said once"


def work_off(database: Database, holder: str) -> int:
    """Mails onto five tickets, several in a transaction, in whatever order they come."""
    done = 0
    while True:
        with database.write() as work:
            rows = work.inbox.claim(3, holder, NOW, LEASE_SECONDS).rows
        if not rows:
            return done
        with database.write() as work:
            for row in rows:
                with work.savepoint():
                    say(work, row.id, row.uid % 5 + 1, row.raw.decode())
                    work.inbox.finish(row, DONE, NOW, ticket=row.uid % 5 + 1)
        done += len(rows)


def say(work: Work, row_id: int, number: int, words: str) -> None:
    """What a decision does: the whole ticket is read, saved, and answered."""
    ticket = work.situation(Clues(sender=ANN, ticket=number), NOW, inbox_id=row_id).ticket
    saved = work.tickets.save(a_ticket(work.tickets.next_number()) if ticket is None else ticket, NOW)
    work.tickets.add_entries(saved.number, (said(words),), inbox_id=row_id)
    work.tickets.extend_chain(saved.number, Side.REQUESTER, f"{row_id}@x")
    work.deadlines.cancel(saved.number, [DeadlineKind.REMINDER])
    work.deadlines.arm(saved.number, UNCLAIMED, NOW + HOUR, "p", NOW)
    work.deadlines.arm(saved.number, Arm(DeadlineKind.REMINDER), NOW, "p", NOW)
    work.gate.count(ANN, saved.number, ACK, NOW)
    work.people.save(Person(CARL, name="Carl"), NOW)
    queued(work, ticket=saved.number, arms=UNCLAIMED)
    work.audit.decision(DecisionRecord("request_received", NOW, "abc", (), inbox_id=row_id, ticket=saved.number))


def let_time_pass(database: Database, stop: threading.Event) -> int:
    fired = 0
    while not stop.is_set():
        with database.write() as work:
            for deadline in work.deadlines.due(NOW):
                work.deadlines.fire(deadline, NOW)
                work.situation(Clues(sender="", ticket=deadline.ticket), NOW)
                name = f"{deadline.kind}/{deadline.step}/{deadline.cycle}"
                decided = DecisionRecord("deadline_passed", NOW, "abc", (), ticket=deadline.ticket, deadline=name)
                work.audit.decision(decided)
                fired += 1
    return fired


def deliver(database: Database, stop: threading.Event) -> int:
    sent = 0
    while not stop.is_set():
        with database.write() as work:
            work.outbox.settle(NOW)
            rows = work.outbox.claim(1, "post", NOW, LEASE_SECONDS)
        for row in rows:
            with database.write() as work:
                work.outbox.enter_data(row)
            with database.write() as work:
                work.outbox.sent(row, "250", NOW, NOW + HOUR)
            sent += 1
    return sent
