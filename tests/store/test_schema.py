"""Fields = columns = migrations; states that nobody named are refused by the database itself."""

from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from mailbot.desk.people import Person
from mailbot.desk.ticket import AttachmentRef, Entry, Participant, State, Ticket
from mailbot.store import tables
from mailbot.store.database import MEMORY, Database
from mailbot.store.states import DeadlineState, InboxState, OutboxState
from mailbot.store.unit_of_work import Work
from tests.servers.postgres import Postgres
from tests.store.conftest import BOTH
from tests.store.material import NOW, a_ticket, opened, queued, received

ALL_TABLES = sorted(tables.metadata.tables)


@pytest.fixture(scope="module", params=BOTH)
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Engine, Engine]]:
    """The schema as the migrations make it, and as `tables` declares it."""
    if request.param == "sqlite":
        yield from made(MEMORY, "sqlite://")
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield from made(*(server.url(server.new_database()) for _ in range(2)))


def made(migrated: str, declared: str) -> Iterator[tuple[Engine, Engine]]:
    database, engine = Database.open(migrated), create_engine(declared)
    database.upgrade()
    tables.metadata.create_all(engine)
    yield database._engine, engine
    engine.dispose()
    database.close()


def shape(engine: Engine, table: str) -> dict[str, Any]:
    """Everything that must be equal about one table."""
    seen = inspect(engine)
    return {
        "columns": {column["name"]: (str(column["type"]), column["nullable"]) for column in seen.get_columns(table)},
        "key": seen.get_pk_constraint(table)["constrained_columns"],
        "checks": {(check["name"], check["sqltext"]) for check in seen.get_check_constraints(table)},
        "unique": {(one["name"], tuple(one["column_names"])) for one in seen.get_unique_constraints(table)},
        "indexes": {
            (one["name"], tuple(one["column_names"]), only_where(one.get("dialect_options", {})))
            for one in seen.get_indexes(table)
        },
        "foreign": {
            (one["name"], tuple(one["constrained_columns"]), one["referred_table"], tuple(one["referred_columns"]))
            for one in seen.get_foreign_keys(table)
        },
    }


def only_where(options: dict[str, Any]) -> str:
    """Of which rows a partial index is."""
    return ", ".join(str(rows) for name, rows in options.items() if name.endswith("_where"))


def test_migrations_make_the_tables_that_are_declared_and_no_others(both: tuple[Engine, Engine]) -> None:
    migrated, declared = both
    assert set(inspect(migrated).get_table_names()) - {"alembic_version"} == set(inspect(declared).get_table_names())


@pytest.mark.parametrize("table", ALL_TABLES)
def test_migrations_make_each_table_as_it_is_declared(table: str, both: tuple[Engine, Engine]) -> None:
    migrated, declared = both
    assert shape(migrated, table) == shape(declared, table)


ASKED_EVERY_TURN = {
    "ix_outbox_unknown_at": select(tables.outbox.c.id).where(tables.outbox.c.unknown_at > NOW),
    "ix_inbox_account_internal_date": select(tables.inbox.c.state).where(
        tables.inbox.c.account == "support", tables.inbox.c.internal_date.between(NOW, NOW)
    ),
    "ix_inbox_unmarked": select(tables.inbox.c.id)
    .where(
        tables.inbox.c.account == "support",
        tables.inbox.c.folder == "INBOX",
        tables.inbox.c.uidvalidity == 1,
        tables.inbox.c.marked.is_(False),
    )
    .order_by(tables.inbox.c.id),
}


@pytest.mark.parametrize("index", ASKED_EVERY_TURN)
def test_what_is_asked_every_turn_is_found_by_its_index(index: str, work: Work) -> None:
    asked = ASKED_EVERY_TURN[index].compile(work.connection, compile_kwargs={"literal_binds": True})
    explain = "EXPLAIN QUERY PLAN"
    if work.connection.dialect.name == "postgresql":
        work.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # so few rows are read faster without
        explain = "EXPLAIN"
    plan = work.connection.exec_driver_sql(f"{explain} {asked}".replace("%", "%%")).all()
    assert index in str(plan)


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
        work.tickets.save(a_ticket(opened_at=datetime(2026, 3, 2)), NOW)  # noqa: DTZ001  # the mistake that is meant
