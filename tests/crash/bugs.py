"""Bugs, each planted into the product as somebody might write it: a search that finds none of them proves nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update

from mailbot.daemon import carrying_out
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.intake import Intake
from mailbot.daemon.processing import Processing, Read
from mailbot.daemon.routes import Connection
from mailbot.store import tables
from mailbot.store.outbox import Outbox
from mailbot.store.rows import OutboxRow
from mailbot.store.states import OutboxState, Phase
from mailbot.store.unit_of_work import Work
from mailbot.transport.mailbox import Fetched
from mailbot.transport.postman import DeliveryFailed, Envelope, Sent
from mailbot.transport.postman import Phase as Said
from tests.crash.runs import Result
from tests.crash.troupe import listed, perform

MOST_RUNS = 400


def mark_before_commit() -> None:
    """The server moves a mail away that is not yet in the database."""
    store = Intake._store

    def early(self: Intake, folder: str, batch: Sequence[Fetched], validity: int, now: datetime) -> int:
        self._mailbox.mark_stored([mail.uid for mail in batch])
        return store(self, folder, batch, validity, now)

    Intake._store = early  # type: ignore[method-assign]  # this is the bug


def sent_before_delivery() -> None:
    """`sent` is committed first, because it is so much simpler."""

    async def hasty(self: Delivery, connection: Connection, row: OutboxRow) -> Sent | DeliveryFailed:
        with self._parts.database.write() as work:
            work.outbox.enter_data(row)
        self._sent(row, Sent("250 surely"), self._parts.clock())
        postman = self._postman(connection, row)
        try:
            return await postman.deliver(Envelope(row.mail_from, row.recipient, row.raw), lambda: None)
        except Exception:
            return DeliveryFailed("too late", permanent=False, phase=Said.RCPT)

    Delivery._hand_over = hasty  # type: ignore[method-assign]  # this is the bug


def two_transactions() -> None:
    """What a ticket becomes is committed before the mails are written that tell of it."""
    write, process = carrying_out._write, Processing.process
    waiting: list[tuple[Any, ...]] | None = None

    def later(work: Work, *what: Any) -> tuple[Any, ...]:
        if waiting is None:
            return write(work, *what)
        waiting.append(what)
        return ()

    def in_two_steps(self: Processing, reads: Sequence[Read], now: datetime) -> None:
        nonlocal waiting
        waiting = []
        process(self, reads, now)
        todo, waiting = waiting, None
        with self._parts.database.write() as work:
            for what in todo:
                write(work, *what)

    carrying_out._write = later  # type: ignore[assignment]  # this is the bug
    Processing.process = in_two_steps  # type: ignore[method-assign]  # this is the bug


def doubts_forgotten() -> None:
    """After a crash every mail that was on its way is ready again, as if DATA had not begun."""
    end_leases = Outbox.end_leases

    def careless(self: Outbox, holder: str | None = None) -> int:
        sending = tables.outbox.c.state == OutboxState.SENDING
        self._connection.execute(update(tables.outbox).where(sending).values(phase=Phase.CONNECT))
        return end_leases(self, holder)

    Outbox.end_leases = careless  # type: ignore[method-assign]  # this is the bug


BUGS: Mapping[str, Callable[[], None]] = {
    "mark on the server before the commit": mark_before_commit,
    "sent before it is delivered": sent_before_delivery,
    "ticket and outbox in two transactions": two_transactions,
    "a doubt is forgotten at the next start": doubts_forgotten,
}


def hunt(bug: str, workers: int) -> tuple[int, Result | None]:
    """How many runs it took to find it, in an order that a seed decides, and the first that did."""
    names = listed(("kill", "pair"), BUGS[bug])
    random.Random(bug).shuffle(names)
    played = 0
    results = perform(names[:MOST_RUNS], workers, BUGS[bug])
    try:
        for result in results:
            played += 1
            if result.breaches:
                return played, result
    finally:
        results.close()
    return played, None
