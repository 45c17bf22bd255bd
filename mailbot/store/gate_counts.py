"""Sliding windows and mutes: what the gate asks of the past."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from mailbot.desk.decision import Mute
from mailbot.desk.situation import GateCounts


class Gate:
    """The counters of the gate inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(
        self,
        address: str,
        ticket: int | None,
        kind: str,
        inbox_id: int | None,
        now: datetime,
        *,
        aliases: Collection[str] = (),
    ) -> GateCounts:
        """What the gate must know before a mail of this kind to this address; `aliases` share its limits."""
        raise NotImplementedError

    def count(self, address: str, ticket: int | None, kind: str, now: datetime) -> None:
        """A mail was allowed: it counts from now on, in the same transaction."""
        raise NotImplementedError

    def mute(self, mute: Mute, now: datetime) -> None:
        """No automatic mail to this address until then."""
        raise NotImplementedError

    def unmute(self, address: str) -> None:
        """Automatic mail may leave for this address again."""
        raise NotImplementedError

    def open_breaker(self, until: datetime, reason: str, now: datetime) -> None:
        """No class B mail to anybody until then."""
        raise NotImplementedError

    def close_breaker(self) -> None:
        """Class B mail may leave again."""
        raise NotImplementedError
