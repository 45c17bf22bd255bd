"""How the daemon is, kept in the database so that `mailbot status` can tell it from beside.

Each loop keeps the row of its own part: on change, and while the state stays the same at most once a minute. The row
"daemon" is written every minute by the main thread: a heartbeat. A record that cannot be written is logged and stops
nobody: the record is there for the work, not the work for the record.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.log import crash
from mailbot.daemon.parts import Parts
from mailbot.desk.outgoing import NoteCode
from mailbot.store.health import CONFIGURATION, DAEMON, DELIVERY, conservation_component, mailbox_component
from mailbot.store.states import HealthState

EVERY = timedelta(minutes=1)
DETAIL_CHARACTERS = 500


class Vital:
    """What one part of the daemon says of itself; with `beats` it repeats that every minute."""

    def __init__(self, parts: Parts, component: str, *, beats: bool = False) -> None:
        self._parts = parts
        self._component = component
        self._beats = beats
        self._told: tuple[HealthState, str] | None = None
        self._told_at: datetime | None = None

    def tell(self, state: HealthState, now: datetime, detail: str = "") -> None:
        """Write it down if that is due."""
        detail = detail[:DETAIL_CHARACTERS]
        if not self._due(state, detail, now):
            return
        self._told, self._told_at = (state, detail), now
        try:
            with self._parts.database.write() as work:
                work.health.tell(self._component, state, detail, now)
        except Exception as error:
            crash("health_not_written", error, component=self._component)

    def _due(self, state: HealthState, detail: str, now: datetime) -> bool:
        if self._told is None or self._told_at is None or state is not self._told[0]:
            return True
        lately = self._told_at <= now < self._told_at + EVERY
        return not lately and (self._beats or (state, detail) != self._told)


def tell_configuration(parts: Parts) -> None:
    """Which configuration is live; admins are told once when it is no longer that of the files."""
    problem, now = parts.settings.problem, parts.clock()
    state = HealthState.LAST_GOOD if problem else HealthState.OK
    detail = _describe(parts.snapshot.hash, problem.splitlines())
    try:
        with parts.database.write() as work:
            news = work.health.tell(CONFIGURATION, state, detail, now)
            if news and problem:
                alert_admins(work, parts.snapshot, NoteCode.CONFIGURATION, detail, now, remedy="mailbot check")
    except Exception as error:
        crash("health_not_written", error, component=CONFIGURATION)
    parts.wakes.delivery.set()


def forget_other_parts(parts: Parts) -> None:
    """Only parts of this configuration are shown from now on."""
    known = {DAEMON, CONFIGURATION, DELIVERY, *_mailboxes(parts)}
    with parts.database.write() as work:
        work.health.keep_only(known)


def _mailboxes(parts: Parts) -> Iterable[str]:
    for component in (mailbox_component, conservation_component):
        yield from (component(one.mailbox.account, one.mailbox.folder) for one in parts.mailboxes)


def _describe(config_hash: str, findings: list[str]) -> str:
    """The hash of what is live, and what keeps the files from it."""
    if not findings:
        return config_hash
    heading = f"{len(findings)} findings, the first: " if len(findings) > 1 else ""
    return f"{config_hash}; {heading}{findings[0]}"[:DETAIL_CHARACTERS]
