"""The interpreter that hatches desks: it has imported and compiled everything, and forks a daemon in milliseconds.

It obeys one order a line, has a single thread, and dies with the tests; every desk that it hatches dies with it. What
desks share only reads: the configuration as it was parsed, and the server that forks parser children.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import Any, NoReturn

import mailbot.app
import mailbot.config.last_good
import mailbot.store.database
from mailbot.app import App
from mailbot.config.load import load
from mailbot.config.snapshot import Snapshot
from mailbot.daemon import parts
from mailbot.daemon.log import start_logging
from mailbot.daemon.parsing import ChildParser
from mailbot.failpoints import Failpoint, plant
from tests.killed import past
from tests.killed.planted import Fatal, Planted, PlantedReader

DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG
LEASE_SECONDS = 1.0  # on PostgreSQL the next desk waits so long, because the dead one could be another that lives


def main() -> None:
    """Obey until nobody gives orders any more."""
    _share()
    forkserver.set_forkserver_preload(["tests.killed.planted"])
    forkserver.ensure_running()
    orders: dict[str, Callable[..., object]] = {"play": _play, "write": _write, "hatch": _hatch, "bury": _bury}
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        print(json.dumps(orders[order.pop("do")](**order)), flush=True)


def _share() -> None:
    """Make once what costs most of a start: configuration, templates, and engines with the statements they compiled."""
    once, adapt = cache(load), mailbot.app.adapt
    adapted: dict[Path, parts.Snapshot] = {}

    def adapt_once(snapshot: Snapshot) -> parts.Snapshot:
        if snapshot.folder not in adapted:
            adapted[snapshot.folder] = adapt(snapshot)
        return adapted[snapshot.folder]

    mailbot.app.load = mailbot.config.last_good.load = once  # type: ignore[attr-defined]  # where they are imported
    mailbot.app.adapt = adapt_once
    mailbot.store.database.make_sqlite_engine = cache(mailbot.store.database.make_sqlite_engine)  # type: ignore[attr-defined]  # the same
    mailbot.store.database.make_postgres_engine = cache(mailbot.store.database.make_postgres_engine)  # type: ignore[attr-defined]  # the same


def _play(config: str, database_url: str, folder: str) -> None:
    past.play(Path(config), database_url, Path(folder))
    gc.collect()
    gc.freeze()  # what is there now is shared by all that are hatched


def _write(folder: str) -> None:
    past.write_first_mails(Path(folder))


def _hatch(config: str, log: str, later_seconds: float, **planted: Any) -> int:
    """A new daemon; its process id."""
    assert threading.active_count() == 1, threading.enumerate()
    pid = os.fork()
    if pid == 0:
        _daemon(Path(config), Path(log), timedelta(seconds=later_seconds), **planted)
    return pid


def _bury(pid: int) -> int | None:
    """What it died of; None while it lives."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _daemon(config: Path, log: Path, later: timedelta, **planted: Any) -> NoReturn:
    """`mailbot run`; never returns to the code that forked."""
    status = 1
    try:
        ctypes.CDLL(None).prctl(DEATH_OF_PARENT, signal.SIGKILL)
        _redirect(log)
        start_logging()
        # The server of the nest runs; only it is not our child, and so cannot be waited for.
        forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]  # see above
        _run(config, later, _plant(**planted))
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _plant(notes: str, fatal: dict[str, Any] | None, signals: dict[str, int]) -> PlantedReader:
    deadly = None if fatal is None else _fatal(**fatal)
    by_point = {Failpoint(point): signal.Signals(one) for point, one in signals.items()}
    plant(Planted(Path(notes), deadly, by_point))
    return PlantedReader(Path(notes), deadly, os.getpid())


def _run(config: Path, later: timedelta, reader: PlantedReader) -> None:
    with App(config, parser=ChildParser(reader=reader), last_good=True) as app:
        clock = app.parts.clock
        app.parts = replace(app.parts, clock=lambda: clock() + later, lease_seconds=LEASE_SECONDS, lookup_txt=None)
        app.run()


def _fatal(point: str, words: str, **more: Any) -> Fatal:
    return Fatal(Failpoint(point), words=words.encode(), **more)


def _redirect(log: Path) -> None:
    """Orders and answers belong to the nest."""
    nothing, output = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
