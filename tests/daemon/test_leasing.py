"""Several daemons, one mailbox: one reads it, the others stand by; who was overtaken in his sleep changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from mailbot.daemon.beginning import begin
from mailbot.daemon.delivery import Delivery
from mailbot.daemon.health import Vital, tell_configuration
from mailbot.daemon.intake import ALERT_AFTER_FAILURES, Intake
from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.daemon.presence import FORGET_AFTER, Presence
from mailbot.daemon.processing import Processing
from mailbot.store.database import Database
from mailbot.store.health import GONE, Health
from mailbot.store.leases import daemon_lease
from mailbot.store.states import HealthState, OutboxState
from mailbot.transport.mailbox import MailboxUnavailable
from tests.conversations.desk import Desk
from tests.fakes.transport import MemoryMailbox
from tests.servers.postgres import Postgres
from tests.store.material import queued

LEASE = timedelta(seconds=61)
RENEWAL = timedelta(seconds=15)
MAIL = b"From: ann@corp.example\r\nSubject: %s\r\nMessage-ID: <%s@corp.example>\r\n\r\nThe tunnel is broken.\r\n"


class FreezingMailbox(MemoryMailbox):
    """At a point of a daemon's turn something else may happen first: it stands still meanwhile."""

    def __init__(self) -> None:
        super().__init__("support")
        self.meanwhile: dict[str, Callable[[], object]] = {}

    def _fail(self, point: str) -> None:
        if happens := self.meanwhile.pop(point, None):
            happens()
        super()._fail(point)


class Daemon:
    """One of several, its loops and its main thread on the thread of the test."""

    def __init__(self, desk: Desk, mailbox: MemoryMailbox, holder: str) -> None:
        self.desk = desk
        self.parts = replace(desk.parts, holder=holder, mailboxes=(Watched(mailbox, EVERYTHING),))
        self.intake = Intake(self.parts, self.parts.mailboxes[0])
        self.processing = Processing(self.parts)
        self.delivery = Delivery(self.parts)
        self.presence = Presence(self.parts, [self.intake.tenure])
        self.presence.begin()

    def takes_in(self) -> int:
        return self.intake.turn(self.desk.clock.now())


@pytest.fixture
def mailbox(desk: Desk) -> FreezingMailbox:
    desk.database.shared = True
    return FreezingMailbox()


@pytest.fixture
def one(desk: Desk, mailbox: FreezingMailbox) -> Daemon:
    return Daemon(desk, mailbox, "one:1:aa")


@pytest.fixture
def two(desk: Desk, mailbox: FreezingMailbox) -> Daemon:
    return Daemon(desk, mailbox, "two:1:bb")


def arrives(mailbox: MemoryMailbox, word: bytes) -> int:
    return mailbox.put(MAIL % (word, word))


def uids(desk: Desk) -> list[int]:
    return sorted(line.uid for line in desk.mails_in())


def test_a_database_of_one_daemon_knows_no_lease(desk: Desk) -> None:
    desk.intake.turn(desk.clock.now())
    desk.clock.step(LEASE)
    assert Presence(desk.parts).show()
    with desk.database.read() as work:
        assert work.connection.exec_driver_sql("SELECT count(*) FROM leases").scalar() == 0


def test_one_reads_and_the_other_stands_by_until_the_lease_of_a_dead_one_has_run_out(
    desk: Desk, mailbox: FreezingMailbox, one: Daemon, two: Daemon
) -> None:
    arrives(mailbox, b"first")
    assert (one.takes_in(), two.takes_in()) == (1, 0)
    assert (one.intake.standing_by, two.intake.standing_by) == ("", "one:1:aa")
    arrives(mailbox, b"second")
    desk.clock.step(LEASE / 2)
    assert two.takes_in() == 0
    desk.clock.step(LEASE / 2)
    assert two.takes_in() == 1
    assert uids(desk) == [1, 2]


def test_a_clean_stop_lets_the_other_read_at_once(mailbox: FreezingMailbox, one: Daemon, two: Daemon) -> None:
    arrives(mailbox, b"first")
    one.takes_in()
    one.intake.close()
    arrives(mailbox, b"second")
    assert two.takes_in() == 1
    assert one.takes_in() == 0


def test_the_lease_of_a_loop_that_waits_is_renewed_and_that_of_a_loop_that_hangs_is_not(
    desk: Desk, one: Daemon, two: Daemon
) -> None:
    one.takes_in()
    for _ in range(12):
        desk.clock.step(RENEWAL)
        assert one.presence.show()
    assert (two.takes_in(), two.intake.standing_by) == (0, "one:1:aa")
    one.intake._pulse.beat(-1)
    for _ in range(5):
        desk.clock.step(RENEWAL)
        assert one.presence.show(), "the daemon itself lives"
    two.takes_in()
    assert two.intake.standing_by == ""


def test_nothing_is_stored_by_a_daemon_that_was_overtaken_while_it_fetched(
    desk: Desk, mailbox: FreezingMailbox, one: Daemon, two: Daemon, caplog: pytest.LogCaptureFixture
) -> None:
    arrives(mailbox, b"first")

    def overtaken() -> None:
        desk.clock.step(LEASE)
        assert two.intake.tenure.hold()

    mailbox.meanwhile["after fetch"] = overtaken
    assert one.takes_in() == 0
    assert (uids(desk), mailbox.stored) == ([], [])
    assert "event=mailbox_lost account=support" in caplog.text
    assert "no longer owned by epoch 1" in caplog.text
    assert (one.takes_in(), one.intake.standing_by) == (0, "two:1:bb")
    assert two.takes_in() == 1
    assert (uids(desk), mailbox.stored) == ([1], [1])


def test_nothing_is_registered_by_a_daemon_that_was_overtaken_while_it_connected(
    desk: Desk, mailbox: FreezingMailbox, one: Daemon, two: Daemon
) -> None:
    def overtaken() -> None:
        desk.clock.step(LEASE)
        assert two.intake.tenure.hold()

    one.takes_in()
    mailbox.renumber(2)
    mailbox.meanwhile["after open"] = overtaken
    one.takes_in()
    with desk.database.read() as work:
        assert [record.uidvalidity for record in work.mailboxes.all()] == [1]
    two.takes_in()
    with desk.database.read() as work:
        assert [record.uidvalidity for record in work.mailboxes.all()] == [2]


def test_no_mark_is_made_on_the_server_by_a_daemon_that_was_overtaken(
    desk: Desk, mailbox: FreezingMailbox, one: Daemon, two: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = arrives(mailbox, b"first")
    store = one.intake._store

    def and_is_overtaken(*given: object) -> int:
        stored = store(*given)  # type: ignore[arg-type]  # what `_store` takes
        desk.clock.step(LEASE)
        assert two.intake.tenure.hold()
        return stored

    monkeypatch.setattr(one.intake, "_store", and_is_overtaken)
    one.takes_in()
    assert (uids(desk), mailbox.stored) == ([uid], [])
    two.takes_in()
    assert mailbox.stored == [uid]


def test_a_daemon_whose_lease_ran_out_and_that_nobody_overtook_may_commit(
    desk: Desk, mailbox: FreezingMailbox, one: Daemon
) -> None:
    arrives(mailbox, b"first")
    mailbox.meanwhile["after fetch"] = lambda: desk.clock.step(LEASE)
    one.takes_in()
    assert uids(desk) == [1]


def test_a_server_that_one_cannot_reach_is_left_to_the_other(
    desk: Desk, mailbox: FreezingMailbox, one: Daemon, two: Daemon
) -> None:
    for _ in range(ALERT_AFTER_FAILURES):
        mailbox.fail_next("before open", MailboxUnavailable("no route", temporary=True))
        one.takes_in()
        assert two.takes_in() == 0
        one.presence.show()
        desk.clock.step(timedelta(minutes=15))
    arrives(mailbox, b"first")
    assert two.takes_in() == 1
    assert (one.takes_in(), one.intake.problem) == (0, "")


def test_what_is_said_of_a_mailbox_is_said_by_who_reads_it(
    desk: Desk, mailbox: FreezingMailbox, one: Daemon, two: Daemon
) -> None:
    component = "mailbox:support/INBOX"
    one.takes_in()
    desk.clock.step(LEASE)
    two.takes_in()
    mailbox.fail_next("before open")
    desk.clock.step(RENEWAL)
    two.takes_in()
    one.intake._vital.tell(HealthState.OK, desk.clock.now(), "all is well, says who is asleep")
    assert said(desk, component)[0] is HealthState.RETRYING
    two.intake.close()
    desk.clock.step(RENEWAL)
    one.takes_in()
    assert said(desk, component) == (HealthState.OK, "")


def said(desk: Desk, component: str) -> tuple[HealthState, str]:
    with desk.database.read() as work:
        record = work.health.get(component)
    assert record is not None
    return record.state, record.detail


# ---------------------------------------------------------------- daemons


def passes(desk: Desk, *living: Daemon, renewals: int = 5) -> None:
    """Time, in which these show that they live."""
    for _ in range(renewals):
        desk.clock.step(RENEWAL)
        for daemon in living:
            daemon.presence.show()


@pytest.fixture
def claimed(desk: Desk, mailbox: FreezingMailbox, one: Daemon) -> Daemon:
    """The first daemon, as it sends one mail (class A, in DATA) and reads another."""
    arrives(mailbox, b"first")
    one.takes_in()
    one.processing.turn(desk.clock.now())
    arrives(mailbox, b"second")
    one.takes_in()
    with desk.database.write() as work:
        (row,) = work.outbox.claim(1, one.parts.holder, desk.clock.now(), 1_500)
        work.outbox.enter_data(row)
        work.inbox.claim(1, one.parts.holder, desk.clock.now(), 1_800)
    return one


def test_what_a_killed_daemon_had_begun_goes_on_within_a_minute_and_a_quarter(
    desk: Desk, claimed: Daemon, two: Daemon
) -> None:
    passes(desk, two)
    assert [line.state for line in desk.mails_out()].count(OutboxState.UNKNOWN) == 1, "it may have left already"
    assert two.processing.turn(desk.clock.now()) == 1
    two.delivery.turn(desk.clock.now())
    assert OutboxState.SENDING not in {line.state for line in desk.mails_out()}
    assert two.parts.wakes.delivery.is_set()


def test_a_dead_daemon_whose_mails_cannot_be_taken_over_keeps_nobody_from_those_of_another(
    desk: Desk, mailbox: FreezingMailbox, claimed: Daemon, two: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(health: Health, holder: str, now: datetime) -> None:
        if holder == "zero:1:cc":
            raise ZeroDivisionError
        tell_gone(health, holder, now)

    tell_gone = Health.tell_gone
    monkeypatch.setattr(Health, "tell_gone", fails)
    Daemon(desk, mailbox, "zero:1:cc")
    passes(desk, claimed, two, renewals=1)
    passes(desk, two)
    assert two.processing.turn(desk.clock.now()) == 1


def test_who_takes_over_waits_for_its_turn_before_it_locks_a_row(desk: Desk, postgres: Postgres) -> None:
    database = Database.open(postgres.url(postgres.new_database()))
    database.upgrade()
    presence = Presence(replace(desk.parts, database=database))
    presence.begin()
    with database.write() as work:
        queued(work)
        work.outbox.claim(1, "dead", desk.clock.now(), 1_500)
        work.leases.acquire(daemon_lease("dead"), "dead", desk.clock.now(), 1)
    for _ in range(3):
        desk.clock.step(RENEWAL)
        presence.show()
    desk.clock.step(RENEWAL)
    with ThreadPoolExecutor() as pool:
        with database.write() as decides:
            decides.take_turn()
            takes_over = pool.submit(presence.show)
            while not decides.connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                assert not takes_over.done()
            decides.connection.execute(text("SELECT id FROM outbox FOR UPDATE"))
        takes_over.result(timeout=20)
    with database.read() as work:
        assert work.status(desk.clock.now()).outbox["ready"] == 1
    database.close()


def test_what_a_living_daemon_holds_is_left_to_it(desk: Desk, claimed: Daemon, two: Daemon) -> None:
    passes(desk, claimed, two, renewals=20)
    assert two.processing.turn(desk.clock.now()) == 0
    assert [line.state for line in desk.mails_out()].count(OutboxState.SENDING) == 1


def test_after_an_outage_of_the_database_everybody_has_time_to_show_himself(
    desk: Desk, claimed: Daemon, two: Daemon
) -> None:
    passes(desk, claimed, two)
    desk.clock.step(timedelta(minutes=10))
    assert not two.presence.show(), "nobody has heard of it for ten minutes either"
    passes(desk, two, renewals=3)
    assert not claimed.presence.show()
    passes(desk, claimed, two)
    assert two.processing.turn(desk.clock.now()) == 0


def test_a_clean_stop_leaves_nothing_for_others_to_wait_for(desk: Desk, claimed: Daemon, two: Daemon) -> None:
    claimed.presence.end()
    assert two.processing.turn(desk.clock.now()) == 1
    with desk.database.read() as work:
        assert work.leases.dead_daemons(desk.clock.now() + FORGET_AFTER) == ["two:1:bb"]


def test_the_dead_are_said_to_be_gone_and_after_an_hour_forgotten(desk: Desk, one: Daemon, two: Daemon) -> None:
    for daemon in (one, two):
        begin(daemon.parts)
        Vital(daemon.parts, "daemon", beats=True).tell(HealthState.OK, desk.clock.now(), "intake")
    passes(desk, two)
    assert said(desk, "daemon:one:1:aa") == (HealthState.STOPPED, GONE)
    assert said(desk, "daemon:two:1:bb") == (HealthState.OK, "intake")
    passes(desk, two, renewals=4 * 61)
    with desk.database.read() as work:
        assert "one:1:aa" not in str(work.health.all())
        assert work.leases.dead_daemons(desk.clock.now()) == []


# ---------------------------------------------------------------- what they say


def test_a_daemon_that_starts_leaves_what_others_say_and_forgets_the_dead(desk: Desk, one: Daemon, two: Daemon) -> None:
    with desk.database.write() as work:
        for component in ("daemon", "daemon:old:1:cc", "delivery:old:1:cc"):  # the first: of a version before
            work.health.tell(component, HealthState.OK, "", desk.clock.now() - timedelta(hours=1))
        work.health.tell("mailbox:support/INBOX", HealthState.OK, "", desk.clock.now())
    begin(one.parts)
    begin(two.parts)  # at the same moment: neither has told of itself yet
    assert components(desk) == {"configuration:one:1:aa", "configuration:two:1:bb", "mailbox:support/INBOX"}
    Vital(one.parts, "daemon").tell(HealthState.OK, desk.clock.now())
    desk.clock.step(timedelta(minutes=6))
    Vital(one.parts, "daemon").tell(HealthState.STOPPED, desk.clock.now())
    two.parts.mailboxes[0].mailbox.folder = "Support"  # type: ignore[misc]  # another folder is watched from now on
    begin(two.parts)
    assert components(desk) == {"configuration:two:1:bb"}


def components(desk: Desk) -> set[str]:
    with desk.database.read() as work:
        return {record.component for record in work.health.all()}


def test_admins_hear_once_of_files_that_two_daemons_find_broken(desk: Desk, one: Daemon, two: Daemon) -> None:
    desk.settings.problem = "config/routing.toml:3: unknown group"
    for daemon in (one, two, one):
        tell_configuration(daemon.parts)
    assert len([line for line in desk.mails_out() if line.kind == "alert_to_admins"]) == 1
    assert components(desk) == {"configuration:one:1:aa", "configuration:two:1:bb"}
