"""What keeps a year of reminders from leaving at once: after a step of the clock, and after a long standstill.

| sign | then |
|---|---|
| the clock went forward by more than 30 s, against the monotonic one | an alert, and ten minutes of rest |
| it went back | an alert, and the end of the rest |
| twenty deadlines at once are overdue by half an hour | an alert; twenty, five minutes of rest, twenty … |

The rest after a step is for whoever sets the clock right again; after it the new time counts. That after a batch is
for whoever must look: nobody has an eye on hundreds of mails at once.
Many deadlines that are due on time, as when a working day begins, are no storm. Nothing is dropped: deadlines wait as
rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from mailbot.daemon.carrying_out import alert_admins
from mailbot.daemon.log import warn
from mailbot.daemon.parts import Parts
from mailbot.desk.deadline import Deadline
from mailbot.desk.outgoing import NoteCode

STEP = timedelta(seconds=30)
STEP_REST_SECONDS = 600.0
OVERDUE = timedelta(minutes=30)
STORM_REST_SECONDS = 300.0
ALERT_EVERY_SECONDS = 3_600.0


class ClockGuard:
    """Says when the loop of deadlines must rest."""

    def __init__(self, parts: Parts, batch: int) -> None:
        self._parts = parts
        self._batch = batch
        self._last: tuple[datetime, float] | None = None
        self._rests_until: float | None = None
        self._in_storm = False
        self._told_at: dict[NoteCode, float] = {}
        self._untold: dict[NoteCode, str] = {}  # the database may be away at that moment

    def rests(self, now: datetime) -> bool:
        """Whether nothing may come of the clock at the moment: asked at the beginning of each turn."""
        step = self._step(now)
        if abs(step) > STEP:
            forward = step > timedelta()
            self._rests_until = self._parts.monotonic() + STEP_REST_SECONDS if forward else None
            warn("clock_stepped", seconds=f"{step.total_seconds():.0f}")
            words = f"{'forward' if forward else 'back'} by {timedelta(seconds=round(abs(step).total_seconds()))}"
            self._note(NoteCode.CLOCK, words)
        self._tell(now)
        return self._rests_until is not None and self._parts.monotonic() < self._rests_until

    def passed(self, due: Sequence[Deadline], now: datetime) -> None:
        """What the turn has found: if that is a storm, the next turn waits."""
        storm = len(due) >= self._batch and all(one.due_at < now - OVERDUE for one in due)
        if storm:
            self._rests_until = self._parts.monotonic() + STORM_REST_SECONDS
            warn("many_deadlines", batch=self._batch)
            if not self._in_storm:
                self._note(NoteCode.MANY_DUE, f"{self._batch} and more, the oldest since {due[0].due_at:%c} UTC")
        self._in_storm = storm
        self._tell(now)

    def _step(self, now: datetime) -> timedelta:
        """How far somebody turned the clock since the last turn."""
        monotonic = self._parts.monotonic()
        last, self._last = self._last, (now, monotonic)
        return timedelta() if last is None else (now - last[0]) - timedelta(seconds=monotonic - last[1])

    def _note(self, note: NoteCode, detail: str) -> None:
        if note not in self._told_at or self._parts.monotonic() >= self._told_at[note] + ALERT_EVERY_SECONDS:
            self._untold[note] = detail

    def _tell(self, now: datetime) -> None:
        """What admins do not know yet; while the database is away it stays untold, and the next turn tries again."""
        for note, detail in list(self._untold.items()):
            with self._parts.database.write() as work:
                alert_admins(work, self._parts.snapshot, note, detail, now, remedy="mailbot status")
            del self._untold[note]
            self._told_at[note] = self._parts.monotonic()
            self._parts.wakes.delivery.set()
