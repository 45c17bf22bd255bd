"""What was decided and why, what people did, and under which configuration."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from mailbot.store.rows import (
    AuditLine,
    DecisionRecord,
    Json,
)


class Audit:
    """The records inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def decision(self, record: DecisionRecord) -> None:
        """Why something was done."""
        raise NotImplementedError

    def decisions(self, *, inbox_id: int | None = None, ticket: int | None = None) -> list[DecisionRecord]:
        """Decisions about one row or ticket, oldest first."""
        raise NotImplementedError

    def config_snapshot(self, config_hash: str, content: Json, now: datetime) -> None:
        """Keep a configuration, once."""
        raise NotImplementedError

    def config(self, config_hash: str) -> Json | None:
        """A configuration of the past."""
        raise NotImplementedError

    def note(self, who: str, verb: str, what: str, now: datetime, detail: str = "") -> None:
        """A person did something."""
        raise NotImplementedError

    def notes(self, limit: int = 1000) -> list[AuditLine]:
        """What people did, newest first."""
        raise NotImplementedError
