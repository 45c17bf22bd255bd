"""PostgreSQL through psycopg 3, several daemons on one database, directly or behind PgBouncer.

With transaction pooling every transaction may meet another session: so no prepared statements, no session settings and
no locks of a session. What a transaction needs it says in its first words, which are one message with BEGIN.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from mailbot.store.failures import UnfitDatabase
from mailbot.store.modes import Mode, mode_of
from mailbot.store.storable import dump_json

OLDEST_VERSION = 13
STATEMENT_SECONDS = 60
IDLE_SECONDS = 60  # a daemon that froze in mid-transaction must not hold its locks for ever
# A peer that vanished without a word is noticed within a minute (libpq's names; the URL may say otherwise).
_CONNECT: Mapping[str, Any] = {
    "application_name": "mailbot",
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 45_000,
}
_UPGRADES = 7_285_190_144  # the number of our advisory lock: two daemons that start together migrate one by one
_ISOLATION: Mapping[Mode, str] = {
    Mode.WRITE: "READ COMMITTED READ WRITE",
    Mode.READ: "REPEATABLE READ READ ONLY",
    Mode.UPGRADE: "READ COMMITTED READ WRITE",
}
_RISKS: Mapping[str, str] = {
    "fsync": "a power cut could lose or break committed mail",
    "full_page_writes": "a power cut could leave pages half written",
    "synchronous_commit": "a crash could lose mail that was already said to be safe",
}
_FITNESS = """SELECT current_setting('server_version_num')::int / 10000 AS version,
 current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync,
 current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_commit') AS synchronous_commit"""


def make_postgres_engine(url: URL, busy_timeout_seconds: float) -> Engine:
    """The engine and its pool; nothing is connected yet."""
    chosen = url.set(drivername="postgresql+psycopg")
    # autocommit: the driver would say BEGIN by itself, in a message of its own
    settings: dict[str, Any] = {"prepare_threshold": None, "autocommit": True}
    settings |= {name: value for name, value in _CONNECT.items() if name not in url.query}
    try:
        engine = create_engine(
            chosen,
            connect_args=settings,
            json_serializer=dump_json,
            use_native_hstore=False,  # it would ask the catalogue at every new connection
            max_overflow=20,
            pool_recycle=1_800,
        )
    except ModuleNotFoundError as missing:
        raise UnfitDatabase(f"PostgreSQL needs psycopg: pip install 'mailbot[postgres]' ({missing})") from missing

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(_first_words(mode_of(connection), busy_timeout_seconds))

    return engine


def check_fitness(connection: Connection) -> None:
    """Raise UnfitDatabase where the server could lose what it has acknowledged, or is not one that we know."""
    found = connection.exec_driver_sql(_FITNESS).mappings().one()
    if faults := list(find_faults(dict(found))):
        raise UnfitDatabase("; ".join(faults))


def find_faults(found: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a server of these settings, each with its remedy."""
    for setting, risk in _RISKS.items():
        if found[setting] == "off":
            remedy = f"set {setting} = on in postgresql.conf (or by ALTER ROLE, ALTER DATABASE) and reload"
            yield f"PostgreSQL runs with {setting} = off, so that {risk}: {remedy}"
    if found["version"] < OLDEST_VERSION:
        yield f"PostgreSQL {found['version']} is too old: upgrade it to {OLDEST_VERSION} or later"
    if found["encoding"] != "UTF8":
        remedy = "createdb --encoding=UTF8 --template=template0"
        yield f"the database has the encoding {found['encoding']}, which cannot hold every mail: {remedy}"


def _first_words(mode: Mode, busy_timeout_seconds: float) -> str:
    """BEGIN and the settings of this transaction."""
    alone = mode is Mode.UPGRADE  # an index over a large table takes its time
    settings = {
        "timezone": "'UTC'",
        "lock_timeout": "0" if alone else f"'{round(busy_timeout_seconds * 1_000)}ms'",
        "statement_timeout": "0" if alone else f"'{STATEMENT_SECONDS}s'",
        "idle_in_transaction_session_timeout": f"'{IDLE_SECONDS}s'",
    }
    words = [
        f"BEGIN ISOLATION LEVEL {_ISOLATION[mode]}",
        *(f"SET LOCAL {name} = {settings[name]}" for name in settings),
    ]
    if alone:
        words.append(f"SELECT pg_advisory_xact_lock({_UPGRADES})")
    return "; ".join(words)
