"""Messages in batches that one short transaction can take; a message that the server cannot give holds up no other.

Servers have messages at which they refuse, or hang up (a damaged index, a message that their own code chokes on). What
was read before such a one is handed on. After a failure messages are asked for one by one, and those at which it broke
come last: so the next turn takes in all the others. One at which it broke three times is left out, and everything goes
on without it: the hourly check tells the admins (`conserving.py`). One such message at a time is asked for again, after
five minutes (it may have been the line), then ever more rarely down to once an hour, and the others too as soon as the
server gives one; a restart begins anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailbot.daemon.log import warn
from mailbot.daemon.parts import Parts, Pulse
from mailbot.transport.mailbox import Fetched, Mailbox, MailboxUnavailable

BATCH_MAILS = 50
BATCH_BYTES = 16 * 1024**2
LEFT_OUT_AFTER = 3
TRIED_AGAIN_SECONDS = (300.0, 600.0, 1200.0, 2400.0, 3600.0)  # the last one again and again
LONGEST_MAIL_SECONDS = 900.0  # 25 MB over a line that the transport still finds worth waiting for


class Fetching:
    """Fetches for one mailbox, and remembers where it broke."""

    def __init__(self, parts: Parts, pulse: Pulse) -> None:
        self._parts = parts
        self._pulse = pulse
        self._is_careful = False
        self._suspects: dict[tuple[str, int, int], int] = {}  # by name, how often the connection or the server failed
        self._try_again_at = 0.0  # monotonic: when one that is left out is asked for

    def forget(self) -> None:
        """UIDs mean other messages now."""
        self._suspects.clear()

    def askable(self, mailbox: Mailbox, validity: int, uids: Sequence[int]) -> list[int]:
        """Those UIDs without the ones that are left out of this turn."""
        left_out = [uid for uid in uids if self._times(mailbox, validity, uid) >= LEFT_OUT_AFTER]
        if left_out and self._parts.monotonic() >= self._try_again_at:
            left_out.remove(min(left_out, key=lambda uid: self._times(mailbox, validity, uid)))
        return [uid for uid in uids if uid not in left_out]

    def batches(self, mailbox: Mailbox, validity: int, uids: Sequence[int]) -> Iterator[list[Fetched]]:
        """What can be fetched, in the end MailboxUnavailable if that was not all."""
        batch: list[Fetched] = []
        size_bytes = 0
        careful = self._is_careful or any(self._times(mailbox, validity, uid) for uid in uids)
        source = self._one_by_one(mailbox, validity, uids) if careful else self._at_once(mailbox, uids)
        try:
            for fetched in source:
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

    def _one_by_one(self, mailbox: Mailbox, validity: int, uids: Sequence[int]) -> Iterator[Fetched]:
        for uid in sorted(uids, key=lambda uid: (self._times(mailbox, validity, uid), uid)):
            try:
                found = list(mailbox.fetch([uid], self._limit_bytes))
            except Exception:
                self._suspect(mailbox, validity, uid)
                raise
            if self._suspects.pop((mailbox.folder, validity, uid), 0) >= LEFT_OUT_AFTER:
                self._try_again_at = 0.0
            yield from found
        self._is_careful = False

    def _suspect(self, mailbox: Mailbox, validity: int, uid: int) -> None:
        times = self._times(mailbox, validity, uid) + 1
        self._suspects[(mailbox.folder, validity, uid)] = times
        if times >= LEFT_OUT_AFTER:
            pause_seconds = TRIED_AGAIN_SECONDS[min(times - LEFT_OUT_AFTER, len(TRIED_AGAIN_SECONDS) - 1)]
            self._try_again_at = self._parts.monotonic() + pause_seconds
        warn("not_given", account=mailbox.account, uid=uid, times=times)

    def _times(self, mailbox: Mailbox, validity: int, uid: int) -> int:
        return self._suspects.get((mailbox.folder, validity, uid), 0)

    @property
    def _limit_bytes(self) -> int:
        return self._parts.snapshot.policy.limits.message_bytes
