"""What was decided and why, what people did, and under which configuration."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from mailbot.store import tables
from mailbot.store.rows import AuditLine, DecisionRecord, Json
from mailbot.store.values import as_value, insert_new, reasons_from_json, reasons_to_json


class Audit:
    """The records inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def decision(self, record: DecisionRecord) -> None:
        """Why something was done."""
        self._connection.execute(
            insert(tables.decisions).values(
                inbox_id=record.inbox_id,
                ticket=record.ticket,
                deadline=record.deadline,
                event=record.event,
                disposition=record.disposition,
                reasons=reasons_to_json(record.reasons),
                config_hash=record.config_hash,
                at=record.at,
            )
        )

    def decisions(self, *, inbox_id: int | None = None, ticket: int | None = None) -> list[DecisionRecord]:
        """Decisions about one row or ticket, oldest first."""
        found = select(tables.decisions).order_by(tables.decisions.c.id)
        found = found if inbox_id is None else found.where(tables.decisions.c.inbox_id == inbox_id)
        found = found if ticket is None else found.where(tables.decisions.c.ticket == ticket)
        return [
            as_value(DecisionRecord, row, reasons=reasons_from_json(row["reasons"]))
            for row in self._connection.execute(found).mappings()
        ]

    def config_snapshot(self, config_hash: str, content: Json, now: datetime) -> None:
        """Keep a configuration, once."""
        row = {"hash": config_hash, "at": now, "content": dict(content)}
        insert_new(self._connection, tables.config_snapshots, row, returning="hash")

    def config(self, config_hash: str) -> Json | None:
        """A configuration of the past."""
        snapshots = tables.config_snapshots
        found: Json | None = self._connection.execute(
            select(snapshots.c.content).where(snapshots.c.hash == config_hash)
        ).scalar()
        return found

    def note(self, who: str, verb: str, what: str, now: datetime, detail: str = "") -> None:
        """A person did something."""
        self._connection.execute(insert(tables.audit).values(who=who, verb=verb, what=what, at=now, detail=detail))

    def notes(self, limit: int = 1000) -> list[AuditLine]:
        """What people did, newest first."""
        found = select(tables.audit).order_by(tables.audit.c.id.desc()).limit(limit)
        return [as_value(AuditLine, row) for row in self._connection.execute(found).mappings()]
