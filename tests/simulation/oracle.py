"""What must hold: `mailbot verify`, and the promises I1-I8 said once more against the truth of who wrote what.

`find` may be asked at any instant (after a crash, say); `find_at_rest` as well demands that everything has come to
its end, and is asked when the world has been kind for long enough.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from mailbot.desk.outgoing import MailClass
from mailbot.desk.ticket import Side
from mailbot.store.states import InboxState, OutboxState
from mailbot.transport.mailbox import excerpt_raw
from tests.conversations.invariants import find_breaches, holds_foreign_token, readable
from tests.simulation.journal import is_legal
from tests.simulation.world import World, Writing

HUMAN_WORDS = ("words", "note", "command")
NOT_LEFT = (OutboxState.CANCELLED, OutboxState.STOPPED)
EXCUSED = {"poison": ("set_aside", "discarded"), "giant": ("set_aside", "discarded")}
WAITS = (InboxState.HELD, InboxState.SET_ASIDE, InboxState.DISCARDED)


class Oracle:
    """Reads the database beside the product, and compares it with what really happened."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._judged_moves = 0
        self._judged_mails = 0

    def find(self) -> list[str]:
        """Breaches of what holds at any instant."""
        self._look()
        checks = (
            self._rows,
            self._effects,
            self._delivered,
            self._wall,
            self._answers,
            self._chains,
            self._limits,
            self._moves,
        )
        found = [one for check in (*checks, self._strangers) for one in check()]
        return [*self.world.breaches(), *found]

    def find_at_rest(self) -> list[str]:
        """Everything, once the desk has had all the time it needs."""
        found = self.find()
        checks = (self._complete, self._requests, self._arrived, self._clocks)
        return [*found, *find_breaches(self.world), *(one for check in checks for one in check())]

    def _look(self) -> None:
        """The rows, and which of them are of which writing."""
        query = self.world.query
        self._inbox = query(
            "SELECT id, uidvalidity, uid, raw_hash, state, reason, ticket, released_by, done_at FROM inbox ORDER BY id"
        )
        self._outbox = query(
            "SELECT id, ticket, inbox_id, kind, class, side, recipient, message_id, state, created_at, sent_at, "
            "not_before FROM outbox ORDER BY id"
        )
        self._entries = query("SELECT id, ticket, side, what, inbox_id FROM entries ORDER BY id")
        self._of_hash: dict[str, Writing] = {}
        for writing in self.world.writings:
            for raw in writing.raws:
                for kept in (raw, excerpt_raw(raw)):
                    self._of_hash[sha256(kept).hexdigest()] = writing
        self._rows_of: dict[int, list[Any]] = defaultdict(list)
        self._of_row: dict[int, Writing] = {}
        for row in self._inbox:
            if (writing_of := self._of_hash.get(row.raw_hash)) is not None:
                self._rows_of[writing_of.number].append(row)
                self._of_row[row.id] = writing_of

    # ---------------------------------------------------------------- I1, I2

    def _rows(self) -> Iterator[str]:
        """I1: what stood in the folder for one poll is there; nothing is there that never arrived."""
        kept = {(row.uidvalidity, row.uid, row.raw_hash) for row in self._inbox}
        for uidvalidity, uid, _ in sorted(self.world.polled - kept):
            yield f"I1: mail {uidvalidity}/{uid} stood in the folder for a poll and has no row"
        for row in self._inbox:
            if row.id not in self._of_row:
                yield f"I1: inbox {row.id} holds what nobody wrote"

    def _effects(self) -> Iterator[str]:
        """I2: a writing is carried out once, however often it came."""
        for writing in self.world.writings:
            done = [row for row in self._rows_of[writing.number] if row.state == InboxState.DONE]
            if len(done) > 1 and not any(row.released_by for row in done):
                yield f"I2: {_name(writing)} was carried out {len(done)} times: {[row.id for row in done]}"
            said = [one for row in done for one in self._entries if one.inbox_id == row.id and one.what == "words"]
            if len(said) > 1 and len(done) == 1:
                yield f"I2: {_name(writing)} stands in {len(said)} entries"
        decided = self.world.query(
            "SELECT inbox_id, count(*) AS n FROM decisions WHERE disposition LIKE 'done%' AND inbox_id IS NOT NULL "
            "GROUP BY inbox_id HAVING count(*) > 1"
        )
        for row in decided:
            yield f"I2: inbox {row.inbox_id} was decided {row.n} times"
        for number, count in self._opened().items():
            if count > 1:
                yield f"I2: inbox {number} opened {count} tickets"

    def _opened(self) -> Counter[int]:
        """How many tickets each inbox row opened."""
        first: dict[int, int | None] = {}
        for entry in self._entries:
            first.setdefault(entry.ticket, entry.inbox_id)
        return Counter(row for row in first.values() if row is not None)

    def _complete(self) -> Iterator[str]:
        """I1: every mail that nobody took away has a row, and every row its one disposition."""
        for writing in self.world.writings:
            rows = self._rows_of[writing.number]
            if not rows and writing.raws and not writing.removed:
                yield f"I1: {_name(writing)} is lost"
        for row in self._inbox:
            if row.state in (InboxState.RECEIVED, InboxState.CLAIMED):
                yield f"I1: inbox {row.id} is still {row.state}"
            elif row.state == InboxState.SET_ASIDE and self._of_row[row.id].kind not in EXCUSED:
                yield f"I1: inbox {row.id} ({_name(self._of_row[row.id])}) is set aside: {row.reason}"

    def _requests(self) -> Iterator[str]:
        """I2: each request has exactly one ticket, each reply exactly one entry, unless a person must look first."""
        opened = self._opened()
        for writing in self.world.writings:
            rows = self._rows_of[writing.number]
            if not rows or not writing.sure or any(row.state in WAITS for row in rows):
                continue
            done = [row.id for row in rows if row.state == InboxState.DONE]
            if not done:
                yield f"I2: {_name(writing)} has no effect: {[(row.state, row.reason) for row in rows]}"
            if writing.kind == "request" and sum(opened[row] for row in done) != 1:
                yield f"I2: {_name(writing)} opened {sum(opened[row] for row in done)} tickets"
            if not any(entry.inbox_id in done for entry in self._entries):
                yield f"I2: {_name(writing)} stands in no entry"

    # ---------------------------------------------------------------- I3

    def _delivered(self) -> Iterator[str]:
        """I3: copies are identical; class B leaves once, class A once more for each window of doubt."""
        postman = self.world.postman
        for row in self._outbox:
            copies = postman.accepted.get(row.message_id, [])
            if len(set(copies)) > 1:
                yield f"I3: the copies of outbox {row.id} differ"
            again = self.world.resent[row.id]
            allowed = 1 + again + (postman.doubtful[row.message_id] if row[4] == MailClass.A else 0)
            if len(copies) > allowed:
                yield f"I3: outbox {row.id} ({row.kind}, class {row[4]}) left {len(copies)} times, {allowed} allowed"
            if row.state == OutboxState.SENT and not copies:
                yield f"I3: outbox {row.id} ({row.kind}) is `sent`, and nobody got it"

    def _arrived(self) -> Iterator[str]:
        """I3: nothing waits that could leave; class A arrived, or a person knows that it did not."""
        now = self.world.clock.now()
        for row in self._outbox:
            if row.state in (OutboxState.SENDING, OutboxState.UNKNOWN):
                yield f"I3: outbox {row.id} ({row.kind}) is still {row.state}"
            if row.state == OutboxState.READY and _instant(row.not_before) < now - timedelta(hours=1):
                yield f"I3: outbox {row.id} ({row.kind}) is ready since {row.not_before}, and does not leave"

    # ---------------------------------------------------------------- I4, I8

    def _wall(self) -> Iterator[str]:
        """I4: no secret of a note, and no token of another role, in what left for a requester."""
        secrets = [writing.secret for writing in self.world.writings if writing.secret]
        side = {row.message_id: row.side for row in self._outbox}
        sent = self.world.postman.sent
        for envelope, message_id in list(zip(sent, self.world.postman.order, strict=True))[self._judged_mails :]:
            if side.get(message_id) == Side.REQUESTER:
                text = readable(envelope.raw)
                yield from (f"I4: {message_id} tells {secret}" for secret in secrets if secret in text)
                if holds_foreign_token(self.world, text):
                    yield f"I4: {message_id} holds a token of another role"
        self._judged_mails = len(sent)

    def _strangers(self) -> Iterator[str]:
        """I8: what a stranger wrote touches only the ticket that it opened, or their own."""
        requesters = {row.number: row.requester for row in self.world.query("SELECT * FROM tickets")}
        opened = self._opened()
        for row in self._inbox:
            writing = self._of_row.get(row.id)
            if writing is None or not writing.hostile or row.state != InboxState.DONE or row.released_by:
                continue
            if not opened[row.id] and requesters.get(row.ticket) != "eve@elsewhere.example":
                yield f"I8: {_name(writing)} (inbox {row.id}) touched ticket {row.ticket}"

    # ---------------------------------------------------------------- I5

    def _answers(self) -> Iterator[str]:
        """I5: what says that it is a machine's gets no answer."""
        for row in self._automatic():
            cause = self._of_row.get(row.inbox_id)
            if cause is not None and cause.machine:
                yield f"I5: {_name(cause)} was answered by outbox {row.id} ({row.kind})"

    def _chains(self) -> Iterator[str]:
        """I5: nobody gets more than two automatic mails in a row on a ticket."""
        happened = [(_instant(row.created_at), 1, row.ticket, row.id) for row in self._automatic() if row.ticket]
        for row in self._inbox:
            writing = self._of_row.get(row.id)
            if row.state == InboxState.DONE and row.ticket and writing and not writing.machine:
                happened.append((_instant(row.done_at), 0, row.ticket, row.id))
        chains: Counter[int] = Counter()
        for _, automatic, ticket, row_id in sorted(happened):
            chains[ticket] = chains[ticket] + 1 if automatic else 0
            if chains[ticket] > 2:
                yield f"I5: outbox {row_id} is automatic mail {chains[ticket]} in a row on ticket {ticket}"

    def _automatic(self) -> list[Any]:
        """Class B to requesters, as far as it left."""
        written = [row for row in self._outbox if row[4] == MailClass.B and row.side == Side.REQUESTER]
        return [row for row in written if row.state not in NOT_LEFT]

    def _limits(self) -> Iterator[str]:
        """I5: the sliding windows of the gate, counted once more."""
        limits = self.world.snapshot.policy.limits
        times: dict[str, list[datetime]] = defaultdict(list)
        for row in self._outbox:
            if row[4] == MailClass.B and row.side == Side.REQUESTER:
                times[row.recipient.lower()].append(_instant(row.created_at))
        windows = ((timedelta(hours=1), limits.address_per_hour), (timedelta(days=1), limits.address_per_day))
        for address, moments in times.items():
            for span, limit in windows:
                most = max(sum(last - span < one <= last for one in moments) for last in moments)
                if most > limit:
                    yield f"I5: {address} got {most} automatic mails within {span}, {limit} allowed"

    # ---------------------------------------------------------------- I6, I7

    def _clocks(self) -> Iterator[str]:
        """I6: no deadline is overdue."""
        late = (self.world.clock.now() - timedelta(hours=1)).isoformat(sep=" ")[:19]
        overdue = self.world.query("SELECT * FROM deadlines WHERE state = 'pending' AND due_at < ?", late)
        for row in overdue:
            yield f"I6: deadline {row.kind} of ticket {row.ticket} was due at {row.due_at}, and nothing happened"

    def _moves(self) -> Iterator[str]:
        """I7: every move of every state stands in the tables."""
        for move in self.world.query("SELECT * FROM journal WHERE at > ? ORDER BY at", self._judged_moves):
            self._judged_moves = move.at
            self.world.trace.note(f"{move.queue} {move.row}: {move.before} -> {move.after}")
            if not is_legal(move.queue, move.before, move.after):
                yield f"I7: {move.queue} {move.row} went from {move.before or 'nothing'} to {move.after}"


def _name(writing: Writing) -> str:
    return f"{writing.kind} {writing.number} of {writing.author}"


def _instant(stored: str) -> datetime:
    """As SQLite keeps it."""
    return datetime.fromisoformat(stored)
