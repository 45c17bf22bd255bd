"""What in `mailbot status` needs a person: each with what helps. Anything here makes its exit code 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.cli.console import as_text
from mailbot.daemon.health import DETAIL_CHARACTERS
from mailbot.daemon.loops import ROLES
from mailbot.store.health import CONFIGURATION, DAEMON, DELIVERY, MOVING, OF_A_DAEMON, kind_of, living, name_of
from mailbot.store.rows import HealthRecord, Status
from mailbot.store.states import HealthState

LONG = timedelta(minutes=15)  # what is tried again by itself, or waits to leave, for so long needs a person
HELD_LONG = timedelta(days=1)
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

# What waits for a person: the queue, the state, what that means, the command that helps.
WAITING = (
    ("inbox", "held", "mails are held for a person", "mailbot inbox list"),
    ("inbox", "set_aside", "mails could not be digested", "mailbot inbox list"),
    ("outbox", "failed", "mails did not arrive", "mailbot outbox list"),
    ("outbox", "parked", "mails are parked, nobody knows whether they arrived", "mailbot outbox list"),
    ("outbox", "stopped", "mails were stopped by the last check", "mailbot outbox list"),
)


@dataclass(frozen=True, slots=True)
class Need:
    """Something that is not as it should be; `urgent` unless it may wait for now."""

    about: str
    message: str
    remedy: str
    urgent: bool = True

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


def remedy_of(record: HealthRecord) -> str:
    """What helps this part; "" where nothing is wrong."""
    return REMEDIES.get((kind_of(record), record.state), "")


def shown(records: Iterable[HealthRecord], alive: Iterable[HealthRecord]) -> list[HealthRecord]:
    """The parts that tell how it is now: of daemons that live; if none does, how it was when it was last told."""
    names = {name_of(beat) for beat in alive}
    return [
        record
        for record in records
        if (kind_of(record) not in OF_A_DAEMON or name_of(record) in names) or (not names and kind_of(record) != DAEMON)
    ]


def find_needs(status: Status, moment: datetime, present: bool | None) -> list[Need]:
    """Everything that needs a person now."""
    alive = living(status.health, moment, present=present)
    daemon = [] if alive else [Need(DAEMON, "the daemon is not running", START)]
    parts = [_need_of(record) for record in shown(status.health, alive) if _is_wrong(record, moment)]
    return [*daemon, *parts, *missing_roles(alive), *(need for need in waiting(status, moment) if need.urgent)]


def missing_roles(alive: Iterable[HealthRecord]) -> list[Need]:
    """Of several daemons (each has a name): the roles that none of them has.

    A daemon that is not well, or reads very many mailboxes, does not say everything that it does: then nothing is said.
    """
    alive = [beat for beat in alive if name_of(beat)]
    if not alive or any(beat.state is not HealthState.OK or len(beat.detail) >= DETAIL_CHARACTERS for beat in alive):
        return []
    running = {word.split(":")[0].split(" ")[0] for beat in alive for word in beat.detail.split(", ")}
    missing = [role for role in ROLES if role not in running]
    return [Need(role, f"the role {role} runs nowhere", f"start it: mailbot run --roles {role}") for role in missing]


def waiting(status: Status, moment: datetime) -> list[Need]:
    """What waits for a person in the queues, with the command that helps."""
    needs = []
    for queue, state, text, remedy in WAITING:
        if count := getattr(status, queue).get(state, 0):
            needs.append(Need(queue, f"{count} {text}", remedy, state != "held" or _held_long(status, moment)))
    oldest = status.oldest_ready_at
    if oldest is not None and moment - oldest > LONG:
        needs.append(
            Need("outbox", f"mail has been waiting to leave since {as_text(oldest)}", "is the daemon running?")
        )
    return needs


def _held_long(status: Status, moment: datetime) -> bool:
    return status.oldest_held_at is not None and moment - status.oldest_held_at > HELD_LONG


def _is_wrong(record: HealthRecord, moment: datetime) -> bool:
    if record.state is HealthState.RETRYING:
        return moment - record.since > LONG
    return record.state is not HealthState.OK


def _need_of(record: HealthRecord) -> Need:
    said = ": ".join(filter(None, (f"{record.component} {record.state.value}", record.detail)))
    return Need(record.component, said, remedy_of(record))
