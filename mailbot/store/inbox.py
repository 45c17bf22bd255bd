"""The inbox queue: mails that came in, from the first byte kept to their disposition (DESIGN section 3).

A row is `received` once its bytes are committed. A worker claims it and commits the attempt BEFORE parsing, so that a
mail that kills its reader counts; after three attempts it is set aside. Every disposition carries a reason.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select, update

from mailbot.desk.decision import Disposition, Outcome
from mailbot.desk.evidence import Evidence
from mailbot.store import tables
from mailbot.store.audit import Audit
from mailbot.store.duplicates import find_duplicate
from mailbot.store.moves import ClaimLost, IllegalMove, end_leases, move_all, move_free, move_one
from mailbot.store.rows import Claimed, InboxLine, InboxRow, Understood
from mailbot.store.states import InboxState
from mailbot.store.values import as_value, insert_new, understood_to_columns

MOVES: Mapping[InboxState, frozenset[InboxState]] = {
    InboxState.RECEIVED: frozenset({InboxState.CLAIMED, InboxState.SET_ASIDE}),
    InboxState.CLAIMED: frozenset(
        {
            InboxState.DONE,
            InboxState.DUPLICATE,
            InboxState.IGNORED,
            InboxState.HELD,
            InboxState.SET_ASIDE,
            InboxState.RECEIVED,  # the lease ended, or a clean stop
        }
    ),
    InboxState.HELD: frozenset({InboxState.RECEIVED, InboxState.DISCARDED}),
    InboxState.SET_ASIDE: frozenset({InboxState.RECEIVED, InboxState.DISCARDED}),
    InboxState.IGNORED: frozenset({InboxState.RECEIVED}),  # an admin: it was no spam
    InboxState.DONE: frozenset(),
    InboxState.DUPLICATE: frozenset(),
    InboxState.DISCARDED: frozenset(),
}
WAITING_FOR_A_PERSON = (InboxState.HELD, InboxState.SET_ASIDE)
ATTEMPTS = 3
IMPORTED = "import"  # the account of `mailbot import`: its rows are worked on by that verb, never by the daemon

_INBOX = tables.inbox
_LINE_COLUMNS = [column for column in _INBOX.c if column.name not in ("raw", "parsed", "evidence")]


class Inbox:
    """The inbox inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------ coming in

    def receive(
        self,
        account: str,
        folder: str,
        uidvalidity: int,
        uid: int,
        raw: bytes,
        internal_date: datetime,
        size_bytes: int,
        truncated: bool,
        now: datetime,
    ) -> int | None:
        """The id of the new row, or None where the mail is already here."""
        row = {
            "account": account,
            "folder": folder,
            "uidvalidity": uidvalidity,
            "uid": uid,
            "raw": raw,
            "raw_hash": sha256(raw).hexdigest(),
            "internal_date": internal_date,
            "received_at": now,
            "size_bytes": size_bytes,
            "truncated": truncated,
            "state": InboxState.RECEIVED,
        }
        ids: list[int] = insert_new(self._connection, _INBOX, row, returning="id")
        return ids[0] if ids else None

    def known_uids(self, account: str, folder: str, uidvalidity: int, from_uid: int = 1) -> set[int]:
        """The UIDs already here, from that one up."""
        here = select(_INBOX.c.uid).where(_in(account, folder, uidvalidity), _INBOX.c.uid >= from_uid)
        return set(self._connection.execute(here).scalars())

    def newest_uid(self, account: str, folder: str, uidvalidity: int) -> int | None:
        """The highest UID already here."""
        here = select(func.max(_INBOX.c.uid)).where(_in(account, folder, uidvalidity))
        newest: int | None = self._connection.execute(here).scalar()
        return newest

    def unmarked(self, account: str, folder: str, uidvalidity: int, limit: int = 500) -> list[tuple[int, int]]:
        """(row, UID) of committed rows whose mark on the server is due."""
        due = select(_INBOX.c.id, _INBOX.c.uid).where(_in(account, folder, uidvalidity), _INBOX.c.marked.is_(False))
        return [(row.id, row.uid) for row in self._connection.execute(due.order_by(_INBOX.c.id).limit(limit))]

    def marked(self, row_ids: Collection[int]) -> None:
        """The server shows these rows as stored."""
        self._connection.execute(update(_INBOX).where(_INBOX.c.id.in_(row_ids)).values(marked=True))

    def fill(self, row_id: int, raw: bytes, by: str, now: datetime) -> None:
        """The whole bytes of a row that was set aside above the size limit: it is received once more, audited."""
        self._let_go(row_id, by, (InboxState.SET_ASIDE,))
        whole = {"raw": raw, "raw_hash": sha256(raw).hexdigest(), "truncated": False, "size_bytes": len(raw)}
        self._connection.execute(update(_INBOX).where(_INBOX.c.id == row_id).values(whole))
        Audit(self._connection).note(by, "fill", f"inbox {row_id}", now)

    # ------------------------------------------------------------ being worked on

    def claim(
        self, limit: int, holder: str, now: datetime, lease_seconds: float, *, only: Collection[int] | None = None
    ) -> Claimed:
        """The oldest rows, attempts counted: commit before parsing. `only` these rows, imported ones as well."""
        wanted = _claimable() if only is None else _INBOX.c.id.in_(only)
        self._move_free(
            InboxState.RECEIVED,
            (InboxState.CLAIMED,),
            _INBOX.c.lease_until < now,
            reason="the lease ended",
            lease_until=None,
        )
        spent = wanted & (_INBOX.c.attempts >= ATTEMPTS)
        poisoned = self._move_free(InboxState.SET_ASIDE, (InboxState.RECEIVED,), spent, reason="poison", done_at=now)
        columns = select(_INBOX.c.id, _INBOX.c.attempts)
        oldest = columns.where(wanted, _INBOX.c.state == InboxState.RECEIVED).order_by(_INBOX.c.id)
        found = self._connection.execute(oldest.limit(limit).with_for_update(skip_locked=True)).all()
        # A row that was tried before goes alone: if it kills its worker, its neighbours are not counted along.
        fresh = takewhile(lambda row: row.attempts == 0, found)
        ids = [row.id for row in fresh] or [row.id for row in found[:1]]
        claimed = self._move_all(
            InboxState.CLAIMED,
            (InboxState.RECEIVED,),
            _INBOX.c.id.in_(ids),
            attempts=_INBOX.c.attempts + 1,
            epoch=_INBOX.c.epoch + 1,
            holder=holder,
            lease_until=now + timedelta(seconds=lease_seconds),
        )
        rows = self._connection.execute(select(_INBOX).where(_INBOX.c.id.in_(claimed)).order_by(_INBOX.c.id))
        return Claimed(tuple(_row(row) for row in rows.mappings()), poisoned)

    def end_leases(self, holder: str | None = None) -> int:
        """Nobody works on any row: the daemon that did is dead (one of several: its holder). How many rows it had."""
        dead = (_INBOX.c.state == InboxState.CLAIMED) & (_INBOX.c.account != IMPORTED)  # another verb's
        return end_leases(self._connection, _INBOX, dead, holder)

    def hand_back(self, row: InboxRow) -> None:
        """The row is received again and its attempt not counted: a clean stop, not a crash."""
        self._move_claimed(row, InboxState.RECEIVED, attempts=_INBOX.c.attempts - 1, lease_until=None)

    def try_again(self, row: InboxRow) -> None:
        """The row is received again and its attempt stays counted: we failed at it."""
        self._move_claimed(row, InboxState.RECEIVED, lease_until=None)

    def note_dkim(self, row: InboxRow, verdict: str) -> None:
        """Our own verification of the signature, before the decision that uses it."""
        held = update(_INBOX).where(_INBOX.c.id == row.id, _INBOX.c.epoch == row.epoch).values(dkim=verdict)
        if self._connection.execute(held).rowcount != 1:
            raise ClaimLost(f"inbox row {row.id} was claimed again")

    def finish(
        self,
        row: InboxRow,
        disposition: Disposition,
        now: datetime,
        *,
        understood: Understood | None = None,
        ticket: int | None = None,
        duplicate_of: int | None = None,
        config_hash: str = "",
    ) -> None:
        """The disposition of a claimed row, with what was learnt of it; ClaimLost where another claim came later."""
        self._move_claimed(
            row,
            STATE_OF[disposition.outcome],
            reason=disposition.reason,
            ticket=ticket,
            duplicate_of=duplicate_of,
            config_hash=config_hash,
            done_at=now,
            lease_until=None,
            **understood_to_columns(understood),
        )

    def duplicate_of(
        self, row: InboxRow, fingerprint_content: str, evidence: Evidence | None, now: datetime
    ) -> int | None:
        """The done row that holds the same mail with evidence at least as strong."""
        return find_duplicate(self._connection, row, fingerprint_content, evidence, now)

    def standing(self, row: InboxRow) -> InboxState | None:
        """Where the row stands, if this claim is still the last: to read back after CommitUnknown."""
        mine = select(_INBOX.c.state).where(_INBOX.c.id == row.id, _INBOX.c.epoch == row.epoch)
        found: InboxState | None = self._connection.execute(mine).scalar()
        return found

    # ------------------------------------------------------------ people

    def release(self, row_id: int, by: str, now: datetime) -> None:
        """A held, set-aside or ignored row is received again with `released_by`, audited."""
        self._let_go(row_id, by, (*WAITING_FOR_A_PERSON, InboxState.IGNORED))
        Audit(self._connection).note(by, "release", f"inbox {row_id}", now)

    def discard(self, row_id: int, by: str, now: datetime) -> None:
        """A held or set-aside row is discarded, audited."""
        move_one(self._connection, _INBOX, MOVES, InboxState.DISCARDED, _INBOX.c.id == row_id, done_at=now)
        Audit(self._connection).note(by, "discard", f"inbox {row_id}", now)

    def row(self, row_id: int) -> InboxRow | None:
        """One row with its bytes (empty where retention took them)."""
        row = self._connection.execute(select(_INBOX).where(_INBOX.c.id == row_id)).mappings().first()
        return None if row is None else _row(row)

    def lines(
        self,
        *,
        states: Collection[InboxState] = (),
        ticket: int | None = None,
        account: str | None = None,
        limit: int = 1000,
    ) -> list[InboxLine]:
        """Rows for people, newest first."""
        found = select(*_LINE_COLUMNS).order_by(_INBOX.c.id.desc()).limit(limit)
        found = found.where(_INBOX.c.state.in_(states)) if states else found
        found = found if ticket is None else found.where(_INBOX.c.ticket == ticket)
        found = found if account is None else found.where(_INBOX.c.account == account)
        return [as_value(InboxLine, row) for row in self._connection.execute(found).mappings()]

    def held_and_set_aside(self) -> list[InboxLine]:
        """What waits for a person, oldest first."""
        return self.lines(states=WAITING_FOR_A_PERSON)[::-1]

    # ------------------------------------------------------------ moves

    def _move_all(
        self, to: InboxState, came_from: Collection[InboxState], where: ColumnElement[bool], **columns: Any
    ) -> tuple[int, ...]:
        return move_all(self._connection, _INBOX, MOVES, to, where, came_from=came_from, **columns)

    def _move_free(
        self, to: InboxState, came_from: Collection[InboxState], where: ColumnElement[bool], **columns: Any
    ) -> tuple[int, ...]:
        return move_free(self._connection, _INBOX, MOVES, to, where, came_from=came_from, **columns)

    def _move_claimed(self, row: InboxRow, to: InboxState, **columns: Any) -> None:
        mine = (_INBOX.c.id == row.id) & (_INBOX.c.epoch == row.epoch)
        try:
            move_one(self._connection, _INBOX, MOVES, to, mine, came_from=(InboxState.CLAIMED,), **columns)
        except IllegalMove as lost:
            raise ClaimLost(f"inbox row {row.id} is no longer claimed by epoch {row.epoch}") from lost

    def _let_go(self, row_id: int, by: str, came_from: Collection[InboxState]) -> None:
        move_one(
            self._connection,
            _INBOX,
            MOVES,
            InboxState.RECEIVED,
            _INBOX.c.id == row_id,
            came_from=came_from,
            released_by=by,
            attempts=0,
            done_at=None,
        )


STATE_OF: Mapping[Outcome, InboxState] = {
    Outcome.DONE: InboxState.DONE,
    Outcome.DUPLICATE: InboxState.DUPLICATE,
    Outcome.IGNORED: InboxState.IGNORED,
    Outcome.HELD: InboxState.HELD,
    Outcome.SET_ASIDE: InboxState.SET_ASIDE,
}


def _in(account: str, folder: str, uidvalidity: int) -> ColumnElement[bool]:
    return (_INBOX.c.account == account) & (_INBOX.c.folder == folder) & (_INBOX.c.uidvalidity == uidvalidity)


def _claimable() -> ColumnElement[bool]:
    return or_(_INBOX.c.account != IMPORTED, _INBOX.c.released_by != "")


def _row(row: RowMapping) -> InboxRow:
    return as_value(InboxRow, row, raw=row["raw"] or b"")
