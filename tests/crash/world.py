"""A desk of the stories as a real process that dies and is started again, and time that passes meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.conversations.clock import StoryClock
from tests.conversations.desk import Desk
from tests.conversations.letters import opened
from tests.crash import process
from tests.crash.place import Place, Saved
from tests.crash.process import PAUSE, Fatal

ANSWER_SECONDS = 60.0
MANY_STARTS = 8
GAP = timedelta(minutes=20)  # longer than a doubt waits, shorter than a lease


class Died(Exception):
    """The desk is dead, and nobody struck it, or it dies again and again."""


EVERY = -2  # order

Strike = Callable[[int], AbstractContextManager[object]]
"""What befalls a process (by its id) while it obeys one order."""


@dataclass
class Blow:
    """What befalls a chapter: a strike at the order of that number, or what one process after the other
    dies of."""

    order: int = -1
    strike: Strike = lambda _: nullcontext()
    lasts: bool = False  # it fails and does not kill: while it lasts, what is sent may have to be sent again
    fatal: Sequence[Fatal] = ()


@dataclass
class Alive:
    """A running process."""

    pid: int
    control: socket.socket
    thread: threading.Thread | None = None  # instead of a process, where the interpreter warms up


class World(Desk):
    """One life of a desk. The people of the stories write to it and read what it sends."""

    def __init__(self, place: Place, saved: Saved | None = None) -> None:
        place.clear()
        self.place = place
        self.office = place.office
        self.snapshot = place.snapshot
        self.clock = StoryClock()
        self.post = defaultdict(list)
        self.blow = Blow()
        self.orders = 0  # of this chapter
        self.deaths = 0
        self.failures: list[str] = []
        self.faults: list[str] = []
        self.reached: Counter[str] = Counter()  # by the process of this moment
        self._alive: Alive | None = None
        self._seen = self._written = 0
        if saved is not None:
            self._resume(saved)

    # ---------------------------------------------------------------- between chapters

    def save(self, folder: Path) -> Saved:
        """The stopped desk and its surroundings, kept below `folder`."""
        assert self._alive is None
        shutil.copytree(self.place.state, folder, symlinks=True)
        office = self.office
        taken, folders, post = deepcopy((office.taken, office.folders, dict(self.post)))
        return Saved(folder, self.clock.now(), folders, taken, post, self._written)

    def _resume(self, saved: Saved) -> None:
        self.place.state.rmdir()
        shutil.copytree(saved.state, self.place.state, symlinks=True)
        self.clock.set(saved.time)
        self.office.folders, self.office.taken = deepcopy((saved.folders, saved.taken))
        self.post.update({address: list(letters) for address, letters in saved.post.items()})
        self._seen, self._written = len(saved.taken), saved.written

    def begin(self, blow: Blow | None = None) -> None:
        """A chapter begins."""
        self.orders = 0
        if blow is not None:
            self.blow = blow

    # ---------------------------------------------------------------- the process

    def _fork(self) -> Alive:
        ours, theirs = self._pair()
        fatal = self.blow.fatal[self.deaths] if self.deaths < len(self.blow.fatal) else None
        pid = os.fork()
        if pid == 0:
            ours.close()
            process.run(theirs, self.place.config, fatal)
        theirs.close()
        return Alive(pid, ours)

    def _pair(self) -> tuple[socket.socket, socket.socket]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        return ours, theirs

    def order(self, verb: str) -> None:
        """Let the desk do something, and when it dies of it let the next one do it."""
        number, self.orders = self.orders, self.orders + 1
        for _ in range(MANY_STARTS):
            if self._alive is None:
                self._alive = self._fork()
                if verb != "start" and not self._told("start", number):
                    continue
            if self._told(verb, number):
                return
        raise Died(f"{verb} failed {MANY_STARTS} times: {self.failures}")

    def _told(self, verb: str, number: int) -> bool:
        """Whether it was done. A blow that lasts ends with the order, and what failed is tried once more."""
        alive = self._alive
        assert alive is not None
        strikes = self.blow.order in (number, EVERY)
        with self.blow.strike(alive.pid) if strikes else nullcontext():
            if self.blow.order == number:
                self.blow.order = -1
            self.office.trouble = strikes and self.blow.lasts
            answer = self._ask(verb)
        self.office.trouble = False
        if answer is None:
            return False
        self.reached = Counter(answer.get("reached", {}))
        self.failures += answer["failed"]
        self.faults += answer.get("faults", ())
        if answer["failed"]:
            self.clock.step(PAUSE)
        return not answer["failed"] or (verb == "stop" and self._alive is None)

    def _ask(self, verb: str) -> dict[str, Any] | None:
        """Its answer; None where it died."""
        assert self._alive is not None
        alive = self._alive
        told = self.place.loop.run_until_complete(
            self._exchange(alive.control, f"{verb} {self.clock.now().timestamp()}")
        )
        answer: dict[str, Any] | None = json.loads(told) if told else None
        if answer is None or answer.get("dead") or verb == "stop":
            self._bury(alive, expected=answer is not None)
        return answer

    async def _exchange(self, control: socket.socket, order: str) -> bytes:
        with contextlib.suppress(OSError):  # it is dead
            await self.place.loop.sock_sendall(control, order.encode())
            return await asyncio.wait_for(self.place.loop.sock_recv(control, 1 << 20), ANSWER_SECONDS)
        return b""

    def _bury(self, alive: Alive, *, expected: bool) -> None:
        self._alive = None
        alive.control.close()
        if alive.thread is not None:
            alive.thread.join()
            return
        _, status = os.waitpid(alive.pid, 0)
        self.place.loop.run_until_complete(self.office.settle())
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            self.deaths += 1
        elif not expected:
            raise Died(f"the desk ended by itself ({status})")

    def close(self) -> None:
        """End what still runs."""
        if self._alive is not None:
            os.kill(self._alive.pid, signal.SIGKILL)
            self._bury(self._alive, expected=True)

    # ---------------------------------------------------------------- what happens

    def receives(self, raw: bytes, at: datetime | None = None) -> None:
        """A mail comes into the folder; the desk looks when it is told to."""
        self.office.folders.put(raw, at or self.clock.now())

    def settle(self) -> None:
        """The desk does all it can do at this moment; then everybody's post is brought."""
        self.order("settle")
        self._bring_post()

    def passes(self, gap: timedelta = GAP) -> None:
        """Time passes, in steps that no doubt outlasts."""
        end = self.clock.now() + gap
        while self.clock.now() < end:
            self.clock.set(min(end, self.clock.now() + GAP))
            self.settle()

    def _bring_post(self) -> None:
        kinds = {row["message_id"]: row["kind"] for row in self.query("SELECT message_id, kind FROM outbox")}
        for taken in self.office.taken[self._seen :]:
            letter = replace(opened("", taken.envelope), kind=kinds.get(taken.message_id, ""))
            for address in self._recipients(taken.envelope.rcpt_to):
                self.post[address].append(letter)
        self._seen = len(self.office.taken)

    def query(self, statement: str) -> list[Any]:
        """Rows, read beside the desk while it lives (who closes an SQLite database last tidies it up)."""
        with contextlib.closing(sqlite3.connect(f"file:{self.place.database}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return list(connection.execute(statement))


@contextlib.contextmanager
def living(place: Place, saved: Saved | None = None) -> Iterator[World]:
    """A world whose processes end with it."""
    world = World(place, saved)
    try:
        yield world
    finally:
        world.close()
