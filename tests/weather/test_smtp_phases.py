"""A line to the server that takes our mail, broken at any word while the daemon works: each mail arrives once.

Where the final dot was heard and not answered nobody can know: the hand-over to the specialists (class A) comes a
second time, byte for byte, and the acknowledgement (class B) waits for a person.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from mailbot.daemon import delivery
from mailbot.store import outbox
from mailbot.store.failures import DatabaseUnavailable
from mailbot.store.rows import OutboxLine
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Blow, Strike
from tests.servers.sinks import Sink
from tests.weather.station import FULL, Station, open_station, wait_for

PHASES = {"greeting": b"", "EHLO": b"EHLO", "MAIL": b"MAIL FROM", "RCPT": b"RCPT TO", "DATA": b"DATA\r\n"}
DOT = b"\r\n.\r\n"
BLOWS = [Blow.LOST, Blow.UNANSWERED, Blow.HALF_OPEN, Blow.TRICKLE]
MOST_CONNECTIONS = 8  # two at a time, and each may be made again


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Station]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "WAIT_IN_DOUBT", timedelta(seconds=0.5))
        patch.setattr(delivery, "SETTLE_EVERY", timedelta(seconds=0.2))
        with Sink() as sink, open_station(tmp_path_factory.mktemp("smtp"), dovecot, sink) as station:
            station.waits_for(station.request())
            yield station


def mails_of(station: Station, subject: str) -> dict[str, OutboxLine]:
    (row,) = station.rows(subject)
    return {line.kind: line for line in station.mails_out() if line.ticket == row.ticket}


def copies(station: Station, line: OutboxLine) -> list[bytes]:
    return [mail.raw for mail in station.sink.mails if f"Message-ID: <{line.message_id}>".encode() in mail.raw]


CASES = [(phase, blow) for n, phase in enumerate(PHASES) for m, blow in enumerate(BLOWS) if FULL or (n + m) % 3 == 0]


@pytest.mark.parametrize(("phase", "blow"), CASES)
def test_a_line_that_breaks_before_the_message_costs_nothing(station: Station, phase: str, blow: Blow) -> None:
    said = PHASES[phase]
    fault, before = Strike(said, blow), len(station.smtp.links)
    station.smtp.set(fault)
    if said in (b"", b"EHLO"):
        station.smtp.drop_all()  # it must come again
    subject = station.request()
    wait_for(lambda: fault.left == 0, f"the desk says {phase}")
    station.waits_for(subject)
    wait_for(lambda: {line.state for line in mails_of(station, subject).values()} == {OutboxState.SENT}, "both left")
    assert [len(copies(station, line)) for line in mails_of(station, subject).values()] == [1, 1]
    station.smtp.set(None)
    assert len(station.smtp.links) - before <= MOST_CONNECTIONS, "no busy loop"
    station.kept_its_promises(subject)


@pytest.mark.parametrize("blow", BLOWS if FULL else [Blow.LOST, Blow.UNANSWERED])
def test_a_dot_that_is_not_answered_is_said_again_to_specialists_alone(station: Station, blow: Blow) -> None:
    fault = Strike(DOT, blow, left=2)  # that of the hand-over and that of the acknowledgement
    station.smtp.set(fault)
    subject = station.request()
    wait_for(lambda: fault.left == 0, "both are said")
    wait_for(lambda: _settled(station, subject), "nothing is under way")
    station.smtp.set(None)
    lines = mails_of(station, subject)
    hand_over, acknowledgement = lines["hand_over"], lines["acknowledgement"]
    heard = 0 if blow is Blow.LOST else 1
    assert (hand_over.state, acknowledgement.state) == (OutboxState.SENT, OutboxState.PARKED)
    assert (len(copies(station, hand_over)), len(copies(station, acknowledgement))) == (heard + 1, heard)
    assert len(set(copies(station, hand_over))) == 1, "byte for byte"
    assert station.breaches() == []


def _settled(station: Station, subject: str) -> bool:
    time.sleep(0.05)
    under_way = (OutboxState.READY, OutboxState.SENDING, OutboxState.UNKNOWN)
    return not any(line.state in under_way for line in mails_of(station, subject).values())


def test_a_database_that_is_away_cancels_no_mail_that_another_connection_has_on_its_way(station: Station) -> None:
    """One connection waits for the answer to a dot while the other finds that there is no database."""
    fault = Strike(DOT, Blow.HALF_OPEN)
    station.smtp.set(fault)
    subject = station.request()
    wait_for(lambda: fault.left == 0, "the dot is said")
    write, away = station.app.database.write, threading.Event()

    @contextmanager
    def gone() -> Iterator[Work]:
        if away.is_set():
            raise DatabaseUnavailable("away")
        with write() as work:
            yield work

    away.set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(station.app.database, "write", gone)
        time.sleep(0.8)
        station.smtp.set(None)  # the answer comes, and cannot be written down yet
        time.sleep(0.8)
        away.clear()
        wait_for(lambda: _settled(station, subject), "nothing is under way")
    station.waits_for(subject)
    assert [len(copies(station, line)) for line in mails_of(station, subject).values()] == [1, 1]
    assert {line.state for line in mails_of(station, subject).values()} == {OutboxState.SENT}
