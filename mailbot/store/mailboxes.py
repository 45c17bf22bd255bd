"""The watched folders: when mailbot saw each first, and whether its server renumbered it (RFC 9051 section 2.3.1.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from mailbot.store import tables
from mailbot.store.audit import Audit
from mailbot.store.rows import MailboxRecord
from mailbot.store.values import as_value, insert_new

_MAILBOXES = tables.mailboxes


class Mailboxes:
    """The watched folders inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def register(self, account: str, folder: str, uidvalidity: int, now: datetime) -> MailboxRecord:
        """The record of a watched folder, made at its first start; `renumbered` when UIDVALIDITY has just changed."""
        this = (_MAILBOXES.c.account == account) & (_MAILBOXES.c.folder == folder)
        row = {"account": account, "folder": folder, "uidvalidity": uidvalidity, "first_start": now}
        if insert_new(self._connection, _MAILBOXES, row, returning="account"):
            return MailboxRecord(account, folder, uidvalidity, now, renumbered=False)
        found = self._connection.execute(select(_MAILBOXES).where(this).with_for_update()).mappings().one()
        if found["uidvalidity"] == uidvalidity:
            return _record(found, renumbered=False)
        self._connection.execute(update(_MAILBOXES).where(this).values(uidvalidity=uidvalidity, renumbered_at=now))
        return _record(dict(found) | {"uidvalidity": uidvalidity}, renumbered=True)

    def accept_backlog(self, account: str, by: str, now: datetime) -> None:
        """An admin lets old mail of this account open tickets, audited."""
        accepted = update(_MAILBOXES).where(_MAILBOXES.c.account == account).values(backlog_accepted_at=now)
        self._connection.execute(accepted)
        Audit(self._connection).note(by, "accept-backlog", account, now)

    def all(self) -> tuple[MailboxRecord, ...]:
        """Every folder that was ever watched."""
        found = select(_MAILBOXES).order_by(_MAILBOXES.c.account, _MAILBOXES.c.folder)
        return tuple(_record(row, renumbered=False) for row in self._connection.execute(found).mappings())


def _record(row: RowMapping | dict[str, Any], *, renumbered: bool) -> MailboxRecord:
    return as_value(MailboxRecord, row, renumbered=renumbered)
