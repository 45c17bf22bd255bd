"""Runs the migrations in `migrations/` (Alembic, from Python: no ini file, so that an installed wheel can do it)."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from mailbot.store import migrations


def upgrade_schema(connection: Connection) -> None:
    """Bring the schema to the newest version inside the caller's transaction."""
    config = _config()
    head = ScriptDirectory.from_config(config).get_current_head()
    if MigrationContext.configure(connection).get_current_revision() == head:
        return
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def schema_versions(connection: Connection) -> tuple[str | None, str | None]:
    """The version that the schema has (None: there is none yet), and the newest that this mailbot knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision(), head


def _config() -> Config:
    config = Config()
    folder = Path(str(migrations.__file__)).parent
    config.set_main_option("script_location", str(folder).replace("%", "%%"))  # the parser's own escape
    config.set_main_option("path_separator", "os")
    return config
