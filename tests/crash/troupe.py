"""Workers: each a process with a theatre of its own, which plays the runs that it is given."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tests.crash.runs import Result, Theatre

# A fresh interpreter each: what is kept warm there is none of the caller's business, and no thread of his is forked.
_CONTEXT = multiprocessing.get_context("spawn")
Prepare = Callable[[], None]


def cores() -> int:
    """How many runs at a time."""
    return len(os.sched_getaffinity(0))


def as_it_is() -> None:
    """Prepares nothing."""


def perform(names: Iterable[str], workers: int, prepare: Prepare = as_it_is) -> Generator[Result, None, None]:
    """Play them all; results come as they are done. `prepare` is called in each worker before anything else."""
    todo = iter(names)
    running: dict[Connection, BaseProcess] = {}
    for _ in range(workers):
        ours, process = _started(_work, prepare)
        running[ours] = process
    try:
        while running:
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                result: Result | None = ready.recv()
                name = next(todo, None)
                ready.send(name)
                if name is None:
                    running.pop(ready).join()
                if result is not None:
                    yield result
    finally:
        for process in running.values():
            process.terminate()


def listed(faults: Sequence[str], prepare: Prepare = as_it_is) -> list[str]:
    """All runs with these faults, as a theatre finds them."""
    ours, process = _started(_list, prepare, faults)
    names: list[str] = ours.recv()
    process.join()
    return names


def sampled(faults: Sequence[str], count: int, seed: int, share: slice) -> list[Result]:
    """This share of so many runs, chosen by the seed among all with these faults."""
    ours, process = _started(_sample, as_it_is, faults, count, seed, share)
    results: list[Result] = ours.recv()
    process.join()
    return results


def _started(target: Callable[..., None], *what: object) -> tuple[Connection, BaseProcess]:
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=target, args=(theirs, *what))
    process.start()
    theirs.close()
    return ours, process


# ---------------------------------------------------------------- in the worker


@contextmanager
def _theatre(prepare: Prepare) -> Iterator[Theatre]:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # which cleans up
    logging.getLogger().setLevel(logging.CRITICAL)
    prepare()
    theatre = Theatre()
    try:
        yield theatre
    finally:
        theatre.place.close()


def _work(orders: Connection, prepare: Prepare) -> None:
    """Ask for a run, play it, tell, ask for the next."""
    with _theatre(prepare) as theatre:
        orders.send(None)
        while (name := orders.recv()) is not None:
            orders.send(_played(theatre, name))


def _list(answer: Connection, prepare: Prepare, faults: Sequence[str]) -> None:
    with _theatre(prepare) as theatre:
        answer.send(list(theatre.names(faults)))


def _sample(answer: Connection, prepare: Prepare, faults: Sequence[str], count: int, seed: int, share: slice) -> None:
    with _theatre(prepare) as theatre:
        names = random.Random(seed).sample(list(theatre.names(faults)), count)
        answer.send([_played(theatre, name) for name in names[share]])


def _played(theatre: Theatre, name: str) -> Result:
    try:
        return theatre.play(name)
    except Exception:  # of the harness: it must not pass for a success, nor end the others
        return Result(name, ("the harness failed", *traceback.format_exc().splitlines()[-8:]), struck=False)
