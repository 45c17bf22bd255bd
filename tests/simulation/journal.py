"""Triggers that write down every change of state, in the transaction that makes it: what the oracle reads for I7."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from mailbot.desk.ticket import FIRST_STATES
from mailbot.desk.ticket import MOVES as TICKET_MOVES
from mailbot.store import deadlines, inbox, outbox
from mailbot.store.states import DeadlineState, InboxState

_KEYS = {"inbox": "id", "outbox": "id", "deadlines": "id", "tickets": "number"}

KEEP_JOURNAL = (
    "CREATE TABLE journal (at INTEGER PRIMARY KEY, queue TEXT, row INTEGER, before TEXT, after TEXT)",
    *(
        f"CREATE TRIGGER {queue}_moves AFTER UPDATE OF state ON {queue} WHEN old.state IS NOT new.state BEGIN "
        f"INSERT INTO journal (queue, row, before, after) VALUES ('{queue}', new.{key}, old.state, new.state); END"
        for queue, key in _KEYS.items()
    ),
    *(
        f"CREATE TRIGGER {queue}_begins AFTER INSERT ON {queue} BEGIN "
        f"INSERT INTO journal (queue, row, before, after) VALUES ('{queue}', new.{key}, '', new.state); END"
        for queue, key in _KEYS.items()
    ),
)

_MOVES: Mapping[str, Mapping[Any, frozenset[Any]]] = {
    "inbox": inbox.MOVES,
    "outbox": outbox.MOVES,
    "deadlines": deadlines.MOVES,
    "tickets": TICKET_MOVES,
}
_FIRST: Mapping[str, frozenset[StrEnum]] = {
    "inbox": frozenset({InboxState.RECEIVED}),
    "outbox": frozenset(outbox.FIRST_STATES),
    "deadlines": frozenset({DeadlineState.PENDING}),
    "tickets": frozenset(FIRST_STATES),
}


def is_legal(queue: str, before: str, after: str) -> bool:
    """Whether the tables of states know this move."""
    targets = _MOVES[queue][_state(queue, before)] if before else _FIRST[queue]
    return after in {state.value for state in targets}


def _state(queue: str, word: str) -> Any:
    return next(state for state in _MOVES[queue] if state.value == word)
