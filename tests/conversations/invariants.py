"""What holds after every story, said once more and without the product's own tables: nobody is forgotten, and nothing
from inside has reached a requester.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator

from mailbot.desk.deadline import DeadlineKind
from mailbot.desk.ticket import Side, State, Ticket, Visibility
from mailbot.mail.tokens import Role, read_token
from mailbot.store.states import InboxState, OutboxState
from tests.conversations.desk import Desk
from tests.conversations.letters import opened

_UNDER_WAY = (InboxState.RECEIVED, InboxState.CLAIMED)
_LEAVES_LATER = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN)
_TELLING_CHARACTERS = 12  # shorter lines of a note stand in anybody's mail
_CLOCKS = {
    State.ASSIGNED: {DeadlineKind.UNCLAIMED},
    State.WAITING: {DeadlineKind.REMINDER, DeadlineKind.WAIT_OVER, DeadlineKind.APPROVAL},
    State.ANSWERED: {DeadlineKind.FAQ_VERDICT},
    State.RESOLVED: {DeadlineKind.AUTO_CLOSE},
}


def find_breaches(desk: Desk) -> list[str]:
    """Everything that must not be, in words."""
    return [*desk.breaches(), *_rows(desk), *_tickets(desk), *_outside(desk)]


def _rows(desk: Desk) -> Iterator[str]:
    for row in desk.mails_in():
        if row.state in _UNDER_WAY:
            yield f"mail {row.id} is {row.state}, and nothing goes on"


def _tickets(desk: Desk) -> Iterator[str]:
    for ticket in desk.tickets():
        if ticket.state.is_open and ticket.group not in desk.snapshot.policy.groups:
            yield f"ticket {ticket.number} belongs to no group"
        if ticket.state is State.IN_PROGRESS and not ticket.owner:
            yield f"ticket {ticket.number} is in progress, and nobody has it"
        if wrong := _wrong_clock(desk, ticket):
            yield f"ticket {ticket.number} is {ticket.state}, and {wrong}"


def _wrong_clock(desk: Desk, ticket: Ticket) -> str:
    kinds = {line.deadline.kind for line in desk.clocks(ticket.number)}
    if not ticket.state.is_open:
        late = kinds - {DeadlineKind.HELD_MAIL}  # a held mail waits for a person, whatever became of its ticket
        return f"{', '.join(sorted(late))} still to come" if late else ""
    wanted = _CLOCKS.get(ticket.state)
    if wanted is None or kinds & wanted:
        return ""
    leaves = any(mail.state in _LEAVES_LATER and mail.side is Side.REQUESTER for mail in desk.mails_out(ticket.number))
    return "" if leaves and ticket.state is not State.ASSIGNED else "no clock watches it"


# ---------------------------------------------------------------- the wall


def sent_outside(desk: Desk) -> list[tuple[int | None, str]]:
    """(ticket, all that can be read in it) of every mail that left for the requester's side."""
    lines = {line.message_id: line for line in desk.mails_out()}
    found = []
    for envelope in desk.postman.sent:
        line = lines[opened("", envelope).message_id.strip("<>")]
        if line.side is Side.REQUESTER:
            found.append((line.ticket, readable(envelope.raw)))
    return found


def readable(raw: bytes) -> str:
    """The bytes as they are, and every header and part decoded."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    parts = (part.get_payload(decode=True) for part in message.walk() if not part.is_multipart())
    contents = (part.decode("utf-8", "replace") for part in parts if isinstance(part, bytes))
    return "\n".join((raw.decode("utf-8", "replace"), *map(str, message.values()), *contents))


def _outside(desk: Desk) -> Iterator[str]:
    for number, text in sent_outside(desk):
        flat = " ".join(text.split())
        for line in _internal_lines(desk, number):
            if len(line) >= _TELLING_CHARACTERS and line in flat:
                yield f"the requester of ticket {number} can read {line!r}"
        if holds_foreign_token(desk, text):
            yield f"the requester of ticket {number} got a token of another role"


def _internal_lines(desk: Desk, number: int | None) -> Iterator[str]:
    for entry in desk.entries(number) if number is not None else ():
        if entry.visibility is Visibility.INTERNAL and entry.what == "note":
            yield from (" ".join(line.split()) for line in entry.text.splitlines())


_LETTERS = re.compile(r"[a-zA-Z2-7]{38,}")
_MESSAGE_ID = re.compile(r"[a-zA-Z2-7]{22}\.[a-zA-Z2-7]{8}\.[a-zA-Z2-7]{26}@[^\s<>@]+")


def holds_foreign_token(desk: Desk, text: str) -> bool:
    """Whether any letters in it verify as a token that is not a requester's."""
    unfolded = re.sub(r"=\r?\n|\r?\n[ \t]", "", text)
    words = {word for source in (text, unfolded) for word in _candidates(source)}
    readings = (read_token(word, desk.snapshot.keyring) for word in words)
    return any(one is not None and one.token is not None and one.token.role is not Role.REQUESTER for one in readings)


def _candidates(text: str) -> Iterator[str]:
    yield from (found[0] for found in _MESSAGE_ID.finditer(text))
    for run in _LETTERS.findall(text):
        yield from (run[at : at + 38] for at in range(len(run) - 37))
