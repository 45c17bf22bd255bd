"""When the database was restored from a backup, and from when on its folders must be read once more."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name in ("rescan_from", "restored_at"):
        op.add_column("mailboxes", sa.Column(name, INSTANT, nullable=True))


def downgrade() -> None:
    for name in ("rescan_from", "restored_at"):
        op.drop_column("mailboxes", name)
