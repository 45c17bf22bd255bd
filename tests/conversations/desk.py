"""The desk of a story: the real loops of the daemon on one thread, over a database, a mailbox and a postman in memory.

thread = requester.writes("VPN is down", "The tunnel closes at once.")
specialist.gets("hand_over")
specialist.replies("#resolve\\nPlease try again.")
requester.gets("request_to_confirm")
clock.passes(hours=72)
assert thread.state is State.CLOSED
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbot.app import adapt
from mailbot.config.keys import new_keys
from mailbot.config.load import load
from mailbot.daemon.deadlines import Deadlines
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.intake import Intake
from mailbot.daemon.parsing import InProcessParser
from mailbot.daemon.parts import EVERYTHING, Parts, Settings, Snapshot, Watched
from mailbot.daemon.processing import Processing
from mailbot.desk.policy import Group, Policy
from mailbot.desk.ticket import AttachmentRef, Entry, Ticket
from mailbot.mail.model import ascii_fold
from mailbot.store.database import Database
from mailbot.store.rows import DeadlineLine, InboxLine, OutboxLine
from mailbot.store.states import DeadlineState
from mailbot.store.verify import verify
from tests.conversations.clock import StoryClock
from tests.conversations.letters import Letter, opened
from tests.fakes.transport import MemoryMailbox, MemoryPostman


def _without(group: Group, member: str) -> Group:
    lead = None if group.lead == member else group.lead
    return replace(group, members=tuple(one for one in group.members if one != member), lead=lead)


HOUSE = Path(__file__).parent / "house"
WORDS = Path(__file__).parents[2] / "config"
MANY_TURNS = 60


@cache
def snapshot_of_house() -> Snapshot:
    """The configuration of the stories, with the word lists that travel with mailbot."""
    with TemporaryDirectory() as folder:
        config = Path(folder) / "config"
        shutil.copytree(HOUSE, config)
        for words in WORDS.glob("words.*.toml"):
            shutil.copy(words, config)
        new_keys(config)
        return adapt(load(config))


class Desk:
    """Everything that a story may look at; `policy` changes what admins decided, for one story."""

    def __init__(self, policy: Callable[[Policy], Policy] = lambda policy: policy) -> None:
        snapshot = snapshot_of_house()
        self.snapshot = replace(snapshot, policy=policy(snapshot.policy))
        self.clock = StoryClock()
        self.database = Database.open("sqlite:///:memory:")
        self.database.upgrade()
        self.mailbox = MemoryMailbox("support")
        self.postman = MemoryPostman()
        self.settings = Settings(lambda: self.snapshot)
        self.parts = Parts(
            database=self.database,
            settings=self.settings,
            parser=InProcessParser(),
            postman=lambda: self.postman,
            mailboxes=(Watched(self.mailbox, EVERYTHING),),
            clock=self.clock.now,
            monotonic=self.clock.monotonic,
            chance=lambda: 0.5,
        )
        self.start()
        self.post: dict[str, list[Letter]] = defaultdict(list)  # what lies in each person's own inbox
        self._seen = 0
        self._written = 0

    def start(self) -> None:
        """New loops over the same database: what a restart does."""
        self.intake = Intake(self.parts, self.parts.mailboxes[0])
        self.processing = Processing(self.parts)
        self.deadlines = Deadlines(self.parts)
        self.delivery = Delivery(self.parts)

    def close(self) -> None:
        self.delivery.close()
        self.database.close()

    def decides(self, change: Callable[[Policy], Policy]) -> None:
        """The admins change their minds in the middle of a story: what a reload does."""
        self.snapshot = replace(self.snapshot, policy=change(self.snapshot.policy))
        self.settings.reload()

    def loses(self, member: str) -> None:
        """Somebody leaves the company, and every group."""
        self.decides(
            lambda policy: replace(policy, groups={name: _without(g, member) for name, g in policy.groups.items()})
        )

    # ---------------------------------------------------------------- what happens

    def next_number(self) -> int:
        """Numbers the mails of a story."""
        self._written += 1
        return self._written

    def receives(self, raw: bytes, at: datetime | None = None) -> None:
        """A mail arrives in the support mailbox, and the desk does all it can do at this moment."""
        self.mailbox.put(raw, at or self.clock.now())
        self.settle()

    def settle(self) -> None:
        """Turn after turn, until no loop has anything left to do; then everybody's post is brought."""
        for _ in range(MANY_TURNS):
            now = self.clock.now()
            if not (
                self.intake.turn(now) + self.processing.turn(now) + self.deadlines.turn(now) + self.delivery.turn(now)
            ):
                break
        else:
            raise AssertionError("the desk does not come to rest")
        self._bring_post()

    def passes(self, gap: timedelta) -> None:
        """Time passes, from one thing that is due to the next."""
        end = self.clock.now() + gap
        while (moment := self._next_due()) is not None and moment <= end:
            self.clock.set(moment)
            self.settle()
        self.clock.set(end)
        self.settle()

    def _next_due(self) -> datetime | None:
        with self.database.read() as work:
            due = (work.deadlines.next_due_at(), work.outbox.next_ready_at())
        later = [moment for moment in due if moment is not None and moment > self.clock.now()]
        return min(later, default=None)

    def _bring_post(self) -> None:
        """Lists send each post on to their members."""
        kinds = {line.message_id: line.kind for line in self.mails_out()}
        for envelope in self.postman.sent[self._seen :]:
            letter = opened("", envelope)
            letter = replace(letter, kind=kinds.get(letter.message_id.strip("<>"), ""))
            for address in self._recipients(envelope.rcpt_to):
                self.post[address].append(letter)
        self._seen = len(self.postman.sent)

    def _recipients(self, address: str) -> Sequence[str]:
        for group in self.snapshot.policy.groups.values():
            if group.list_address and ascii_fold(address) == group.list_address:
                return group.members
        return (ascii_fold(address),)

    # ---------------------------------------------------------------- what stands in the database

    def tickets(self) -> list[Ticket]:
        """Newest first."""
        with self.database.read() as work:
            return work.tickets.find()

    def ticket(self, number: int) -> Ticket:
        with self.database.read() as work:
            found = work.tickets.get(number)
        assert found is not None, f"there is no ticket {number}"
        return found

    def entries(self, number: int) -> tuple[Entry, ...]:
        with self.database.read() as work:
            return work.tickets.entries(number)

    def content_of(self, ref: AttachmentRef) -> bytes | None:
        """What is kept of an attachment."""
        with self.database.read() as work:
            return work.tickets.attachment_content(ref.content_hash)

    def mails_in(self) -> list[InboxLine]:
        """Newest first."""
        with self.database.read() as work:
            return work.inbox.lines()

    def mails_out(self, ticket: int | None = None) -> list[OutboxLine]:
        """Newest first."""
        with self.database.read() as work:
            return work.outbox.lines(ticket=ticket)

    def clocks(self, ticket: int) -> list[DeadlineLine]:
        """The deadlines that are still to come."""
        with self.database.read() as work:
            return work.deadlines.lines(ticket=ticket, states=(DeadlineState.PENDING,))

    def breaches(self) -> list[str]:
        """What `mailbot verify` would complain about."""
        with self.database.read() as work:
            return [f"{found.invariant} {found.where}: {found.what}" for found in verify(work)]
