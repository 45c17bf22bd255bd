"""How the daemon is, in its own words: a row for each of its parts, for those who ask from beside it.

The row "daemon" is the heartbeat: one that has not been written for a while means that nobody is there to write it.
Several daemons of one database have a row each ("daemon:HOLDER"), and so for what is their own: "delivery:HOLDER",
"configuration:HOLDER". A mailbox has one row, written by the daemon that reads it.
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
MOVING = "moving"  # does everything move? (daemon/moving.py)
MOVING_PARTS = tuple(f"{MOVING}:{name}" for name in ("inbox", "outbox", "doubts"))
OF_A_DAEMON = (DAEMON, CONFIGURATION, DELIVERY)
SILENT_AFTER = timedelta(minutes=5)
GONE = "gone without a goodbye; other daemons have taken over what it had begun"

_HEALTH = tables.health


def mailbox_component(account: str, folder: str) -> str:
    """The name of the row about a watched folder."""
    return f"mailbox:{account}/{folder}"


def conservation_component(account: str, folder: str) -> str:
    """The name of the row about the last check that nothing of that folder is missing."""
    return f"conservation:{account}/{folder}"


def component_of(kind: str, holder: str) -> str:
    """The name of the row about that part of a daemon; without a holder, of the only one."""
    return f"{kind}:{holder}" if holder else kind


def kind_of(record: HealthRecord) -> str:
    """What it is about: "daemon", "mailbox" …"""
    return record.component.partition(":")[0]


def name_of(record: HealthRecord) -> str:
    """Which of them: a folder, a daemon; "" where there is only one."""
    return record.component.partition(":")[2]


def lives(beat: HealthRecord, now: datetime) -> bool:
    """Whether this daemon has shown that it lives, and has not said goodbye since."""
    return beat.state is not HealthState.STOPPED and now - beat.updated_at < SILENT_AFTER


def beats(records: Iterable[HealthRecord]) -> list[HealthRecord]:
    """The heartbeat of each daemon that is known."""
    return [record for record in records if kind_of(record) == DAEMON]


def living(records: Iterable[HealthRecord], now: datetime, *, present: bool | None = None) -> list[HealthRecord]:
    """The heartbeats of those daemons that live; none if it is known that no daemon is `present`."""
    return [] if present is False else [beat for beat in beats(records) if lives(beat, now)]


def is_running(records: Iterable[HealthRecord], now: datetime) -> bool:
    """Whether any daemon lives."""
    return any(lives(beat, now) for beat in beats(records))


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

    def tell_gone(self, holder: str, now: datetime) -> None:
        """A daemon of several is dead, and could not say so itself."""
        known = self.get(component_of(DAEMON, holder))
        if known is not None and known.state is not HealthState.STOPPED:
            self.tell(known.component, HealthState.STOPPED, GONE, now)

    def keep_only(self, components: Collection[str]) -> None:
        """Forget parts that are no more, such as a mailbox that is no longer watched."""
        self._connection.execute(delete(_HEALTH).where(_HEALTH.c.component.not_in(list(components))))

    def forget_daemons(self, holders: Collection[str]) -> None:
        """Forget what these daemons said of themselves."""
        gone = [component_of(kind, holder) for kind in OF_A_DAEMON for holder in holders]
        self._connection.execute(delete(_HEALTH).where(_HEALTH.c.component.in_(gone)))

    def get(self, component: str) -> HealthRecord | None:
        """One part."""
        found = self._connection.execute(select(_HEALTH).where(_HEALTH.c.component == component)).mappings().first()
        return None if found is None else as_value(HealthRecord, found)

    def all(self) -> tuple[HealthRecord, ...]:
        """Every part."""
        found = select(_HEALTH).order_by(_HEALTH.c.component)
        return tuple(as_value(HealthRecord, row) for row in self._connection.execute(found).mappings())
