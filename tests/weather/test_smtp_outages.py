"""Servers that take no mail for a while: everything waits, leaves in order when it can, and admins learn of it.

The loops of the daemon over a postman in memory and a story's clock: a day passes at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailbot.daemon.health import tell_configuration
from mailbot.store.states import HealthState
from mailbot.transport.postman import DeliveryFailed, Envelope, Phase, Sent
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.fakes.transport import MemoryPostman, refused

DOWN = DeliveryFailed("connection refused", permanent=False, phase=Phase.CONNECT)
WRONG_PASSWORD = DeliveryFailed("535 5.7.8 authentication failed", permanent=True, phase=Phase.CONNECT, code=535)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class Server(MemoryPostman):
    """Takes mail, unless something is wrong with it; remembers when it was asked."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.wrong: DeliveryFailed | None = None
        self.asked: list[datetime] = []

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        self.asked.append(self.desk.clock.now())
        if self.wrong is not None:
            raise self.wrong
        return await super().deliver(envelope, before_data)


@pytest.fixture
def server(desk: Desk) -> Server:
    desk.postman = server = Server(desk)
    desk.start()
    return server


@pytest.fixture
def second(desk: Desk, server: Server) -> Server:
    """The server of [alert_smtp]."""
    second = Server(desk)
    desk.parts = replace(desk.parts, alert_postman=lambda: second)
    desk.start()
    return second


def reported(desk: Desk, number: int, urgent: bool = False) -> None:
    words = "URGENT: nothing works, everybody is affected" if urgent else "The tunnel does not work"
    someone = Correspondent(desk, f"ann{number}@corp.example", "Ann Archer")
    desk.mailbox.put(someone.composes(f"{words} ({number})", f"{words}. It is number {number}.").as_bytes())
    desk.intake.turn(desk.clock.now())
    desk.processing.turn(desk.clock.now())


def states(desk: Desk) -> Counter[str]:
    return Counter(line.state.value for line in desk.mails_out())


def health(desk: Desk) -> tuple[HealthState, str]:
    with desk.database.read() as work:
        record = work.health.get("delivery")
    assert record is not None
    return record.state, record.detail


def lives(desk: Desk, gap: timedelta, step: timedelta = MINUTE) -> None:
    end = desk.clock.now() + gap
    while desk.clock.now() < end:
        desk.clock.step(step)
        desk.delivery.turn(desk.clock.now())


def test_after_a_day_without_a_server_all_mail_leaves_in_the_order_of_its_weight(desk: Desk, server: Server) -> None:
    server.wrong = DOWN
    for number in range(30):
        reported(desk, number, urgent=number % 10 == 9)
        desk.clock.step(timedelta(minutes=20))
        desk.delivery.turn(desk.clock.now())
    lives(desk, DAY - timedelta(hours=10), timedelta(minutes=10))
    waiting = {line.message_id: line for line in desk.mails_out()}
    assert len(waiting) >= 60
    assert set(states(desk)) == {"ready"}
    assert health(desk) == (HealthState.RETRYING, "connection refused")
    assert len(server.asked) < 24 * 60 / 4, "no busy loop"
    server.wrong = None
    lives(desk, timedelta(minutes=16))
    assert set(states(desk)) == {"sent"}
    ids = [line.partition(b": <")[2].rstrip(b">\r").decode() for mail in server.sent for line in ids_of(mail)]
    left = [waiting[one] for one in ids if one in waiting]
    assert left == sorted(left, key=lambda line: (line.class_, line.priority, line.created_at, line.id))
    assert Counter(ids).most_common(1)[0][1] == 1, "each once"
    assert health(desk)[0] is HealthState.OK
    assert desk.breaches() == []


def ids_of(mail: Envelope) -> list[bytes]:
    return [line for line in mail.raw.split(b"\n") if line.startswith(b"Message-ID: <")]


def test_many_requests_of_one_person_during_an_outage_breach_no_limit_when_it_is_over(
    desk: Desk, ann: Correspondent, server: Server
) -> None:
    server.wrong = DOWN
    for number in range(15):
        desk.mailbox.put(ann.composes(f"Fault {number}", f"Tunnel {number} does not work.").as_bytes())
    desk.intake.turn(desk.clock.now())
    while desk.processing.turn(desk.clock.now()):
        pass
    lives(desk, DAY, timedelta(minutes=15))
    server.wrong = None
    lives(desk, timedelta(hours=1))
    to_ann = [mail for mail in server.sent if mail.rcpt_to == "ann@corp.example"]
    policy = desk.snapshot.policy
    assert 0 < len(to_ann) <= policy.limits.address_per_day, "decided when the mail came, whenever it leaves"


def test_a_server_that_greylists_for_two_hours_gets_the_same_bytes_until_it_takes_them(
    desk: Desk, server: Server
) -> None:
    reported(desk, 1)
    server.refusals["ann1@corp.example"] = "450 4.7.1 Greylisted, come back later"
    lives(desk, timedelta(hours=2))
    tries = len(server.asked)
    assert states(desk) == {"sent": 1, "ready": 1}
    assert health(desk)[0] is HealthState.OK, "the other mail was taken"
    server.refusals.clear()
    lives(desk, timedelta(hours=2))
    assert states(desk) == {"sent": 2}
    assert tries < 20, "with growing pauses"


def test_of_two_recipients_one_is_refused_and_the_other_is_not_troubled(desk: Desk, server: Server) -> None:
    server.refusals["ann1@corp.example"] = "550 5.1.1 User unknown"
    reported(desk, 1)
    reported(desk, 2)
    desk.delivery.turn(desk.clock.now())
    failed = [line.recipient for line in desk.mails_out() if line.state == "failed"]
    assert failed == ["ann1@corp.example"]
    assert "ann2@corp.example" in [mail.rcpt_to for mail in server.sent]


def test_a_server_that_says_421_after_each_mail_still_gets_everything_slowly(desk: Desk, server: Server) -> None:
    for number in range(3):
        reported(desk, number)
    busy = refused("421 4.7.0 too many messages, slow down", Phase.MAIL)
    for minute in range(4 * 60):
        if minute % 2:
            server.fail_next(busy)
        lives(desk, MINUTE)
    assert set(states(desk)) == {"sent"}
    assert Counter(mail.raw for mail in server.sent).most_common(1)[0][1] == 1


# ---------------------------------------------------------------- login refused


def test_a_refused_login_is_tried_every_quarter_of_an_hour_and_not_more(desk: Desk, server: Server) -> None:
    server.wrong = WRONG_PASSWORD
    reported(desk, 1)
    lives(desk, DAY)
    gaps = {later - earlier for earlier, later in zip(server.asked, server.asked[1:], strict=False)}
    assert gaps == {timedelta(minutes=15)}
    assert states(desk) == {"ready": 2}
    assert health(desk) == (HealthState.NEEDS_PERSON, "535 5.7.8 authentication failed")


@pytest.mark.parametrize("wrong", [DOWN, WRONG_PASSWORD])
def test_no_mail_fails_because_nobody_mends_the_server_for_a_week(
    desk: Desk, server: Server, wrong: DeliveryFailed
) -> None:
    server.wrong = wrong
    reported(desk, 1)
    lives(desk, 7 * DAY, timedelta(hours=1))
    server.wrong = None
    lives(desk, timedelta(hours=1))
    assert states(desk) == {"sent": 2}


# ---------------------------------------------------------------- the second route


def alerts(server: Server) -> list[Envelope]:
    return [mail for mail in server.sent if mail.rcpt_to == "admin@corp.example"]


def test_a_refused_login_is_told_at_once_by_the_second_route_and_once(
    desk: Desk, server: Server, second: Server
) -> None:
    server.wrong = WRONG_PASSWORD
    reported(desk, 1)
    lives(desk, MINUTE)
    (alert,) = alerts(second)
    lives(desk, DAY, timedelta(minutes=15))
    assert alerts(second) == [alert]
    assert b"535 5.7.8 authentication failed" in alert.raw
    assert b"tunnel" not in alert.raw
    assert [mail.rcpt_to for mail in second.sent] == ["admin@corp.example"], "nobody else's mail takes it"


def test_a_server_that_is_down_is_told_after_a_quarter_of_an_hour(desk: Desk, server: Server, second: Server) -> None:
    server.wrong = DOWN
    reported(desk, 1)
    lives(desk, timedelta(minutes=12))
    assert alerts(second) == []
    lives(desk, timedelta(hours=1))
    assert len(alerts(second)) == 1


def test_an_outage_within_the_hour_is_no_news_and_a_later_one_is(desk: Desk, server: Server, second: Server) -> None:
    for gap, told in ((timedelta(minutes=16), 1), (timedelta(hours=2), 1), (timedelta(hours=2), 2)):
        reported(desk, told * 100 + gap.seconds)
        server.wrong = WRONG_PASSWORD
        lives(desk, MINUTE)
        assert len(alerts(second)) == told
        server.wrong = None
        lives(desk, gap)


def test_alerts_leave_by_the_first_route_when_the_second_is_broken(desk: Desk, server: Server, second: Server) -> None:
    second.wrong = WRONG_PASSWORD
    desk.settings.problem = "config/routing.toml:3: unknown group"
    tell_configuration(desk.parts)
    lives(desk, timedelta(minutes=2))
    assert len(alerts(server)) == 1
    assert health(desk) == (HealthState.NEEDS_PERSON, "[alert_smtp] 535 5.7.8 authentication failed")
