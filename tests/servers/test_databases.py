"""The bench itself: PostgreSQL survives a power cut, and PgBouncer mixes the sessions of its clients."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.servers.pgbouncer import PgBouncer
from tests.servers.postgres import Postgres, need_postgres


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    need_postgres()
    with Postgres() as server:
        yield server


def test_each_test_has_an_empty_database(postgres_url: str) -> None:
    with connect(postgres_url) as connection:
        assert connection.execute("select count(*) from pg_stat_user_tables").fetchone() == (0,)
        assert connection.execute("show fsync").fetchone() == ("on",)


def test_what_is_committed_survives_a_power_cut_and_the_rest_does_not(own_postgres: Postgres) -> None:
    keeper, loser = connect(own_postgres.url()), connect(own_postgres.url())
    keeper.execute("create table mail (id int)")
    keeper.execute("insert into mail values (1)")
    loser.execute("begin")
    loser.execute("insert into mail values (2)")
    own_postgres.kill()
    own_postgres.start()
    with connect(own_postgres.url()) as connection:
        assert connection.execute("select id from mail").fetchall() == [(1,)]


def test_pgbouncer_gives_the_sessions_of_one_client_to_another(pgbouncer: PgBouncer) -> None:
    with connect(pgbouncer.url()) as one, connect(pgbouncer.url()) as two:
        one.execute("select set_config('application_name', 'left behind', false)")
        assert two.execute("show application_name").fetchone() != ("",)
        pids = {each.execute("select pg_backend_pid()").fetchone() for each in (one, two)}
    assert len(pids) == 1
