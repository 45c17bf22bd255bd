"""A mailbox and a postman in memory, with a way to fail before and after each step.

They pass the same contract suites as IMAP, Maildir and SMTP (tests/transport), so a test of the daemon that uses them
says something about the real ones.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from mailbot.transport.mailbox import Fetched, MailboxUnavailable, MessageRef, excerpt_raw
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent, check_addresses

SOME_DAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class MemoryMailbox:
    """A folder in memory. `put` brings mail, `stored` shows what was marked, `fail_next` breaks a step."""

    def __init__(self, account: str = "support", folder: str = "INBOX", uid_validity: int = 1) -> None:
        self.account = account
        self.folder = folder
        self.uid_validity = uid_validity
        self.messages: dict[int, tuple[bytes, datetime]] = {}
        self.stored: list[int] = []
        self.opened = 0
        self._following = 1
        self._view: list[int] = []
        self._news = threading.Condition()
        self._failures: dict[str, list[BaseException]] = {}

    def put(self, raw: bytes, internal_date: datetime = SOME_DAY) -> int:
        """A mail arrives; returns its UID."""
        with self._news:
            uid, self._following = self._following, self._following + 1
            self.messages[uid] = (raw, internal_date)
            self._news.notify_all()
        return uid

    def remove(self, uid: int) -> None:
        """Somebody deletes or moves a mail."""
        self.messages.pop(uid, None)

    def renumber(self, uid_validity: int) -> None:
        """The server loses its index: new UIDVALIDITY, UIDs from 1."""
        self.uid_validity = uid_validity
        self.messages = dict(enumerate(self.messages.values(), start=1))
        self._following = len(self.messages) + 1

    def fail_next(self, point: str, error: BaseException | None = None) -> None:
        """Break "before open", "after fetch", "before mark_stored" …; by default the connection is lost."""
        self._failures.setdefault(point, []).append(error or MailboxUnavailable("connection lost", temporary=True))

    def open(self) -> int:
        self._fail("before open")
        self.opened += 1
        self._view = sorted(self.messages)
        self._fail("after open")
        return self.uid_validity

    def uids(self, from_uid: int = 1) -> Sequence[MessageRef]:
        self._fail("before uids")
        present = [uid for uid in self._view if uid >= from_uid and uid in self.messages]
        return [MessageRef(uid, len(self.messages[uid][0]), self.messages[uid][1]) for uid in present]

    def fetch(self, uids: Iterable[int], limit_bytes: int) -> Iterator[Fetched]:
        self._fail("before fetch")
        for uid in sorted(set(uids)):
            if uid in self.messages:
                raw, internal_date = self.messages[uid]
                truncated = len(raw) > limit_bytes
                yield Fetched(uid, excerpt_raw(raw) if truncated else raw, internal_date, len(raw), truncated)
                self._fail("after fetch")

    def mark_stored(self, uids: Iterable[int]) -> None:
        self._fail("before mark_stored")
        self.stored.extend(uid for uid in sorted(set(uids)) if uid in self.messages and uid not in self.stored)
        self._fail("after mark_stored")

    def wait(self, timeout_seconds: float, stop: threading.Event) -> None:
        self._fail("before wait")
        with self._news:
            slices = max(1, round(timeout_seconds / 0.05))
            for _ in range(slices):
                if stop.is_set() or self._has_news() or self._news.wait(timeout_seconds / slices):
                    return

    def close(self) -> None:
        pass

    def _has_news(self) -> bool:
        return any(uid not in self._view for uid in self.messages)

    def _fail(self, point: str) -> None:
        if self._failures.get(point):
            raise self._failures[point].pop(0)


class MemoryPostman:
    """Takes mail into `sent`; `refusals` answers addresses as a server would, `fail_next` breaks the next delivery."""

    def __init__(self) -> None:
        self.sent: list[Envelope] = []
        self.refusals: dict[str, str] = {}
        self.closed = 0
        self._failures: list[tuple[BaseException, bool]] = []

    def fail_next(self, failure: BaseException, accepted: bool = False) -> None:
        """Break the next delivery.

        A DeliveryFailed breaks it in its phase (up to RCPT: before the caller is asked back). With `accepted` the
        server has taken the mail all the same, as when the connection dies after the dot.
        """
        self._failures.append((failure, accepted))

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        check_addresses(envelope)
        failure, accepted = self._failures.pop(0) if self._failures else (None, False)
        phase = failure.phase if isinstance(failure, DeliveryFailed) else Phase.DATA
        if failure is not None and phase in (Phase.CONNECT, Phase.MAIL, Phase.RCPT):
            raise failure
        if reply := self.refusals.get(envelope.rcpt_to):
            code = int(reply[:3])
            raise DeliveryFailed(reply, permanent=code >= 500, phase=Phase.RCPT, code=code)
        before_data()
        if failure is None or accepted:
            self.sent.append(envelope)
        if failure is not None:
            raise failure
        return Sent(f"2.0.0 Ok: queued as M{len(self.sent):05}")

    async def close(self) -> None:
        self.closed += 1


def lost_after_dot() -> DeliveryFailed:
    """What the postman raises when the connection dies between the final dot and its reply."""
    return DeliveryFailed("connection lost", permanent=False, phase=Phase.DATA, unknown=True)


def refused(reply: str, phase: Phase = Phase.RCPT) -> DeliveryFailed:
    """What the postman raises when the server answers with that reply, such as `550 5.1.1 User unknown`."""
    code = int(reply[:3])
    return DeliveryFailed(reply, permanent=code >= 500, phase=phase, code=code)
