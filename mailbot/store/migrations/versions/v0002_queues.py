"""The three queues, and the folders they are filled from."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

INSTANT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _mailboxes()
    _leases()
    _inbox()
    _outbox()
    _deadlines()


def downgrade() -> None:
    op.drop_table("deadlines")
    op.drop_table("outbox")
    op.drop_table("inbox")
    op.drop_table("leases")
    op.drop_table("mailboxes")


def _mailboxes() -> None:
    op.create_table(
        "mailboxes",
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("folder", sa.String(length=200), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("first_start", INSTANT, nullable=False),
        sa.Column("renumbered_at", INSTANT, nullable=True),
        sa.Column("backlog_accepted_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("account", "folder", name=op.f("pk_mailboxes")),
    )


def _leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )


def _inbox() -> None:
    op.create_table("inbox", *_inbox_columns(), *_inbox_constraints())
    op.create_index(op.f("ix_inbox_fingerprint_content"), "inbox", ["fingerprint_content"], unique=False)
    op.create_index(op.f("ix_inbox_message_id"), "inbox", ["message_id"], unique=False)
    op.create_index(op.f("ix_inbox_raw_hash"), "inbox", ["raw_hash"], unique=False)
    op.create_index("ix_inbox_sender_received_at", "inbox", ["sender", "received_at"], unique=False)
    op.create_index("ix_inbox_state_id", "inbox", ["state", "id"], unique=False)
    op.create_index(op.f("ix_inbox_ticket"), "inbox", ["ticket"], unique=False)


def _inbox_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", ID, nullable=False),
        sa.Column("account", sa.String(length=200), nullable=False),
        sa.Column("folder", sa.String(length=200), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("raw_hash", sa.String(length=64), nullable=False),
        sa.Column("internal_date", INSTANT, nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("truncated", sa.Boolean(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("sender", sa.String(length=320), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("class_reason", sa.Text(), nullable=False),
        sa.Column("fingerprint_content", sa.String(length=64), nullable=False),
        sa.Column("parsed", sa.JSON(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=True),
        sa.Column("dkim", sa.Text(), nullable=False),
        sa.Column("ticket", ID, nullable=True),
        sa.Column("duplicate_of", ID, nullable=True),
        sa.Column("released_by", sa.String(length=320), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("done_at", INSTANT, nullable=True),
    )


def _inbox_constraints() -> tuple[sa.Constraint, ...]:
    return (
        _one_of("inbox", "state", "received claimed done duplicate ignored held set_aside discarded"),
        sa.ForeignKeyConstraint(["duplicate_of"], ["inbox.id"], name=op.f("fk_inbox_duplicate_of_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint(
            "account", "folder", "uidvalidity", "uid", name=op.f("uq_inbox_account_folder_uidvalidity_uid")
        ),
    )


def _outbox() -> None:
    op.create_table("outbox", *_outbox_columns(), *_outbox_constraints())
    op.create_index(op.f("ix_outbox_inbox_id"), "outbox", ["inbox_id"], unique=False)
    op.create_index("ix_outbox_state_not_before", "outbox", ["state", "not_before"], unique=False)
    op.create_index(op.f("ix_outbox_ticket"), "outbox", ["ticket"], unique=False)


def _outbox_columns() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("ticket", ID, nullable=True),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("class", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("group_name", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=320), nullable=False),
        sa.Column("mail_from", sa.String(length=320), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=False),
        sa.Column("phase", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unknown_count", sa.Integer(), nullable=False),
        sa.Column("unknown_at", INSTANT, nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("priority", sa.String(length=32), nullable=False),
        sa.Column("arms", sa.JSON(), nullable=True),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("smtp_reply", sa.Text(), nullable=False),
    )


def _outbox_constraints() -> tuple[sa.Constraint, ...]:
    return (
        _one_of("outbox", "cause", "mail clock specialist"),
        _one_of("outbox", "class", "A B"),
        _one_of("outbox", "phase", "none connect data"),
        _one_of("outbox", "priority", "P1 P2 P3 P4"),
        _one_of("outbox", "side", "requester group desk admin"),
        _one_of("outbox", "state", "ready sending sent unknown failed parked stopped cancelled"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_outbox_inbox_id_inbox")),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_outbox_ticket_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outbox_message_id")),
    )


def _deadlines() -> None:
    op.create_table(
        "deadlines",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("policy_hash", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("armed_at", INSTANT, nullable=False),
        sa.Column("fired_at", INSTANT, nullable=True),
        _one_of(
            "deadlines",
            "kind",
            "unclaimed reminder faq_verdict auto_close wait_over approval held_mail response resolution",
        ),
        _one_of("deadlines", "state", "pending held fired cancelled"),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_deadlines_ticket_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadlines")),
        sa.UniqueConstraint("ticket", "kind", "step", "cycle", name=op.f("uq_deadlines_ticket_kind_step_cycle")),
    )
    op.create_index("ix_deadlines_state_due_at", "deadlines", ["state", "due_at"], unique=False)


def _one_of(table: str, column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))
