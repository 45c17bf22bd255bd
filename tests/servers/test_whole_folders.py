"""Intake over Dovecot, with the folder as a whole in view: a reset of UIDVALIDITY, a UID that appears late."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from mailbot.daemon.intake import Intake
from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.store.states import HealthState
from tests.conversations.desk import Desk
from tests.daemon.test_renumbered import alerts, dispositions, letter
from tests.servers.dovecot import Dovecot
from tests.servers.test_mailboxes_on_dovecot import mailbox

HUMAN, MACHINE, NEW = 30, 70, 10
NEWS = "List-Id: <news.example.net>\r\n"


@pytest.fixture
def desk(dovecot: Dovecot, address: str) -> Iterator[Desk]:
    """A desk whose mailbox lies on Dovecot."""
    running = Desk()
    running.intake = Intake(running.parts, Watched(mailbox(dovecot, address), EVERYTHING))
    yield running
    running.intake.close()
    running.close()


def settled(desk: Desk) -> None:
    while desk.intake.turn(desk.clock.now()) + desk.processing.turn(desk.clock.now()):
        pass
    assert desk.intake.problem == ""


def test_after_a_reset_a_hundred_old_mails_and_ten_new_ones_make_ten_new_tickets(
    desk: Desk, dovecot: Dovecot, address: str
) -> None:
    human = [letter(f"h{number}", f"The tunnel in room {number} is broken.") for number in range(HUMAN)]
    machine = [letter(f"m{number}", "News", NEWS, "news@example.net") for number in range(MACHINE)]
    dovecot.fill(address, {f"{1_772_400_000 + n}.M{n}.bench": raw for n, raw in enumerate([*human, *machine])})
    settled(desk)
    before = dispositions(desk)
    assert (sum(before.values()), len(desk.tickets()), alerts(desk)) == (HUMAN + MACHINE, HUMAN, 0)
    dovecot.kick(address)
    dovecot.reset_uidvalidity(address)
    dovecot.deliver(
        address, *(letter(f"n{number}", f"The printer in room {number} is broken.") for number in range(NEW))
    )
    desk.clock.step(timedelta(hours=1))
    settled(desk)
    assert len(desk.tickets()) == HUMAN + NEW
    assert dispositions(desk) == before + Counter(duplicate=HUMAN + MACHINE, done=NEW)
    assert alerts(desk) == 1
    with desk.database.read() as work:
        checked = work.health.get("conservation:support/INBOX")
    assert checked is not None
    assert (checked.state, checked.detail) == (HealthState.OK, f"0 of {HUMAN + MACHINE + NEW} mails missing")


def test_a_uid_that_appears_late_far_below_the_newest_is_fetched(
    desk: Desk, dovecot: Dovecot, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on servers that show a message only when its copy to another node is done."""
    monkeypatch.setattr("mailbot.daemon.comparing.WINDOW_UIDS", 3)
    dovecot.deliver(address, *(letter(f"n{number}", "The tunnel is broken.") for number in range(6)))
    hidden = {1}
    box = desk.intake._mailbox
    look = box.uids
    box.uids = lambda from_uid=1: [ref for ref in look(from_uid) if ref.uid not in hidden]  # type: ignore[method-assign]  # Dovecot is never late
    settled(desk)
    assert sorted(line.uid for line in desk.mails_in()) == [2, 3, 4, 5, 6]
    hidden.clear()
    for minutes in (1, 58):
        desk.clock.step(timedelta(minutes=minutes))
        settled(desk)
        assert len(desk.mails_in()) == 5, "below the window of the ordinary look"
    for minutes in (1, 1, 10):
        desk.clock.step(timedelta(minutes=minutes))
        settled(desk)
    assert sorted(line.uid for line in desk.mails_in()) == [1, 2, 3, 4, 5, 6]
    assert alerts(desk) == 0
