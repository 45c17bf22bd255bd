"""Tickets and what is said on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from mailbot.desk.ticket import Entry, Participant, Side, State, Ticket
from mailbot.store.rows import (
    TicketHistory,
)


class Tickets:
    """The tickets inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self) -> int:
        """The number of a ticket to come; the same until one is saved."""
        raise NotImplementedError

    def get(self, number: int) -> Ticket | None:
        """The ticket as it stands."""
        raise NotImplementedError

    def survivor(self, number: int) -> Ticket | None:
        """The ticket, or the one into which it was merged."""
        raise NotImplementedError

    def save(self, ticket: Ticket, now: datetime) -> Ticket:
        """The ticket with its new version; Conflict where somebody saved first, IllegalMove off the table of states."""
        raise NotImplementedError

    def add_entries(
        self,
        number: int,
        entries: Sequence[Entry],
        *,
        message_id: str = "",
        inbox_id: int | None = None,
        outbox_id: int | None = None,
    ) -> None:
        """Say things on a ticket; attachments must have been stored before."""
        raise NotImplementedError

    def entries(self, number: int) -> tuple[Entry, ...]:
        """All that was said, oldest first."""
        raise NotImplementedError

    def add_participants(self, number: int, participants: Sequence[Participant], now: datetime) -> None:
        """Somebody joins; who takes part already stays."""
        raise NotImplementedError

    def participants(self, number: int) -> tuple[Participant, ...]:
        """Who takes part besides the requester."""
        raise NotImplementedError

    def chain(self, number: int, side: Side) -> tuple[str, ...]:
        """Message-IDs of the thread of one side, oldest first."""
        raise NotImplementedError

    def extend_chain(self, number: int, side: Side, message_id: str) -> None:
        """The next Message-ID of that thread, once."""
        raise NotImplementedError

    def store_attachments(self, attachments: Iterable[tuple[str, str, bytes]], now: datetime) -> None:
        """Keep (hash, type, content), each content once."""
        raise NotImplementedError

    def attachment_content(self, content_hash: str) -> bytes | None:
        """The bytes of a stored attachment."""
        raise NotImplementedError

    def list(
        self,
        *,
        states: Collection[State] = (),
        group: str | None = None,
        requester: str | None = None,
        limit: int = 1000,
    ) -> list[Ticket]:
        """Tickets for people, newest first."""
        raise NotImplementedError

    def history(self, number: int) -> TicketHistory | None:
        """Everything about one ticket."""
        raise NotImplementedError
