"""The memory of the gate: sliding windows and mutes (reliability: limits and breaker).

Counts are read and written in the transaction that queues the mail, so that two workers never both take a last place.
Each class of mail has windows of its own: a conversation between people uses up no automatic answers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from mailbot.desk.decision import Mute
from mailbot.desk.outgoing import DECLARED, MailClass, OutgoingKind
from mailbot.desk.situation import GateCounts
from mailbot.desk.ticket import Side
from mailbot.store import tables
from mailbot.store.states import OutboxState
from mailbot.store.values import clip, put

_COUNTERS = tables.gate_counters
_MUTES = tables.mutes
_OUTBOX = tables.outbox
_ENTRIES = tables.entries

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
EVERYBODY = "*"  # the mute that is the open breaker
HUMAN_WORDS = ("words", "note", "command")  # kinds of entries that a person wrote


class Gate:
    """The counters of the gate inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(
        self,
        address: str,
        ticket: int | None,
        kind: str,
        inbox_id: int | None,
        now: datetime,
        *,
        aliases: Collection[str] = (),
    ) -> GateCounts:
        """What the gate must know before a mail of this kind to this address; `aliases` share its limits."""
        addresses = {counted(one) for one in (address, *aliases)}
        class_ = DECLARED[OutgoingKind(kind)].class_
        keys = [_address_key(class_, one) for one in addresses]
        return GateCounts(
            address_hour=self._sum(keys, now - HOUR),
            address_day=self._sum(keys, now - DAY),
            domain_hour=self._sum([_domain_key(class_, address)], now - HOUR),
            ticket_day=0 if ticket is None else self._sum([_ticket_key(class_, ticket)], now - DAY),
            global_hour=self._sum([_global_key(class_)], now - HOUR),
            in_a_row=0 if ticket is None else self._in_a_row(ticket),
            same_lately=self._sum([_same_key(kind, ticket, one) for one in addresses], now - DAY) > 0,
            answered_row=inbox_id is not None and self._answered(inbox_id, kind),
            muted=self._muted(addresses, now),
            breaker_open=self._muted([EVERYBODY], now),
        )

    def count(self, address: str, ticket: int | None, kind: str, now: datetime) -> None:
        """A mail was allowed: it counts from now on, in the same transaction."""
        class_, to = DECLARED[OutgoingKind(kind)].class_, counted(address)
        keys = [_address_key(class_, to), _domain_key(class_, to), _global_key(class_), _same_key(kind, ticket, to)]
        keys += [] if ticket is None else [_ticket_key(class_, ticket)]
        self._connection.execute(insert(_COUNTERS), [{"key": key, "at": now, "amount": 1} for key in keys])

    def forget_before(self, moment: datetime) -> None:
        """Counts older than every window are of no use."""
        self._connection.execute(delete(_COUNTERS).where(_COUNTERS.c.at < moment))

    def mute(self, mute: Mute, now: datetime) -> None:
        """No automatic mail to this address until then."""
        self._mute(counted(mute.address), mute.until, mute.reason, now)

    def unmute(self, address: str) -> None:
        """Automatic mail may leave for this address again."""
        self._connection.execute(delete(_MUTES).where(_MUTES.c.address == counted(address)))

    def open_breaker(self, until: datetime, reason: str, now: datetime) -> None:
        """No class B mail to anybody until then."""
        self._mute(EVERYBODY, until, reason, now)

    def close_breaker(self) -> None:
        """Class B mail may leave again."""
        self.unmute(EVERYBODY)

    def _mute(self, address: str, until: datetime, reason: str, now: datetime) -> None:
        row = {"address": address, "until": until, "reason": reason, "at": now}
        put(self._connection, _MUTES, row, key="address")

    def _sum(self, keys: Iterable[str], since: datetime) -> int:
        total = select(func.sum(_COUNTERS.c.amount)).where(_COUNTERS.c.key.in_(list(keys)), _COUNTERS.c.at > since)
        return int(self._connection.execute(total).scalar() or 0)

    def _in_a_row(self, ticket: int) -> int:
        human = select(func.max(_ENTRIES.c.at)).where(
            _ENTRIES.c.ticket == ticket,
            _ENTRIES.c.side.in_([Side.REQUESTER, Side.GROUP]),
            _ENTRIES.c.what.in_(HUMAN_WORDS),
        )
        last: datetime | None = self._connection.execute(human).scalar()
        answers = select(func.count()).where(
            _OUTBOX.c.ticket == ticket,
            _OUTBOX.c["class"] == MailClass.B,
            _OUTBOX.c.state.not_in([OutboxState.CANCELLED, OutboxState.STOPPED]),
        )
        answers = answers if last is None else answers.where(_OUTBOX.c.created_at >= last)
        return int(self._connection.execute(answers).scalar_one())

    def _answered(self, inbox_id: int, kind: str) -> bool:
        answers = select(_OUTBOX.c.id).where(
            _OUTBOX.c.inbox_id == inbox_id, _OUTBOX.c.kind == kind, _OUTBOX.c["class"] == MailClass.B
        )
        return self._connection.execute(answers.limit(1)).first() is not None

    def _muted(self, addresses: Iterable[str], now: datetime) -> bool:
        mutes = select(_MUTES.c.address).where(_MUTES.c.address.in_(list(addresses)), _MUTES.c.until > now)
        return self._connection.execute(mutes.limit(1)).first() is not None


def counted(address: str) -> str:
    """The address as limits know it: without its plus-part, in lower case."""
    local, at, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}{at}{domain}"


def _global_key(class_: MailClass) -> str:
    return f"{class_} global"


def _address_key(class_: MailClass, address: str) -> str:
    return clip(f"{class_} address {address}", 500)


def _domain_key(class_: MailClass, address: str) -> str:
    return clip(f"{class_} domain {address.lower().rpartition('@')[2]}", 500)


def _ticket_key(class_: MailClass, ticket: int) -> str:
    return f"{class_} ticket {ticket}"


def _same_key(kind: str, ticket: int | None, address: str) -> str:
    return clip(f"same {kind} {ticket or 0} {address}", 500)
