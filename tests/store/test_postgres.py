"""What only PostgreSQL asks of us: a server that keeps its word, and transactions that carry their own settings."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from mailbot.store.clock import ASK_AGAIN_SECONDS, ASK_EVERY_SECONDS, DatabaseClock
from mailbot.store.database import Database, DatabaseUnavailable, UnfitDatabase
from mailbot.store.postgres import find_faults
from mailbot.store.unit_of_work import Work
from tests.servers.postgres import Postgres
from tests.servers.process import free_port, wait_until
from tests.store.material import NOW, received

FIT: dict[str, Any] = {
    "version": 15,
    "encoding": "UTF8",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}


@pytest.mark.parametrize("kept", ["on", "local", "remote_write", "remote_apply"])
def test_a_server_that_keeps_its_word_has_no_fault(kept: str) -> None:
    assert list(find_faults(FIT | {"synchronous_commit": kept})) == []


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"fsync": "off"}, "fsync = off, so that a power cut could lose"),
        ({"full_page_writes": "off"}, "full_page_writes = off"),
        ({"synchronous_commit": "off"}, "set synchronous_commit = on in postgresql.conf"),
        ({"version": 12}, "upgrade it to 13 or later"),
        ({"encoding": "LATIN1"}, "createdb --encoding=UTF8"),
    ],
)
def test_each_fault_is_named_with_its_remedy(fault: dict[str, Any], said: str) -> None:
    (told,) = find_faults(FIT | fault)
    assert said in told


@pytest.fixture(params=["fsync", "full_page_writes", "synchronous_commit"])
def careless(request: pytest.FixtureRequest, postgres: Postgres) -> Iterator[str]:
    """A setting that somebody has switched off on the running server, to make it faster."""
    setting = request.param
    set_on_server(postgres, f"ALTER SYSTEM SET {setting} = off", setting, "off")
    yield setting
    set_on_server(postgres, f"ALTER SYSTEM RESET {setting}", setting, "on")


def set_on_server(server: Postgres, command: str, setting: str, becomes: str) -> None:
    server.tool("psql", "-c", command, "-c", "SELECT pg_reload_conf()")
    wait_until(lambda: server.tool("psql", "-Atc", f"SHOW {setting}").strip() == becomes, f"{setting} = {becomes}")


def test_a_server_that_may_lose_what_it_acknowledged_is_refused(careless: str, postgres_desk: str) -> None:
    with pytest.raises(UnfitDatabase, match=f"set {careless} = on"):
        Database.open(postgres_desk)


def test_a_database_that_cannot_hold_every_letter_is_refused(postgres: Postgres) -> None:
    postgres.tool("createdb", "--encoding=SQL_ASCII", "--locale=C", "--template=template0", "narrow")
    with pytest.raises(UnfitDatabase, match="SQL_ASCII"):
        Database.open(postgres.url("narrow"))


@pytest.mark.parametrize(
    ("url", "said"),
    [("mysql://localhost/desk", "not in mysql"), ("secret words", "no URL")],
)
def test_another_kind_of_database_is_refused_in_words(url: str, said: str) -> None:
    with pytest.raises(UnfitDatabase, match=said) as refused:
        Database.open(url)
    assert "secret" not in str(refused.value)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match="refused"):
        Database.open(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/desk")


def test_the_driver_need_not_be_named(postgres_desk: str) -> None:
    database = Database.open(postgres_desk.replace("+psycopg", ""))
    with database.read() as work:
        assert setting(work, "application_name") == "mailbot"
    database.close()


def setting(work: Work, name: str) -> object:
    return work.connection.execute(text(f"SHOW {name}")).scalar()


def test_each_transaction_brings_its_own_settings(emptied: Database) -> None:
    for transaction in (emptied.write, emptied.read, emptied.rehearse):
        with transaction() as work:
            assert setting(work, "timezone") == "UTC"
            assert setting(work, "lock_timeout") == "5s"
            assert setting(work, "statement_timeout") == "1min"
            assert setting(work, "idle_in_transaction_session_timeout") == "1min"


def test_nothing_is_prepared_because_the_next_transaction_may_meet_another_session(emptied: Database) -> None:
    for _ in range(10):
        with emptied.write() as work:
            work.inbox.known_uids("support", "INBOX", 7)
            assert work.connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar() == 0


def test_a_reader_sees_one_state_of_everything_however_long_it_reads(emptied: Database, postgres_desk: str) -> None:
    with emptied.read() as work:
        assert work.inbox.lines() == []
        other = Database.open(postgres_desk)
        with other.write() as writing:
            received(writing)
        other.close()
        assert work.inbox.lines() == []
        assert setting(work, "transaction_isolation") == "repeatable read"
    with emptied.read() as work:
        assert len(work.inbox.lines()) == 1


def test_two_daemons_that_start_together_migrate_once(postgres_url: str) -> None:
    one, two = Database.open(postgres_url), Database.open(postgres_url)
    one.upgrade()
    two.upgrade()
    with two.read() as work:
        assert work.inbox.lines() == []
    one.close()
    two.close()


# ---------------------------------------------------------------- the clock


def test_the_clock_is_that_of_the_database(emptied: Database) -> None:
    with emptied.read() as work:
        theirs = work.connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    assert abs(emptied.now() - theirs) < timedelta(seconds=1)
    assert emptied.now().tzinfo is UTC


class Watch:
    """A database and a monotonic clock under our hands."""

    def __init__(self) -> None:
        self.theirs: datetime | None = NOW
        self.seconds = 0.0
        self.asked = 0
        self.clock = DatabaseClock(self.ask, monotonic=lambda: self.seconds)

    def ask(self) -> datetime:
        self.asked += 1
        if self.theirs is None:
            raise DatabaseUnavailable
        return self.theirs


def test_between_two_questions_time_goes_on_whatever_somebody_does_to_the_wall_clock() -> None:
    watch = Watch()
    assert watch.clock() == NOW
    watch.seconds = 30
    assert watch.clock() == NOW + timedelta(seconds=30)
    assert watch.asked == 1


def test_once_a_minute_the_database_is_asked_again_and_while_it_is_away_time_goes_on() -> None:
    watch = Watch()
    watch.clock()
    watch.theirs, watch.seconds = None, ASK_EVERY_SECONDS + 1
    assert watch.clock() == NOW + timedelta(seconds=ASK_EVERY_SECONDS + 1)
    assert (watch.clock(), watch.asked) == (NOW + timedelta(seconds=ASK_EVERY_SECONDS + 1), 2), "not in every turn"
    watch.theirs, watch.seconds = NOW + timedelta(hours=1), watch.seconds + ASK_AGAIN_SECONDS
    assert watch.clock() == NOW + timedelta(hours=1)


def test_a_clock_that_never_heard_the_database_tells_no_time() -> None:
    watch = Watch()
    watch.theirs = None
    with pytest.raises(DatabaseUnavailable):
        watch.clock()
