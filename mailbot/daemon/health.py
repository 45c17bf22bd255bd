"""How the daemon is, kept in the database so that `mailbot status` can tell it from beside.

Each loop keeps the row of its own part: on change, and while the state stays the same at most once a minute. The row
"daemon" ("daemon:HOLDER", where several share a database) is written every minute beside the loops: a heartbeat. A
record that cannot be written is logged and stops nobody: the record is there for the work, not the work for the record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.log import crash, problem_of
from mailbot.daemon.parts import Parts
from mailbot.desk.outgoing import NoteCode
from mailbot.store.health import (
    CONFIGURATION,
    MOVING_PARTS,
    OF_A_DAEMON,
    SILENT_AFTER,
    beats,
    component_of,
    conservation_component,
    kind_of,
    mailbox_component,
    name_of,
)
from mailbot.store.moves import ClaimLost
from mailbot.store.states import HealthState
from mailbot.store.unit_of_work import Work

EVERY, AGAIN = timedelta(minutes=1), timedelta(seconds=10)
DETAIL_CHARACTERS = 500


class Vital:
    """What one part of the daemon says of itself; with `beats` it repeats that every minute.

    `guard` raises ClaimLost in a transaction when it is another daemon's turn to speak of this part.
    """

    def __init__(
        self, parts: Parts, component: str, *, beats: bool = False, guard: Callable[[Work], None] = lambda work: None
    ) -> None:
        self._parts = parts
        self._component = own(parts, component) if component in OF_A_DAEMON else component
        self._beats = beats
        self._guard = guard
        self._told: tuple[HealthState, str] | None = None
        self._told_at: datetime | None = None
        self.problem = ""  # why the last record could not be written

    def tell(self, state: HealthState, now: datetime, detail: str = "") -> None:
        """Write it down if that is due."""
        detail = detail[:DETAIL_CHARACTERS]
        if not self._due(state, detail, now):
            return
        self._told, self._told_at = (state, detail), now
        try:
            with self._parts.database.write() as work:
                self._guard(work)
                work.health.tell(self._component, state, detail, now)
            self.problem = ""
        except ClaimLost:
            self.forget()
        except Exception as error:
            crash("health_not_written", error, component=self._component)
            self.problem = problem_of(error)

    def forget(self) -> None:
        """Somebody else may have written of this part: say it again."""
        self._told = self._told_at = None

    def _due(self, state: HealthState, detail: str, now: datetime) -> bool:
        if self.problem and self._told_at is not None:  # what could not be written is said again
            return not self._told_at <= now < self._told_at + AGAIN
        if self._told is None or self._told_at is None or state is not self._told[0]:
            return True
        lately = self._told_at <= now < self._told_at + EVERY
        return not lately and (self._beats or (state, detail) != self._told)


def own(parts: Parts, kind: str) -> str:
    """The name of the row about that part of this daemon: it says which, where there may be several."""
    return component_of(kind, parts.holder if parts.database.shared else "")


def tell_configuration(parts: Parts) -> None:
    """Which configuration is live; admins are told once when it is no longer that of the files."""
    problem, now = parts.settings.problem, parts.clock()
    state = HealthState.LAST_GOOD if problem else HealthState.OK
    detail = _describe(parts.snapshot.hash, problem.splitlines())
    try:
        with parts.database.write() as work:
            news = not any(kind_of(one) == CONFIGURATION and one.state is state for one in work.health.all())
            work.health.tell(own(parts, CONFIGURATION), state, detail, now)
            if news and problem:
                alert_admins(work, parts.snapshot, NoteCode.CONFIGURATION, detail, now, remedy="mailbot check")
    except Exception as error:
        crash("health_not_written", error, component=CONFIGURATION)
    parts.wakes.delivery.set()


def forget_other_parts(parts: Parts) -> None:
    """Only parts of this configuration are shown from now on, and those of other daemons that live."""
    now = parts.clock()
    with parts.database.write() as work:
        others = [one for one in work.health.all() if kind_of(one) in OF_A_DAEMON and name_of(one) != parts.holder]
        living = {name_of(one) for one in others if now - one.updated_at < SILENT_AFTER}  # also one that just starts
        living -= {name_of(beat) for beat in beats(others) if beat.state is HealthState.STOPPED}
        if living and parts.database.shared:
            work.health.forget_daemons({name_of(one) for one in others} - living)
        else:
            work.health.keep_only({*(own(parts, kind) for kind in OF_A_DAEMON), *_mailboxes(parts), *MOVING_PARTS})


def _mailboxes(parts: Parts) -> Iterable[str]:
    for component in (mailbox_component, conservation_component):
        yield from (component(one.mailbox.account, one.mailbox.folder) for one in parts.mailboxes)


def _describe(config_hash: str, findings: list[str]) -> str:
    """The hash of what is live, and what keeps the files from it."""
    if not findings:
        return config_hash
    heading = f"{len(findings)} findings, the first: " if len(findings) > 1 else ""
    return f"{config_hash}; {heading}{findings[0]}"[:DETAIL_CHARACTERS]
