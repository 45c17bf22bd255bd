"""What was said, decided, counted and done."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _entries()
    _entry_attachments()
    _decisions()
    _config_snapshots()
    _gate_counters()
    _mutes()
    _audit()
    _counters()


def downgrade() -> None:
    op.drop_table("counters")
    op.drop_table("audit")
    op.drop_table("mutes")
    op.drop_table("gate_counters")
    op.drop_table("config_snapshots")
    op.drop_table("decisions")
    op.drop_table("entry_attachments")
    op.drop_table("entries")


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket", ID, nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("visibility", sa.String(length=32), nullable=False),
        sa.Column("author", sa.String(length=320), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=998), nullable=False),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("outbox_id", ID, nullable=True),
        _one_of("entries", "side", "requester group desk admin"),
        _one_of("entries", "visibility", "public internal"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_entries_inbox_id_inbox")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_entries_outbox_id_outbox")),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.number"], name=op.f("fk_entries_ticket_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
    )
    op.create_index(op.f("ix_entries_author"), "entries", ["author"], unique=False)
    op.create_index(op.f("ix_entries_inbox_id"), "entries", ["inbox_id"], unique=False)
    op.create_index(op.f("ix_entries_ticket"), "entries", ["ticket"], unique=False)


def _entry_attachments() -> None:
    op.create_table(
        "entry_attachments",
        sa.Column("entry", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["content_hash"], ["attachments.content_hash"], name=op.f("fk_entry_attachments_content_hash_attachments")
        ),
        sa.ForeignKeyConstraint(["entry"], ["entries.id"], name=op.f("fk_entry_attachments_entry_entries")),
        sa.PrimaryKeyConstraint("entry", "position", name=op.f("pk_entry_attachments")),
    )
    op.create_index(op.f("ix_entry_attachments_content_hash"), "entry_attachments", ["content_hash"], unique=False)


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("id", ID, nullable=False),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("ticket", ID, nullable=True),
        sa.Column("deadline", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("disposition", sa.Text(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("config_hash", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name=op.f("fk_decisions_inbox_id_inbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_inbox_id"), "decisions", ["inbox_id"], unique=False)
    op.create_index(op.f("ix_decisions_ticket"), "decisions", ["ticket"], unique=False)


def _config_snapshots() -> None:
    op.create_table(
        "config_snapshots",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_config_snapshots")),
    )


def _gate_counters() -> None:
    op.create_table(
        "gate_counters",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_counters")),
    )
    op.create_index("ix_gate_counters_key_at", "gate_counters", ["key", "at"], unique=False)


def _mutes() -> None:
    op.create_table(
        "mutes",
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_mutes")),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("verb", sa.String(length=64), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )


def _one_of(table: str, column: str, words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))
