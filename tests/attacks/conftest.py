"""The attackers meet the desk of the stories."""

from tests.conversations.conftest import (  # noqa: F401  # fixtures, found by name
    admin,
    clock,
    desk,
    monitoring,
    requester,
    server,
    specialist,
    stranger,
)
