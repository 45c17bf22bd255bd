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


class HealthState(StrEnum):
    """How a part of the daemon is."""

    OK = "ok"
    RETRYING = "retrying"  # something is not to be had, and is tried again by itself
    NEEDS_PERSON = "needs_person"  # a login, a folder, a certificate: only a person can help
    LAST_GOOD = "last_good"  # the files have errors; the last configuration without any is live
    NO_PROGRESS = "no_progress"
    STOPPED = "stopped"


class DeadlineState(StrEnum):
    """Where a deadline stands."""

    PENDING = "pending"
    HELD = "held"
    FIRED = "fired"
    CANCELLED = "cancelled"
