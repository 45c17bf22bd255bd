"""A folder that is read once more: after its server renumbered it, or after the database was restored from a backup.

What stood there before is the same message under another UID: the same bytes that arrived at the same moment. It is
known again whatever became of it then, so that held mail is not asked about twice and poison is not read again. A
message with the id, date and author of an older one and other words is neither known nor new: a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from mailbot.store import tables
from mailbot.store.duplicates import ORIGINAL, SAME_ARRIVAL, is_same_arrival
from mailbot.store.rows import InboxRow, Json, Understood
from mailbot.store.states import InboxState
from mailbot.store.values import clip

_INBOX = tables.inbox
_MAILBOXES = tables.mailboxes
_HAD_EFFECTS = (InboxState.DONE, InboxState.DUPLICATE, InboxState.HELD)


class Rescans:
    """What is known of messages that are read once more, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def known_again(self, row: InboxRow) -> int | None:
        """The older row that holds this very message, under another UID; nothing needs to be read for that."""
        same = (_INBOX.c.raw_hash == row.raw_hash) & is_same_arrival(row) & (_INBOX.c.id < row.id)
        found = select(ORIGINAL).where(same, _INBOX.c.truncated.is_(row.truncated)).order_by(_INBOX.c.id).limit(1)
        known: int | None = self._connection.execute(found).scalar()
        return known

    def differing(self, row: InboxRow, understood: Understood) -> int | None:
        """The older row with this message's id, date and author; ask where it is no duplicate. None for new mail."""
        key = _key(understood.parsed)
        if key is None or not understood.message_id or not self._is_of_rescan(row):
            return None
        older = select(_INBOX.c.id, _INBOX.c.parsed).where(
            _INBOX.c.message_id == clip(understood.message_id, 998),
            _INBOX.c.fingerprint_content != understood.fingerprint_content,  # else a copy: of held mail, no duplicate
            _INBOX.c.account == row.account,
            _INBOX.c.folder == row.folder,
            _INBOX.c.uidvalidity != row.uidvalidity,
            _INBOX.c.state.in_(_HAD_EFFECTS),
            _INBOX.c.id < row.id,
        )
        found = self._connection.execute(older.order_by(_INBOX.c.id).limit(100))
        return next((int(one.id) for one in found if _key(one.parsed) == key), None)

    def strangers(
        self, account: str, arrivals: Iterable[tuple[int, int, datetime]], *, by_size: bool = True
    ) -> list[int]:
        """Those UIDs of (UID, octets, arrival), of an archive folder, whose message no row of the account holds.

        A message keeps its moment of arrival and its size when it is moved; of one that was too big, and that a person
        has filled in since, the size is another; and on some servers of every message (not `by_size`).
        """
        looked_at = list(arrivals)
        moments = [arrived_at for _, _, arrived_at in looked_at]
        if not looked_at:
            return []
        between = _INBOX.c.internal_date.between(min(moments) - SAME_ARRIVAL, max(moments) + SAME_ARRIVAL)
        rows = select(_INBOX.c.internal_date, _INBOX.c.size_bytes, _INBOX.c.released_by)
        known = {
            (int(row.internal_date.timestamp()), row.size_bytes if by_size and not row.released_by else None)
            for row in self._connection.execute(rows.where(_INBOX.c.account == account, between))
        }
        return [uid for uid, octets, at in looked_at if known.isdisjoint(_keys(int(at.timestamp()), octets))]

    def _is_of_rescan(self, row: InboxRow) -> bool:
        """Whether the message stood in the folder when it was renumbered."""
        this = (_MAILBOXES.c.account == row.account) & (_MAILBOXES.c.folder == row.folder)
        renumbered_at = self._connection.execute(select(_MAILBOXES.c.renumbered_at).where(this)).scalar()
        return renumbered_at is not None and row.internal_date <= renumbered_at + SAME_ARRIVAL


def _keys(second: int, octets: int) -> Iterable[tuple[int, int | None]]:
    return ((second + shift, size) for shift in (-1, 0, 1) for size in (octets, None))


def _key(parsed: Json | None) -> tuple[Any, str] | None:
    """Date and author; None where one of them is missing, for then nothing can be said."""
    person = (parsed or {}).get("author") or (parsed or {}).get("from")
    date = (parsed or {}).get("date")
    return (date, person["address"].lower()) if date and person and person["address"] else None
