"""What became of a mail is known exactly, except in the moment of the final dot (promises 3 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.store.database import MEMORY, Database, DatabaseUnavailable
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.fakes.transport import MemoryPostman, lost_after_dot, refused

CANNOT_CONNECT = DeliveryFailed("connection refused", permanent=False, phase=Phase.CONNECT)
WRONG_PASSWORD = DeliveryFailed("535 5.7.8 authentication failed", permanent=True, phase=Phase.CONNECT, code=535)


def waiting(desk: Desk, ann: Correspondent) -> dict[str, int]:
    """A ticket whose two mails (hand-over: class A, acknowledgement: class B) have not left yet: row by kind."""
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    desk.processing.turn(desk.clock.now())
    return {line.kind: line.id for line in desk.mails_out()}


def state(desk: Desk, row: int) -> str:
    return next(line.state.value for line in desk.mails_out() if line.id == row)


def sent(desk: Desk, row: int) -> int:
    """How often the server took this mail."""
    message_id = next(line.message_id for line in desk.mails_out() if line.id == row)
    return sum(f"Message-ID: <{message_id}>".encode() in envelope.raw for envelope in desk.postman.sent)


def test_class_a_leaves_before_class_b(desk: Desk, ann: Correspondent) -> None:
    waiting(desk, ann)
    desk.delivery.turn(desk.clock.now())
    assert [envelope.rcpt_to for envelope in desk.postman.sent] == ["network@lists.corp.example", "ann@corp.example"]


def test_a_mail_deferred_by_the_server_leaves_later_with_the_same_bytes(desk: Desk, ann: Correspondent) -> None:
    rows = waiting(desk, ann)
    desk.postman.fail_next(refused("450 4.2.1 busy"))
    desk.delivery.turn(desk.clock.now())
    assert state(desk, rows["hand_over"]) == "ready"
    with desk.database.read() as work:
        before = work.outbox.row(rows["hand_over"])
    desk.passes(timedelta(hours=1))
    assert state(desk, rows["hand_over"]) == "sent"
    assert before is not None
    assert before.raw in [envelope.raw for envelope in desk.postman.sent]


@pytest.mark.parametrize("failure", [CANNOT_CONNECT, WRONG_PASSWORD])
def test_a_server_that_does_not_let_us_in_fails_no_mail(
    desk: Desk, ann: Correspondent, failure: DeliveryFailed
) -> None:
    rows = waiting(desk, ann)
    desk.postman.fail_next(failure)
    assert desk.delivery.turn(desk.clock.now()) == 1, "the other mail does not knock at a closed door"
    assert {state(desk, row) for row in rows.values()} == {"ready"}
    desk.passes(timedelta(hours=1))
    assert {state(desk, row) for row in rows.values()} == {"sent"}


def test_a_refused_recipient_is_final_and_the_group_learns_of_it(
    desk: Desk, ann: Correspondent, sam: Correspondent
) -> None:
    rows = waiting(desk, ann)
    desk.postman.refusals["ann@corp.example"] = "550 5.1.1 no such user"
    desk.settle()
    assert state(desk, rows["acknowledgement"]) == "failed"
    sam.gets("hand_over")
    assert sam.gets("note_to_group").says("ann@corp.example", "5.1.1")


def test_class_a_in_doubt_is_sent_again_byte_for_byte(desk: Desk, ann: Correspondent) -> None:
    rows = waiting(desk, ann)
    desk.postman.fail_next(lost_after_dot(), accepted=True)
    desk.delivery.turn(desk.clock.now())
    assert state(desk, rows["hand_over"]) == "unknown"
    desk.passes(timedelta(minutes=50))
    assert state(desk, rows["hand_over"]) == "sent"
    assert sent(desk, rows["hand_over"]) == 2
    first, second = (mail.raw for mail in desk.postman.sent if mail.rcpt_to == "network@lists.corp.example")
    assert first == second


def test_class_b_in_doubt_is_never_sent_again_and_somebody_learns_of_it(
    desk: Desk, ann: Correspondent, sam: Correspondent
) -> None:
    rows = waiting(desk, ann)
    with desk.database.write() as work:
        (hand_over,) = work.outbox.claim(1, "test", desk.clock.now(), 60)
        work.outbox.sent(hand_over, "250 ok", desk.clock.now())
    desk.postman.fail_next(lost_after_dot(), accepted=True)
    desk.delivery.turn(desk.clock.now())
    assert state(desk, rows["acknowledgement"]) == "parked"
    desk.passes(timedelta(minutes=50))
    assert sent(desk, rows["acknowledgement"]) == 1
    assert sam.gets("note_to_group").says("connection lost")


def test_a_mail_that_nobody_takes_for_two_days_has_failed(desk: Desk, ann: Correspondent) -> None:
    rows = waiting(desk, ann)
    desk.postman.refusals["ann@corp.example"] = "450 4.2.1 busy"
    desk.passes(timedelta(hours=47))
    assert state(desk, rows["acknowledgement"]) == "ready"
    desk.passes(timedelta(hours=3))
    assert state(desk, rows["acknowledgement"]) == "failed"


def test_the_phase_is_committed_before_the_words_are_sent(desk: Desk, ann: Correspondent) -> None:
    rows = waiting(desk, ann)
    desk.postman.fail_next(KeyboardInterrupt())  # as hard as a kill: raised between DATA and its answer
    with pytest.raises(KeyboardInterrupt):
        desk.delivery.turn(desk.clock.now())
    line = next(line for line in desk.mails_out() if line.id == rows["hand_over"])
    assert (line.state, line.phase) == ("sending", "data")
    desk.start()
    desk.passes(timedelta(minutes=26))
    assert state(desk, rows["hand_over"]) in ("unknown", "ready", "sent")
    desk.passes(timedelta(hours=1))
    assert state(desk, rows["hand_over"]) == "sent"


def test_the_silence_clock_starts_when_its_mail_is_sent_and_not_before(
    desk: Desk, ann: Correspondent, sam: Correspondent
) -> None:
    thread = ann.writes("VPN is down", "The tunnel does not work.")
    sam.gets("hand_over")
    desk.postman.refusals["ann@corp.example"] = "450 4.2.1 busy"
    sam.replies("#resolve\nIt works again.")
    assert "auto_close" not in [clock.deadline.kind for clock in desk.clocks(thread.number)]
    desk.postman.refusals.clear()
    desk.passes(timedelta(hours=2))
    (clock,) = [clock for clock in desk.clocks(thread.number) if clock.deadline.kind == "auto_close"]
    (line,) = [line for line in desk.mails_out(thread.number) if line.kind == "request_to_confirm"]
    assert line.sent_at is not None
    assert clock.deadline.due_at == line.sent_at + timedelta(hours=72)


def test_no_ticket_closes_because_of_a_mail_that_did_not_arrive(
    desk: Desk, ann: Correspondent, sam: Correspondent
) -> None:
    thread = ann.writes("VPN is down", "The tunnel does not work.")
    sam.gets("hand_over")
    desk.postman.refusals["ann@corp.example"] = "550 5.1.1 no such user"
    sam.replies("#resolve\nIt works again.")
    assert thread.state == "in_progress"
    desk.passes(timedelta(days=10))
    assert thread.state != "closed"


def test_what_breaks_unexpectedly_after_data_is_in_doubt(desk: Desk, ann: Correspondent) -> None:
    rows = waiting(desk, ann)
    desk.postman.fail_next(ZeroDivisionError())
    desk.delivery.turn(desk.clock.now())
    assert state(desk, rows["hand_over"]) == OutboxState.UNKNOWN


class Slow(MemoryPostman):
    """While the server thinks about the first mail, another daemon takes ours for dead."""

    def __init__(self, buries: Callable[[], None]) -> None:
        super().__init__()
        self._buries: Callable[[], None] | None = buries

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        reply = await super().deliver(envelope, before_data)
        if (buries := self._buries) is not None:
            self._buries = None
            buries()
        return reply


def buried(desk: Desk, later: timedelta = timedelta()) -> None:
    """What another daemon does with our claims, and what becomes of them a while later."""
    with desk.database.write() as work:
        work.outbox.end_leases()
        work.outbox.settle(desk.clock.now())
        work.outbox.settle(desk.clock.now() + later)


@pytest.mark.parametrize("minutes", [0, 16], ids=["in doubt", "ready once more"])
def test_a_reply_that_comes_after_our_burial_is_no_doubt(desk: Desk, ann: Correspondent, minutes: int) -> None:
    desk.postman = Slow(lambda: buried(desk, timedelta(minutes=minutes)))
    rows = waiting(desk, ann)
    desk.delivery.turn(desk.clock.now())
    desk.passes(timedelta(hours=1))
    assert (state(desk, rows["hand_over"]), sent(desk, rows["hand_over"])) == ("sent", 1)


def test_a_reply_that_comes_after_our_burial_starts_the_clock(
    desk: Desk, ann: Correspondent, sam: Correspondent
) -> None:
    thread = ann.writes("VPN is down", "The tunnel does not work.")
    sam.gets("hand_over")
    desk.delivery.close()
    desk.postman = Slow(lambda: buried(desk, timedelta(minutes=16)))
    desk.start()
    sam.replies("#resolve\nIt works again.")
    desk.passes(timedelta(hours=1))
    (line,) = [line for line in desk.mails_out(thread.number) if line.kind == "request_to_confirm"]
    assert (line.state, sent(desk, line.id)) == ("sent", 1)
    assert "auto_close" in [clock.deadline.kind for clock in desk.clocks(thread.number)]


def acknowledgement_alone(desk: Desk, ann: Correspondent) -> int:
    rows = waiting(desk, ann)
    with desk.database.write() as work:
        (hand_over,) = work.outbox.claim(1, "test", desk.clock.now(), 60)
        work.outbox.sent(hand_over, "250 ok", desk.clock.now())
    return rows["acknowledgement"]


def test_a_reply_that_comes_after_our_burial_frees_what_was_parked(desk: Desk, ann: Correspondent) -> None:
    desk.postman = Slow(lambda: buried(desk))
    row = acknowledgement_alone(desk, ann)
    desk.delivery.turn(desk.clock.now())
    assert (state(desk, row), sent(desk, row)) == ("sent", 1)


def test_a_bounce_that_is_faster_than_the_reply_wins(desk: Desk, ann: Correspondent) -> None:
    def bounced() -> None:
        with desk.database.write() as work:
            assert work.proofs.bounced(row, "5.1.1 no such user", desk.clock.now()), "whoever waits is told"

    desk.postman = Slow(bounced)
    row = acknowledgement_alone(desk, ann)
    desk.delivery.turn(desk.clock.now())
    assert (state(desk, row), sent(desk, row)) == ("failed", 1)


class Leaving(Database):
    """A database that is away for the next few transactions."""

    away = 0

    @contextmanager
    def write(self) -> Iterator[Work]:
        if self.away:
            self.away -= 1
            raise DatabaseUnavailable("away")
        with super().write() as work:
            yield work


class Unlucky(MemoryPostman):
    """After each mail that it takes the database goes away."""

    def __init__(self, database: Leaving) -> None:
        super().__init__()
        self._database = database

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        reply = await super().deliver(envelope, before_data)
        self._database.away = 1
        return reply


def test_a_database_that_is_away_for_a_moment_after_the_dot_makes_no_mail_doubtful(
    desk: Desk, ann: Correspondent
) -> None:
    desk.database.close()
    desk.database = database = Leaving.open(MEMORY)
    database.upgrade()
    desk.postman = Unlucky(database)
    desk.parts = replace(desk.parts, database=database)
    desk.start()
    rows = waiting(desk, ann)
    desk.delivery.turn(desk.clock.now())
    assert {state(desk, row) for row in rows.values()} == {"sent"}
    assert sent(desk, rows["hand_over"]) == 1


def test_a_long_outage_costs_no_mail_more_than_the_connection_s_own_pause(desk: Desk, ann: Correspondent) -> None:
    rows = waiting(desk, ann)
    for _ in range(40):
        desk.postman.fail_next(CANNOT_CONNECT)
    for _ in range(36):
        desk.delivery.turn(desk.clock.now())
        desk.clock.step(timedelta(minutes=5))
    desk.postman = type(desk.postman)()
    desk.delivery.close()
    desk.start()
    desk.delivery.turn(desk.clock.now())
    assert {state(desk, row) for row in rows.values()} == {"sent"}
