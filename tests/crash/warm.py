"""Warming the interpreter that is forked for each run: a start costs milliseconds where it would cost a second.

What is kept between lives only reads, or computes: the parsed configuration, compiled templates, and the statements
that SQLAlchemy has compiled. They are filled by a whole life that is played on a thread, which has ended before the
first fork.
"""

from __future__ import annotations

import gc
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any, TypeVar

from alembic.script import ScriptDirectory

import mailbot.app
import mailbot.config.last_good
import mailbot.config.load
import mailbot.store.sqlite
from tests.crash import process
from tests.crash.life import CHAPTERS, play
from tests.crash.place import Place
from tests.crash.world import Alive, World

T = TypeVar("T")


class Rehearsal(World):
    """A life whose desk is a thread."""

    def _fork(self) -> Alive:
        ours, theirs = self._pair()
        thread = threading.Thread(target=process.obey, args=(theirs, self.place.config, Counter()))
        thread.start()
        return Alive(0, ours, thread)


def warm(place: Place) -> None:
    """Keep what is costly and only read, and fill it."""
    load = _kept(mailbot.config.load.load, by=str)
    mailbot.app.load = mailbot.config.last_good.load = load  # type: ignore[attr-defined]  # where they are imported
    mailbot.app.adapt = _kept(mailbot.app.adapt, by=id)
    sqlite = mailbot.store.sqlite
    sqlite.create_engine = _kept(sqlite.create_engine, by=str)  # type: ignore[attr-defined]  # where it is imported
    from_config = _kept(ScriptDirectory.from_config, by=lambda config: config.get_main_option("script_location"))
    ScriptDirectory.from_config = staticmethod(from_config)  # type: ignore[method-assign]  # the migrations, read once
    rehearsal = Rehearsal(place)
    for chapter in range(len(CHAPTERS)):
        rehearsal.begin()
        play(rehearsal, chapter)
    gc.collect()
    gc.freeze()  # what is there now is shared by all forks


def _kept(make: Callable[..., T], *, by: Callable[[Any], object]) -> Callable[..., T]:
    kept: dict[object, tuple[object, T]] = {}

    def once(given: object, **options: object) -> T:
        key = by(given)
        if key not in kept:
            kept[key] = given, make(given, **options)  # holding what was given keeps its id its own
        return kept[key][1]

    return once
