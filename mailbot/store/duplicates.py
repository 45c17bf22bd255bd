"""When a mail is the same mail again (decisions.md, "Duplicates"): equal bytes, or an equal second fingerprint lately.

Message-ID alone never counts: its sender chooses it. Only a row that was carried out (`done`) and whose evidence was at
least as strong makes a later one a duplicate; otherwise a forgery sent first would swallow the genuine mail. A message
that is read once more is no later one: it arrived at the same moment, and only its UID is another (`rescans.py`).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from mailbot.desk.evidence import Evidence, Sender, TokenState
from mailbot.store import tables
from mailbot.store.rows import InboxRow
from mailbot.store.states import InboxState
from mailbot.store.values import evidence_from_json

LATELY = timedelta(days=7)
SAME_ARRIVAL = timedelta(seconds=1)  # INTERNALDATE survives a new UIDVALIDITY, give or take its fraction
_SENDER_RANK = {Sender.FAILED: 0, Sender.UNKNOWN: 1, Sender.AUTHENTICATED: 2}
_INBOX = tables.inbox
ORIGINAL = func.coalesce(_INBOX.c.duplicate_of, _INBOX.c.id).label("original")  # what a copy shown again is a copy of


def find_duplicate(
    connection: Connection, row: InboxRow, fingerprint_content: str, evidence: Evidence | None, now: datetime
) -> int | None:
    """The oldest row that holds the same mail with evidence at least as strong as `evidence`."""
    done = _INBOX.c.state == InboxState.DONE
    same = and_(_INBOX.c.raw_hash == row.raw_hash, done)
    if fingerprint_content:
        # By our clock, or by the arrival: after an outage a copy is read long after its original, and came with it.
        together = _INBOX.c.internal_date >= row.internal_date - LATELY
        lately = and_(or_(_INBOX.c.received_at >= now - LATELY, together), done)
        once_more = and_(is_same_arrival(row), _INBOX.c.id < row.id)
        same = or_(same, and_(_INBOX.c.fingerprint_content == fingerprint_content, or_(lately, once_more)))
    candidates = select(ORIGINAL, _INBOX.c.evidence).where(same, _INBOX.c.id != row.id).order_by(_INBOX.c.id).limit(100)
    for found in connection.execute(candidates):
        if not is_weaker(evidence_from_json(found.evidence), evidence):
            return int(found.original)
    return None


def is_weaker(one: Evidence | None, other: Evidence | None) -> bool:
    """Whether `one` shows less than `other` in any respect."""
    mine, theirs = _strength(one), _strength(other)
    return any(low < high for low, high in zip(mine, theirs, strict=True))


def _strength(evidence: Evidence | None) -> tuple[int, ...]:
    if evidence is None:
        return (0, 0, 0)
    return (_SENDER_RANK[evidence.sender], int(evidence.token is TokenState.OK), int(evidence.plain_from))


def is_same_arrival(row: InboxRow) -> ColumnElement[bool]:
    """Whether a row came to this account at the same moment, under the numbers of another time or folder (archive)."""
    return and_(
        _INBOX.c.account == row.account,
        or_(_INBOX.c.folder != row.folder, _INBOX.c.uidvalidity != row.uidvalidity),
        _INBOX.c.internal_date.between(row.internal_date - SAME_ARRIVAL, row.internal_date + SAME_ARRIVAL),
    )
