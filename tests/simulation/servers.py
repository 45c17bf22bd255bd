"""The mail servers of a simulation: the fakes of the other tests, with weather before, in and after each call."""

from __future__ import annotations

import asyncio
import email
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator

from mailbot.daemon.parsing import InProcessParser, Parsed
from mailbot.mail.model import Recognition
from mailbot.transport.mailbox import Fetched, MailboxUnavailable
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent, check_addresses
from tests.fakes.transport import MemoryMailbox, MemoryPostman, lost_after_dot, refused
from tests.simulation.weather import Weather

POISON = b"X-Simulated-Poison: "


class StormyMailbox(MemoryMailbox):
    """A folder whose server may move what is marked (`moves`), or only label it."""

    def __init__(self, weather: Weather) -> None:
        super().__init__("support")
        self.weather = weather
        self.moves = weather.happens(0.5)
        self.marked_away: list[bytes] = []
        self.stall: Callable[[], None] | None = None  # with mail in hand: another daemon takes over

    def fetch(self, uids: Iterable[int], limit_bytes: int) -> Iterator[Fetched]:
        for fetched in super().fetch(uids, limit_bytes):
            if self.stall is not None:
                self.stall()
            yield fetched

    def standing(self) -> set[tuple[int, int]]:
        """(UIDVALIDITY, UID) of everything in the folder."""
        return {(self.uid_validity, uid) for uid in self.messages}

    def mark_stored(self, uids: Iterable[int]) -> None:
        self._fail("before mark_stored")
        for uid in sorted(set(uids)):
            if uid in self.messages:
                self._mark(uid)
            self._fail("in mark_stored")
        self._fail("after mark_stored")

    def _mark(self, uid: int) -> None:
        if self.moves:
            self.marked_away.append(self.messages.pop(uid)[0])
        elif uid not in self.stored:
            self.stored.append(uid)

    def renumber(self, uid_validity: int) -> None:
        super().renumber(uid_validity)
        self.stored.clear()
        self._view = []

    def _fail(self, point: str) -> None:
        super()._fail(point)
        self.weather.step(f"mailbox {point}")
        if self.weather.happens(self.weather.climate):
            temporary = not self.weather.happens(0.05)
            self.weather.struck(f"mailbox {point}, {'temporary' if temporary else 'for a person'}")
            raise MailboxUnavailable("connection lost", temporary=temporary)


class Rival:
    """A second daemon that delivers the same mail, and stands within DATA while the first one wakes up."""

    def __init__(self, message_id: str, delivering: Coroutine[None, None, int]) -> None:
        self._message_id = message_id
        self._in_data, self._go_on = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(delivering)

    async def reaches_data(self) -> None:
        """The rival stands within DATA, or has nothing more to do."""
        waiting = asyncio.create_task(self._in_data.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def pauses(self, message_id: str) -> None:
        """The rival alone stands still, and in this mail."""
        if message_id == self._message_id and asyncio.current_task() is self._task:
            self._in_data.set()
            await self._go_on.wait()

    async def goes_on(self) -> None:
        self._go_on.set()
        await self._task


class StormyPostman(MemoryPostman):
    """Fails in each phase, with and without having taken the mail. `accepted` counts what was taken, by Message-ID.

    `doubtful` counts the windows of doubt: somebody took the mail, and a fault kept the desk from knowing it.
    """

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self.weather = weather
        self.accepted: dict[str, list[bytes]] = defaultdict(list)
        self.doubtful: Counter[str] = Counter()
        self.order: list[str] = []  # Message-IDs of `sent`
        self.stall: Callable[[str], Awaitable[Rival]] | None = None  # before DATA: another daemon takes over
        self._rival: Rival | None = None
        self._unrecorded: list[tuple[str, int]] = []

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        check_addresses(envelope)
        message_id = message_id_of(envelope.raw)
        self.weather.step("postman before")
        failure, taken = self._outcome()
        if isinstance(failure, DeliveryFailed) and failure.phase in (Phase.CONNECT, Phase.MAIL, Phase.RCPT):
            raise failure
        if reply := self.refusals.get(envelope.rcpt_to):
            raise refused(reply)
        rival = await self._overtaken(message_id)
        try:
            before_data()
            return await self._data(envelope, message_id, failure, taken)
        finally:
            if rival is not None:
                self._rival = None
                await rival.goes_on()

    async def _overtaken(self, message_id: str) -> Rival | None:
        """Stand still while another daemon takes the mail over, if that was planned."""
        stall, self.stall = self.stall, None
        if stall is None:
            return None
        rival = self._rival = await stall(message_id)
        await rival.reaches_data()
        return rival

    async def _data(self, envelope: Envelope, message_id: str, failure: Exception | None, taken: bool) -> Sent:
        if self._rival is not None:
            await self._rival.pauses(message_id)
        self.weather.step("postman in data")
        if failure is None or taken:
            self.sent.append(envelope)
            self.order.append(message_id)
            self.accepted[message_id].append(envelope.raw)
            self._unrecorded.append((message_id, self.weather.faults))
            self.weather.trace.note(f"> {message_id} to {envelope.rcpt_to}")
        if failure is not None:
            self.weather.struck(f"postman {type(failure).__name__} in data, {'taken' if taken else 'not taken'}")
            raise failure
        self.weather.step("postman after the dot")
        return Sent(f"2.0.0 Ok: queued as M{len(self.sent):05}")

    def settle_doubts(self) -> None:
        """After each turn of a delivery, and after a crash: were there faults while the outcome was in the air?"""
        for message_id, faults in self._unrecorded:
            if self.weather.faults > faults:
                self.doubtful[message_id] += 1
        self._unrecorded.clear()

    def _outcome(self) -> tuple[Exception | None, bool]:
        if not self.weather.happens(self.weather.climate * 2):
            return None, False
        failure, taken = self.weather.pick(_OUTCOMES)()
        if isinstance(failure, DeliveryFailed) and failure.phase is not Phase.DATA:
            self.weather.struck(f"postman {failure.phase} {failure.reason}")
        return failure, taken


_OUTCOMES: tuple[Callable[[], tuple[Exception, bool]], ...] = (
    lambda: (DeliveryFailed("no route", permanent=False, phase=Phase.CONNECT), False),
    lambda: (DeliveryFailed("535 5.7.8 wrong password", permanent=True, phase=Phase.CONNECT), False),
    lambda: (refused("451 4.7.1 greylisted"), False),
    lambda: (refused("421 4.3.2 shutting down", Phase.MAIL), False),
    lambda: (refused("550 5.1.1 User unknown"), False),
    lambda: (refused("552 5.3.4 too big", Phase.MAIL), False),
    lambda: (refused("451 4.3.0 try again", Phase.DATA), False),
    lambda: (refused("554 5.7.1 no", Phase.DATA), False),
    lambda: (lost_after_dot(), False),
    lambda: (lost_after_dot(), True),
    lambda: (RuntimeError("broken library"), False),
    lambda: (RuntimeError("broken library"), True),
)


class StormyParser(InProcessParser):
    """Mails that the simulation marks as poison cannot be read, or kill their reader, so many times."""

    def __init__(self, weather: Weather) -> None:
        self.weather = weather
        self.stall: Callable[[], None] | None = None

    def parse(self, raw: bytes, recognition: Recognition) -> Parsed:
        self.weather.step("parser before")
        if self.stall is not None:
            self.stall()
        if POISON in raw:
            self.weather.trace.note("! poison")
            return Parsed(None, "parser died (-9)")
        return super().parse(raw, recognition)


def message_id_of(raw: bytes) -> str:
    """As the outbox row names it."""
    return str(email.message_from_bytes(raw)["Message-ID"]).strip().strip("<>")
