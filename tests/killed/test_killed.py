"""SIGKILL at every failpoint, with mails in flight: a new incident, a specialist's reply, a confirmation and a note.

A real daemon dies at the moment, between Dovecot and Postfix; the next one goes on. In the end everything is as if
nobody had died, but for a mail whose final dot was under way: class A may arrive twice, class B not at all.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mailbot.desk.outgoing import MailClass
from mailbot.failpoints import Failpoint
from mailbot.store.migrations import versions
from mailbot.store.states import InboxState
from tests.killed.life import Life
from tests.killed.oracle import breaches, undisturbed
from tests.killed.past import DEADLY
from tests.killed.place import COPIES, MAILDIR, POSTGRES, SQLITE, Place, Way
from tests.killed.planted import Fatal

LAST = 7  # mails leave; class B goes last
MIGRATIONS = len(list(Path(str(versions.__file__)).parent.glob("v[0-9]*.py")))
AT_THE_DOT = (Failpoint.IN_DATA, Failpoint.DOT_SENT, Failpoint.ACCEPTED, Failpoint.SENT_WRITTEN)
ONCE_MORE = (Failpoint.TICKET_WRITTEN, Failpoint.CLAIMED_TO_SEND, Failpoint.DOT_SENT, Failpoint.SENT)


@dataclass(frozen=True)
class Case:
    """Which desk dies of what."""

    way: Way
    fatal: Fatal
    signals: dict[Failpoint, signal.Signals] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        nth = {1: "first", 2: "second", 3: "third"}.get(self.fatal.when, f"{self.fatal.when}th")
        who = " of the parser" if self.fatal.parser else ""
        return f"{self.fatal.point.value} {self.fatal.point.name}, the {nth}{who}, {self.way.name}"


def _cases() -> list[Case]:
    """A reload and a stop do not come by themselves."""
    told = {
        Failpoint.RELOADING: {Failpoint.STORED: signal.SIGHUP},
        Failpoint.STOPPING: {Failpoint.DECIDED: signal.SIGTERM},
    }
    everywhere = [Case(way, Fatal(point), told.get(point, {})) for point in Failpoint for way in (SQLITE, POSTGRES)]
    again = [Case(SQLITE, Fatal(point, 2)) for point in ONCE_MORE]
    last = [Case(SQLITE, Fatal(point, LAST)) for point in AT_THE_DOT] + [
        Case(POSTGRES, Fatal(Failpoint.DOT_SENT, LAST))
    ]
    steps = [Case(SQLITE, Fatal(Failpoint.MIGRATING, step)) for step in range(2, MIGRATIONS + 1)]
    marks = [Case(way, Fatal(Failpoint.MARKED)) for way in (COPIES, MAILDIR)]
    return [*everywhere, *again, *last, *steps, *marks, Case(SQLITE, Fatal(Failpoint.PARSING, parser=True))]


@pytest.mark.parametrize("case", _cases(), ids=str)
def test_a_killed_desk_loses_nothing_and_does_nothing_twice(place: Place, case: Case) -> None:
    home, past = place.home(case.way), case.fatal.point is not Failpoint.MIGRATING
    expected = undisturbed(place, past)
    life = Life(home, past=past)
    if case.fatal.parser:
        life.goes_on(case.fatal)
        assert home.reached().count(Failpoint.PARSING) == len(life.sent_in) + 1  # the child that died, and another one
    else:
        life.dies(case.fatal, case.signals)
        life.goes_on()
    assert not breaches(life, expected), life.chronicle()
    if case.fatal.point in AT_THE_DOT:
        assert what_doubt_makes(case.fatal.point) & in_doubt(life)


def what_doubt_makes(point: Failpoint) -> set[tuple[MailClass, int]]:
    """How often such a mail arrives. Before the dot it was not taken; after it the server has it, dead as we are.

    Which class the nth mail has depends on how long the desk took for the others.
    """
    before = point is Failpoint.IN_DATA
    return {(MailClass.A, 1 if before else 2), (MailClass.B, 0 if before else 1)}


def in_doubt(life: Life) -> set[tuple[MailClass, int]]:
    with life.read() as work:
        return {(one.class_, life.arrived(one.message_id)) for one in work.outbox.lines() if life.doubts(one)}


@pytest.mark.parametrize("way", [SQLITE, POSTGRES], ids=lambda way: way.name)
def test_a_mail_that_kills_the_desk_whenever_it_is_read_is_set_aside_alone(place: Place, way: Way) -> None:
    life = Life(place.home(way), past=False)
    deadly = Fatal(Failpoint.PARSING, words=DEADLY, always=True)
    for _ in range(3):
        life.dies(deadly)
    life.goes_on(deadly)
    with life.read() as work:
        ends = sorted((line.state, line.attempts) for line in work.inbox.lines())
    assert ends == [(InboxState.DONE, 2), (InboxState.DONE, 2), (InboxState.SET_ASIDE, 3)]
