"""What Alembic runs around the migrations: the connection and its transaction are the caller's."""

from alembic import context

from mailbot.failpoints import Failpoint, reach
from mailbot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    on_version_apply=lambda **_: reach(Failpoint.MIGRATING),
)
with context.begin_transaction():
    context.run_migrations()
