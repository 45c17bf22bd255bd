"""What a daemon does before its loops: it says which configuration it works with, and tells what a restore parked."""

from __future__ import annotations

from mailbot.daemon.carrying_out import mail_undelivered
from mailbot.daemon.health import forget_other_parts, tell_configuration
from mailbot.daemon.log import warn
from mailbot.daemon.parts import Parts
from mailbot.store.restores import PERHAPS_SENT


def begin(parts: Parts) -> None:
    """Before the first turn of any loop."""
    remember_config(parts)
    tell_configuration(parts)  # first: what a daemon before this one has told admins need not be told again
    forget_other_parts(parts)
    _tell_of_restore(parts)


def remember_config(parts: Parts) -> None:
    """Keep the configuration of this day: decisions name it, `replay` reads it."""
    snapshot = parts.snapshot
    with parts.database.write() as work:
        work.audit.config_snapshot(snapshot.hash, snapshot.files, parts.clock())


def _tell_of_restore(parts: Parts) -> None:
    """A mail that was parked at the restore is undelivered for whoever relied on it, so that no ticket waits for it."""
    with parts.database.read() as work:
        untold = work.restores.untold()
    for mail in untold:
        with parts.database.write() as work:
            if work.restores.told(mail.id):
                mail_undelivered(work, parts.snapshot, mail, PERHAPS_SENT, parts.clock())
    if untold:
        warn("parked_after_restore", mails=len(untold))
