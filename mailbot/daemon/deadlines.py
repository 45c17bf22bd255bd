"""Deadlines due -> events -> decisions, in the same way as mail: firing and all effects are one transaction.

A clock that jumps must not fire a year of reminders at once (`clock_guard.py`), and many deadlines go in bounded
batches, one a turn. A deadline that makes us fail is held, and admins are told.
"""

from __future__ import annotations

from datetime import datetime

from mailbot.daemon.carrying_out import Happening, alert_admins, react
from mailbot.daemon.clock_guard import ClockGuard
from mailbot.daemon.log import crash, log
from mailbot.daemon.moving import Moving
from mailbot.daemon.parts import Parts, Pulse
from mailbot.desk.deadline import Deadline
from mailbot.desk.event import DeadlinePassed
from mailbot.desk.outgoing import NoteCode
from mailbot.desk.situation import Clues
from mailbot.failpoints import Failpoint, reach
from mailbot.store.failures import DatabaseUnavailable
from mailbot.store.moves import IllegalMove
from mailbot.store.unit_of_work import Work

BATCH = 20


class Deadlines:
    """The loop of the clock."""

    def __init__(self, parts: Parts, pulse: Pulse | None = None) -> None:
        self._parts = parts
        self._pulse = pulse or Pulse()
        self._guard = ClockGuard(parts, BATCH)
        self._moving = Moving(parts)

    def turn(self, now: datetime) -> int:
        """Let what is due happen, oldest first; how many that was."""
        if self._guard.rests(now):
            return 0
        self._moving.check(now)
        with self._parts.database.write() as work:
            due = work.deadlines.due(now, limit=BATCH)
            for deadline in due:
                reach(Failpoint.DEADLINE_FOUND)
                self._pulse.beat()
                self._guarded(work, deadline, now)
        self._guard.passed(due, now)
        if due:
            self._parts.wakes.delivery.set()
        return len(due)

    def _guarded(self, work: Work, deadline: Deadline, now: datetime) -> None:
        try:
            with work.savepoint():
                self._pass(work, deadline, now)
        except IllegalMove:
            log("deadline_gone", ticket=deadline.ticket, kind=deadline.kind.value)
        except DatabaseUnavailable:
            raise  # no deadline is to blame
        except Exception as error:
            crash("deadline_failed", error, ticket=deadline.ticket, kind=deadline.kind.value)
            work.deadlines.hold(deadline, f"error: {type(error).__name__}")
            detail = f"deadline {deadline.kind} of ticket {deadline.ticket}: {type(error).__name__}"
            alert_admins(work, self._parts.snapshot, NoteCode.SET_ASIDE, detail, now, ticket=deadline.ticket)

    def _pass(self, work: Work, deadline: Deadline, now: datetime) -> None:
        snapshot = self._parts.snapshot
        work.deadlines.fire(deadline, now)
        reach(Failpoint.DEADLINE_FIRED)
        clues = Clues(sender="", ticket=deadline.ticket)
        situation = work.situation(clues, now, directory=snapshot.policy.people)
        react(work, snapshot, Happening(DeadlinePassed(deadline), situation))
