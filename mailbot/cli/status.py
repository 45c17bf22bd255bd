"""`mailbot status`: what works, what waits, and what to do about it, as the daemon wrote it down.

It connects to nothing: whether a mailbox can be read is what the daemon said when it last tried.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from mailbot.cli.console import Console, as_plain, as_text
from mailbot.cli.desk import now, open_desk
from mailbot.store.health import (
    CONFIGURATION,
    DAEMON,
    DELIVERY,
    MOVING,
    OF_A_DAEMON,
    beats,
    is_running,
    kind_of,
    lives,
    name_of,
)
from mailbot.store.rows import HealthRecord, Status
from mailbot.store.states import HealthState

QUEUES = ("inbox", "outbox", "deadlines", "tickets")
OLD_SECONDS = 900
CONSERVATION = "conservation"  # is every mail of a folder here?
START = "start it: mailbot run"

# What helps, by part ("mailbox" for each of them) and state.
REMEDIES: Mapping[tuple[str, HealthState], str] = {
    (DAEMON, HealthState.NO_PROGRESS): "systemd restarts it by itself; else look into its log and restart it",
    (DAEMON, HealthState.STOPPED): START,
    (CONFIGURATION, HealthState.LAST_GOOD): "mailbot check lists every mistake; mended files are read by themselves",
    (DELIVERY, HealthState.RETRYING): "mail waits and is tried again by itself: can the server of [smtp] be reached"
    " (or of [alert_smtp], where that is named)?",
    (DELIVERY, HealthState.NEEDS_PERSON): "mail waits: mend [smtp] (or [alert_smtp], where that is named) in"
    " mailbot.toml and restart the daemon; a changed password alone counts at the next try, within 15 minutes",
    (CONSERVATION, HealthState.RETRYING): "the whole folder is compared again within minutes",
    (CONSERVATION, HealthState.NEEDS_PERSON): "look at the mailbox with a mail program: its server lists mail that it"
    " does not give (the log names it, event=mail_missing); what only the archive folder has, move back",
    (MOVING, HealthState.RETRYING): "looked at again within five minutes",
    (MOVING, HealthState.NEEDS_PERSON): "mailbot inbox list --all, mailbot outbox list --all: does every role run"
    " somewhere, and what does the log say?",
    ("mailbox", HealthState.RETRYING): "it is tried again by itself: can its server be reached?",
    ("mailbox", HealthState.NEEDS_PERSON): "mend its [[mailboxes]] in mailbot.toml (user, password, folder,"
    " certificate) and restart the daemon; a changed password alone counts at the next try, within 15 minutes",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Tell how things stand; 1 if the folder has errors, which are told too."""
    with open_desk(arguments, last_good=True) as desk:
        status, refused = desk.status(), desk.refused
    moment = now()
    if console.as_json:
        console.record(_as_record(status, moment) | {"findings": as_plain(refused)})
    for finding in refused:
        console.complain(str(finding))
    _tell_health(status.health, moment, console)
    for folder in status.mailboxes:
        where = f"{folder.account}/{folder.folder}"
        console.say(f"{'watched':14} {where} since {as_text(folder.first_start)}")
    for name in QUEUES:
        counts = getattr(status, name)
        console.say(f"{name:14} " + (", ".join(f"{count} {state}" for state, count in counts.items()) or "empty"))
    for advice in _to_do(status, moment):
        console.say(advice, "yellow")
    return 1 if refused else 0


def _as_record(status: Status, moment: datetime) -> dict[str, object]:
    plain = as_plain(status)
    assert isinstance(plain, dict), "a dataclass becomes an object"
    health = [{**_object(one), "remedy": _remedy(one)} for one in status.health]
    running = is_running(status.health, moment)
    return plain | {"daemon_running": running, "remedy": "" if running else START, "health": health}


def _object(record: HealthRecord) -> dict[str, object]:
    plain = as_plain(record)
    assert isinstance(plain, dict), "a dataclass becomes an object"
    return plain


def _remedy(record: HealthRecord) -> str:
    return REMEDIES.get((kind_of(record), record.state), "")


def _tell_health(records: Iterable[HealthRecord], moment: datetime, console: Console) -> None:
    records = tuple(records)
    living = {name_of(beat) for beat in beats(records) if lives(beat, moment)}
    if not living:
        _tell_nobody(records, console)
    for record in records:
        own, alive = kind_of(record) in OF_A_DAEMON, name_of(record) in living
        if not own or alive:
            _tell_part(record, console)
        elif living and kind_of(record) == DAEMON:
            _tell_absent(record, console)
        elif not living and kind_of(record) != DAEMON:
            _tell_part(record, console)


def _tell_nobody(records: Collection[HealthRecord], console: Console) -> None:
    seen = [beat.updated_at for beat in beats(records)]
    last = f" (last seen {as_text(max(seen))})" if seen else ""
    console.say(f"{DAEMON:14} is not running{last}", "red")
    console.say(f"{'':14} → {START}", "yellow")
    if len(records) > len(seen):
        console.say(f"{'':14} what follows is how it was when it was last told")


def _tell_absent(beat: HealthRecord, console: Console) -> None:
    """One of several daemons: it stopped, or nothing was heard of it for a while; the others work."""
    stopped = beat.state is HealthState.STOPPED
    how = (
        f"stopped since {as_text(beat.since)}: {beat.detail}" if stopped else f"silent since {as_text(beat.updated_at)}"
    )
    console.say(f"{DAEMON:14} {name_of(beat)} {how}", "red")


def _tell_part(record: HealthRecord, console: Console) -> None:
    kind, name = kind_of(record), name_of(record)
    checked = f", checked {as_text(record.updated_at)}" if kind in (CONSERVATION, MOVING) else ""
    detail = f"{record.detail}{checked}"
    told = ": ".join(filter(None, (f"{record.state.value} since {as_text(record.since)}", detail)))
    console.say(f"{kind:14} {name}{' ' if name else ''}{told}", "" if record.state is HealthState.OK else "red")
    if remedy := _remedy(record):
        console.say(f"{'':14} → {remedy}", "yellow")


def _to_do(status: Status, moment: datetime) -> list[str]:
    """What waits for a person, with the command that helps."""
    waiting = (
        ("inbox", "held", "mails are held for a person: mailbot inbox list"),
        ("inbox", "set_aside", "mails could not be digested: mailbot inbox list"),
        ("outbox", "failed", "mails did not arrive: mailbot outbox list"),
        ("outbox", "parked", "mails are parked, nobody knows whether they arrived: mailbot outbox list"),
        ("outbox", "stopped", "mails were stopped by the last check: mailbot outbox list"),
    )
    advice = [f"{count} {text}" for queue, state, text in waiting if (count := getattr(status, queue).get(state, 0))]
    if status.oldest_ready_at is not None and (moment - status.oldest_ready_at).total_seconds() > OLD_SECONDS:
        advice.append(
            f"mail has been waiting to leave since {status.oldest_ready_at:%Y-%m-%d %H:%M}: is the daemon running?"
        )
    return advice
