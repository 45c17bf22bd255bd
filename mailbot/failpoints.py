"""Named moments at which a crash would be most telling (`K01` to `K25`), no-ops in production.

The code says `reach(Failpoint.STORED)` where such a moment is; nothing happens unless a test has planted something
there with `plant`. Tests kill the process at each of them and look whether the promises hold (README, "Promises").
A name may be reached at several places: they are the same moment of different transports.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Failpoint(StrEnum):
    """The moments, in the order of a mail's way."""

    CONNECTED = "K01"  # to the mailbox, nothing selected yet
    OPENED = "K02"  # the folder is selected, its UIDVALIDITY compared
    FETCHED = "K03"  # the bytes are in memory
    STORING = "K04"  # inside of the transaction that stores them
    STORED = "K05"  # committed, the server does not show it yet
    MARKED = "K06"  # on the server: flag or MOVE, or a COPY without its expunge
    CLAIMED = "K07"  # the attempt is committed, nothing parsed
    PARSING = "K08"  # in the parser child
    PARSED = "K09"  # before the one transaction of all that the mail causes
    TICKET_WRITTEN = "K10"  # in it, after the ticket, before the outbox
    CARRIED_OUT = "K11"  # before its commit
    DECIDED = "K12"  # after its commit
    CLAIMED_TO_SEND = "K13"  # the row is `sending`, nobody is connected
    SMTP_CONNECTED = "K14"  # connected, encrypted, logged in
    RECIPIENT_TAKEN = "K15"  # MAIL and RCPT are answered
    IN_DATA = "K16"  # a part of the message is with the server
    DOT_SENT = "K17"  # the final dot is, its answer is not here
    ACCEPTED = "K18"  # 250, and only we know
    SENT_WRITTEN = "K19"  # before the commit of `sent`
    SENT = "K20"  # after it
    DEADLINE_FOUND = "K21"  # it is due, nothing has happened yet
    DEADLINE_FIRED = "K22"  # inside of the transaction of its effects
    RELOADING = "K23"  # the new configuration is read, the old one still counts
    MIGRATING = "K24"  # after each step of a migration
    STOPPING = "K25"  # the loops are told to end


_planted: Callable[[Failpoint], None] | None = None


def reach(point: Failpoint) -> None:
    """The code is at this moment."""
    if _planted is not None:
        _planted(point)


def plant(what: Callable[[Failpoint], None] | None) -> None:
    """Tests: call this at every moment that is reached (None: nothing, as in production)."""
    global _planted  # noqa: PLW0603  # one process, one switch: it is set before anything runs
    _planted = what
