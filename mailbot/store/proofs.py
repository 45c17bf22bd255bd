"""News of mails that were sent, or may have been: what comes back to an address or a Message-ID that only we can sign.

Nobody knows the bounce address of a mail that they did not get. Its Message-ID, however, is known to all who got a
later mail of the thread, which names it: `daemon/proving.py` says which mention is a proof. What is proved does not
leave a second time, and waits for nobody; a second try that has begun loses its claim. A mail that never came to DATA
did not arrive, whatever is said of it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection

from mailbot.desk.situation import OurMail
from mailbot.store import counters, tables
from mailbot.store.moves import move_all
from mailbot.store.outbox import MOVES, PROVED, Outbox
from mailbot.store.states import OutboxState, Phase

IN_DOUBT = (OutboxState.UNKNOWN, OutboxState.READY, OutboxState.SENDING)  # all of them: only `_may_have_left`
_OUTBOX = tables.outbox


class Proofs:
    """What became of our mails, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outbox = Outbox(connection)

    def in_doubt(self, mail_id: int) -> bool:
        """Whether a proof would be news."""
        mail = self._outbox.our_mail(mail_id)
        return mail is not None and mail.state in (*IN_DOUBT, OutboxState.PARKED)

    def bounced(self, mail_id: int, reason: str, now: datetime) -> OurMail | None:
        """A verified permanent bounce: the mail, if whoever relied on it does not know yet that it did not arrive."""
        counters.take_turn(self._connection)
        this = _OUTBOX.c.id == mail_id
        self._move(OutboxState.FAILED, this, OutboxState.PARKED, reason=reason)  # they were told as it was parked
        self._move(
            OutboxState.SENT, _may_have_left(mail_id), *IN_DOUBT, sent_at=now, phase=Phase.DATA, lease_until=None
        )
        gone = self._move(OutboxState.FAILED, this, OutboxState.SENT, reason=reason)
        return self._outbox.our_mail(mail_id) if gone else None

    def arrived(self, mail_id: int, proof: str, now: datetime, due_at: datetime | None = None) -> bool:
        """A doubtful mail did arrive, and its clock starts; False where it was not in doubt."""
        counters.take_turn(self._connection)
        news = {"sent_at": now, "smtp_reply": f"{PROVED} {proof}", "reason": "", "phase": Phase.DATA}
        may_have_left = _may_have_left(mail_id)
        if self._move(OutboxState.SENT, may_have_left, OutboxState.PARKED, arms=None, **news):
            return True  # whoever waited for it was told that it is lost: no clock starts any more
        if not self._move(OutboxState.SENT, may_have_left, *IN_DOUBT, lease_until=None, **news):
            return False
        if (row := self._outbox.row(mail_id)) is not None:
            self._outbox.start_clock(row, now, due_at)
        return True

    def _move(
        self, to: OutboxState, where: ColumnElement[bool], *came_from: OutboxState, **columns: object
    ) -> tuple[int, ...]:
        return move_all(self._connection, _OUTBOX, MOVES, to, where, came_from=came_from, **columns)


def _may_have_left(mail_id: int) -> ColumnElement[bool]:
    """It is at DATA, or a try before ended without an answer."""
    return (_OUTBOX.c.id == mail_id) & ((_OUTBOX.c.phase == Phase.DATA) | (_OUTBOX.c.unknown_count > 0))
