"""Fields = columns = migrations; states that nobody named are refused by the database itself."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.schema import CreateIndex, CreateTable

from mailbot.desk.people import Person
from mailbot.desk.ticket import AttachmentRef, Entry, Participant, State, Ticket
from mailbot.store import tables
from mailbot.store.database import Database
from mailbot.store.states import DeadlineState, InboxState, OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.store.values import unless_there
from tests.store.material import NOW, POSTGRESQL, a_ticket, opened, queued, received

ALL_TABLES = sorted(tables.metadata.tables)


@pytest.fixture(scope="module")
def declared() -> Iterator[Engine]:
    """The schema as `tables` declares it."""
    engine = create_engine("sqlite://")
    tables.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def migrated() -> Iterator[Engine]:
    """The schema as the migrations make it."""
    database = Database.open("sqlite:///:memory:")
    database.upgrade()
    yield database._engine
    database.close()


def shape(engine: Engine, table: str) -> dict[str, Any]:
    """Everything that must be equal about one table."""
    seen = inspect(engine)
    return {
        "columns": {column["name"]: (str(column["type"]), column["nullable"]) for column in seen.get_columns(table)},
        "key": seen.get_pk_constraint(table)["constrained_columns"],
        "checks": {(check["name"], check["sqltext"]) for check in seen.get_check_constraints(table)},
        "unique": {(one["name"], tuple(one["column_names"])) for one in seen.get_unique_constraints(table)},
        "indexes": {(one["name"], tuple(one["column_names"])) for one in seen.get_indexes(table)},
        "foreign": {
            (one["name"], tuple(one["constrained_columns"]), one["referred_table"], tuple(one["referred_columns"]))
            for one in seen.get_foreign_keys(table)
        },
    }


def test_migrations_make_the_tables_that_are_declared_and_no_others(declared: Engine, migrated: Engine) -> None:
    assert set(inspect(migrated).get_table_names()) - {"alembic_version"} == set(inspect(declared).get_table_names())


@pytest.mark.parametrize("table", ALL_TABLES)
def test_migrations_make_each_table_as_it_is_declared(table: str, declared: Engine, migrated: Engine) -> None:
    assert shape(migrated, table) == shape(declared, table)


@pytest.mark.parametrize(
    ("kind", "table", "elsewhere", "own"),
    [
        (Ticket, "tickets", {"facts"}, set()),
        (Person, "people", set(), {"changed_at"}),
        (Participant, "participants", set(), {"ticket", "joined_at"}),
        (Entry, "entries", {"attachments"}, {"id", "ticket", "message_id", "inbox_id", "outbox_id"}),
        (AttachmentRef, "entry_attachments", set(), {"entry", "position"}),
    ],
)
def test_every_field_has_its_column(kind: Any, table: str, elsewhere: set[str], own: set[str]) -> None:
    columns = {column.name for column in tables.metadata.tables[table].columns}
    assert {field.name for field in fields(kind)} - elsewhere == columns - own


def test_a_ticket_comes_back_with_every_field_it_was_saved_with(work: Work) -> None:
    opened(work, 2)
    filled = {
        field.name: value
        for field in fields(Ticket)
        if (value := sample(field.name, getattr(a_ticket(), field.name))) is not None
    }
    saved = work.tickets.save(replace(a_ticket(), **filled), NOW)
    assert work.tickets.get(1) == saved
    assert [name for name in filled if getattr(saved, name) == getattr(a_ticket(), name)] == [], "not tried"


REQUIRED = frozenset(field.name for field in fields(Ticket) if field.default is MISSING is field.default_factory)


def sample(name: str, value: Any) -> Any:
    """Another value for an optional field; None leaves it."""
    if name in REQUIRED or name in ("version", "changed_at"):
        return None
    return SAMPLES[name] if name in SAMPLES else OF_TYPE[type(value)]


OF_TYPE: dict[type, Any] = {bool: True, int: 2, str: "x", tuple: ("a", "b"), dict: {"host": "pr-7", "room": "5"}}
SAMPLES: dict[str, Any] = {
    "service": "printing",
    "owner": "carl@corp.example",
    "waiting_for": "vendor",
    "waiting_until": NOW,
    "cancel_reason": "spam",
    "former_state": State.WAITING,
    "merged_into": 2,
    "follows": 2,
    "parent": 2,
    "disruption": "yes",
    "rule": "Printers",
    "affected": 3,
    "faq_entry": "jam",
    "alert_key": "host7",
    **dict.fromkeys(("response_due_at", "resolution_due_at", "first_response_at", "resolved_at", "closed_at"), NOW),
}


@pytest.mark.parametrize(
    ("table", "kind"),
    [("inbox", InboxState), ("outbox", OutboxState), ("deadlines", DeadlineState), ("tickets", State)],
)
def test_the_database_refuses_a_state_that_nobody_named(table: str, kind: type[StrEnum], work: Work) -> None:
    opened(work)
    received(work)
    queued(work)
    from_sample(work)
    with pytest.raises(IntegrityError, match=f"ck_{table}_state"):
        work.connection.execute(text(f"UPDATE {table} SET state = 'limbo'"))


def from_sample(work: Work) -> None:
    """One deadline, so that there is a row to break."""
    work.connection.execute(
        text(
            "INSERT INTO deadlines (ticket, kind, step, cycle, due_at, policy_hash, state, reason, armed_at)"
            " VALUES (1, 'reminder', 0, 0, '2026-03-02 09:00:00', '', 'pending', '', '2026-03-02 09:00:00')"
        )
    )


def test_a_time_comes_back_in_utc_whatever_zone_it_went_in_with(work: Work) -> None:
    in_berlin = datetime(2026, 3, 2, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    work.tickets.save(a_ticket(opened_at=in_berlin), NOW)
    found = work.tickets.get(1)
    assert found is not None
    assert found.opened_at == in_berlin
    assert found.opened_at.tzinfo is UTC
    stored = work.connection.execute(text("SELECT opened_at FROM tickets")).scalar()
    assert str(stored).startswith("2026-03-02 09:30:00")


def test_a_time_without_a_zone_is_refused(work: Work) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        work.tickets.save(a_ticket(opened_at=datetime(2026, 3, 2)), NOW)  # noqa: DTZ001 - the mistake that is meant


@pytest.mark.parametrize("table", ALL_TABLES)
def test_every_table_is_postgresql_too(table: str) -> None:
    known = tables.metadata.tables[table]
    made = str(CreateTable(known).compile(dialect=POSTGRESQL))
    assert "DATETIME" not in made
    assert all(str(CreateIndex(index).compile(dialect=POSTGRESQL)) for index in known.indexes)


def test_insert_unless_there_is_spelt_for_each_database() -> None:
    row = {"name": "ticket", "next": 1}
    for name, dialect in (("postgresql", POSTGRESQL), ("sqlite", create_engine("sqlite://").dialect)):
        compiled = str(unless_there(name, tables.counters).values(row).compile(dialect=dialect))
        assert compiled.endswith("ON CONFLICT DO NOTHING")


def test_claims_skip_what_another_worker_has_locked_where_the_database_can() -> None:
    claim = select(tables.inbox.c.id).with_for_update(skip_locked=True)
    assert "FOR UPDATE SKIP LOCKED" in str(claim.compile(dialect=POSTGRESQL))
