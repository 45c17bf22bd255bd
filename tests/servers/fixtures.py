"""The fixtures of the bench for all tests: a pytest plug-in, named in `tests/conftest.py`."""

from tests.servers.pgbouncer import pgbouncer
from tests.servers.postgres import postgres, postgres_url
from tests.servers.process import sweep

__all__ = ["pgbouncer", "postgres", "postgres_url"]


def pytest_sessionstart() -> None:
    """Clean up after sessions that were killed."""
    sweep()
