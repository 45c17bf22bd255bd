"""What is asked for every turn is found by an index: doubts, mail of one account by its date, mail without its mark."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

DOUBTED = sa.column("unknown_at").is_not(None)
UNMARKED = sa.column("marked", sa.Boolean()).is_(False)


def upgrade() -> None:
    only = DOUBTED
    op.create_index("ix_outbox_unknown_at", "outbox", ["unknown_at"], sqlite_where=only, postgresql_where=only)
    op.create_index("ix_inbox_account_internal_date", "inbox", ["account", "internal_date"])
    columns, only = ["account", "folder", "uidvalidity", "id"], UNMARKED
    op.create_index("ix_inbox_unmarked", "inbox", columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for name, table in (
        ("ix_inbox_unmarked", "inbox"),
        ("ix_inbox_account_internal_date", "inbox"),
        ("ix_outbox_unknown_at", "outbox"),
    ):
        op.drop_index(name, table)
