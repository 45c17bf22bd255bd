"""Judges a life that was killed: by `mailbot verify`, by what arrived behind Postfix, and by a life without a kill.

| mail | arrives |
|---|---|
| class A | once; twice with equal bytes if the desk died between `phase=data` and the commit of `sent` |
| class B | once; once or never, and parked, if the desk died there |

All else is as if nobody had been killed: the same dispositions, tickets, entries, mails and deadlines.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from mailbot.desk.outgoing import MailClass
from mailbot.failpoints import Failpoint
from mailbot.store.rows import InboxLine, OutboxLine
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.store.verify import verify
from mailbot.transport.postman import Envelope
from tests.killed.life import Life, message_id_of
from tests.killed.past import ACCOUNT, SECRET
from tests.killed.place import SQLITE, Place

REQUESTERS = ("ann", "bea", "cay", "dan")
Facts = Counter[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What stands in the database, as far as it does not depend on the moment; and the failpoints on the way."""

    reached: frozenset[str]
    inside: Facts
    tickets: Facts
    entries: Facts
    deadlines: Facts
    outside: Facts


@cache
def undisturbed(place: Place, past: bool) -> Outcome:
    """How it ends where nobody dies: with a reload when the mails are here, and a stop at the end; on any way."""
    life = Life(place.home(SQLITE), past=past)
    life.goes_on(signals={Failpoint.STORED: signal.SIGHUP}, stops=True)
    with life.read() as work:
        return outcome(work, life)


def outcome(work: Work, life: Life) -> Outcome:
    """Everything."""
    tickets = work.tickets.find()
    entries = ((ticket.number, entry) for ticket in tickets for entry in work.tickets.entries(ticket.number))
    return Outcome(
        reached=frozenset(life.home.reached()),
        inside=Counter(_inside(line) for line in work.inbox.lines()),
        tickets=Counter((ticket.number, ticket.requester, ticket.state, ticket.group) for ticket in tickets),
        entries=Counter((number, one.side, one.visibility, one.what, one.text) for number, one in entries),
        deadlines=Counter(
            (line.deadline.ticket, line.deadline.kind, line.deadline.step, line.state)
            for line in work.deadlines.lines()
        ),
        outside=Counter(_outside(line) for line in work.outbox.lines()),
    )


def _inside(line: InboxLine) -> tuple[object, ...]:
    return line.message_id, line.state, line.reason, line.ticket


def _outside(line: OutboxLine) -> tuple[object, ...]:
    return line.ticket, line.kind, line.recipient, line.state


def breaches(life: Life, expected: Outcome) -> list[str]:
    """What is not as it should be."""
    with life.read() as work:
        lines = work.outbox.lines()
        found = [f"{one.invariant} {one.where}: {one.what}" for one in verify(work)]
        found += _rows(life, work.inbox.lines())
        found += _arrivals(life, lines)
        found += _differences(
            outcome(work, life), expected, [line for line in lines if line.state is OutboxState.PARKED]
        )
    return [*found, *_leaks(life)]


def _rows(life: Life, lines: list[InboxLine]) -> Iterator[str]:
    """Promise 1: one row a mail, with one disposition."""
    rows = Counter(line.message_id for line in lines if line.account != ACCOUNT)
    for raw in life.sent_in:
        if rows.pop(message_id := message_id_of(raw), 0) != 1:
            yield f"{message_id} does not have exactly one inbox row"
    yield from (f"{message_id}: nobody sent this in" for message_id in rows)
    yield from (f"{line.message_id} ended as {line.state}" for line in lines if line.done_at is None)
    yield from (f"still unmarked: {path.name}" for path in life.home.unmarked())


def _arrivals(life: Life, lines: list[OutboxLine]) -> Iterator[str]:
    """Promises 3 and 4."""
    arrived: dict[str, list[Envelope]] = {}
    for mail in life.home.place.sink.mails:
        arrived.setdefault(message_id_of(mail.raw), []).append(mail)
    for line in lines:
        copies = arrived.pop(line.message_id, [])
        times, state = _allowed(line, life)
        if len(copies) not in times or line.state is not state:
            yield f"{line.kind} {line.class_} to {line.recipient} arrived {len(copies)} times and is {line.state}"
        if any(copy.rcpt_to != line.recipient for copy in copies):
            yield f"{line.kind} to {line.recipient} arrived elsewhere"
        if len({copy.raw for copy in copies}) > 1:
            yield f"{line.kind} to {line.recipient} arrived with different bytes"
    yield from (f"{message_id} arrived, and no row knows of it" for message_id in arrived)


def _allowed(line: OutboxLine, life: Life) -> tuple[tuple[int, ...], OutboxState]:
    """How often a mail may have arrived, and what must have become of its row."""
    if life.past and line.message_id in life.home.past_mails:
        return (0,), OutboxState.SENT
    if not life.doubts(line):
        return (1,), OutboxState.SENT
    return ((1, 2), OutboxState.SENT) if line.class_ is MailClass.A else ((0, 1), OutboxState.PARKED)


def _differences(after: Outcome, expected: Outcome, parked: list[OutboxLine]) -> Iterator[str]:
    """A parked mail makes a difference: it is not `sent`, and somebody is told."""
    yield from _unlike("inbox", after.inside, expected.inside)
    yield from _unlike("tickets", after.tickets, expected.tickets)
    outside = expected.outside - Counter((one.ticket, one.kind, one.recipient, OutboxState.SENT) for one in parked)
    outside += Counter(_outside(one) for one in parked)
    yield from (f"outbox: missing {fact}" for fact in outside - after.outside)
    yield from (f"entries: missing {fact}" for fact in expected.entries - after.entries)
    if not parked:
        yield from _unlike("outbox", after.outside, outside)
        yield from _unlike("entries", after.entries, expected.entries)
        yield from _unlike("deadlines", after.deadlines, expected.deadlines)


def _unlike(what: str, after: Facts, expected: Facts) -> Iterator[str]:
    yield from (f"{what}: missing {fact}" for fact in expected - after)
    yield from (f"{what}: too much {fact}" for fact in after - expected)


def _leaks(life: Life) -> Iterator[str]:
    """Promise 2: no note reaches a requester."""
    secret = SECRET.split()[-1].encode()
    for mail in life.home.place.sink.mails:
        if mail.rcpt_to.partition("@")[0] in REQUESTERS and secret in mail.raw.replace(b"=\r\n", b""):
            yield f"a note reached {mail.rcpt_to}"
