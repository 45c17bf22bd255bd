"""The desk that is killed: one process, forked from an interpreter that has imported everything already.

It is put together by `mailbot.app`, starts as `mailbot run` does (claim, last good configuration, `begin`), and runs
the loops of production on one thread, each guarded as the supervisor guards it; the parser works in this very process.
So its system calls are the same in every run, and a number names one of them. The clock is told by whoever plays.

Orders come over a socket pair; answers leave by `writev`, which mailbot itself never calls: the harness is no kill
point.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

from mailbot import failpoints
from mailbot.app import App
from mailbot.daemon.beginning import begin
from mailbot.daemon.deadlines import Deadlines
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.intake import Intake
from mailbot.daemon.log import LOGGER, crash
from mailbot.daemon.parsing import InProcessParser
from mailbot.daemon.parts import Wakes
from mailbot.daemon.processing import Processing
from mailbot.daemon.supervise import Supervisor
from mailbot.failpoints import Failpoint
from tests.faults import Faults

MANY_TURNS = 40
PAUSE = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Fatal:
    """Die when this moment is reached for the nth time."""

    point: Failpoint
    when: int = 1


class Impatient(threading.Event):
    """A stop that nobody awaits: pauses between tries take no time."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Desk:
    """All loops of one process."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.now = now
        app = App(folder, parser=InProcessParser(), clock=lambda: self.now, last_good=True)
        app.database.claim_daemon("mailbot run")
        app._tell_or_keep()
        parts = replace(
            app.parts,
            monotonic=self.monotonic,
            chance=lambda: 0.5,
            lookup_txt=None,
            wakes=Wakes(stop=Impatient()),
        )
        self.app = app
        self.supervisor = Supervisor(parts)
        self.intake = Intake(parts, parts.mailboxes[0])
        self.delivery = Delivery(parts)
        begin(parts)
        loops = (self.intake, Deadlines(parts), Processing(parts), self.delivery)
        self.turns: list[Callable[[datetime], int]] = [loop.turn for loop in loops]

    def monotonic(self) -> float:
        """No clock of this machine is ever read."""
        return self.now.timestamp()

    def settle(self, now: datetime) -> list[str]:
        """Turn after turn until nothing is left to do; what failed, if anything did."""
        self.now = now
        for _ in range(MANY_TURNS):
            did, failed = 0, []
            for turn in self.turns:
                try:
                    did += turn(now)
                except Exception as error:  # as Supervisor._keep, whose pause the player lets pass
                    crash("loop_failed", error, loop=turn.__qualname__)
                    failed.append(f"{turn.__qualname__}: {type(error).__name__}: {error}")
            failed += [problem for problem in (self.intake.problem, self.delivery.problem) if problem]
            if failed or not did:
                return failed
        return ["the desk does not come to rest"]

    def reload(self, now: datetime) -> list[str]:
        """What SIGHUP causes."""
        self.now = now
        self.supervisor._reload()
        return []

    def stop(self, now: datetime) -> list[str]:
        """What SIGTERM causes."""
        self.now = now
        self.supervisor._finish([])
        self.intake.close()
        self.delivery.close()
        self.app.close()
        return []


def run(control: socket.socket, folder: Path, fatal: Fatal | None) -> NoReturn:
    """Obey until told to stop; never returns to the code that forked."""
    gc.disable()  # a short life, whose memory is shared with its siblings
    reached: Counter[str] = Counter()
    failpoints.plant(lambda point: _reach(point, reached, fatal))
    status = 1
    try:
        obey(control, folder, reached)
        status = 0
    finally:
        os._exit(status)


def _reach(point: Failpoint, reached: Counter[str], fatal: Fatal | None) -> None:
    reached[point] += 1
    if fatal is not None and point is fatal.point and reached[point] == fatal.when:
        os.kill(os.getpid(), signal.SIGKILL)


def obey(control: socket.socket, folder: Path, reached: Counter[str]) -> None:
    """Do what is told, until a stop or the end of the connection."""
    desk: Desk | None = None
    faults = Faults()
    LOGGER.handlers[:] = [faults]
    LOGGER.propagate = False
    while order := control.recv(4096):
        verb, _, stamp = order.decode().partition(" ")
        now = datetime.fromtimestamp(float(stamp), UTC)
        try:
            if verb == "start":
                desk, failed = Desk(folder, now), []
            else:
                assert desk is not None
                failed = getattr(desk, verb)(now)
        except Exception as error:
            if desk is None:
                _answer(control, {"failed": [f"no start: {type(error).__name__}: {error}"], "dead": True})
                return
            failed = [f"{verb}: {type(error).__name__}: {error}"]
        _answer(control, {"failed": failed, "reached": reached, "faults": faults.lines})
        if verb == "stop":
            return


def _answer(control: socket.socket, what: dict[str, Any]) -> None:
    os.writev(control.fileno(), [json.dumps(what).encode()])
