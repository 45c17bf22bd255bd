"""I4: no word of an internal note stands in the bytes of a mail to the requester's side, and the threads stay apart.

The search is the one that the last check makes before a mail leaves; here it is made over what has left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, String, cast, distinct, exists, func, literal, not_, select

from mailbot.desk.ticket import Side, Visibility
from mailbot.mail.second_reading import decode_value, find_note, read_texts
from mailbot.store import tables
from mailbot.store.states import OutboxState
from mailbot.store.verifying.checks import Breaches, Promise, invariant, is_one_of, place, stream, word

_OUTBOX = tables.outbox
_ENTRIES = tables.entries
_CHAINS = tables.chains
_STAYS = (OutboxState.STOPPED, OutboxState.CANCELLED)


class _Note(NamedTuple):
    """An internal entry: when it was there, and by which mail."""

    at: datetime
    inbox_id: int | None
    text: str


@invariant(Promise.WALL, _OUTBOX, "mailbot outbox show ROW; tell the requester's and the group's side what leaked")
def no_note_is_in_a_mail_to_the_requester(connection: Connection) -> Breaches:
    """What specialists write for each other stays with them."""
    notes = _notes(connection)
    for row in stream(connection, _to_requesters()) if notes else ():
        known = [note.text for note in notes.get(row.ticket, ()) if _was_there(note, row)]
        texts = read_texts(row.raw) if row.raw is not None else iter((row.text,))
        if known and (found := find_note((decode_value(text) for text in texts), known)):
            yield place(_OUTBOX, row.id), f"holds words of an internal note: {found}"


@invariant(Promise.WALL, _CHAINS, "mailbot tickets show TICKET: has a reply reached the wrong side?")
def no_message_id_is_in_two_threads(connection: Connection) -> Breaches:
    """A mail to one side names only Message-IDs of its own thread."""
    key = (_CHAINS.c.ticket, _CHAINS.c.message_id)
    both = select(*key).group_by(*key).having(func.count(distinct(word(_CHAINS.c.side))) > 1)
    for ticket, message_id in connection.execute(both):
        yield place(tables.tickets, ticket), f"{message_id} stands in the threads of both sides"


CHECKS = (no_note_is_in_a_mail_to_the_requester, no_message_id_is_in_two_threads)


def _to_requesters() -> Any:
    """Mails that left or will; what a person let go after the last check had stopped it was that person's choice."""
    named = literal("outbox ") + cast(_OUTBOX.c.id, String)
    resent = exists().where(tables.audit.c.verb == "resend", tables.audit.c.what == named)
    leaves = is_one_of(_OUTBOX.c.side, Side.REQUESTER) & not_(is_one_of(_OUTBOX.c.state, *_STAYS)) & not_(resent)
    columns = (_OUTBOX.c.id, _OUTBOX.c.ticket, _OUTBOX.c.inbox_id, _OUTBOX.c.created_at, _OUTBOX.c.raw, _OUTBOX.c.text)
    return select(*columns).where(leaves, _OUTBOX.c.ticket.is_not(None))


def _notes(connection: Connection) -> Mapping[int, list[_Note]]:
    internal = select(_ENTRIES.c.ticket, _ENTRIES.c["at"], _ENTRIES.c.inbox_id, _ENTRIES.c.text)
    notes: defaultdict[int, list[_Note]] = defaultdict(list)
    for ticket, *note in connection.execute(internal.where(is_one_of(_ENTRIES.c.visibility, Visibility.INTERNAL))):
        notes[ticket].append(_Note(*note))
    return notes


def _was_there(note: _Note, mail: Any) -> bool:
    """Whether the note was known as the mail was written: later ones may quote it."""
    if note.at != mail.created_at or note.inbox_id is None or mail.inbox_id is None:
        return bool(note.at <= mail.created_at)
    return bool(note.inbox_id <= mail.inbox_id)  # of one moment: mails are worked on in the order of their coming
