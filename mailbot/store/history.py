"""What people read of the store: the whole story of a ticket, and the state of the house."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from mailbot.desk.ticket import State
from mailbot.store import tables
from mailbot.store.audit import Audit
from mailbot.store.deadlines import Deadlines
from mailbot.store.health import Health
from mailbot.store.inbox import Inbox
from mailbot.store.mailboxes import Mailboxes
from mailbot.store.outbox import Outbox
from mailbot.store.people import People
from mailbot.store.rows import Status, TicketHistory
from mailbot.store.states import DeadlineState, InboxState, OutboxState
from mailbot.store.tickets import Tickets

_INBOX = tables.inbox
_OUTBOX = tables.outbox
_DEADLINES = tables.deadlines


def read_history(connection: Connection, number: int) -> TicketHistory | None:
    """Everything the desk knows of a ticket, held mail included; mails oldest first."""
    ticket = Tickets(connection).get(number)
    if ticket is None:
        return None
    return TicketHistory(
        ticket=ticket,
        requester=People(connection).get(ticket.requester),
        entries=Tickets(connection).entries(number),
        participants=Tickets(connection).participants(number),
        deadlines=tuple(Deadlines(connection).lines(ticket=number)),
        mails_in=tuple(reversed(Inbox(connection).lines(ticket=number))),
        mails_out=tuple(reversed(Outbox(connection).lines(ticket=number))),
        decisions=tuple(Audit(connection).decisions(ticket=number)),
    )


def read_status(connection: Connection, now: datetime) -> Status:
    """Rows per state (every state is named, also at 0), and since when the oldest of those that should move waits."""
    ready = (_OUTBOX.c.state == OutboxState.READY) & (_OUTBOX.c.not_before <= now)
    pending = _DEADLINES.c.state == DeadlineState.PENDING
    received = _INBOX.c.state.in_([InboxState.RECEIVED, InboxState.CLAIMED])
    return Status(
        inbox=_per_state(connection, _INBOX, InboxState),
        outbox=_per_state(connection, _OUTBOX, OutboxState),
        deadlines=_per_state(connection, _DEADLINES, DeadlineState),
        tickets=_per_state(connection, tables.tickets, State),
        oldest_received_at=_oldest(connection, _INBOX.c.received_at, received),
        oldest_held_at=_oldest(connection, _INBOX.c.received_at, _INBOX.c.state == InboxState.HELD),
        oldest_ready_at=_oldest(connection, _OUTBOX.c.not_before, ready),
        oldest_deadline_due_at=_oldest(connection, _DEADLINES.c.due_at, pending),
        mailboxes=Mailboxes(connection).all(),
        health=Health(connection).all(),
    )


def _per_state(
    connection: Connection, table: Table, kind: type[InboxState | OutboxState | DeadlineState | State]
) -> dict[str, int]:
    counts: Select[Any] = select(table.c.state, func.count()).group_by(table.c.state)
    found = {str(state): int(count) for state, count in connection.execute(counts)}
    return {state.value: found.get(state.value, 0) for state in kind}


def _oldest(connection: Connection, column: ColumnElement[datetime], where: ColumnElement[bool]) -> datetime | None:
    found: datetime | None = connection.execute(select(func.min(column)).where(where)).scalar()
    return found
