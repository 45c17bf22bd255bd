"""The named states of everything that waits; the legal moves stand in `inbox`, `outbox` and `deadlines`."""

from __future__ import annotations

from enum import StrEnum


class InboxState(StrEnum):
    """Where a mail that came in stands."""

    RECEIVED = "received"
    CLAIMED = "claimed"
    DONE = "done"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    HELD = "held"
    SET_ASIDE = "set_aside"
    DISCARDED = "discarded"


class OutboxState(StrEnum):
    """Where a mail that goes out stands."""

    READY = "ready"
    SENDING = "sending"
    SENT = "sent"
    UNKNOWN = "unknown"
    FAILED = "failed"
    PARKED = "parked"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """How far the delivery of a mail may have come; `data` is committed before DATA, so that less means: not sent."""

    NONE = "none"
    CONNECT = "connect"
    DATA = "data"


class DeadlineState(StrEnum):
    """Where a deadline stands."""

    PENDING = "pending"
    HELD = "held"
    FIRED = "fired"
    CANCELLED = "cancelled"
