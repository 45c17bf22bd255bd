"""Tickets, who takes part in them, and their threads."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _people()
    _tickets()
    _facts()
    _participants()
    _attachments()
    _chains()


def downgrade() -> None:
    op.drop_table("chains")
    op.drop_table("attachments")
    op.drop_table("participants")
    op.drop_table("facts")
    op.drop_table("tickets")
    op.drop_table("people")


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("department", sa.Text(), nullable=False),
        sa.Column("site", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=64), nullable=False),
        sa.Column("vip", sa.Boolean(), nullable=False),
        sa.Column("manager", sa.String(length=320), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("same_as", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_people")),
    )


def _tickets() -> None:
    op.create_table("tickets", *_tickets_columns(), *_tickets_constraints())
    op.create_index(op.f("ix_tickets_requester"), "tickets", ["requester"], unique=False)
    op.create_index(op.f("ix_tickets_state"), "tickets", ["state"], unique=False)


def _tickets_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("requester", sa.String(length=320), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("impact", sa.String(length=32), nullable=False),
        sa.Column("urgency", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("question", sa.Boolean(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("owner", sa.String(length=320), nullable=True),
        sa.Column("waiting_for", sa.String(length=32), nullable=True),
        sa.Column("waiting_until", INSTANT, nullable=True),
        sa.Column("cancel_reason", sa.String(length=32), nullable=True),
        sa.Column("former_state", sa.String(length=32), nullable=True),
        sa.Column("merged_into", ID, nullable=True),
        sa.Column("follows", ID, nullable=True),
        sa.Column("parent", ID, nullable=True),
        sa.Column("disruption", sa.String(length=32), nullable=False),
        sa.Column("disruption_words", sa.JSON(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("affected", sa.Integer(), nullable=True),
        sa.Column("vip", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("asked_unclear", sa.Boolean(), nullable=False),
        sa.Column("faq_entry", sa.Text(), nullable=True),
        sa.Column("specialist_answered", sa.Boolean(), nullable=False),
        sa.Column("alert_key", sa.Text(), nullable=True),
        sa.Column("alert_count", sa.Integer(), nullable=False),
        sa.Column("response_due_at", INSTANT, nullable=True),
        sa.Column("resolution_due_at", INSTANT, nullable=True),
        sa.Column("first_response_at", INSTANT, nullable=True),
        sa.Column("resolved_at", INSTANT, nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
    )


def _tickets_constraints() -> tuple[sa.Constraint, ...]:
    return (
        _one_of("tickets", "cancel_reason", "spam withdrawn duplicate merged"),
        _one_of("tickets", "disruption", "yes no unknown"),
        _one_of("tickets", "former_state", "assigned in_progress waiting answered resolved closed cancelled"),
        _one_of("tickets", "impact", "low medium high"),
        _one_of("tickets", "kind", "incident request"),
        _one_of("tickets", "priority", "P1 P2 P3 P4"),
        _one_of("tickets", "state", "assigned in_progress waiting answered resolved closed cancelled"),
        _one_of("tickets", "urgency", "low medium high"),
        _one_of("tickets", "waiting_for", "requester vendor approval date"),
        sa.ForeignKeyConstraint(["follows"], ["tickets.number"], name=op.f("fk_tickets_follows_tickets")),
        sa.ForeignKeyConstraint(["merged_into"], ["tickets.number"], name=op.f("fk_tickets_merged_into_tickets")),
        sa.ForeignKeyConstraint(["parent"], ["tickets.number"], name=op.f("fk_tickets_parent_tickets")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tickets")),
    )


def _facts() -> None:
    op.create_table(
        "facts",
        sa.Column("ticket", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_facts_ticket_tickets")),
        sa.PrimaryKeyConstraint("ticket", "name", name=op.f("pk_facts")),
    )


def _participants() -> None:
    op.create_table(
        "participants",
        sa.Column("ticket", ID, nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("joined", sa.String(length=32), nullable=False),
        sa.Column("joined_at", INSTANT, nullable=False),
        _one_of("participants", "joined", "opened on_behalf accepted colleague specialist"),
        _one_of("participants", "side", "requester group desk admin"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_participants_ticket_tickets")),
        sa.PrimaryKeyConstraint("ticket", "address", "side", name=op.f("pk_participants")),
    )


def _attachments() -> None:
    op.create_table(
        "attachments",
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("content_hash", name=op.f("pk_attachments")),
    )


def _chains() -> None:
    op.create_table(
        "chains",
        sa.Column("ticket", ID, nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        _one_of("chains", "side", "requester group desk admin"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_chains_ticket_tickets")),
        sa.PrimaryKeyConstraint("ticket", "side", "position", name=op.f("pk_chains")),
        sa.UniqueConstraint("ticket", "side", "message_id", name=op.f("uq_chains_ticket_side_message_id")),
    )
    op.create_index(op.f("ix_chains_message_id"), "chains", ["message_id"], unique=False)


def _one_of(table: str, column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))
