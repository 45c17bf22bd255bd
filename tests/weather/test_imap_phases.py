"""A line to the mailbox that breaks at any word: no mail is lost, none counts twice, and the desk is back at once."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from mailbot.store.states import InboxState
from mailbot.transport.imap import STORED_KEYWORD
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Blow, Strike
from tests.servers.sinks import Sink
from tests.servers.test_mailboxes_on_dovecot import DovecotScene
from tests.weather.station import FULL, Station, open_station, wait_for

# What the client says at each phase, and how much of the answer may still pass.
PHASES = {
    "greeting": (b"", 0),
    "greeting, in the middle": (b"", 20),
    "CAPABILITY": (b"CAPABILITY", 0),
    "LOGIN": (b"LOGIN", 0),
    "SELECT": (b"SELECT", 0),
    "SELECT, in the middle": (b"SELECT", 60),
    "list of messages": (b"RFC822.SIZE", 0),
    "FETCH": (b"BODY.PEEK[]", 0),
    "FETCH, in the middle of the literal": (b"BODY.PEEK[]", 400),
    "NOOP": (b"NOOP", 0),
    "SEARCH": (b"SEARCH", 0),
    "IDLE": (b"IDLE", 0),
    "IDLE, when it idles": (b"IDLE", 10),
    "DONE": (b"DONE", 0),
}
MOST_CONNECTIONS = 4  # that a single fault may cost
BLOWS = list(itertools.product(PHASES, (Blow.LOST, Blow.UNANSWERED)))
DARK = ["FETCH, in the middle of the literal", "IDLE, when it idles", "DONE"]
SLOW = ["greeting", "FETCH"]


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Station]:
    with Sink() as sink, open_station(tmp_path_factory.mktemp("imap"), dovecot, sink) as station:
        station.waits_for(station.request())
        yield station


@pytest.fixture(scope="module")
def moving_station(tmp_path_factory: pytest.TempPathFactory, dovecot: Dovecot) -> Iterator[Station]:
    with Sink() as sink, open_station(tmp_path_factory.mktemp("moves"), dovecot, sink, archive=True) as station:
        yield station


def suffers(station: Station, blow: Blow, said: bytes, after_bytes: int = 0) -> None:
    """The fault comes, a mail arrives about that time, another one after it; the desk takes in both, once."""
    fault = Strike(said, blow, after_bytes)
    before = len(station.imap.links)
    station.imap.set(fault)
    if said in (b"", b"CAPABILITY", b"LOGIN"):
        station.imap.drop_all()  # it must come again
    first = station.request(padding=2_000)
    wait_for(lambda: fault.left == 0, f"the desk says {said!r}")
    second = station.request()
    station.waits_for(first, second)
    station.imap.set(None)
    station.kept_its_promises(first, second)
    assert len(station.imap.links) - before <= MOST_CONNECTIONS, "no busy loop"


@pytest.mark.parametrize(
    ("phase", "blow"), BLOWS if FULL else [pair for n, pair in enumerate(BLOWS) if n % 4 in (0, 3)]
)
def test_a_line_that_is_cut_at_any_word_costs_no_mail(station: Station, phase: str, blow: Blow) -> None:
    suffers(station, blow, *PHASES[phase])


@pytest.mark.parametrize("phase", PHASES if FULL else DARK)
def test_a_line_that_goes_dead_without_a_word_is_given_up(station: Station, phase: str) -> None:
    suffers(station, Blow.HALF_OPEN, *PHASES[phase])


@pytest.mark.parametrize("phase", PHASES if FULL else SLOW)
def test_an_answer_that_comes_byte_by_byte_is_not_waited_for_to_its_end(station: Station, phase: str) -> None:
    station.imap.pause_seconds = 0.2  # less than the time-out of a silent line
    suffers(station, Blow.TRICKLE, *PHASES[phase])


@pytest.mark.parametrize("blow", [Blow.LOST, Blow.UNANSWERED])
def test_a_label_whose_setting_is_lost_is_set_later(station: Station, blow: Blow) -> None:
    suffers(station, blow, b"STORE")
    labels = DovecotScene(station.dovecot, station.user).keywords
    wait_for(lambda: all(STORED_KEYWORD in flags for flags in labels()), "people see what is stored")


@pytest.mark.parametrize("blow", [Blow.LOST, Blow.UNANSWERED, Blow.HALF_OPEN])
def test_a_move_that_is_done_but_unanswered_has_happened_once(moving_station: Station, blow: Blow) -> None:
    suffers(moving_station, blow, b"UID MOVE")
    stored = [row for row in moving_station.mails_in() if row.state is InboxState.DONE]
    wait_for(lambda: moving_station.lies_in("Archive") == len(stored), "each lies in the archive, once")
    assert moving_station.lies_in("INBOX") == 0
