"""The lookup before a decision: everything `desk.situation.Situation` holds, read inside the transaction that decides.

Which ticket a mail names is a hint here and nothing more; what it is worth is judged by `desk.trust`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from mailbot.desk.people import Person
from mailbot.desk.situation import Clues, HeldMail, OurMail, Situation
from mailbot.desk.ticket import Side, Ticket
from mailbot.mail.model import MailClass
from mailbot.store import tables
from mailbot.store.outbox import Outbox
from mailbot.store.people import People, completed
from mailbot.store.plain_text import whole_lines
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.tickets import Tickets

_INBOX = tables.inbox
_OUTBOX = tables.outbox
# What left, or may have: `ready` mail was read by nobody yet.
_LEFT = (OutboxState.SENDING, OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.PARKED, OutboxState.FAILED)
_TEXTS = 200


class Lookup:
    """Reads the situation of one mail, or of one ticket whose deadline has come."""

    def __init__(self, connection: Connection, directory: Mapping[str, Person]) -> None:
        self._connection = connection
        self._directory = directory
        self._tickets = Tickets(connection)
        self._outbox = Outbox(connection)
        self._people = People(connection)

    def situation(
        self, clues: Clues, now: datetime, inbox_id: int | None, account: str, internal_date: datetime | None
    ) -> Situation:
        """The world as the store knows it at `now`."""
        next_number = self._tickets.next_number()  # our turn: from here on nobody else decides
        our_mail = None if clues.outbox_id is None else self._outbox.our_mail(clues.outbox_id)
        by_references = self._tickets.of_references(clues.references) if clues.references else None
        ticket = self._ticket(clues, our_mail, by_references)
        number = None if ticket is None else ticket.number
        texts = () if number is None else self._sent_texts(number)
        return Situation(
            now=now,
            next_number=next_number,
            inbox_id=inbox_id,
            account=account,
            internal_date=internal_date,
            ticket=ticket,
            entries=() if number is None else self._tickets.entries(number),
            participants=() if number is None else self._tickets.participants(number),
            person=self._person(clues.person or clues.sender),
            requester=None if ticket is None else self._person(ticket.requester),
            our_mail=our_mail,
            alert_ticket=None if clues.alert_key is None else self._tickets.open_alert(clues.alert_key),
            pending=() if number is None else self._pending(number),
            held=() if number is None else self._held(number, inbox_id),
            sent_lines=frozenset().union(*map(whole_lines, texts)),
            sent_texts=texts,
            references_known=number is not None and number == self._surviving(by_references),
            open_tickets=self._tickets.open_of(clues.sender) if clues.sender else (),
            logos=self._tickets.logos(clues.sender, clues.attachment_hashes),
            machine_mails_last_hour=self._machine_mails(clues.sender, inbox_id, now),
            released_by=self._released_by(inbox_id),
            chains={} if number is None else self._chains(number),
        )

    def _ticket(self, clues: Clues, our_mail: OurMail | None, by_references: int | None) -> Ticket | None:
        claims = (clues.ticket, None if our_mail is None else our_mail.ticket, by_references)
        found = (self._tickets.survivor(number, lock=True) for number in claims if number is not None)
        return next((ticket for ticket in found if ticket is not None), None)

    def _surviving(self, number: int | None) -> int | None:
        ticket = None if number is None else self._tickets.survivor(number)
        return None if ticket is None else ticket.number

    def _person(self, address: str) -> Person | None:
        learnt = self._people.get(address) if address else None
        listed = self._directory.get(address)
        return learnt if listed is None else completed(listed, learnt)

    def _pending(self, number: int) -> tuple[OurMail, ...]:
        return self._outbox.our_mails((_OUTBOX.c.ticket == number) & (_OUTBOX.c.state == OutboxState.READY))

    def _held(self, number: int, inbox_id: int | None) -> tuple[HeldMail, ...]:
        rows = select(_INBOX.c.id, _INBOX.c.reason, _INBOX.c.sender, _INBOX.c.subject).where(
            _INBOX.c.ticket == number, _INBOX.c.state == InboxState.HELD, _INBOX.c.id != (inbox_id or 0)
        )
        newest = self._connection.execute(rows.order_by(_INBOX.c.id.desc()))
        return tuple(HeldMail(row.id, row.reason, row.sender, row.subject) for row in newest)

    def _sent_texts(self, number: int) -> tuple[str, ...]:
        rows = select(_OUTBOX.c.text).where(
            _OUTBOX.c.ticket == number, _OUTBOX.c.state.in_(_LEFT), _OUTBOX.c.text != ""
        )
        newest = self._connection.execute(rows.order_by(_OUTBOX.c.id.desc()).limit(_TEXTS)).scalars().all()
        return tuple(reversed(newest))

    def _machine_mails(self, sender: str, inbox_id: int | None, now: datetime) -> int:
        if not sender:
            return 0
        lately = select(func.count()).where(
            _INBOX.c.sender == sender,
            _INBOX.c["class"] == MailClass.MACHINE,
            _INBOX.c.received_at > now - timedelta(hours=1),
            _INBOX.c.id != (inbox_id or 0),
        )
        return int(self._connection.execute(lately).scalar_one())

    def _released_by(self, inbox_id: int | None) -> str:
        row = select(_INBOX.c.released_by).where(_INBOX.c.id == inbox_id)
        return "" if inbox_id is None else str(self._connection.execute(row).scalar() or "")

    def _chains(self, number: int) -> dict[Side, tuple[str, ...]]:
        return {side: self._tickets.chain(number, side) for side in Side}
