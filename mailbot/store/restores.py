"""What a restored database must know of the time that it has forgotten (promises 3 and 4).

Between the backup and the restore mail left that the restored outbox still shows as waiting, and mail came that the
restored inbox has not. So class B that waits is parked, and so is what comes of a cause from before the restore; class
A leaves again. Every folder is read once more. Numbers that may have been given out since the backup are not given
again: a reply or a bounce that names one must not meet another ticket.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select, update

from mailbot.desk.outgoing import MailClass
from mailbot.desk.situation import OurMail
from mailbot.store import counters, tables
from mailbot.store.audit import Audit
from mailbot.store.inbox import Inbox
from mailbot.store.moves import move_all
from mailbot.store.outbox import MOVES, Outbox
from mailbot.store.states import OutboxState
from mailbot.store.values import LONG_AGO

PERHAPS_SENT: Final = "the database was restored: it may have left before"
_UNTOLD: Final = "the database was restored"
NUMBERS_A_DAY = {counters.TICKET: 1_000, counters.OUTBOX: 10_000}  # more than a desk gives out
_OUTBOX = tables.outbox
_MAILBOXES = tables.mailboxes


class Restores:
    """The marks of a restore inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def mark(self, by: str, backup: str, made_at: datetime, now: datetime) -> int:
        """Make a database of the past fit to go on, audited; how many mails were parked. Before any daemon starts."""
        self._end_leases()
        parked = self._park()
        marks = {"rescan_from": made_at, "restored_at": now}
        self._connection.execute(update(_MAILBOXES).values(marks))
        for name, a_day in NUMBERS_A_DAY.items():
            given_since = a_day * (max(now - made_at, timedelta()).days + 1)
            counters.pass_by(self._connection, name, counters.peek(self._connection, name) + given_since)
        detail = f"made {made_at.isoformat()}; {parked} mails of class B parked"
        Audit(self._connection).note(by, "restore", backup, now, detail)
        return parked

    def restored_at(self) -> datetime | None:
        """When the database was restored last."""
        found: datetime | None = self._connection.execute(select(func.max(_MAILBOXES.c.restored_at))).scalar()
        return found

    def untold(self) -> tuple[OurMail, ...]:
        """Mails that were parked at the restore, and nobody who relied on them knows."""
        parked = (_OUTBOX.c.state == OutboxState.PARKED) & (_OUTBOX.c.reason == _UNTOLD)
        return Outbox(self._connection).our_mails(parked)

    def told(self, mail_id: int) -> bool:
        """From this transaction on they know; False where another daemon was faster."""
        untold = (_OUTBOX.c.id == mail_id) & (_OUTBOX.c.reason == _UNTOLD)
        return self._connection.execute(update(_OUTBOX).where(untold).values(reason=PERHAPS_SENT)).rowcount == 1

    def withhold(self, mail_id: int) -> None:
        """A mail of class B whose cause is older than the restore is parked; who waits for it is told by the caller."""
        this, ready = _OUTBOX.c.id == mail_id, (OutboxState.READY,)
        move_all(self._connection, _OUTBOX, MOVES, OutboxState.PARKED, this, came_from=ready, reason=PERHAPS_SENT)

    def rescanned(self, account: str, folder: str) -> None:
        """This folder was read once more, its archive as well."""
        this = (_MAILBOXES.c.account == account) & (_MAILBOXES.c.folder == folder)
        self._connection.execute(update(_MAILBOXES).where(this).values(rescan_from=None))

    def _end_leases(self) -> None:
        """Nobody holds anything any more: who did when the backup was made has no way to this database."""
        Inbox(self._connection).end_leases()
        Outbox(self._connection).end_leases()
        self._connection.execute(update(tables.leases).values(lease_until=LONG_AGO))

    def _park(self) -> int:
        """Class B that waits, is under way or in doubt. What was under way as the backup was made may have arrived."""
        class_b = _OUTBOX.c["class"] == MailClass.B
        move_all(self._connection, _OUTBOX, MOVES, OutboxState.UNKNOWN, class_b, came_from=(OutboxState.SENDING,))
        waiting = (OutboxState.READY, OutboxState.UNKNOWN)
        parked = move_all(
            self._connection,
            _OUTBOX,
            MOVES,
            OutboxState.PARKED,
            class_b,
            came_from=waiting,
            reason=_UNTOLD,
            lease_until=None,
        )
        return len(parked)
