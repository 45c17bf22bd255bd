"""Where the stories play."""

from __future__ import annotations

import pytest

from tests.servers.certificates import Authority
from tests.servers.oauth import OAuth
from tests.servers.policy import Policy
from tests.servers.sinks import Sink
from tests.stories.house import Street


@pytest.fixture(scope="session")
def street(authority: Authority, oauth: OAuth, policy: Policy, sink: Sink) -> Street:
    return Street(authority, oauth, policy, sink)
