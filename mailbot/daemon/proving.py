"""A mail that proves that another one arrived (store/proofs.py): whoever answers it, or reports on it, has got it.

To know a Message-ID is not enough: our own later mails name the ids of earlier ones of their side in In-Reply-To and
References, whether those arrived or not. So an own mail that comes back proves itself alone, and References prove
nothing. The one In-Reply-To of anybody else is sound (RFC 5322, 3.6.4): a mail program puts there the Message-ID of
the very mail that is answered, which it must have, and the ids that this mail quotes go to References.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mailbot.daemon.carrying_out import due_at
from mailbot.daemon.knowing import Known
from mailbot.daemon.log import log
from mailbot.daemon.parts import Snapshot
from mailbot.mail.carriers import find_bounce
from mailbot.mail.model import Mail, MailClass
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
    """Rows of a bounce address, of the one mail that is answered or reported on, or of our own post that came back."""
    mail, keyring = known.mail, snapshot.keyring
    own = read_serial(mail.message_id, keyring)
    if own is not None or mail.class_ is MailClass.OWN:  # a list may have taken our marks off
        named: tuple[str, ...] = (mail.message_id,)
    else:
        bounced = find_bounce(mail, snapshot.policy.identity.addresses, keyring)
        if bounced is not None:
            yield bounced
        named = _answered(mail)
    for message_id in named:
        if (serial := read_serial(message_id, keyring)) is not None:
            yield serial


def _answered(mail: Mail) -> tuple[str, ...]:
    """The mail that is answered, and the one that is reported on unless only the thread names it."""
    answered = mail.in_reply_to if len(mail.in_reply_to) == 1 else ()
    original = mail.original_message_id
    is_guess = original in (*mail.in_reply_to, *mail.references)
    return answered if is_guess or not original else (*answered, original)
