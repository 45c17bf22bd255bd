"""Why things were done and how often: decisions, configurations, the gate's memory, what people did, health."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from mailbot.store.states import HealthState
from mailbot.store.tables.columns import ADDRESS, WORD, Id, Plain, choice, instant, number, one_of, text, values, word
from mailbot.store.tables.schema import metadata

decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("inbox_id", ForeignKey("inbox.id"), index=True),
    Column("ticket", Id, index=True),
    word("deadline"),
    word("event"),
    text("disposition"),
    values("reasons"),
    word("config_hash"),
    instant("at"),
)

config_snapshots = Table(
    "config_snapshots",
    metadata,
    Column("hash", WORD, primary_key=True),
    instant("at"),
    values("content"),
)

gate_counters = Table(
    "gate_counters",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", Plain(500), nullable=False),
    instant("at"),
    number("amount", 1),
    Index("ix_gate_counters_key_at", "key", "at"),
)

mutes = Table(
    "mutes",
    metadata,
    Column("address", ADDRESS, primary_key=True),
    instant("until"),
    text("reason"),
    instant("at"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    text("who"),
    word("verb"),
    text("what"),
    instant("at"),
    text("detail"),
)

# What the daemon says of itself, for `mailbot status` beside it: a row a part ("daemon", "mailbox:support/INBOX").
health = Table(
    "health",
    metadata,
    Column("component", Plain(500), primary_key=True),
    Column("state", choice(HealthState), nullable=False),
    instant("since"),
    text("detail"),
    instant("updated_at"),
    one_of("state", HealthState),
)

# The next number of a ticket and of an outbox row: given out inside the transaction that uses them.
counters = Table(
    "counters",
    metadata,
    Column("name", WORD, primary_key=True),
    Column("next", Integer, nullable=False),
)
