"""What is asked for every turn is found by an index: doubts, mail of one account by its date, mail without its mark."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

DOUBTED = sa.column("unknown_at").is_not(None)
UNMARKED = sa.column("marked", sa.Boolean()).is_(False)


def upgrade() -> None:
    op.create_index("ix_outbox_unknown_at", "outbox", ["unknown_at"], **only(DOUBTED))
    op.create_index("ix_inbox_account_internal_date", "inbox", ["account", "internal_date"])
    op.create_index("ix_inbox_unmarked", "inbox", ["account", "folder", "uidvalidity", "id"], **only(UNMARKED))


def only(rows: sa.ColumnElement[bool]) -> dict[str, sa.ColumnElement[bool]]:
    return {"sqlite_where": rows, "postgresql_where": rows}


def downgrade() -> None:
    for name, table in (
        ("ix_inbox_unmarked", "inbox"),
        ("ix_inbox_account_internal_date", "inbox"),
        ("ix_outbox_unknown_at", "outbox"),
    ):
        op.drop_index(name, table)
