"""Places for the tests that kill desks: made once a worker, and only where the servers can run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.killed.place import Place
from tests.servers.certificates import Authority
from tests.servers.dovecot import need_dovecot
from tests.servers.postfix import need_postfix


@pytest.fixture(scope="session")
def place(authority: Authority) -> Iterator[Place]:
    need_dovecot()
    need_postfix()
    with Place(authority) as place:
        yield place
