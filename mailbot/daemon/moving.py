"""Does everything move? Checked every five minutes over the whole database, shown in `mailbot status`, told once.

| row of health | wrong when |
|---|---|
| `moving:inbox` | mail came in more than 15 minutes ago, and nobody has worked it off |
| `moving:outbox` | class A is 15 minutes late (in doubt too), or put off for an hour, although the server answers |
| `moving:doubts` | of more than three mails within an hour nobody knows whether they arrived |

What has been wrong for as long as lies between two looks, whoever looked, is told to the admins; it is told again only
after it was right in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.log import warn
from mailbot.daemon.parts import Parts
from mailbot.desk.outgoing import NoteCode
from mailbot.store.health import DELIVERY, MOVING, kind_of
from mailbot.store.rows import HealthRecord
from mailbot.store.states import HealthState
from mailbot.store.stuck import Stuck
from mailbot.store.unit_of_work import Work

EVERY = timedelta(minutes=5)
MANY_DOUBTS = 3
REMEDIES: Mapping[str, str] = {
    "inbox": "mailbot status: does a daemon with the role `processing` run?",
    "outbox": "mailbot outbox list --all",
    "doubts": "mailbot outbox list; the log of your mail server tells what it has taken",
}


class Moving:
    """The check."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._checked_at: datetime | None = None

    def check(self, now: datetime) -> None:
        """Look, if it is time, and write down what is not as it should be."""
        if self._checked_at is not None and self._checked_at <= now < self._checked_at + EVERY:
            return
        self._checked_at = now
        with self._parts.database.read() as work:
            found = _describe(work, work.stuck(now))
        with self._parts.database.write() as work:  # also while all is well: people see when it was checked
            for name, detail in found.items():
                self._tell(work, name, detail, now)
        if any(found.values()):
            self._parts.wakes.delivery.set()

    def _tell(self, work: Work, name: str, detail: str, now: datetime) -> None:
        component = f"{MOVING}:{name}"
        before = work.health.get(component)
        state = (
            HealthState.NEEDS_PERSON
            if detail and _lasts(before, now)
            else HealthState.RETRYING
            if detail
            else HealthState.OK
        )
        news = work.health.tell(component, state, detail or "everything moves", now)
        if news and state is HealthState.NEEDS_PERSON:
            warn("stuck", where=name, what=detail)
            alert_admins(work, self._parts.snapshot, NoteCode.STUCK, detail, now, remedy=REMEDIES[name])


def _describe(work: Work, stuck: Stuck) -> Mapping[str, str]:
    """What is wrong, in words; "" where nothing is."""
    reachable = not any(kind_of(one) == DELIVERY and one.state is not HealthState.OK for one in work.health.all())
    return {
        "inbox": f"{stuck.incoming} mails came in and are not worked off" if stuck.incoming else "",
        "outbox": f"{stuck.outgoing} mails of class A do not leave" if stuck.outgoing and reachable else "",
        "doubts": f"{stuck.doubts} mails in doubt within an hour" if stuck.doubts > MANY_DOUBTS else "",
    }


def _lasts(before: HealthRecord | None, now: datetime) -> bool:
    """Whether it was wrong long enough ago; the look before may be that of another daemon, a second ago."""
    if before is None or before.state is HealthState.OK:
        return False
    return before.state is HealthState.NEEDS_PERSON or not before.since <= now < before.since + EVERY
