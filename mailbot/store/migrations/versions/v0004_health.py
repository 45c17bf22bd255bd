"""What the daemon says of itself."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)
STATES = "'ok', 'retrying', 'needs_person', 'last_good', 'no_progress', 'stopped'"


def upgrade() -> None:
    op.create_table(
        "health",
        sa.Column("component", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_health_state")),
        sa.PrimaryKeyConstraint("component", name=op.f("pk_health")),
    )


def downgrade() -> None:
    op.drop_table("health")
