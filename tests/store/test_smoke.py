"""One story over everything the store does, by every way to a database: SQLite, PostgreSQL, PgBouncer before it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Mute
from mailbot.desk.people import Person
from mailbot.desk.situation import Clues
from mailbot.desk.ticket import Joined, Participant, Side
from mailbot.store.database import Database
from mailbot.store.rows import DecisionRecord
from mailbot.store.states import DeadlineState, InboxState, OutboxState
from mailbot.store.verify import verify
from tests.servers.pgbouncer import PgBouncer
from tests.store.material import ANN, CARL, DONE, HOUR, LEASE_SECONDS, NOW, a_ticket, queued, received, said

SILENCE = Arm(DeadlineKind.AUTO_CLOSE)


@pytest.fixture
def pooled(request: pytest.FixtureRequest, emptied: Database, postgres_desk: str) -> Iterator[Database]:
    """The database behind PgBouncer, which gives every transaction to one of two sessions."""
    pgbouncer: PgBouncer = request.getfixturevalue("pgbouncer")
    database = Database.open(pgbouncer.url(postgres_desk.rpartition("/")[2]))
    database.upgrade()
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql", "pgbouncer"])
def anywhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """An empty database, by each way."""
    if request.param == "sqlite":
        database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('desk') / 'mailbot.db'}")
        database.upgrade()
        yield database
        database.close()
        return
    yield request.getfixturevalue("pooled" if request.param == "pgbouncer" else "emptied")


def take_in(database: Database, uid: int) -> None:
    with database.write() as work:
        work.mailboxes.register("support", "INBOX", 7, NOW)
        received(work, uid, raw=b"mail %d" % uid)


def decide(database: Database) -> int:
    with database.write() as work:
        rows = work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS).rows
    for row in rows:
        with database.write() as work, work.savepoint():
            situation = work.situation(Clues(sender=ANN), NOW, inbox_id=row.id)
            number = work.tickets.save(a_ticket(situation.next_number), NOW).number
            work.tickets.add_participants(number, (Participant(CARL, "Carl", Side.GROUP, Joined.ACCEPTED),), NOW)
            work.tickets.add_entries(number, (said(row.raw.decode()),), inbox_id=row.id)
            work.tickets.extend_chain(number, Side.REQUESTER, f"{row.uid}@x")
            work.deadlines.arm(number, Arm(DeadlineKind.UNCLAIMED), NOW, "p", NOW)
            work.people.save(Person(ANN, name="Ann"), NOW)
            work.gate.count(ANN, number, "acknowledgement", NOW)
            work.gate.mute(Mute(CARL, NOW + HOUR, "away"), NOW)
            queued(work, ticket=number, arms=SILENCE, inbox_id=row.id)
            work.audit.decision(DecisionRecord("request_received", NOW, "abc", (), inbox_id=row.id, ticket=number))
            work.inbox.finish(row, DONE, NOW, ticket=number)
    return len(rows)


def deliver(database: Database) -> int:
    with database.write() as work:
        work.outbox.settle(NOW)
        rows = work.outbox.claim(1, "post", NOW, LEASE_SECONDS)
    for row in rows:
        with database.write() as work:
            work.outbox.enter_data(row)
        with database.write() as work:
            work.outbox.sent(row, "250", NOW, NOW + HOUR)
    return len(rows)


def test_the_story_of_a_mail(anywhere: Database) -> None:
    take_in(anywhere, 1)
    assert decide(anywhere) == 1
    assert deliver(anywhere) == 1
    with anywhere.write() as work:
        (due,) = work.deadlines.due(NOW)
        work.deadlines.fire(due, NOW)
    with anywhere.rehearse() as work:
        work.tickets.save(a_ticket(work.tickets.next_number()), NOW)
    with anywhere.read() as work:
        history = work.history(1)
        status = work.status(NOW)
    assert history is not None
    assert [entry.text for entry in history.entries] == ["mail 1"]
    assert [line.state for line in history.deadlines] == [DeadlineState.FIRED, DeadlineState.PENDING]
    assert [mail.state for mail in history.mails_out] == [OutboxState.SENT]
    assert [mail.state for mail in history.mails_in] == [InboxState.DONE]
    assert (status.tickets["assigned"], len(status.mailboxes)) == (1, 1)


def test_several_threads_share_what_few_sessions_there_are(anywhere: Database) -> None:
    mails = 16
    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(take_in, anywhere, uid) for uid in range(mails)]:
            done.result(timeout=30)
        assert sum(pool.map(decide, [anywhere] * mails * 2)) == mails
        assert sum(pool.map(deliver, [anywhere] * mails * 2)) == mails
    with anywhere.read() as work:
        found = {finding.invariant for finding in verify(work)}
        assert found == set()
        assert [ticket.number for ticket in work.tickets.find()] == list(range(mails, 0, -1))
        assert work.status(NOW).outbox["sent"] == mails
