"""State x meaning: what a mail from the requester's side does to a ticket. No cell is empty (DESIGN section 3).

Anchors: new words on `resolved`, or on `closed` within the reopen period, act as rejected; later they open a ticket
that `follows`. Confirmed on `assigned`, `in_progress` or `waiting` closes, and the group is told. Courtesy is an
entry and moves nothing. Unclear on `resolved` or `answered` asks once, then the group decides. Automatic mail moves
nothing. A mail that did not arrive never lets a ticket close: the group gets it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from mailbot.desk.event import Meaning
from mailbot.desk.outgoing import OutgoingKind
from mailbot.desk.ticket import State


class Move(StrEnum):
    """Where a cell sends the ticket."""

    STAY = "stay"
    RESUME = "resume"  # back to work if it waited for the requester
    HAND_OVER = "hand_over"  # to the group: assigned, with a fresh hand-over
    REOPEN = "reopen"  # to its owner, else to the group
    REOPEN_OR_FOLLOW = "reopen_or_follow"  # within the reopen period; later a new ticket that follows
    FOLLOW = "follow"  # a new ticket that follows
    ASK_ONCE = "ask_once"  # one clarifying question a cycle, then the group decides
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Cell:
    """What happens: the move, and the kinds of mail that tell of it."""

    move: Move
    tells: tuple[OutgoingKind, ...] = ()


_STAY = Cell(Move.STAY)
_RELAY = Cell(Move.STAY, (OutgoingKind.RELAY_TO_GROUP,))
_CLOSE = Cell(Move.CLOSE, (OutgoingKind.CLOSED, OutgoingKind.NOTE_TO_GROUP))
_REOPEN = Cell(Move.REOPEN, (OutgoingKind.REOPENED, OutgoingKind.RELAY_TO_GROUP))
_RESUME = Cell(Move.RESUME, (OutgoingKind.RELAY_TO_GROUP,))
_HAND_OVER = Cell(Move.HAND_OVER, (OutgoingKind.HAND_OVER,))
_NOTE = Cell(Move.STAY, (OutgoingKind.NOTE_TO_GROUP,))
_LATE = Cell(Move.REOPEN_OR_FOLLOW, (OutgoingKind.REOPENED, OutgoingKind.RELAY_TO_GROUP))
_FOLLOW = Cell(Move.FOLLOW, (OutgoingKind.ACKNOWLEDGEMENT, OutgoingKind.HAND_OVER))

_WITH_THE_GROUP: Mapping[Meaning, Cell] = {
    Meaning.NEW_WORDS: _RELAY,
    Meaning.CONFIRMED: _CLOSE,
    Meaning.REJECTED: _RELAY,
    Meaning.COURTESY: _STAY,
    Meaning.UNCLEAR: _RELAY,
    Meaning.AUTOMATIC: _STAY,
    Meaning.BOUNCE: _NOTE,
}

TABLE: Mapping[State, Mapping[Meaning, Cell]] = {
    State.ASSIGNED: _WITH_THE_GROUP,
    State.IN_PROGRESS: _WITH_THE_GROUP,
    State.WAITING: {
        Meaning.NEW_WORDS: _RESUME,
        Meaning.CONFIRMED: _CLOSE,
        Meaning.REJECTED: _RESUME,
        Meaning.COURTESY: _STAY,
        Meaning.UNCLEAR: _RESUME,
        Meaning.AUTOMATIC: _STAY,
        Meaning.BOUNCE: Cell(Move.RESUME, (OutgoingKind.NOTE_TO_GROUP,)),
    },
    State.ANSWERED: {
        Meaning.NEW_WORDS: _HAND_OVER,
        Meaning.CONFIRMED: Cell(Move.CLOSE, (OutgoingKind.CLOSED,)),
        Meaning.REJECTED: _HAND_OVER,
        Meaning.COURTESY: _STAY,
        Meaning.UNCLEAR: Cell(Move.ASK_ONCE, (OutgoingKind.CLARIFYING_QUESTION,)),
        Meaning.AUTOMATIC: _STAY,
        Meaning.BOUNCE: _HAND_OVER,
    },
    State.RESOLVED: {
        Meaning.NEW_WORDS: _REOPEN,
        Meaning.CONFIRMED: _CLOSE,
        Meaning.REJECTED: _REOPEN,
        Meaning.COURTESY: _STAY,
        Meaning.UNCLEAR: Cell(Move.ASK_ONCE, (OutgoingKind.CLARIFYING_QUESTION,)),
        Meaning.AUTOMATIC: _STAY,
        Meaning.BOUNCE: Cell(Move.REOPEN, (OutgoingKind.NOTE_TO_GROUP,)),
    },
    State.CLOSED: {
        Meaning.NEW_WORDS: _LATE,
        Meaning.CONFIRMED: _STAY,
        Meaning.REJECTED: _LATE,
        Meaning.COURTESY: _STAY,
        Meaning.UNCLEAR: _RELAY,
        Meaning.AUTOMATIC: _STAY,
        Meaning.BOUNCE: _STAY,
    },
    State.CANCELLED: {
        Meaning.NEW_WORDS: _FOLLOW,
        Meaning.CONFIRMED: _STAY,
        Meaning.REJECTED: _FOLLOW,
        Meaning.COURTESY: _STAY,
        Meaning.UNCLEAR: _FOLLOW,
        Meaning.AUTOMATIC: _STAY,
        Meaning.BOUNCE: _STAY,
    },
}
