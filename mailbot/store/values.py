"""Between rows and values: the one place where columns become fields, and fields become what JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Table
from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.evidence import ActingAs, Evidence, Sender, TokenState
from mailbot.store.rows import Understood
from mailbot.store.storable import storable
from mailbot.triage.assessment import Reason

T = TypeVar("T")
# Fields whose columns have a name that Python keeps for itself, or that needs more words outside of its table.
COLUMNS = {"class_": "class", "mail_class": "class"}
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # a lease of this date has ended


def as_value(kind: type[T], row: RowMapping | Mapping[str, Any], **given: Any) -> T:
    """A dataclass of this kind from the columns of its field names; `given` are the fields that are no plain column."""
    names = [field.name for field in fields(kind) if field.name not in given]  # type: ignore[arg-type]  # a dataclass
    columns: Mapping[Any, Any] = row
    return kind(**{name: columns[COLUMNS.get(name, name)] for name in names}, **given)


def clip(text: str, characters: int) -> str:
    """What fits into a column and its index, as `storable` cuts it; a hostile header may be any length."""
    return storable(text, characters)


def insert_new(connection: Connection, table: Table, row: Mapping[str, Any], returning: str) -> list[Any]:
    """Insert the row unless a unique key is there already; the column `returning` of what is new."""
    statement = unless_there(connection.dialect.name, table).values(row).returning(table.c[returning])
    return list(connection.execute(statement).scalars())


def put(connection: Connection, table: Table, row: Mapping[str, Any], key: str) -> None:
    """Insert the row, or write it over the one that has this key."""
    insert = PostgresqlInsert if connection.dialect.name == "postgresql" else SqliteInsert
    changed = {name: value for name, value in row.items() if name != key}
    connection.execute(insert(table).values(row).on_conflict_do_update(index_elements=[key], set_=changed))


def unless_there(dialect: str, table: Table) -> SqliteInsert | PostgresqlInsert:
    """INSERT ... ON CONFLICT DO NOTHING, which both databases spell alike and SQLAlchemy keeps twice."""
    if dialect == "postgresql":
        return PostgresqlInsert(table).on_conflict_do_nothing()
    return SqliteInsert(table).on_conflict_do_nothing()


def evidence_to_json(evidence: Evidence | None) -> dict[str, Any] | None:
    """The evidence as the inbox row keeps it."""
    return None if evidence is None else asdict(evidence)


def evidence_from_json(stored: Mapping[str, Any] | None) -> Evidence | None:
    """The evidence of an inbox row; fields of other versions are left out."""
    if stored is None:
        return None
    known = {field.name for field in fields(Evidence)}
    given = {name: value for name, value in stored.items() if name in known}
    given["sender"] = Sender(given.get("sender", Sender.UNKNOWN))
    given["token"] = TokenState(given.get("token", TokenState.NONE))
    given["role"] = ActingAs(given.get("role", ActingAs.NONE))
    return Evidence(**given)


def understood_to_columns(understood: Understood | None) -> dict[str, Any]:
    """What was learnt of a mail, as its row keeps it."""
    if understood is None:
        return {}
    return {
        "message_id": clip(understood.message_id, 998),
        "sender": clip(understood.sender, 320),
        "subject": understood.subject,
        "class": understood.mail_class,
        "class_reason": understood.class_reason,
        "fingerprint_content": understood.fingerprint_content,
        "parsed": dict(understood.parsed),
        "evidence": evidence_to_json(understood.evidence),
    }


def arm_to_json(arm: Arm | None) -> dict[str, Any] | None:
    """The deadline that rides on a mail."""
    if arm is None:
        return None
    return {
        "kind": arm.kind.value,
        "step": arm.step,
        "cycle": arm.cycle,
        "business_seconds": None if arm.business is None else arm.business.total_seconds(),
        "due_at": None if arm.due_at is None else arm.due_at.isoformat(),
    }


def arm_from_json(stored: Mapping[str, Any] | None) -> Arm | None:
    """The deadline that rides on a mail."""
    if stored is None:
        return None
    seconds, due = stored["business_seconds"], stored["due_at"]
    return Arm(
        kind=DeadlineKind(stored["kind"]),
        step=stored["step"],
        cycle=stored["cycle"],
        business=None if seconds is None else timedelta(seconds=seconds),
        due_at=None if due is None else datetime.fromisoformat(due),
    )


def reasons_to_json(reasons: Sequence[Reason]) -> list[list[str]]:
    """Reasons as pairs (what, because)."""
    return [[reason.what, reason.because] for reason in reasons]


def reasons_from_json(stored: Sequence[Sequence[str]]) -> tuple[Reason, ...]:
    """Reasons from their pairs."""
    return tuple(Reason(what, because) for what, because in stored)
