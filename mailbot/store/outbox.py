"""The outbox queue: rendered mail on its way out (DESIGN section 3, promises 3 and 4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from mailbot.desk.situation import OurMail
from mailbot.store.rows import (
    OutboxLine,
    OutboxRow,
    QueuedMail,
)
from mailbot.store.states import OutboxState


class Outbox:
    """The outbox inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reserve_id(self) -> int:
        """The id of a row to come: VERP address and Message-ID carry it."""
        raise NotImplementedError

    def queue(self, mail: QueuedMail, now: datetime) -> int:
        """Put a rendered mail in its first state: ready, stopped or cancelled."""
        raise NotImplementedError

    def cancel_mails(self, ids: Collection[int], reason: str) -> tuple[int, ...]:
        """Those that were still ready and now never leave."""
        raise NotImplementedError

    def settle(self, now: datetime) -> tuple[OurMail, ...]:
        """Leases that ended and doubts that are due; gives the mails that were parked: each raises MailUndelivered."""
        raise NotImplementedError

    def claim(self, limit: int, holder: str, now: datetime, lease_seconds: float) -> list[OutboxRow]:
        """Mails whose time has come: class A first, then priority, then age; commit before connecting."""
        raise NotImplementedError

    def enter_data(self, row: OutboxRow) -> None:
        """From here on the mail may have left: commit before DATA; ClaimLost where the lease was taken."""
        raise NotImplementedError

    def sent(self, row: OutboxRow, reply: str, now: datetime, due_at: datetime | None = None) -> None:
        """The next server has it; the deadline it arms starts, at `due_at`, in this transaction."""
        raise NotImplementedError

    def deferred(self, row: OutboxRow, not_before: datetime, reason: str) -> None:
        """Not sent for certain: again later, same bytes."""
        raise NotImplementedError

    def hand_back(self, row: OutboxRow) -> None:
        """Not begun: ready again without an attempt counted (a clean stop)."""
        raise NotImplementedError

    def failed(self, row: OutboxRow, reason: str, now: datetime) -> OurMail:
        """Refused for good: the mail for MailUndelivered."""
        raise NotImplementedError

    def doubtful(self, row: OutboxRow, reason: str, now: datetime) -> OurMail | None:
        """Perhaps sent: class A waits for another try, class B is parked (then the mail is given, for MailUndelivered)."""
        raise NotImplementedError

    def bounced(self, mail_id: int, reason: str, now: datetime) -> OurMail | None:
        """A verified permanent bounce of a sent mail; None where it had failed before."""
        raise NotImplementedError

    def proved_sent(self, mail_id: int, proof: str, now: datetime, due_at: datetime | None = None) -> bool:
        """A copy or DSN shows that a doubtful mail did arrive; False where it was not in doubt."""
        raise NotImplementedError

    def row(self, mail_id: int) -> OutboxRow | None:
        """One mail with its bytes."""
        raise NotImplementedError

    def our_mail(self, mail_id: int) -> OurMail | None:
        """One mail as decisions see it."""
        raise NotImplementedError

    def resend(self, mail_id: int, by: str, now: datetime) -> None:
        """A stopped, failed or parked mail is ready again, audited."""
        raise NotImplementedError

    def cancel(self, mail_id: int, by: str, now: datetime) -> OurMail:
        """A mail that waits for a person never leaves, audited."""
        raise NotImplementedError

    def lines(
        self, *, states: Collection[OutboxState] = (), ticket: int | None = None, limit: int = 1000
    ) -> list[OutboxLine]:
        """Rows for people, newest first."""
        raise NotImplementedError

    def next_ready_at(self) -> datetime | None:
        """When the next ready mail may leave."""
        raise NotImplementedError
