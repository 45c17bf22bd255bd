"""PgBouncer before PostgreSQL, in the mode that hurts: every transaction may meet another server connection.

Prepared statements, session settings and advisory locks of a session do not survive that.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.servers.bench import is_installed, needs
from tests.servers.postgres import Postgres
from tests.servers.process import LOOPBACK, Server, free_port, listens


class PgBouncer(Server):
    """A pool of at most two connections for each database of a cluster."""

    name = "pgbouncer"
    leaves_nothing = True

    def __init__(self, postgres: Postgres) -> None:
        super().__init__()
        self.port = free_port()
        self.settings = self.folder / "pgbouncer.ini"
        self.settings.write_text(f"""
[databases]
* = host={LOOPBACK} port={postgres.port} user=postgres
[pgbouncer]
listen_addr = {LOOPBACK}
listen_port = {self.port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 100
ignore_startup_parameters = extra_float_digits
""")
        self.give_to_user(self.folder, self.settings)

    def command(self) -> Sequence[str | Path]:
        return ["pgbouncer", self.settings]

    def answers(self) -> bool:
        return listens(self.port)

    def url(self, database: str = "postgres") -> str:
        """The address of a database behind the pool, for SQLAlchemy with psycopg 3."""
        return f"postgresql+psycopg://postgres@{LOOPBACK}:{self.port}/{database}"


@pytest.fixture(scope="session")
def pgbouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    """A pool before the cluster of the session."""
    needs("pgbouncer", present=is_installed("pgbouncer"))
    with PgBouncer(postgres) as server:
        yield server
