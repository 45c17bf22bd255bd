"""How a transaction begins; each engine says it in the words of its database."""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from sqlalchemy import Connection


class Mode(Enum):
    """What a transaction is for."""

    WRITE = auto()  # SQLite: the one writer. PostgreSQL: READ COMMITTED, with row locks where it matters
    READ = auto()  # one consistent view of everything; nothing can be written
    UPGRADE = auto()  # alone, for as long as it takes


OPTION: Final = "mailbot_mode"  # the execution option that carries the mode to the engine


def mode_of(connection: Connection) -> Mode:
    """The mode in which this connection is to begin."""
    mode = connection.get_execution_options().get(OPTION, Mode.WRITE)
    assert isinstance(mode, Mode)
    return mode
