"""The fixtures of the bench for all tests: a pytest plug-in, named in `tests/conftest.py`."""

from tests.servers.certificates import authority
from tests.servers.dovecot import address, dovecot
from tests.servers.mlmmj import lists
from tests.servers.oauth import oauth, slow_oauth
from tests.servers.pgbouncer import pgbouncer
from tests.servers.policy import policy
from tests.servers.postfix import postfix
from tests.servers.postgres import postgres, postgres_url
from tests.servers.process import sweep
from tests.servers.sinks import sink

__all__ = [
    "address",
    "authority",
    "dovecot",
    "lists",
    "oauth",
    "pgbouncer",
    "policy",
    "postfix",
    "postgres",
    "postgres_url",
    "sink",
    "slow_oauth",
]


def pytest_sessionstart() -> None:
    """Clean up after sessions that were killed."""
    sweep()
