"""How the daemon is, in its own words: a row for each of its parts, for those who ask from beside it.

The row "daemon" is the heartbeat: one that has not been written for a while means that nobody is there to write it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from mailbot.store import tables
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.store.values import as_value, insert_new

DAEMON, CONFIGURATION, DELIVERY = "daemon", "configuration", "delivery"
SILENT_AFTER = timedelta(minutes=5)

_HEALTH = tables.health


def mailbox_component(account: str, folder: str) -> str:
    """The name of the row about a watched folder."""
    return f"mailbox:{account}/{folder}"


def conservation_component(account: str, folder: str) -> str:
    """The name of the row about the last check that nothing of that folder is missing."""
    return f"conservation:{account}/{folder}"


def is_running(records: Iterable[HealthRecord], now: datetime) -> bool:
    """Whether a daemon has shown that it lives, and has not said goodbye since."""
    beats = (one for one in records if one.component == DAEMON and one.state is not HealthState.STOPPED)
    return any(now - one.updated_at < SILENT_AFTER for one in beats)


class Health:
    """The records inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tell(self, component: str, state: HealthState, detail: str, now: datetime) -> bool:
        """How a part is now; True if that is news, and then `since` begins anew."""
        row = {"component": component, "state": state, "since": now, "detail": detail, "updated_at": now}
        if insert_new(self._connection, _HEALTH, row, returning="component"):
            return True
        this = _HEALTH.c.component == component
        before = self._connection.execute(select(_HEALTH.c.state).where(this).with_for_update()).scalar()
        kept = () if before != state else ("since",)
        changed = {name: value for name, value in row.items() if name not in kept}
        self._connection.execute(update(_HEALTH).where(this).values(changed))
        return before != state

    def keep_only(self, components: Collection[str]) -> None:
        """Forget parts that are no more, such as a mailbox that is no longer watched."""
        self._connection.execute(delete(_HEALTH).where(_HEALTH.c.component.not_in(list(components))))

    def get(self, component: str) -> HealthRecord | None:
        """One part."""
        found = self._connection.execute(select(_HEALTH).where(_HEALTH.c.component == component)).mappings().first()
        return None if found is None else as_value(HealthRecord, found)

    def all(self) -> tuple[HealthRecord, ...]:
        """Every part."""
        found = select(_HEALTH).order_by(_HEALTH.c.component)
        return tuple(as_value(HealthRecord, row) for row in self._connection.execute(found).mappings())
