"""Tickets and what hangs on them: people, participants, facts, words, attachments and the two threads."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, LargeBinary, Table, UniqueConstraint

from mailbot.desk.ticket import CancelReason, Joined, Side, State, Visibility, WaitingFor
from mailbot.store.tables.columns import (
    ADDRESS,
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
from mailbot.triage.assessment import Disruption, Kind, Level, Priority

# Every field of desk.ticket.Ticket but `facts`, which is a table of its own.
tickets = Table(
    "tickets",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=False),
    instant("opened_at"),
    Column("kind", choice(Kind), nullable=False),
    Column("state", choice(State), nullable=False, index=True),
    address("requester", index=True),
    text("requester_name"),
    word("language"),
    text("subject"),
    text("group"),
    Column("impact", choice(Level), nullable=False),
    Column("urgency", choice(Level), nullable=False),
    Column("priority", choice(Priority), nullable=False),
    Column("version", Integer, nullable=False),
    Column("question", Boolean, nullable=False),
    Column("service", TEXT),
    Column("owner", ADDRESS),
    Column("waiting_for", choice(WaitingFor)),
    instant("waiting_until", nullable=True),
    Column("cancel_reason", choice(CancelReason)),
    Column("former_state", choice(State)),
    Column("merged_into", ForeignKey("tickets.number")),
    Column("follows", ForeignKey("tickets.number")),
    Column("parent", ForeignKey("tickets.number")),
    Column("disruption", choice(Disruption), nullable=False),
    values("disruption_words"),
    Column("rule", TEXT),
    Column("affected", Integer),
    Column("vip", Boolean, nullable=False),
    values("missing"),
    number("cycle"),
    Column("asked_unclear", Boolean, nullable=False),
    Column("faq_entry", TEXT),
    Column("specialist_answered", Boolean, nullable=False),
    Column("alert_key", TEXT),
    number("alert_count"),
    instant("response_due_at", nullable=True),
    instant("resolution_due_at", nullable=True),
    instant("first_response_at", nullable=True),
    instant("resolved_at", nullable=True),
    instant("closed_at", nullable=True),
    instant("changed_at", nullable=True),
    word("config_hash"),
    one_of("kind", Kind),
    one_of("state", State),
    one_of("impact", Level),
    one_of("urgency", Level),
    one_of("priority", Priority),
    one_of("waiting_for", WaitingFor),
    one_of("cancel_reason", CancelReason),
    one_of("former_state", State),
    one_of("disruption", Disruption),
)

facts = Table(
    "facts",
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    Column("name", NAME, primary_key=True),
    text("value"),
)

people = Table(
    "people",
    metadata,
    Column("address", ADDRESS, primary_key=True),
    text("name"),
    text("phone"),
    text("department"),
    text("site"),
    word("language"),
    Column("vip", Boolean, nullable=False, default=False),
    address("manager"),
    text("title"),
    text("organisation"),
    values("same_as"),
    word("source"),
    instant("changed_at"),
)

participants = Table(
    "participants",
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    Column("address", ADDRESS, primary_key=True),
    Column("side", choice(Side), primary_key=True),
    text("name"),
    Column("joined", choice(Joined), nullable=False),
    instant("joined_at"),
    one_of("side", Side),
    one_of("joined", Joined),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), nullable=False, index=True),
    Column("side", choice(Side), nullable=False),
    Column("visibility", choice(Visibility), nullable=False),
    address("author", index=True),
    text("author_name"),
    text("text"),
    instant("at"),
    word("what"),
    Column("message_id", MAIL_ID, nullable=False, default=""),
    Column("inbox_id", ForeignKey("inbox.id"), index=True),
    Column("outbox_id", ForeignKey("outbox.id")),
    one_of("side", Side),
    one_of("visibility", Visibility),
)

# By content, so that the logo of a thousand mails is kept once.
attachments = Table(
    "attachments",
    metadata,
    Column("content_hash", WORD, primary_key=True),
    text("type"),
    number("size_bytes"),
    Column("content", LargeBinary, nullable=False),
    instant("stored_at"),
)

entry_attachments = Table(
    "entry_attachments",
    metadata,
    Column("entry", ForeignKey("entries.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("content_hash", ForeignKey("attachments.content_hash"), nullable=False, index=True),
    text("name"),
    text("type"),
    number("size_bytes"),
    Column("inline", Boolean, nullable=False),
    Column("content_id", TEXT),
)

# The two threads of a ticket: a mail to one side names only Message-IDs of that side's chain.
chains = Table(
    "chains",
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    Column("side", choice(Side), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("message_id", MAIL_ID, nullable=False, index=True),
    UniqueConstraint("ticket", "side", "message_id"),
    one_of("side", Side),
)
