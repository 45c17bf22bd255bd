"""News of mails that were sent, or may have been: what comes back to an address or a Message-ID that only we can sign.

Nobody knows either of a mail that they did not get. So a bounce, a report, an absence note, an answer, and our own post
that a list shows us, prove that a server has taken a mail whose fate was unknown: it does not leave a second time, and
waits for nobody. A mail that was parked, or is ready once more, was in doubt as well.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, update

from mailbot.desk.situation import OurMail
from mailbot.store import counters, tables
from mailbot.store.moves import move_all
from mailbot.store.outbox import MOVES, PROVED, Outbox
from mailbot.store.states import OutboxState, Phase
from mailbot.store.values import arm_to_json

IN_DOUBT = (OutboxState.UNKNOWN, OutboxState.READY)  # ready: only after a try whose end nobody saw
_OUTBOX = tables.outbox


class Proofs:
    """What became of our mails, inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._outbox = Outbox(connection)

    def in_doubt(self, mail_id: int) -> bool:
        """Whether a proof would be news."""
        mail = self._outbox.our_mail(mail_id)
        return mail is not None and mail.state in (*IN_DOUBT, OutboxState.PARKED, OutboxState.SENDING)

    def bounced(self, mail_id: int, reason: str, now: datetime) -> OurMail | None:
        """A verified permanent bounce: the mail, if whoever relied on it does not know yet that it did not arrive."""
        counters.take_turn(self._connection)
        this = _OUTBOX.c.id == mail_id
        self._move(OutboxState.FAILED, this, OutboxState.PARKED, reason=reason)  # they were told as it was parked
        self._move(OutboxState.SENT, _doubtful(mail_id), *IN_DOUBT, sent_at=now, phase=Phase.DATA)
        gone = self._move(OutboxState.FAILED, this, OutboxState.SENT, reason=reason)
        return self._outbox.our_mail(mail_id) if gone else None

    def arrived(self, mail_id: int, proof: str, now: datetime, due_at: datetime | None = None) -> bool:
        """A doubtful mail did arrive, and its clock starts; False where it was not in doubt (yet)."""
        counters.take_turn(self._connection)
        news = {"sent_at": now, "smtp_reply": f"{PROVED} {proof}", "reason": "", "phase": Phase.DATA}
        if self._move(OutboxState.SENT, _OUTBOX.c.id == mail_id, OutboxState.PARKED, arms=None, **news):
            return True  # whoever waited for it was told that it is lost: no clock starts any more
        if not self._move(OutboxState.SENT, _doubtful(mail_id), *IN_DOUBT, **news):
            self._remember(mail_id, news["smtp_reply"], due_at)
            return False
        if (row := self._outbox.row(mail_id)) is not None:
            self._outbox.start_clock(row, now, due_at)
        return True

    def _remember(self, mail_id: int, reply: object, due_at: datetime | None) -> None:
        """The server has not answered yet: should it never do so, nobody needs to doubt."""
        row = self._outbox.row(mail_id)
        arm = replace(row.arms, due_at=due_at) if row is not None and row.arms is not None else None
        waits = (_OUTBOX.c.state == OutboxState.SENDING) & (_OUTBOX.c.phase == Phase.DATA)
        told = update(_OUTBOX).where(_OUTBOX.c.id == mail_id, waits).values(smtp_reply=reply, arms=arm_to_json(arm))
        self._connection.execute(told)

    def _move(
        self, to: OutboxState, where: ColumnElement[bool], *came_from: OutboxState, **columns: object
    ) -> tuple[int, ...]:
        return move_all(self._connection, _OUTBOX, MOVES, to, where, came_from=came_from, **columns)


def _doubtful(mail_id: int) -> ColumnElement[bool]:
    return (_OUTBOX.c.id == mail_id) & (_OUTBOX.c.unknown_count > 0)
