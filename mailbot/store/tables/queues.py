"""The three durable queues: what came in, what goes out, and what happens when nobody does anything first."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    column,
)

from mailbot.desk.deadline import DeadlineKind
from mailbot.desk.outgoing import Cause, MailClass
from mailbot.desk.ticket import Side
from mailbot.store.states import DeadlineState, InboxState, OutboxState, Phase
from mailbot.store.tables.columns import (
    MAIL_ID,
    NAME,
    TEXT,
    WORD,
    Id,
    address,
    choice,
    instant,
    number,
    one_of,
    text,
    values,
    word,
)
from mailbot.store.tables.schema import metadata
from mailbot.triage.assessment import Priority

_DOUBTED = column("unknown_at").is_not(None)
_UNMARKED = column("marked", Boolean()).is_(False)

# `ticket` is no foreign key: a mail may name a ticket that never was.
inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", NAME, nullable=False),
    Column("folder", NAME, nullable=False),
    Column("uidvalidity", BigInteger, nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("raw", LargeBinary),  # NULL once retention took the bytes
    Column("raw_hash", WORD, nullable=False, index=True),
    instant("internal_date"),
    instant("received_at"),
    Column("size_bytes", BigInteger, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("marked", Boolean, nullable=False, default=False),
    Column("state", choice(InboxState), nullable=False),
    text("reason"),
    number("attempts"),
    instant("lease_until", nullable=True),
    text("holder"),
    number("epoch"),
    Column("message_id", MAIL_ID, nullable=False, default="", index=True),
    address("sender"),
    text("subject"),
    word("class"),
    text("class_reason"),
    Column("fingerprint_content", WORD, nullable=False, default="", index=True),
    values("parsed", nullable=True),
    values("evidence", nullable=True),
    text("dkim"),
    Column("ticket", Id, index=True),
    Column("duplicate_of", ForeignKey("inbox.id")),
    address("released_by"),
    word("config_hash"),
    instant("done_at", nullable=True),
    UniqueConstraint("account", "folder", "uidvalidity", "uid"),
    Index("ix_inbox_state_id", "state", "id"),
    Index("ix_inbox_sender_received_at", "sender", "received_at"),
    Index("ix_inbox_account_internal_date", "account", "internal_date"),
    Index(
        "ix_inbox_unmarked",
        *("account", "folder", "uidvalidity", "id"),
        sqlite_where=_UNMARKED,
        postgresql_where=_UNMARKED,
    ),
    one_of("state", InboxState),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=False),
    Column("ticket", ForeignKey("tickets.number"), index=True),
    Column("inbox_id", ForeignKey("inbox.id"), index=True),
    word("kind"),
    Column("class", choice(MailClass), nullable=False),
    Column("cause", choice(Cause), nullable=False),
    Column("side", choice(Side), nullable=False),
    address("recipient"),
    text("group_name"),
    address("author"),
    address("mail_from"),
    Column("message_id", MAIL_ID, nullable=False, unique=True),
    text("subject"),
    Column("raw", LargeBinary),  # final bytes: a retry is identical; NULL once retention took them
    text("text"),
    Column("state", choice(OutboxState), nullable=False),
    text("reason"),
    instant("not_before"),
    Column("phase", choice(Phase), nullable=False),
    number("attempts"),
    number("unknown_count"),
    instant("unknown_at", nullable=True),
    instant("lease_until", nullable=True),
    text("holder"),
    number("epoch"),
    Column("priority", choice(Priority), nullable=False),
    values("arms", nullable=True),
    word("config_hash"),
    instant("created_at"),
    instant("sent_at", nullable=True),
    text("smtp_reply"),
    Index("ix_outbox_state_not_before", "state", "not_before"),
    Index("ix_outbox_unknown_at", "unknown_at", sqlite_where=_DOUBTED, postgresql_where=_DOUBTED),
    one_of("class", MailClass),
    one_of("cause", Cause),
    one_of("side", Side),
    one_of("state", OutboxState),
    one_of("phase", Phase),
    one_of("priority", Priority),
)

deadlines = Table(
    "deadlines",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), nullable=False),
    Column("kind", choice(DeadlineKind), nullable=False),
    number("step"),
    number("cycle"),
    instant("due_at"),
    word("policy_hash"),
    Column("state", choice(DeadlineState), nullable=False),
    text("reason"),
    instant("armed_at"),
    instant("fired_at", nullable=True),
    UniqueConstraint("ticket", "kind", "step", "cycle"),
    Index("ix_deadlines_state_due_at", "state", "due_at"),
    one_of("kind", DeadlineKind),
    one_of("state", DeadlineState),
)

mailboxes = Table(
    "mailboxes",
    metadata,
    Column("account", NAME, primary_key=True),
    Column("folder", NAME, primary_key=True),
    Column("uidvalidity", BigInteger, nullable=False),
    instant("first_start"),
    instant("renumbered_at", nullable=True),
    instant("backlog_accepted_at", nullable=True),
    instant("rescan_from", nullable=True),  # a restore: what arrived since is looked for, in the archive folder too
    instant("restored_at", nullable=True),
)

leases = Table(
    "leases",
    metadata,
    Column("name", NAME, primary_key=True),
    Column("holder", TEXT, nullable=False),
    Column("epoch", Integer, nullable=False),
    instant("lease_until"),
)
