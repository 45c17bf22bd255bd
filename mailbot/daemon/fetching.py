"""Messages in batches that one short transaction can take; a message that the server cannot give holds up no other.

Servers have messages at which they refuse, or hang up (a damaged index, a message that their own code chokes on). What
was read before such a one is handed on. After a failure messages are asked for one by one, and those at which it broke
come last: so the next turn takes in all the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbot.daemon.log import warn
from mailbot.daemon.parts import Parts, Pulse
from mailbot.transport.mailbox import Fetched, Mailbox, MailboxUnavailable

BATCH_MAILS = 50
BATCH_BYTES = 16 * 1024**2
LONGEST_MAIL_SECONDS = 900.0  # 25 MB over a line that the transport still finds worth waiting for


class Fetching:
    """Fetches for one mailbox, and remembers where it broke."""

    def __init__(self, parts: Parts, pulse: Pulse) -> None:
        self._parts = parts
        self._pulse = pulse
        self._is_careful = False
        self._suspects: dict[int, int] = {}  # by UID, how often the connection or the server failed at it

    def forget(self) -> None:
        """UIDs mean other messages now."""
        self._suspects.clear()

    def batches(self, mailbox: Mailbox, uids: Sequence[int]) -> Iterator[list[Fetched]]:
        """What can be fetched, in the end MailboxUnavailable if that was not all."""
        batch: list[Fetched] = []
        size_bytes = 0
        try:
            for fetched in self._one_by_one(mailbox, uids) if self._is_careful else self._at_once(mailbox, uids):
                self._pulse.beat(LONGEST_MAIL_SECONDS)
                batch.append(fetched)
                size_bytes += len(fetched.raw)
                if len(batch) >= BATCH_MAILS or size_bytes >= BATCH_BYTES:
                    yield batch
                    batch, size_bytes = [], 0
        except MailboxUnavailable:
            if batch:
                yield batch
            raise
        if batch:
            yield batch

    def _at_once(self, mailbox: Mailbox, uids: Sequence[int]) -> Iterator[Fetched]:
        self._is_careful = True
        yield from mailbox.fetch(uids, self._limit_bytes)
        self._is_careful = False

    def _one_by_one(self, mailbox: Mailbox, uids: Sequence[int]) -> Iterator[Fetched]:
        for uid in sorted(uids, key=lambda uid: (self._suspects.get(uid, 0), uid)):
            self._suspects[uid] = self._suspects.get(uid, 0) + 1
            try:
                yield from mailbox.fetch([uid], self._limit_bytes)
            except MailboxUnavailable:
                warn("not_given", account=mailbox.account, uid=uid, times=self._suspects[uid])
                raise
            del self._suspects[uid]
        self._is_careful = False

    @property
    def _limit_bytes(self) -> int:
        return self._parts.snapshot.policy.limits.message_bytes
