"""Mail from long before mailbot's time: it is kept and reaches its disposition unread, a thousand rows in a step.

One by one, two hundred thousand of them would keep the desk from today's mail for a quarter of an hour.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from mailbot.store import tables
from mailbot.store.inbox import MOVES
from mailbot.store.moves import move_all, move_free
from mailbot.store.states import InboxState

_INBOX = tables.inbox
BEFORE_START = "before_start"


class Bygones:
    """Old rows inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pass_over(
        self, account: str, folder: str, before: datetime, holder: str, now: datetime, config_hash: str
    ) -> int:
        """Up to a thousand waiting rows that arrived before that moment are claimed and ignored; how many."""
        old = (_INBOX.c.account == account) & (_INBOX.c.folder == folder) & (_INBOX.c.internal_date < before)
        claim = {"attempts": _INBOX.c.attempts + 1, "epoch": _INBOX.c.epoch + 1, "holder": holder}
        unasked = old & (_INBOX.c.released_by == "")
        waiting = (InboxState.RECEIVED,)
        ids = move_free(
            self._connection, _INBOX, MOVES, InboxState.CLAIMED, unasked, came_from=waiting, **claim, lease_until=now
        )
        if ids:
            end = {"reason": BEFORE_START, "done_at": now, "lease_until": None, "config_hash": config_hash}
            mine = (InboxState.CLAIMED,)
            these = _INBOX.c.id.in_(ids)
            move_all(self._connection, _INBOX, MOVES, InboxState.IGNORED, these, came_from=mine, **end)
        return len(ids)
