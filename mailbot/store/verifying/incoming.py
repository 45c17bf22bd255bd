"""I1: each mail that came has exactly one row, and each row comes to exactly one disposition."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection, and_, exists, func, not_, or_, select

from mailbot.store import tables
from mailbot.store.inbox import ATTEMPTS
from mailbot.store.states import InboxState
from mailbot.store.verifying.checks import Breaches, Promise, invariant, is_one_of, place, rows_where, stream

_INBOX = tables.inbox
_UNFINISHED = (InboxState.RECEIVED, InboxState.CLAIMED)
_FROM_BACKUP = "the row is damaged: mailbot restore brings the last backup"


@invariant(Promise.ONE_DISPOSITION, _INBOX, _FROM_BACKUP)
def every_message_has_one_row(connection: Connection) -> Breaches:
    """A message is its account, folder, UIDVALIDITY and UID: two rows of one would both be carried out."""
    key = (_INBOX.c.account, _INBOX.c.folder, _INBOX.c.uidvalidity, _INBOX.c.uid)
    twice = select(*key, func.max(_INBOX.c.id)).group_by(*key).having(func.count() > 1)
    for account, folder, uidvalidity, uid, row_id in connection.execute(twice):
        yield place(_INBOX, row_id), f"message {account}/{folder} {uidvalidity}/{uid} has another row as well"


@invariant(Promise.ONE_DISPOSITION, _INBOX, "the mail itself still lies in the mailbox or its archive folder")
def every_mail_in_kept_its_bytes(connection: Connection) -> Breaches:
    """The bytes are those that were committed; retention may take them once nobody needs them."""
    gone = _INBOX.c.raw.is_(None) & is_one_of(_INBOX.c.state, *_UNFINISHED)
    yield from rows_where(connection, _INBOX, gone, "its bytes are gone before anybody read them")
    kept = select(_INBOX.c.id, _INBOX.c.raw, _INBOX.c.raw_hash).where(_INBOX.c.raw.is_not(None))
    for row in stream(connection, kept):
        if sha256(row.raw).hexdigest() != row.raw_hash:
            yield place(_INBOX, row.id), "its bytes are not those that came"


@invariant(Promise.ONE_DISPOSITION, _INBOX, "mailbot inbox show ROW")
def every_disposition_has_a_reason(connection: Connection) -> Breaches:
    """Held, ignored and set-aside mail says why."""
    ends = (InboxState.HELD, InboxState.IGNORED, InboxState.SET_ASIDE)
    where = is_one_of(_INBOX.c.state, *ends) & (_INBOX.c.reason == "")
    yield from rows_where(connection, _INBOX, where, "no reason")


@invariant(Promise.ONE_DISPOSITION, _INBOX, "mailbot inbox show ROW")
def every_disposition_has_its_time(connection: Connection) -> Breaches:
    """A row that is finished says since when; one that is not has no end yet."""
    unfinished = is_one_of(_INBOX.c.state, *_UNFINISHED)
    yield from rows_where(connection, _INBOX, unfinished & _INBOX.c.done_at.is_not(None), "ended, and still to be done")
    yield from rows_where(connection, _INBOX, not_(unfinished) & _INBOX.c.done_at.is_(None), "finished at no time")


@invariant(Promise.ONE_DISPOSITION, _INBOX, "mailbot inbox release ROW begins anew")
def every_attempt_is_counted(connection: Connection) -> Breaches:
    """Nobody reads a mail without counting it, and nobody tries a fourth time."""
    never = _INBOX.c.attempts < 1
    uncounted = never & not_(is_one_of(_INBOX.c.state, InboxState.RECEIVED))
    yield from rows_where(connection, _INBOX, uncounted | (_INBOX.c.attempts < 0), "read, and no attempt was counted")
    yield from rows_where(connection, _INBOX, _INBOX.c.attempts > ATTEMPTS, f"more than {ATTEMPTS} attempts")


@invariant(Promise.ONE_DISPOSITION, _INBOX, "mailbot inbox show ROW: is the mail on any ticket?")
def every_duplicate_names_its_original(connection: Connection) -> Breaches:
    """A duplicate without an original would be a lost mail."""
    other = _INBOX.alias("other")
    is_duplicate = is_one_of(_INBOX.c.state, InboxState.DUPLICATE)
    yield from rows_where(connection, _INBOX, is_duplicate & _INBOX.c.duplicate_of.is_(None), "a duplicate of nothing")
    round_about = and_(other.c.id == _INBOX.c.duplicate_of, other.c.duplicate_of == _INBOX.c.id)
    itself = or_(_INBOX.c.duplicate_of == _INBOX.c.id, exists().where(round_about))
    yield from rows_where(connection, _INBOX, is_duplicate & itself, "a duplicate of its own duplicate")


CHECKS = (
    every_message_has_one_row,
    every_mail_in_kept_its_bytes,
    every_disposition_has_a_reason,
    every_disposition_has_its_time,
    every_attempt_is_counted,
    every_duplicate_names_its_original,
)
