"""`mailbot status`: what works, what waits, and what to do about it, as the daemon wrote it down.

It connects to nothing: whether a mailbox can be read is what the daemon said when it last tried. Whether the daemon of
an SQLite file is there at all is seen by its lock, which ends with it.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from datetime import datetime, timedelta

from mailbot.cli.console import Console, as_plain, as_text
from mailbot.cli.desk import now, open_desk
from mailbot.cli.needs import CONSERVATION, START, find_needs, missing_roles, remedy_of, shown, waiting
from mailbot.store.health import DAEMON, MOVING, beats, kind_of, living, name_of
from mailbot.store.rows import HealthRecord, Status
from mailbot.store.states import HealthState

QUEUES = ("inbox", "outbox", "deadlines", "tickets")
FRESH = timedelta(minutes=2)  # a heart beats every minute


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Tell how things stand; 1 if anything needs a person, the errors of the folder among it."""
    with open_desk(arguments, last_good=True) as desk:
        status, refused, present = desk.status(), desk.refused, desk.database.has_daemon()
    moment = now()
    alive, needs = living(status.health, moment, present=present), find_needs(status, moment, present)
    if console.as_json:
        console.record(_as_record(status, running=bool(alive)) | {"findings": as_plain([*refused, *needs])})
    for finding in refused:
        console.complain(str(finding))
    _tell_health(status.health, alive, moment, console)
    for folder in status.mailboxes:
        where = f"{folder.account}/{folder.folder}"
        console.say(f"{'watched':14} {where} since {as_text(folder.first_start)}")
    for name in QUEUES:
        counts = getattr(status, name)
        console.say(f"{name:14} " + (", ".join(f"{count} {state}" for state, count in counts.items()) or "empty"))
    for need in (*missing_roles(alive), *waiting(status, moment)):
        console.say(str(need), "yellow")
    return 1 if refused or needs else 0


def _as_record(status: Status, *, running: bool) -> dict[str, object]:
    health = [{**_object(one), "remedy": remedy_of(one)} for one in status.health]
    return {**_object(status), "daemon_running": running, "remedy": "" if running else START, "health": health}


def _object(record: HealthRecord | Status) -> dict[str, object]:
    plain = as_plain(record)
    assert isinstance(plain, dict), "a dataclass becomes an object"
    return plain


def _tell_health(
    records: Collection[HealthRecord], alive: Collection[HealthRecord], moment: datetime, console: Console
) -> None:
    if not alive:
        _tell_nobody(records, moment, console)
    told = shown(records, alive)
    for record in records:
        if record in told:
            _tell_part(record, moment, console)
        elif alive and kind_of(record) == DAEMON:
            _tell_absent(record, moment, console)


def _tell_nobody(records: Collection[HealthRecord], moment: datetime, console: Console) -> None:
    seen = [beat.updated_at for beat in beats(records)]
    last = f" ({_heard(max(seen), moment)})" if seen else ""
    console.say(f"{DAEMON:14} is not running{last}", "red")
    console.say(f"{'':14} → {START}", "yellow")
    if len(records) > len(seen):
        console.say(f"{'':14} what follows is how it was when it was last told")


def _tell_absent(beat: HealthRecord, moment: datetime, console: Console) -> None:
    """One of several daemons: it stopped, or nothing was heard of it for a while; the others work."""
    stopped = beat.state is HealthState.STOPPED
    how = (
        f"stopped since {as_text(beat.since)}: {beat.detail}"
        if stopped
        else f"silent, {_heard(beat.updated_at, moment)}"
    )
    console.say(f"{DAEMON:14} {name_of(beat)} {how}", "red")


def _tell_part(record: HealthRecord, moment: datetime, console: Console) -> None:
    kind, name = kind_of(record), name_of(record)
    looked = f", checked {as_text(record.updated_at)}" if kind in (CONSERVATION, MOVING) else ""
    stale = kind == DAEMON and moment - record.updated_at > FRESH
    detail = f"{record.detail}{looked}" + (f", {_heard(record.updated_at, moment)}" if stale else "")
    told = ": ".join(filter(None, (f"{record.state.value} since {as_text(record.since)}", detail)))
    console.say(f"{kind:14} {name}{' ' if name else ''}{told}", "" if record.state is HealthState.OK else "red")
    if remedy := remedy_of(record):
        console.say(f"{'':14} → {remedy}", "yellow")


def _heard(at: datetime, moment: datetime) -> str:
    """When a heart was last heard; with the day, if that was another one."""
    day = "" if at.astimezone().date() == moment.astimezone().date() else f"{at.astimezone():%Y-%m-%d} "
    return f"last heard {day}{at.astimezone():%H:%M:%S}"
