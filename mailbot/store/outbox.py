"""The outbox queue: rendered mail on its way out (DESIGN section 3, promises 3 and 4).

A claim is committed before connecting, `phase = data` before DATA. So a mail whose lease ended earlier was certainly
not sent and may leave again, whatever its class; later it is in doubt (RFC 1047): class A is tried again with the same
bytes, at most three times, class B is parked, because at most once is its promise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, or_, select, update

from mailbot.desk.outgoing import MailClass
from mailbot.desk.situation import OurMail
from mailbot.desk.ticket import Side, State
from mailbot.store import counters, tables
from mailbot.store.audit import Audit
from mailbot.store.deadlines import Deadlines
from mailbot.store.moves import ClaimLost, IllegalMove, end_leases, move_all, move_free, move_one
from mailbot.store.plain_text import plain_text_of
from mailbot.store.rows import OutboxLine, OutboxRow, QueuedMail
from mailbot.store.states import OutboxState, Phase
from mailbot.store.values import arm_from_json, arm_to_json, as_value

MOVES: Mapping[OutboxState, frozenset[OutboxState]] = {
    OutboxState.READY: frozenset(
        {
            OutboxState.SENDING,
            OutboxState.CANCELLED,
            OutboxState.PARKED,
            OutboxState.STOPPED,
            OutboxState.SENT,  # a try in doubt, proved before the next one (`proofs.py`; so from `parked`)
        }
    ),
    OutboxState.SENDING: frozenset({OutboxState.SENT, OutboxState.READY, OutboxState.FAILED, OutboxState.UNKNOWN}),
    OutboxState.SENT: frozenset({OutboxState.FAILED}),  # a verified permanent bounce
    OutboxState.UNKNOWN: frozenset({OutboxState.READY, OutboxState.PARKED, OutboxState.SENT}),
    OutboxState.STOPPED: frozenset({OutboxState.READY, OutboxState.CANCELLED}),
    OutboxState.FAILED: frozenset({OutboxState.READY, OutboxState.CANCELLED}),
    OutboxState.PARKED: frozenset({OutboxState.READY, OutboxState.CANCELLED, OutboxState.SENT, OutboxState.FAILED}),
    OutboxState.CANCELLED: frozenset(),
}
FIRST_STATES = frozenset({OutboxState.READY, OutboxState.STOPPED, OutboxState.CANCELLED})
WAITING_FOR_A_PERSON = (OutboxState.STOPPED, OutboxState.FAILED, OutboxState.PARKED)
TRIES_IN_DOUBT = 3
WAIT_IN_DOUBT = timedelta(minutes=15)
PROVED = "proved by"  # how `smtp_reply` begins where the claim that sent it heard no answer

_OUTBOX = tables.outbox
_LINE_COLUMNS = [column for column in _OUTBOX.c if column.name not in ("raw", "text", "arms")]


class Outbox:
    """The outbox inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------ coming in

    def reserve_id(self) -> int:
        """The id of a row to come: VERP address and Message-ID carry it."""
        return counters.take(self._connection, counters.OUTBOX)

    def queue(self, mail: QueuedMail, now: datetime) -> int:
        """Put a rendered mail in its first state: ready, stopped or cancelled."""
        if mail.state not in FIRST_STATES:
            raise IllegalMove(f"a mail does not begin as {mail.state}")
        row: dict[str, Any] = {
            name: getattr(mail, name)
            for name in QueuedMail.__dataclass_fields__
            if name not in ("class_", "arms", "text")
        }
        row |= {
            "class": mail.class_,
            "arms": arm_to_json(mail.arms),
            "text": plain_text_of(mail.raw) if mail.text is None else mail.text,
            "phase": Phase.NONE,
            "created_at": now,
        }
        self._connection.execute(insert(_OUTBOX).values(row))
        return mail.id

    def cancel_mails(self, ids: Collection[int], reason: str) -> tuple[int, ...]:
        """Those that were still ready and now never leave."""
        ready = (OutboxState.READY,)
        return self._move_all(OutboxState.CANCELLED, ready, _OUTBOX.c.id.in_(ids), reason=reason)

    # ------------------------------------------------------------ being delivered

    def settle(self, now: datetime, *, holder: str | None = None) -> tuple[OurMail, ...]:
        """Leases (of that holder) that ended, doubts that are due; what was parked: each raises MailUndelivered."""
        ended = (_OUTBOX.c.lease_until < now) & (_OUTBOX.c.state == OutboxState.SENDING)
        ended = ended if holder is None else ended & (_OUTBOX.c.holder == holder)
        if not self._is_there(ended | (_OUTBOX.c.state == OutboxState.UNKNOWN)):
            return ()
        counters.take_turn(self._connection)
        before, within = ended & (_OUTBOX.c.phase != Phase.DATA), ended & (_OUTBOX.c.phase == Phase.DATA)
        reason = "the lease ended"
        self._move_free(
            OutboxState.READY, (OutboxState.SENDING,), before, reason=reason, not_before=now, lease_until=None
        )
        self._move_free(OutboxState.UNKNOWN, (OutboxState.SENDING,), within, reason=reason, **_doubted(now))
        parked = self._park(_OUTBOX.c.state == OutboxState.UNKNOWN)
        due = _OUTBOX.c.unknown_at <= now - WAIT_IN_DOUBT
        self._move_free(OutboxState.READY, (OutboxState.UNKNOWN,), due, not_before=now, phase=Phase.NONE)
        return parked

    def end_leases(self, holder: str | None = None) -> int:
        """Nobody delivers anything: the daemon that did is dead. How many it had; `settle` says what became of them."""
        return end_leases(self._connection, _OUTBOX, _OUTBOX.c.state == OutboxState.SENDING, holder)

    def claim(
        self, limit: int, holder: str, now: datetime, lease_seconds: float, sides: Collection[Side] = tuple(Side)
    ) -> list[OutboxRow]:
        """Mails whose time has come: class A first, then priority, then age; commit before connecting."""
        due = select(_OUTBOX.c.id).where(_OUTBOX.c.state == OutboxState.READY, _OUTBOX.c.not_before <= now)
        due = due if set(sides) == set(Side) else due.where(_OUTBOX.c.side.in_(sides))
        order = (_OUTBOX.c["class"], _OUTBOX.c.priority, _OUTBOX.c.created_at, _OUTBOX.c.id)
        chosen = due.order_by(*order).limit(limit).with_for_update(skip_locked=True)
        claimed = self._move_all(
            OutboxState.SENDING,
            (OutboxState.READY,),
            _OUTBOX.c.id.in_(self._connection.execute(chosen).scalars().all()),
            phase=Phase.CONNECT,
            attempts=_OUTBOX.c.attempts + 1,
            epoch=_OUTBOX.c.epoch + 1,
            holder=holder,
            lease_until=now + timedelta(seconds=lease_seconds),
        )
        rows = self._connection.execute(select(_OUTBOX).where(_OUTBOX.c.id.in_(claimed)).order_by(*order))
        return [_row(row) for row in rows.mappings()]

    def enter_data(self, row: OutboxRow) -> None:
        """From here on the mail may have left: commit before DATA; ClaimLost where the lease was taken."""
        mine = _mine(row) & (_OUTBOX.c.state == OutboxState.SENDING)
        if self._connection.execute(update(_OUTBOX).where(mine).values(phase=Phase.DATA)).rowcount != 1:
            raise ClaimLost(f"outbox row {row.id} is no longer claimed by epoch {row.epoch}")

    def sent(self, row: OutboxRow, reply: str, now: datetime, due_at: datetime | None = None) -> None:
        """The next server has it; the deadline it arms starts, at `due_at`, in this transaction."""
        counters.take_turn(self._connection)
        sending = (OutboxState.SENDING, OutboxState.UNKNOWN)  # late news beats the doubt
        self._move_claimed(row, OutboxState.SENT, sending, sent_at=now, smtp_reply=reply, reason="", lease_until=None)
        self.start_clock(row, now, due_at)

    def deferred(self, row: OutboxRow, not_before: datetime, reason: str) -> None:
        """Not sent for certain: again later, same bytes."""
        sending = (OutboxState.SENDING,)
        waits: dict[str, Any] = {"phase": Phase.NONE, "lease_until": None}
        self._move_claimed(row, OutboxState.READY, sending, not_before=not_before, reason=reason, **waits)

    def hand_back(self, row: OutboxRow) -> None:
        """Not begun: ready again without an attempt counted (a clean stop). Never after `enter_data`."""
        fewer = _OUTBOX.c.attempts - 1
        waits: dict[str, Any] = {"phase": Phase.NONE, "lease_until": None}
        begun = _OUTBOX.c.phase != Phase.DATA
        self._move_claimed(row, OutboxState.READY, (OutboxState.SENDING,), begun, attempts=fewer, **waits)

    def failed(self, row: OutboxRow, reason: str, now: datetime) -> OurMail:
        """Refused for good: the mail for MailUndelivered."""
        counters.take_turn(self._connection)
        self._move_claimed(row, OutboxState.FAILED, (OutboxState.SENDING,), reason=reason, lease_until=None)
        return self._get(row.id)

    def doubtful(self, row: OutboxRow, reason: str, now: datetime) -> OurMail | None:
        """Perhaps sent: class A waits for another try; parked mail (class B at once) is given, for MailUndelivered."""
        counters.take_turn(self._connection)
        sending = (OutboxState.SENDING,)
        if not self._move_all(OutboxState.UNKNOWN, sending, _mine(row), reason=reason, **_doubted(now)):
            raise ClaimLost(f"outbox row {row.id} is no longer claimed by epoch {row.epoch}")
        return next(iter(self._park(_OUTBOX.c.id == row.id)), None)

    def standing(self, row: OutboxRow) -> OutboxState | None:
        """Where the mail stands, if this claim is still the last: to read back after CommitUnknown."""
        found: OutboxState | None = self._connection.execute(select(_OUTBOX.c.state).where(_mine(row))).scalar()
        return found

    def start_clock(self, row: OutboxRow, now: datetime, due_at: datetime | None) -> None:
        """The deadline that rides on this mail begins; none of a ticket that was closed while the mail was in doubt."""
        if row.arms is None or row.ticket is None:
            return
        state = select(tables.tickets.c.state).where(tables.tickets.c.number == row.ticket)
        if self._connection.execute(state).scalar() is State.CLOSED:
            self._connection.execute(update(_OUTBOX).where(_OUTBOX.c.id == row.id).values(arms=None))
            return
        if due_at is None:
            raise ValueError(f"outbox row {row.id} arms a deadline: say when it is due")
        Deadlines(self._connection).arm(row.ticket, row.arms, due_at, row.config_hash, now)

    # ------------------------------------------------------------ people

    def resend(self, mail_id: int, by: str, now: datetime) -> None:
        """A stopped, failed or parked mail is ready again, audited."""
        fresh: dict[str, Any] = {"attempts": 0, "unknown_count": 0, "phase": Phase.NONE, "smtp_reply": ""}
        fresh["not_before"] = now
        this = _OUTBOX.c.id == mail_id
        move_one(self._connection, _OUTBOX, MOVES, OutboxState.READY, this, came_from=WAITING_FOR_A_PERSON, **fresh)
        Audit(self._connection).note(by, "resend", f"outbox {mail_id}", now)

    def cancel(self, mail_id: int, by: str, now: datetime) -> OurMail:
        """A mail that is not on its way never leaves, audited."""
        counters.take_turn(self._connection)
        reason = f"cancelled by {by}"
        move_one(self._connection, _OUTBOX, MOVES, OutboxState.CANCELLED, _OUTBOX.c.id == mail_id, reason=reason)
        Audit(self._connection).note(by, "cancel", f"outbox {mail_id}", now)
        return self._get(mail_id)

    def row(self, mail_id: int) -> OutboxRow | None:
        """One mail with its bytes (empty where retention took them)."""
        row = self._connection.execute(select(_OUTBOX).where(_OUTBOX.c.id == mail_id)).mappings().first()
        return None if row is None else _row(row)

    def our_mail(self, mail_id: int) -> OurMail | None:
        """One mail as decisions see it."""
        return next(iter(self.our_mails(_OUTBOX.c.id == mail_id)), None)

    def our_mails(self, where: ColumnElement[bool]) -> tuple[OurMail, ...]:
        """Mails as decisions see them, oldest first."""
        found = select(*_LINE_COLUMNS).where(where).order_by(_OUTBOX.c.id)
        return tuple(as_value(OurMail, row) for row in self._connection.execute(found).mappings())

    def lines(
        self, *, states: Collection[OutboxState] = (), ticket: int | None = None, limit: int = 1000
    ) -> list[OutboxLine]:
        """Rows for people, newest first."""
        found = select(*_LINE_COLUMNS).order_by(_OUTBOX.c.id.desc()).limit(limit)
        found = found.where(_OUTBOX.c.state.in_(states)) if states else found
        found = found if ticket is None else found.where(_OUTBOX.c.ticket == ticket)
        return [as_value(OutboxLine, row) for row in self._connection.execute(found).mappings()]

    def next_ready_at(self) -> datetime | None:
        """When the next ready mail may leave."""
        ready = select(func.min(_OUTBOX.c.not_before)).where(_OUTBOX.c.state == OutboxState.READY)
        found: datetime | None = self._connection.execute(ready).scalar()
        return found

    # ------------------------------------------------------------ moves

    def _move_all(
        self, to: OutboxState, came_from: Collection[OutboxState], where: ColumnElement[bool], **columns: Any
    ) -> tuple[int, ...]:
        return move_all(self._connection, _OUTBOX, MOVES, to, where, came_from=came_from, **columns)

    def _move_claimed(
        self,
        row: OutboxRow,
        to: OutboxState,
        came_from: Collection[OutboxState],
        *more: ColumnElement[bool],
        **columns: Any,
    ) -> None:
        where = _mine(row)
        for condition in more:
            where = where & condition
        if not self._move_all(to, came_from, where, **columns):
            raise ClaimLost(f"outbox row {row.id} is no longer claimed by epoch {row.epoch}")

    def _move_free(
        self, to: OutboxState, came_from: Collection[OutboxState], where: ColumnElement[bool], **columns: Any
    ) -> tuple[int, ...]:
        return move_free(self._connection, _OUTBOX, MOVES, to, where, came_from=came_from, **columns)

    def _is_there(self, where: ColumnElement[bool]) -> bool:
        return self._connection.execute(select(_OUTBOX.c.id).where(where).limit(1)).first() is not None

    def _park(self, where: ColumnElement[bool]) -> tuple[OurMail, ...]:
        enough = or_(_OUTBOX.c["class"] == MailClass.B, _OUTBOX.c.unknown_count > TRIES_IN_DOUBT)
        parked = self._move_free(OutboxState.PARKED, (OutboxState.UNKNOWN,), where & enough)
        return self.our_mails(_OUTBOX.c.id.in_(parked)) if parked else ()

    def _get(self, mail_id: int) -> OurMail:
        mail = self.our_mail(mail_id)
        assert mail is not None, "it has just been moved"
        return mail


def _doubted(now: datetime) -> dict[str, Any]:
    return {"unknown_count": _OUTBOX.c.unknown_count + 1, "unknown_at": now, "lease_until": None}


def _mine(row: OutboxRow) -> ColumnElement[bool]:
    return (_OUTBOX.c.id == row.id) & (_OUTBOX.c.epoch == row.epoch) & (_OUTBOX.c.holder == row.holder)


def _row(row: RowMapping) -> OutboxRow:
    return as_value(OutboxRow, row, raw=row["raw"] or b"", arms=arm_from_json(row["arms"]))
