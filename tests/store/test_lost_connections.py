"""Connections that break at the worst moment: nothing is lost, nothing happens twice, who cannot know is told."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import event

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.situation import Clues
from mailbot.store.database import CommitUnknown, Database, DatabaseUnavailable
from mailbot.store.moves import ClaimLost
from mailbot.store.rows import DecisionRecord
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.store.verify import verify
from tests.servers.postgres import Postgres, need_postgres
from tests.servers.proxy import Link, Proxy
from tests.store.conftest import empty
from tests.store.material import (
    ANN,
    DONE,
    HOUR,
    LEASE_SECONDS,
    NOW,
    a_ticket,
    claimed,
    queued,
    received,
    said,
    sending,
)

COMMIT = b"COMMIT\0"  # as the message says it; "READ COMMITTED" is another word


def receive(database: Database) -> None:
    with database.write() as work:
        received(work)


def uids(database: Database) -> set[int]:
    with database.read() as work:
        return work.inbox.known_uids("support", "INBOX", 7)


def end_sessions(url: str) -> None:
    """What an admin, a failover or a restart does to everybody who is connected."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_that_broke_while_nobody_used_it_is_replaced_unseen(emptied: Database, postgres_desk: str) -> None:
    receive(emptied)
    end_sessions(postgres_desk)
    assert uids(emptied) == {1}


def test_a_transaction_that_breaks_leaves_nothing_and_the_next_one_works(emptied: Database, postgres_desk: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        break_in_the_middle(emptied, postgres_desk)
    assert uids(emptied) == set()
    receive(emptied)
    assert uids(emptied) == {1}


def break_in_the_middle(database: Database, url: str) -> None:
    with database.write() as work:
        received(work)
        end_sessions(url)
        work.inbox.lines()


def test_what_breaks_within_a_savepoint_is_not_the_fault_of_the_mail(emptied: Database, postgres_desk: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        break_in_a_savepoint(emptied, postgres_desk)
    receive(emptied)


def break_in_a_savepoint(database: Database, url: str) -> None:
    with database.write() as work:
        try:
            with work.savepoint():
                end_sessions(url)
                received(work)
        except DatabaseUnavailable:
            raise
        except Exception as error:
            raise AssertionError("it would count as an attempt of the mail") from error


def test_a_power_cut_keeps_what_was_committed_and_the_desk_goes_on() -> None:
    need_postgres()
    with Postgres() as server:
        database = Database.open(server.url(server.new_database()))
        database.upgrade()
        receive(database)
        with pytest.raises(DatabaseUnavailable):
            cut_the_power(database, server)
        assert uids(database) == {1}
        database.close()


def cut_the_power(database: Database, server: Postgres) -> None:
    with database.write() as work:
        received(work, 2)
        server.kill()
        server.start()


# ---------------------------------------------------------------- COMMIT


class NoAnswer(Proxy):
    """The server hears the COMMIT; its answer is lost."""

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.armed = False
        self.gone = False

    def _pass_up(self, link: Link) -> None:
        while (data := link.client.recv(4096)) and not self.gone:
            last = self.armed and data.endswith(COMMIT)
            if last:
                self.at_commit(link)
            link.server.sendall(data)
            if last:
                link.server.recv(4096)
                return

    def at_commit(self, link: Link) -> None:
        """Just before the server hears it."""
        link.muted = True


class NoQuestion(NoAnswer):
    """The COMMIT itself is lost."""

    def at_commit(self, link: Link) -> None:
        link.cut()


class NobodyThere(NoAnswer):
    """The answer is lost, and after that the server cannot be reached for a while."""

    def at_commit(self, link: Link) -> None:
        super().at_commit(link)
        self.gone = True


@pytest.fixture(params=[NoAnswer, NoQuestion, NobodyThere])
def proxy(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[NoAnswer]:
    kind: type[NoAnswer] = request.param
    proxy = kind(postgres.port)
    with proxy:
        yield proxy


@pytest.fixture
def far(emptied: Database, proxy: Proxy, postgres: Postgres, postgres_desk: str) -> Iterator[Database]:
    """The database at the other end of that line."""
    url = postgres_desk.replace(f":{postgres.port}/", f":{proxy.port}/")
    database = Database.open(url, busy_timeout_seconds=0.5)
    yield database
    database.close()


def only(*kinds: type[Proxy]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("proxy", kinds, indirect=True)


@only(NoAnswer)
def test_a_commit_whose_answer_is_lost_is_found_done(far: Database, proxy: NoAnswer, emptied: Database) -> None:
    proxy.armed = True
    receive(far)
    assert uids(emptied) == {1}


@only(NoQuestion)
def test_a_commit_that_the_server_never_heard_is_found_undone(
    far: Database, proxy: NoAnswer, emptied: Database
) -> None:
    proxy.armed = True
    with pytest.raises(DatabaseUnavailable) as told:
        receive(far)
    assert not isinstance(told.value, CommitUnknown)
    assert uids(emptied) == set()


@only(NobodyThere)
def test_a_commit_that_nobody_can_tell_of_is_named_and_read_back_by_its_key(
    far: Database, proxy: NoAnswer, emptied: Database
) -> None:
    proxy.armed = True
    with pytest.raises(CommitUnknown):
        receive(far)
    assert uids(emptied) == {1}
    with emptied.write() as work:
        assert work.inbox.receive("support", "INBOX", 7, 1, b"again", NOW, 5, False, NOW) is None


@only(NobodyThere)
def test_a_delivery_whose_record_is_in_doubt_is_read_back_and_done_once(
    far: Database, proxy: NoAnswer, emptied: Database
) -> None:
    with far.write() as work:
        work.tickets.save(a_ticket(1), NOW)
        row = sending(work, ticket=1, arms=Arm(DeadlineKind.AUTO_CLOSE))
    proxy.armed = True
    with pytest.raises(CommitUnknown), far.write() as work:
        work.outbox.sent(row, "250", NOW, NOW + HOUR)
    with emptied.read() as work:
        assert work.outbox.standing(row) is OutboxState.SENT
    with emptied.write() as work:
        with pytest.raises(ClaimLost):
            work.outbox.sent(row, "250", NOW, NOW + 2 * HOUR)
        (armed,) = work.deadlines.lines(ticket=1)
    assert armed.deadline.due_at == NOW + HOUR


def test_a_claim_that_another_has_taken_over_stands_nowhere(work: Work) -> None:
    row = claimed(work)
    assert work.inbox.standing(row) is InboxState.CLAIMED
    later = NOW + 2 * HOUR
    work.inbox.claim(1, "other", later, LEASE_SECONDS)
    assert work.inbox.standing(row) is None


# ---------------------------------------------------------------- at every statement


class Guillotine:
    """Ends the session before the statement of that number."""

    def __init__(self, database: Database, url: str, number: int) -> None:
        self.database, self.url, self.left = database, url, number

    def __enter__(self) -> "Guillotine":
        event.listen(self.database._engine, "before_cursor_execute", self._count)
        return self

    def __exit__(self, *_: Any) -> None:
        event.remove(self.database._engine, "before_cursor_execute", self._count)

    def _count(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            end_sessions(self.url)


def play(database: Database) -> None:
    """One mail from its arrival to the answer; each step is a transaction and may be done again."""
    with database.write() as work:
        work.inbox.receive("support", "INBOX", 7, 1, b"It jams.", NOW, 8, False, NOW)
    with database.write() as work:
        rows = work.inbox.claim(1, "daemon", NOW, LEASE_SECONDS).rows
        rows = rows or tuple(filter(None, [work.inbox.row(line.id) for line in work.inbox.lines(states=[CLAIMED])]))
    for row in rows:
        with database.write() as work:
            ticket = work.tickets.save(a_ticket(work.situation(Clues(sender=ANN), NOW).next_number), NOW)
            work.tickets.add_entries(ticket.number, (said("It jams."),), inbox_id=row.id)
            work.deadlines.arm(ticket.number, Arm(DeadlineKind.UNCLAIMED), NOW + HOUR, "p", NOW)
            queued(work, ticket=ticket.number)
            work.audit.decision(DecisionRecord("request_received", NOW, "", (), inbox_id=row.id, ticket=ticket.number))
            work.inbox.finish(row, DONE, NOW, ticket=ticket.number)


CLAIMED = InboxState.CLAIMED


def test_a_session_that_ends_before_any_statement_costs_no_mail_and_doubles_none(
    emptied: Database, postgres_desk: str
) -> None:
    for number in range(1, 60):
        with Guillotine(emptied, postgres_desk, number) as guillotine:
            for _ in range(3):
                try:
                    play(emptied)
                except DatabaseUnavailable:
                    continue
                break
        with emptied.read() as work:
            assert verify(work) == [], number
            assert [line.state for line in work.inbox.lines()] == [InboxState.DONE], number
            assert [ticket.number for ticket in work.tickets.find()] == [1], number
            assert [mail.id for mail in work.outbox.lines()] == [1], number
        if guillotine.left > 0:
            break  # the story is shorter than that
        empty(emptied)
    assert number > 30, "every statement was tried"
