"""What the desk remarks on to specialists: what came of a command, what is wrong with one, why a mail is held.

Here stand codes only, so that a group reads its own language: the sentence of each code is a macro of that name in
`templates/<language>/_remarks.j2`, and `mailbot check` misses none. Reasons of decisions show the code with its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ResultCode(StrEnum):
    """What came of a command; behind each the value that its sentence names."""

    RESOLVED = "resolved"
    RESOLVED_ALONE = "resolved_alone"  # a machine opened the ticket: nobody is asked
    NOTE_KEPT = "note_kept"
    HANDED_OVER = "handed_over"  # label of the group
    OWNED = "owned"  # name or address of the owner
    PRIORITY_CHANGED = "priority_changed"  # P4 → P1
    WAITS_UNTIL = "waits_until"  # ISO date
    WAITS_FOR = "waits_for"  # WaitingFor
    IS_INCIDENT = "is_incident"
    IS_REQUEST = "is_request"
    REOPENED = "reopened"
    MAIL_STOPPED = "mail_stopped"
    RESTORED = "restored"  # State
    HELD_SENT = "held_sent"  # inbox row
    HELD_ACCEPTED = "held_accepted"  # inbox row
    HELD_REJECTED = "held_rejected"  # inbox row
    HELP_FOLLOWS = "help_follows"


class RefusalCode(StrEnum):
    """Why nothing came of a command, or why a reply stays inside."""

    WRONG_STATE = "wrong_state"  # State
    IN_NO_GROUP = "in_no_group"  # address
    NOTHING_TO_UNDO = "nothing_to_undo"
    NOT_HELD = "not_held"
    NEEDS_ACCEPT = "needs_accept"  # who wrote the held mail
    OTHER_LINE = "other_line"
    TICKET_CANCELLED = "ticket_cancelled"
    NOBODY_READS = "nobody_reads"  # a monitoring system opened the ticket


class ProblemCode(StrEnum):
    """Why a line that looks like a command is none that can be obeyed."""

    TAKES_NOTHING = "takes_nothing"
    EMPTY_NOTE = "empty_note"
    NO_PRIORITY = "no_priority"
    NO_ROW = "no_row"
    NO_ASSIGNEE = "no_assignee"  # names of the groups
    UNKNOWN_GROUP = "unknown_group"  # a group that may be meant, or nothing
    THE_DESK = "the_desk"
    OUTSIDER = "outsider"  # address
    NO_WAIT = "no_wait"
    NOT_FUTURE = "not_future"  # ISO date
    TOO_FAR = "too_far"  # ISO date
    TWICE = "twice"
    MISPLACED = "misplaced"
    MISSPELT = "misspelt"  # the command that is meant
    QUOTED = "quoted"
    UNKNOWN_COMMAND = "unknown_command"  # a command that may be meant, or nothing


class HoldCode(StrEnum):
    """Why a person must look first; of a single command: why its sender may not give it."""

    FORGED = "forged"  # address
    SENDER_FAILED = "sender_failed"
    NOT_AUTHENTICATED = "not_authenticated"
    NOT_SHOWN = "not_shown"  # neither token nor authentication
    NOT_A_SPECIALIST = "not_a_specialist"
    NOT_AN_ADMIN = "not_an_admin"
    NO_TOKEN = "no_token"  # TokenState
    OTHER_ADDRESS = "other_address"  # who wrote
    FORMER_SPECIALIST = "former_specialist"  # who wrote
    LOST_KEY = "lost_key"
    NO_PERSON = "no_person"  # name of the form
    SUSPECT = "suspect"  # what is wrong with it
    NO_TEXT = "no_text"
    NOTHING_LEFT = "nothing_left"
    DOUBTFUL_CUT = "doubtful_cut"  # the mark that was found
    FOOTER_OF_OURS = "footer_of_ours"
    LINE_OF_A_NOTE = "line_of_a_note"


Code = ResultCode | RefusalCode | ProblemCode | HoldCode
CODES: tuple[Code, ...] = (
    *ResultCode,
    *RefusalCode,
    *ProblemCode,
    *HoldCode,
)  # no value stands twice: they share one catalogue


@dataclass(frozen=True, slots=True)
class Remark:
    """A code and what its sentence is about; as text it is the reason that records and `explain` show."""

    code: Code
    value: str = ""

    def __str__(self) -> str:
        """`wrong_state: closed`."""
        return f"{self.code}: {self.value}" if self.value else self.code.value
