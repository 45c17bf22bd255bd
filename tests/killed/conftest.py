"""Places for the tests that kill desks: made once a worker, and only where the servers can run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.killed.place import Place
from tests.servers.certificates import Authority
from tests.servers.dovecot import need_dovecot
from tests.servers.postfix import need_postfix
from tests.servers.postgres import Postgres, programs


@pytest.fixture(scope="session")
def place(authority: Authority, request: pytest.FixtureRequest) -> Iterator[Place]:
    need_dovecot()
    need_postfix()
    postgres: Postgres | None = request.getfixturevalue("postgres") if programs() is not None else None
    with Place(authority, postgres) as place:
        yield place
