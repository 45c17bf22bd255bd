"""A mail that proves that another one arrived (store/proofs.py): whoever answers it, or reports on it, has got it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailbot.daemon.carrying_out import due_at
from mailbot.daemon.knowing import Known
from mailbot.daemon.log import log
from mailbot.daemon.parts import Snapshot
from mailbot.mail.model import MailClass
from mailbot.mail.tokens import read_serial
from mailbot.store.unit_of_work import Work


def take_as_proof(work: Work, snapshot: Snapshot, known: Known, now: datetime) -> None:
    """The mails of ours that this mail shows to have arrived are no longer in doubt."""
    for outbox_id in dict.fromkeys(_shown_by(known, snapshot)):
        if not work.proofs.in_doubt(outbox_id):
            continue
        row = work.outbox.row(outbox_id)
        due = due_at(row.arms, now, snapshot.policy) if row is not None and row.arms is not None else None
        proof = f"inbox {known.situation.inbox_id} ({known.mail.class_})"
        if work.proofs.arrived(outbox_id, proof, now, due):
            log("proved_sent", outbox=outbox_id, inbox=known.situation.inbox_id, how=known.mail.class_.value)


def _shown_by(known: Known, snapshot: Snapshot) -> Iterator[int]:
    """Rows of a bounce address, of a Message-ID that is reported on or answered, and of our own post that came back."""
    mail = known.mail
    if known.clues.outbox_id is not None:
        yield known.clues.outbox_id
    named = (*mail.in_reply_to, *((mail.message_id,) if mail.class_ is MailClass.OWN else ()))
    for message_id in named:
        if (serial := read_serial(message_id, snapshot.keyring)) is not None:
            yield serial
