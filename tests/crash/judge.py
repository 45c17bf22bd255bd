"""What must hold when a struck desk has been stopped, whatever struck it.

`essence` is the whole database but for times, claims and counted attempts: where it equals that of the undisturbed life
at the end of the same chapter, the rest of the life would be the same as well, and need not be played.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from mailbot.desk.outgoing import MailClass
from mailbot.desk.ticket import Side
from mailbot.store import tables
from mailbot.store.database import Database
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.verify import verify
from tests.conversations.invariants import readable
from tests.crash.life import SECRET
from tests.crash.post_office import Folders
from tests.crash.world import World

_TABLES = tuple(table.name for table in tables.inbox.metadata.sorted_tables)
_PASSING = re.compile(r"(_at|_date|_start|_until|_hash|_before)$|^(at|since|until|phase|content|fingerprint_content)$")
_CLAIMS = frozenset({"attempts", "epoch", "holder", "lease_until"})
_CLOCK = re.compile(r"\d\d:\d\d:\d\d(\.\d+)?")
_AT_REST = (OutboxState.SENT, OutboxState.FAILED, OutboxState.PARKED, OutboxState.CANCELLED)
_TOLD_BEFORE = "bounce of a mail that had failed before"  # it was in doubt, and its group knows
_CHANGING = frozenset({"health"})  # told for people, and again in the next minute

Essence = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Undisturbed:
    """What the same life came to when nothing struck it."""

    essence: Essence
    folders: Folders
    letters: Counter[tuple[str, str]]  # (kind, recipient), as far as a mail caused them
    standing: dict[int, tuple[str, str, str | None]]  # ticket: state, group, owner
    rows: int


def undisturbed(world: World) -> Undisturbed:
    """Remember what the world came to."""
    rows = _read(world)
    folders = deepcopy(world.office.folders)
    return Undisturbed(essence_of(rows), folders, _letters(rows), _standing(rows), len(rows["inbox"]))


def has_recovered(world: World, expected: Undisturbed) -> bool:
    """Whether the world has come to the very state of the undisturbed life."""
    same_folders = _masked(world.office.folders.archive) == _masked(expected.folders.archive)
    return same_folders and not world.office.folders.inbox and essence_of(_read(world)) == expected.essence


def find_breaches(world: World, expected: Undisturbed, *, at_end: bool) -> list[str]:
    """Everything that must not be, in words; the desk is stopped. `at_end`: all has had the time it needs."""
    rows = _read(world)
    found = [*_verified(world), *_delivered(world, rows), *_wall(world, rows), *world.faults]
    if at_end:
        found += [*_complete(world, rows), *_once(rows), *_at_rest(rows), *_outcome(rows, expected)]
    return found


Rows = dict[str, list[dict[str, Any]]]


def _read(world: World) -> Rows:
    with contextlib.closing(sqlite3.connect(world.place.database)) as connection:
        connection.row_factory = sqlite3.Row
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in _TABLES}


def essence_of(rows: Rows) -> Essence:
    """What counts of each table, as values that can be compared."""
    return {name: sorted(map(_essential, found), key=repr) for name, found in rows.items() if name not in _CHANGING}


def _essential(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple((name, _mask(value)) for name, value in row.items() if not _passes(name))


def _passes(column: str) -> bool:
    return column in _CLAIMS or _PASSING.search(column) is not None


def _mask(value: Any) -> Any:
    """Without the time of day: a pause of some seconds changes no more than that."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "surrogateescape")
    return _CLOCK.sub("T", value) if isinstance(value, str) else value


def _masked(messages: dict[int, tuple[bytes, Any]]) -> dict[int, Any]:
    return {uid: _mask(raw) for uid, (raw, _) in messages.items()}


# ---------------------------------------------------------------- at any time


def _verified(world: World) -> Iterator[str]:
    """I1-I8 as `mailbot verify` says them."""
    database = Database.open(f"sqlite:///{world.place.database}")
    try:
        with database.read() as work:
            yield from (f"verify: {found.invariant} {found.where}: {found.what}" for found in verify(work))
    finally:
        database.close()


def _delivered(world: World, rows: Rows) -> Iterator[str]:
    """Class A at least once and again only after a doubt, class B at most once, copies identical, nothing unknown."""
    copies: dict[str, list[Any]] = defaultdict(list)
    for taken in world.office.taken:
        copies[taken.message_id].append(taken)
    for row in rows["outbox"]:
        mine = copies.pop(row["message_id"], [])
        name = f"outbox {row['id']} ({row['kind']}, class {row['class']})"
        doubts = sum(one.in_doubt for one in mine) if row["class"] == MailClass.A else 0
        if len(mine) > 1 + min(doubts, len(mine) - 1) or (len(mine) > 1 and not doubts):
            yield f"{name} left {len(mine)} times, with {doubts} doubts"
        if any(one.envelope.raw != mine[0].envelope.raw for one in mine):
            yield f"the copies of {name} differ"
        if mine and _lines(mine[0].envelope.raw) != _lines(row["raw"]):
            yield f"{name} left otherwise than it was written"
        if row["state"] == OutboxState.SENT and not mine:
            yield f"{name} is `sent`, and nobody got it"
        if row["state"] in (OutboxState.READY, OutboxState.CANCELLED) and mine and not any(x.in_doubt for x in mine):
            yield f"{name} is {row['state']}, and has left"
    yield from (f"{message_id} left, and the desk knows nothing of it" for message_id in copies)


def _lines(raw: bytes) -> list[bytes]:
    return raw.splitlines()


def _wall(world: World, rows: Rows) -> Iterator[str]:
    """No word of a note reaches a requester."""
    side = {row["message_id"]: row["side"] for row in rows["outbox"]}
    for taken in world.office.taken:
        if side.get(taken.message_id, Side.REQUESTER) == Side.REQUESTER and SECRET in readable(taken.envelope.raw):
            yield f"{taken.message_id} tells a requester what a note says"


# ---------------------------------------------------------------- at the end


def _complete(world: World, rows: Rows) -> Iterator[str]:
    """Each mail is one row with one disposition."""
    uids = Counter(row["uid"] for row in rows["inbox"])
    for uid in range(1, world.office.folders.came + 1):
        if uids[uid] != 1:
            yield f"mail {uid} has {uids[uid]} rows"
    if world.office.folders.inbox:
        yield f"not marked as stored: {sorted(world.office.folders.inbox)}"
    duplicates = [row["id"] for row in rows["inbox"] if row["state"] == InboxState.DUPLICATE]
    if len(duplicates) != 1:
        yield f"one mail came twice, and these rows are duplicates: {duplicates}"
    doubted = _doubted(rows)
    for row in rows["inbox"]:
        told_before = doubted and row["state"] == InboxState.IGNORED and row["reason"] == _TOLD_BEFORE
        if row["state"] not in (InboxState.DONE, InboxState.DUPLICATE) and not told_before:
            yield f"inbox {row['id']} is {row['state']}: {row['reason']}"


def _once(rows: Rows) -> Iterator[str]:
    """What a mail causes, it causes once."""
    for row in rows["inbox"]:
        decided = [one for one in rows["decisions"] if one["inbox_id"] == row["id"]]
        if len(decided) != 1:
            yield f"inbox {row['id']} has {len(decided)} decisions"
        said = [one for one in rows["entries"] if one["inbox_id"] == row["id"] and one["what"] == "words"]
        if len(said) > 1:
            yield f"inbox {row['id']} stands in {len(said)} entries"


def _at_rest(rows: Rows) -> Iterator[str]:
    """Nothing waits that could leave."""
    for row in rows["outbox"]:
        if row["state"] not in _AT_REST:
            yield f"outbox {row['id']} ({row['kind']}) is still {row['state']}"
        if row["state"] == OutboxState.PARKED and row["class"] != MailClass.B:
            yield f"outbox {row['id']} ({row['kind']}) is parked, and it is of class {row['class']}"
        if row["state"] == OutboxState.FAILED and row["kind"] != "acknowledgement":
            yield f"outbox {row['id']} ({row['kind']}) is failed: {row['reason']}"


def _outcome(rows: Rows, expected: Undisturbed) -> Iterator[str]:
    """The life came to what it comes to; where a mail of class B was in doubt, its ticket may have gone another way."""
    other_ways = _doubted(rows)
    standing = _standing(rows)
    if standing.keys() != expected.standing.keys():
        yield f"tickets {sorted(standing)}, expected {sorted(expected.standing)}"
    for number, wanted in expected.standing.items():
        if number not in other_ways and standing.get(number) != wanted:
            yield f"ticket {number} is {standing.get(number)}, expected {wanted}"
    letters = _letters(rows)
    if not other_ways and letters != expected.letters:
        yield f"more or less was written: {letters - expected.letters} and {expected.letters - letters}"
    if not other_ways and len(rows["inbox"]) != expected.rows:
        yield f"{len(rows['inbox'])} mails came, expected {expected.rows}"


def _letters(rows: Rows) -> Counter[tuple[str, str]]:
    """What mails caused. What the clock causes depends on how long a doubt lasted."""
    return Counter((row["kind"], row["recipient"]) for row in rows["outbox"] if row["inbox_id"] is not None)


def _doubted(rows: Rows) -> set[int | None]:
    """Tickets of which nobody can say whether a mail of class B has arrived."""
    return {row["ticket"] for row in rows["outbox"] if row["class"] == MailClass.B and row["unknown_count"]}


def _standing(rows: Rows) -> dict[int, tuple[str, str, str | None]]:
    return {row["number"]: (row["state"], row["group"], row["owner"]) for row in rows["tickets"]}
