"""Three daemons share one PostgreSQL and one mailbox under load: one freezes, one is killed, connections are cut.

Every mail becomes one row and one ticket, and what it causes leaves once. `make several` plays five rounds.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailbot.desk.outgoing import MailClass
from mailbot.store.rows import OutboxLine
from mailbot.store.states import HealthState, InboxState, OutboxState
from tests.servers.certificates import Authority
from tests.servers.oauth import OAuth
from tests.servers.policy import Policy
from tests.servers.process import wait_until
from tests.stories.several import LEASE_SECONDS, Stage, open_stage, requester

ROUNDS = int(os.environ.get("MAILBOT_ROUNDS", "1"))
MAILS_A_ROUND = 60 if ROUNDS == 1 else 150
REST_SECONDS = 90.0 * ROUNDS  # a machine that is busy must not turn it red
IN_DOUBT = (OutboxState.UNKNOWN, OutboxState.PARKED)
# A daemon delivers two mails at a time: so many can be in the moment of the final dot when it freezes or dies.
DOUBTS_A_ROUND = 4


@pytest.fixture
def stage(
    authority: Authority, oauth: OAuth, policy: Policy, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    with open_stage(authority, oauth, policy, tmp_path, request.getfixturevalue("postgres_url")) as stage:
        yield stage


def test_three_daemons_lose_nothing_and_do_nothing_twice(stage: Stage) -> None:
    for _ in range(3):
        stage.starts()
    stage.next_reader()
    for number in range(ROUNDS):
        play_round(stage, number * MAILS_A_ROUND)
        if number + 1 < ROUNDS:
            stage.starts()
    mails = ROUNDS * MAILS_A_ROUND
    try:
        wait_until(lambda: stage.rests(mails), "all mails come to rest", REST_SECONDS)
    finally:
        print(*(f"--- {one.log_file.name}\n{one.log()[-4000:]}" for one in stage.daemons), sep="\n")
    each_mail_is_one_row_and_one_ticket(stage, mails)
    what_leaves_leaves_once(stage)
    assert stage.breaches() == []
    print(f"several: {mails} mails, {ROUNDS} frozen and {ROUNDS} killed daemons: each mail once, 0 violations")
    for daemon in stage.daemons:
        if daemon.process.poll() is None:
            daemon.stops()


def play_round(stage: Stage, first: int) -> None:
    """The reader freezes with mail in its hands, its successor is killed, and all lose the database."""
    begun = MAILS_A_ROUND // 3
    stage.pours(first, begun)
    sleeper = stage.next_reader()
    sleeper.freezes()
    pouring = threading.Thread(target=stage.pours, args=(first + begun, MAILS_A_ROUND - begun))
    pouring.start()
    wait_until(lambda: sleeper.is_frozen, "it freezes")
    began = time.monotonic()
    successor = stage.next_reader(sleeper)
    assert time.monotonic() - began < 3 * LEASE_SECONDS
    successor.dies()
    stage.cuts_database()
    stage.next_reader(sleeper, successor)
    sleeper.wakes()
    wait_until(lambda: "event=mailbox_lost" in sleeper.log(), "the sleeper hears that it was overtaken")
    assert "no longer owned by epoch" in sleeper.log(), "at its commit: nothing else tells it that it slept"
    pouring.join()


def each_mail_is_one_row_and_one_ticket(stage: Stage, mails: int) -> None:
    rows = stage.mails_in()
    assert {row.state for row in rows} == {InboxState.DONE}
    assert sorted(row.sender for row in rows) == [requester(number) for number in range(mails)]
    assert len({row.ticket for row in rows}) == mails
    with stage.database.read() as work:
        assert len(work.tickets.find(limit=mails + 9)) == mails


def what_leaves_leaves_once(stage: Stage) -> None:
    rows, copies = stage.mails_out(), stage.copies()
    caused = Counter((row.ticket, row.kind) for row in rows if row.kind in ("acknowledgement", "hand_over"))
    assert len(caused) == 2 * len(stage.mails_in()), "each ticket has both"
    assert set(caused.values()) == {1}
    doubtful = [row for row in rows if row.state in IN_DOUBT or row.unknown_count]
    assert len(doubtful) <= DOUBTS_A_ROUND * ROUNDS, doubtful
    for row in rows:
        assert copies[row.message_id] in allowed(row), (row, copies[row.message_id])


def allowed(row: OutboxLine) -> tuple[int, ...]:
    """How often a mail may have arrived; whatever was in doubt once may be there or not, class A even twice."""
    if row.state not in IN_DOUBT and not row.unknown_count:
        return (1,)
    return (0, 1) if row.class_ is MailClass.B else (0, 1, 2)


def test_roles_share_the_work_between_processes_and_each_speaks_for_itself(stage: Stage) -> None:
    roles = ("intake", "processing,deadlines", "delivery")
    daemons = [stage.starts("mailbot", "--config", str(stage.config), "run", "--roles", chosen) for chosen in roles]
    wait_until(lambda: sum(name.startswith("daemon:") for name in stage.health()) == 3, "all have started")
    stage.pours(0, 3)
    wait_until(lambda: stage.rests(3), "all mails come to rest", REST_SECONDS)
    assert [row.state for row in stage.mails_in()] == [InboxState.DONE] * 3
    what_leaves_leaves_once(stage)
    told = {record.detail: record.state for name, record in stage.health().items() if name.startswith("daemon:")}
    assert told == dict.fromkeys(("intake:support", "processing, deadlines", "delivery"), HealthState.OK)
    daemons[0].stops()
    with stage.database.read() as work:
        assert work.leases.holder("mailbox:support:INBOX", stage.database.now()) == "", "free at once"
    for daemon in daemons[1:]:
        daemon.stops()
    assert {record.state for name, record in stage.health().items() if name.startswith("daemon:")} == {
        HealthState.STOPPED
    }
