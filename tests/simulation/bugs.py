"""Eight bugs, each planted into the product as somebody might write it: a simulation that finds none of them proves
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete

from mailbot.daemon import beginning, loops, supervise
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.intake import Intake
from mailbot.daemon.letters import Letters
from mailbot.daemon.parts import Parts
from mailbot.daemon.routes import Connection
from mailbot.desk import gate
from mailbot.desk.outgoing import Outgoing, PublicView
from mailbot.desk.ticket import Visibility
from mailbot.render.mails import Rendered
from mailbot.store import inbox, outbox, tables
from mailbot.store.rows import OutboxRow
from mailbot.transport.mailbox import Fetched
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent
from tests.simulation.run import simulate

Plant = Callable[[pytest.MonkeyPatch], None]


def mark_before_commit(patch: pytest.MonkeyPatch) -> None:
    """The server moves a mail away that is not yet in the database."""
    store = Intake._store

    def early(self: Intake, folder: str, batch: Sequence[Fetched], validity: int, now: datetime) -> int:
        self._mailbox.mark_stored([mail.uid for mail in batch])
        return store(self, folder, batch, validity, now)

    patch.setattr(Intake, "_store", early)


def no_duplicate_check(patch: pytest.MonkeyPatch) -> None:
    """Every copy is a mail of its own."""
    patch.setattr(inbox, "find_duplicate", lambda *_: None)


def answer_machines(patch: pytest.MonkeyPatch) -> None:
    """The gate asks neither who wrote nor what the header says."""
    patch.setattr(gate, "RULES", {code: _says_nothing if code in ("A1", "A8") else r for code, r in gate.RULES.items()})


def _says_nothing(_case: object) -> str:
    return ""


def sent_before_delivery(patch: pytest.MonkeyPatch) -> None:
    """`sent` is committed first, because it is so much simpler."""

    async def hasty(self: Delivery, connection: Connection, row: OutboxRow) -> Sent | DeliveryFailed:
        self._sent(row, Sent("250 surely"), self._parts.clock())
        postman = self._postman(connection, row)
        try:
            return await postman.deliver(Envelope(row.mail_from, row.recipient, row.raw), lambda: None)
        except Exception:
            return DeliveryFailed("too late", permanent=False, phase=Phase.RCPT)

    patch.setattr(Delivery, "_hand_over", hasty)


def forget_counters(patch: pytest.MonkeyPatch) -> None:
    """The windows of the gate are kept in memory: a start or a reload begins anew."""
    remember = beginning.remember_config

    def forgetful(parts: Parts) -> None:
        with parts.database.write() as work:
            work.connection.execute(delete(tables.gate_counters))
        remember(parts)

    for module in (beginning, supervise):
        patch.setattr(module, "remember_config", forgetful)


def note_in_public(patch: pytest.MonkeyPatch) -> None:
    """What the requester reads is made of all entries, and nobody looks once more."""
    render = Letters._render

    def leaky(self: Letters, outgoing: Outgoing, outbox_id: int) -> Rendered:
        if isinstance(outgoing.view, PublicView) and outgoing.ticket is not None:
            entries = self.work.tickets.entries(outgoing.ticket)
            notes = [entry.text for entry in entries if entry.visibility is Visibility.INTERNAL]
            words = "\n\n".join([outgoing.view.words, *notes]).strip()
            outgoing = replace(outgoing, view=replace(outgoing.view, words=words))
        return render(self, outgoing, outbox_id)

    patch.setattr(Letters, "_render", leaky)
    patch.setattr(Letters, "_check", lambda *_: ())


def lose_wake_ups(patch: pytest.MonkeyPatch) -> None:
    """A loop waits until somebody wakes it, and never looks by itself."""

    def sleepy(wake: Any, timeout_seconds: float) -> None:
        wake.wait()
        wake.clear()

    patch.setattr(loops, "_wait", sleepy)


def accept_stale_leases(patch: pytest.MonkeyPatch) -> None:
    """Whoever claimed a mail once may go on with it for ever."""
    patch.setattr(outbox, "_mine", lambda row: tables.outbox.c.id == row.id)


BUGS: Mapping[str, Plant] = {
    "mark on the server before the commit": mark_before_commit,
    "no duplicate check": no_duplicate_check,
    "machines are answered": answer_machines,
    "sent before it is delivered": sent_before_delivery,
    "counters are reset by a reload or a crash": forget_counters,
    "notes in the public view": note_in_public,
    "lost wake-up": lose_wake_ups,
    "stale leases are accepted": accept_stale_leases,
}


def hunt(bug: str, seed: int, steps: int) -> list[str]:
    """What the oracle says of that seed when the bug is in the product."""
    with pytest.MonkeyPatch.context() as patch:
        BUGS[bug](patch)
        return simulate(seed, steps).breaches
