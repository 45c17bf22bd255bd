"""The deadlines queue: what happens when nobody does anything first (DESIGN section 3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from mailbot.desk.deadline import Arm, Deadline, DeadlineKind
from mailbot.store.rows import (
    DeadlineLine,
)
from mailbot.store.states import DeadlineState


class Deadlines:
    """The deadlines inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def arm(self, ticket: int, arm: Arm, due_at: datetime, policy_hash: str, now: datetime) -> None:
        """A deadline to come; a pending one of the same key stays as it is."""
        raise NotImplementedError

    def cancel(self, ticket: int, kinds: Collection[DeadlineKind]) -> None:
        """These no longer matter."""
        raise NotImplementedError

    def due(self, now: datetime, limit: int = 100) -> list[Deadline]:
        """Pending deadlines that have come, oldest first."""
        raise NotImplementedError

    def fire(self, deadline: Deadline, now: datetime) -> None:
        """It has come; commit with its effects. IllegalMove where it was cancelled or fired meanwhile."""
        raise NotImplementedError

    def hold(self, deadline: Deadline, reason: str) -> None:
        """It has come, but a person must look first (storm, clock step)."""
        raise NotImplementedError

    def lines(
        self, *, ticket: int | None = None, states: Collection[DeadlineState] = (), limit: int = 1000
    ) -> list[DeadlineLine]:
        """Deadlines for people, by due time."""
        raise NotImplementedError

    def next_due_at(self) -> datetime | None:
        """When the next pending deadline comes."""
        raise NotImplementedError
