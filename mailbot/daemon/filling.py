"""The whole of a message that was kept in part: above the size limit a row holds the header and the first 64 KiB.

When a person releases such a row the message is looked for where it was, under its UID; after a move or a new
UIDVALIDITY, by size and moment of arrival. What is found counts only if it begins with exactly what was kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from mailbot.daemon.parts import Parts, Watched
from mailbot.store.rows import InboxRow
from mailbot.store.states import InboxState
from mailbot.transport.mailbox import Mailbox, excerpt_raw

SAME_ARRIVAL = timedelta(seconds=1)
MARGIN_BYTES = 1024 * 1024  # servers are wrong about sizes


def release(parts: Parts, row_id: int, by: str, now: datetime) -> bool:
    """A mail that waits for a person goes on; False where only its beginning is here and the rest is gone.

    Raises IllegalMove for a row that does not wait, MailboxUnavailable where a large mail cannot be looked for.
    """
    with parts.database.read() as work:
        row = work.inbox.row(row_id)
    partly = row if row is not None and row.truncated and row.state is InboxState.SET_ASIDE else None
    whole = find_whole(parts.mailboxes, partly) if partly else None
    if partly and whole is None:
        return False
    with parts.database.write() as work:
        if whole is None:
            work.inbox.release(row_id, by, now)
        else:
            work.inbox.fill(row_id, whole, by, now)
    return True


def find_whole(mailboxes: Iterable[Watched], row: InboxRow) -> bytes | None:
    """All bytes of the row's message, or None where it is no longer to be had; may raise MailboxUnavailable."""
    for watched in mailboxes:
        if watched.mailbox.account == row.account:
            for mailbox in filter(None, (watched.mailbox, watched.archive)):
                if (raw := _look_in(mailbox, row)) is not None:
                    return raw
    return None


def _look_in(mailbox: Mailbox, row: InboxRow) -> bytes | None:
    try:
        validity = mailbox.open()
        if (mailbox.folder, validity) == (row.folder, row.uidvalidity):
            uids = [row.uid]
        else:
            alike = (ref for ref in mailbox.uids() if ref.size_bytes == row.size_bytes)
            uids = [ref.uid for ref in alike if abs(ref.internal_date - row.internal_date) <= SAME_ARRIVAL]
        for fetched in mailbox.fetch(uids, row.size_bytes + MARGIN_BYTES):
            if excerpt_raw(fetched.raw) == row.raw:
                return fetched.raw
        return None
    finally:
        mailbox.close()
