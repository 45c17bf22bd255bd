"""The tables of mailbot; each column that later issues need is here, and migrations hold the same (a test)."""

from mailbot.store.tables.queues import deadlines, inbox, leases, mailboxes, outbox
from mailbot.store.tables.records import audit, config_snapshots, counters, decisions, gate_counters, health, mutes
from mailbot.store.tables.schema import metadata
from mailbot.store.tables.tickets import (
    attachments,
    chains,
    entries,
    entry_attachments,
    facts,
    participants,
    people,
    tickets,
)

__all__ = [
    "attachments",
    "audit",
    "chains",
    "config_snapshots",
    "counters",
    "deadlines",
    "decisions",
    "entries",
    "entry_attachments",
    "facts",
    "gate_counters",
    "health",
    "inbox",
    "leases",
    "mailboxes",
    "metadata",
    "mutes",
    "outbox",
    "participants",
    "people",
    "tickets",
]
