"""One transaction and everything that can be done in it: either all of it is committed or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from mailbot.desk.people import Person
from mailbot.desk.situation import Clues, Situation
from mailbot.store import counters
from mailbot.store.audit import Audit
from mailbot.store.bygones import Bygones
from mailbot.store.deadlines import Deadlines
from mailbot.store.failures import as_unavailable, was_too_slow
from mailbot.store.gate import Gate
from mailbot.store.health import Health
from mailbot.store.history import read_history, read_status
from mailbot.store.inbox import Inbox
from mailbot.store.leases import Leases
from mailbot.store.mailboxes import Mailboxes
from mailbot.store.outbox import Outbox
from mailbot.store.people import People
from mailbot.store.proofs import Proofs
from mailbot.store.rescans import Rescans
from mailbot.store.restores import Restores
from mailbot.store.rows import Status, TicketHistory
from mailbot.store.situation import Lookup
from mailbot.store.stuck import Stuck, find_stuck
from mailbot.store.tickets import Tickets

NOBODY_LISTED: Mapping[str, Person] = {}


class Work:
    """The store inside one transaction, by subject."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.mailboxes = Mailboxes(connection)
        self.inbox = Inbox(connection)
        self.bygones = Bygones(connection)
        self.rescans = Rescans(connection)
        self.restores = Restores(connection)
        self.outbox = Outbox(connection)
        self.proofs = Proofs(connection)
        self.deadlines = Deadlines(connection)
        self.tickets = Tickets(connection)
        self.gate = Gate(connection)
        self.people = People(connection)
        self.audit = Audit(connection)
        self.leases = Leases(connection)
        self.health = Health(connection)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone alone when it raises.

        DatabaseUnavailable says that not the part is to blame, and that the transaction is lost.
        """
        try:
            with self.connection.begin_nested():
                yield
        except SQLAlchemyError as failure:
            if (unavailable := as_unavailable(failure)) is None or was_too_slow(failure):
                raise
            raise unavailable from failure

    def take_turn(self) -> None:
        """Wait until nobody else decides: for who would otherwise lock rows of mails before a decision."""
        counters.take_turn(self.connection)

    def situation(
        self,
        clues: Clues,
        now: datetime,
        *,
        inbox_id: int | None = None,
        account: str = "",
        internal_date: datetime | None = None,
        directory: Mapping[str, Person] = NOBODY_LISTED,
    ) -> Situation:
        """The world as the store knows it, for one mail (or, with a ticket as the only clue, for a deadline)."""
        return Lookup(self.connection, directory).situation(clues, now, inbox_id, account, internal_date)

    def history(self, number: int) -> TicketHistory | None:
        """Everything about one ticket, for people."""
        return read_history(self.connection, number)

    def stuck(self, now: datetime) -> Stuck:
        """What should have moved on by itself and has not."""
        return find_stuck(self.connection, now)

    def status(self, now: datetime) -> Status:
        """What waits, and since when."""
        return read_status(self.connection, now)
