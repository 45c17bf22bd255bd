"""PostgreSQL for tests: a cluster of its own on a free port, durable as in production (`fsync` is on).

`kill` is the power cut and `start` the recovery; `settings` are what a careless admin might have set.
"""

import functools
import itertools
import signal
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.servers.bench import needs
from tests.servers.process import LOOPBACK, USER, Server, free_port, run

_numbers = itertools.count(1)


@functools.cache
def programs() -> Path | None:
    """The folder of the newest installed version: Debian keeps it out of PATH."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(found, key=lambda path: int(path.parent.parent.name), default=None)
    return newest.parent if newest else None


class Postgres(Server):
    """One cluster; `url()` is what SQLAlchemy takes."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": does not wait for clients

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.port = free_port()
        self.settings = {
            "port": str(self.port),
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
            "shared_buffers": "32MB",
            **(settings or {}),
        }
        self.programs = programs() or Path()
        self.give_to_user(self.folder)

    def command(self) -> Sequence[str | Path]:
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        return [self.programs / "postgres", "-D", self.folder / "data", *settings]

    def answers(self) -> bool:
        # An open port is not enough: a cluster that recovers refuses logins.
        try:
            run([self.programs / "pg_isready", "-q", "-h", LOOPBACK, "-p", str(self.port)])
        except RuntimeError:
            return False
        return True

    def start(self) -> None:
        """Run the cluster; the first time it is made."""
        if not (self.folder / "data").exists():
            looks = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            run([self.programs / "initdb", "-D", self.folder / "data", *looks], folder=self.folder)
        super().start()

    def url(self, database: str = "postgres") -> str:
        """The address of a database, for SQLAlchemy with psycopg 3."""
        return f"postgresql+psycopg://postgres@{LOOPBACK}:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its name."""
        name = f"desk{next(_numbers)}"
        self.tool("createdb", name)
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.tool("dropdb", "--force", name)

    def tool(self, program: str, *arguments: str) -> str:
        """The output of one of PostgreSQL's client programs."""
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", "postgres"]
        return run([self.programs / program, *where, *arguments], folder=self.folder)


def need_postgres() -> None:
    """Skip, or fail in CI, where PostgreSQL cannot run."""
    needs("postgres", present=programs() is not None and USER.pw_uid != 0)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One cluster for the session; a test that stops or kills it brings its own."""
    need_postgres()
    with Postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database of its own for one test."""
    name = postgres.new_database()
    yield postgres.url(name)
    postgres.drop_database(name)
