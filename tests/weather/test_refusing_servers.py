"""IMAP servers that say no: to our password, to the folder, to one message, or to everything for a while.

The loop of the daemon, its mailbox, a real connection; the clock is a story's, so that a day passes at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.daemon.parts import EVERYTHING, Watched
from mailbot.store.failures import DatabaseUnavailable
from mailbot.store.states import HealthState, InboxState
from mailbot.transport.imap import ImapMailbox, ImapSettings
from mailbot.transport.security import Security
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.fakes.transport_imap import DROP, ScriptedImap, Stream
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.test_mailboxes_on_dovecot import DovecotScene
from tests.weather.station import FULL

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LOGIN_REFUSED = "NO [AUTHENTICATIONFAILED] wrong user or password"


class Choosy(ScriptedImap):
    """Does not give the messages in `choking`: it says `choke`, a refusal or DROP."""

    choking: Sequence[int] = ()
    choke = DROP

    def _converse(self, stream: Stream, tag: str, command: str) -> bool:
        if "BODY.PEEK[]" in command and any(str(uid) in _uids(command) for uid in self.choking):
            if self.choke == DROP:
                return False
            stream.write(f"{tag} {self.choke}\r\n".encode())
            stream.flush()
            return True
        return super()._converse(stream, tag, command)


def _uids(command: str) -> set[str]:
    """Those of a FETCH, whose sets the client writes as numbers and ranges."""
    found: set[str] = set()
    for part in command.split()[2].split(","):
        first, _, last = part.partition(":")
        found |= set(map(str, range(int(first), int(last or first) + 1)))
    return found


@pytest.fixture
def server() -> Iterator[Choosy]:
    with Choosy() as server:
        yield server


@pytest.fixture
def reading(desk: Desk, server: Choosy) -> Desk:
    """A desk whose mailbox that server has."""
    watch(desk, ImapSettings("support", "127.0.0.1", "desk", "let me in", server.port, Security.NONE))
    return desk


def watch(desk: Desk, settings: ImapSettings) -> None:
    desk.parts = replace(desk.parts, mailboxes=(Watched(ImapMailbox(settings), EVERYTHING),))
    desk.start()


def arrive(server: Choosy, desk: Desk, *uids: int) -> None:
    for uid in uids:
        ann = Correspondent(desk, f"ann{uid}@corp.example", "Ann Archer")
        server.messages[uid] = ann.composes(f"Fault {uid}", f"Tunnel {uid} does not work.").as_bytes()


def lives(desk: Desk, gap: timedelta, step: timedelta = MINUTE) -> None:
    end = desk.clock.now() + gap
    while desk.clock.now() < end:
        desk.clock.step(step)
        desk.intake.turn(desk.clock.now())
    while desk.processing.turn(desk.clock.now()):
        pass
    desk.delivery.turn(desk.clock.now())


def stored(desk: Desk) -> list[int]:
    return sorted(line.uid for line in desk.mails_in() if line.state is InboxState.DONE)


def alerts(desk: Desk) -> int:
    return sum(mail.rcpt_to == "admin@corp.example" for mail in desk.postman.sent)


def health(desk: Desk) -> HealthState:
    with desk.database.read() as work:
        (state,) = (one.state for one in work.health.all() if one.component.startswith("mailbox:"))
    return state


def test_a_refused_login_is_tried_every_quarter_of_an_hour_and_told_once(reading: Desk, server: Choosy) -> None:
    arrive(server, reading, 1)
    server.refusals["LOGIN"] = LOGIN_REFUSED
    lives(reading, timedelta(hours=24), 5 * MINUTE)
    assert 94 <= server.connections <= 97
    assert (health(reading), alerts(reading)) == (HealthState.NEEDS_PERSON, 1)
    server.refusals.clear()
    lives(reading, timedelta(minutes=16))
    assert (health(reading), stored(reading)) == (HealthState.OK, [1])


VERBS = ["LOGIN", "SELECT", "UID FETCH"]
NOT_NOW = ["NO [UNAVAILABLE] back soon", "NO [THROTTLED] too many commands", "BYE", DROP]


@pytest.mark.parametrize(
    ("verb", "says"), [(verb, says) for n, verb in enumerate(VERBS) for m, says in enumerate(NOT_NOW) if FULL or n != m]
)
def test_a_server_that_cannot_for_a_day_is_asked_rarely_and_told_once(
    reading: Desk, server: Choosy, verb: str, says: str
) -> None:
    arrive(server, reading, 1)
    server.refusals[verb] = says
    lives(reading, timedelta(hours=24), 5 * MINUTE)
    assert server.connections < 250, "no busy loop"
    assert (health(reading), alerts(reading)) == (HealthState.RETRYING, 1)
    server.refusals.clear()
    lives(reading, timedelta(minutes=16))
    assert (health(reading), stored(reading)) == (HealthState.OK, [1])


def test_a_password_that_is_refused_after_an_outage_is_told_although_the_outage_was_not(
    reading: Desk, server: Choosy
) -> None:
    server.refusals["LOGIN"] = DROP
    lives(reading, MINUTE)
    server.refusals["LOGIN"] = LOGIN_REFUSED
    lives(reading, timedelta(minutes=20))
    assert (health(reading), alerts(reading)) == (HealthState.NEEDS_PERSON, 1)


@pytest.mark.parametrize("choke", [DROP, "NO [SERVERBUG] cannot read that message"])
def test_a_message_that_the_server_cannot_give_holds_up_no_other(reading: Desk, server: Choosy, choke: str) -> None:
    server.choke, server.choking = choke, [3]
    arrive(server, reading, 1, 2, 3, 4, 5)
    lives(reading, timedelta(minutes=5))
    assert stored(reading) == [1, 2, 4, 5]
    arrive(server, reading, 6)
    lives(reading, timedelta(minutes=30))
    assert stored(reading) == [1, 2, 4, 5, 6]
    assert alerts(reading) == 1, "somebody must look"
    server.choking = []
    lives(reading, timedelta(minutes=75))
    assert (stored(reading), health(reading)) == ([1, 2, 3, 4, 5, 6], HealthState.OK)


@pytest.mark.parametrize("bad", [[3], [1, 3, 4]])
def test_all_else_goes_on_while_the_server_hangs_up_at_a_message_and_its_uid_is_told_once(
    reading: Desk, server: Choosy, bad: Sequence[int]
) -> None:
    server.choking = bad
    arrive(server, reading, 1, 2, 3, 4, 5)
    lives(reading, 3 * HOUR)
    given = [uid for uid in range(1, 6) if uid not in bad]
    assert stored(reading) == given
    marked = {uid for line in server.said("UID STORE") for uid in _uids(line)}
    assert marked == set(map(str, given)), "people see what is stored"
    with reading.database.read() as work:
        checked = work.health.get("conservation:support/INBOX")
    assert checked is not None
    assert checked.detail == f"{len(bad)} of 5 mails missing"
    texts = [mail.raw.decode() for mail in reading.postman.sent if mail.rcpt_to == "admin@corp.example"]
    assert sum(f"UID {bad[0]} for one" in text for text in texts) == 1
    minutes = []
    for _ in range(3 * 60):
        reading.clock.step(MINUTE)
        reading.intake.turn(reading.clock.now())
        minutes.append(reading.intake.pausing)
    assert 0 < minutes.count(True) <= 4, "asked for about once an hour, and the rest of it waits for mail as ever"
    server.choking = []
    lives(reading, 90 * MINUTE)
    assert (stored(reading), health(reading)) == ([1, 2, 3, 4, 5], HealthState.OK)


def test_a_message_at_which_a_bad_line_broke_three_times_does_not_wait_for_an_hour(
    reading: Desk, server: Choosy
) -> None:
    server.choking = [1]
    arrive(server, reading, 1)
    lives(reading, 5 * MINUTE)
    assert reading.intake.problem == ""
    server.choking = []
    lives(reading, 6 * MINUTE)
    assert stored(reading) == [1]


def test_what_was_read_before_the_line_broke_is_not_read_again(reading: Desk, server: Choosy) -> None:
    server.choking = [90]
    arrive(server, reading, *range(1, 131))  # two batches of the transport
    for _ in range(4):
        reading.clock.step(MINUTE)
        reading.intake.turn(reading.clock.now())
    fetched = [line for line in server.said("UID FETCH") if "BODY" in line]
    assert sorted(line.uid for line in reading.mails_in()) == [uid for uid in range(1, 131) if uid != 90]
    assert all(sum(str(uid) in _uids(line) for line in fetched) <= 3 for uid in range(1, 131) if uid != 90)


def test_a_clock_that_somebody_turns_back_keeps_no_mail_waiting(reading: Desk, server: Choosy) -> None:
    turned = timedelta(days=1)
    monotonic = reading.clock.monotonic
    server.refusals["LOGIN"] = DROP
    lives(reading, 3 * MINUTE)
    server.refusals.clear()
    arrive(server, reading, 1)
    reading.clock.time -= turned
    object.__setattr__(reading.parts, "monotonic", lambda: monotonic() + turned.total_seconds())
    lives(reading, 2 * MINUTE)
    assert stored(reading) == [1]


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_a_folder_that_is_gone_is_told_and_not_made_anew(desk: Desk, dovecot: Dovecot, address: str, how: str) -> None:
    scene = DovecotScene(dovecot, address)
    with scene.person() as person:
        person.create_folder("Support")
    at = ImapSettings("support", "localhost", address, PASSWORD, dovecot.imap_port, Security.NONE, folder="Support")
    watch(desk, at)
    lives(desk, 2 * MINUTE)
    assert health(desk) is HealthState.OK
    with scene.person() as person:
        if how == "deleted":
            person.delete_folder("Support")
        else:
            person.rename_folder("Support", "Old support")
    lives(desk, 2 * HOUR)
    assert (health(desk), alerts(desk)) == (HealthState.NEEDS_PERSON, 1)
    with scene.person() as person:
        assert not person.folder_exists("Support")
        person.create_folder("Support")
        ann = Correspondent(desk, "ann@corp.example", "Ann Archer")
        person.append("Support", ann.composes("VPN is down", "The tunnel does not work.").as_bytes())
    lives(desk, timedelta(minutes=20))
    assert (health(desk), len(stored(desk))) == (HealthState.OK, 1)
    desk.intake.close()


def test_while_the_database_is_away_not_a_word_is_said_to_the_mail_server(
    reading: Desk, server: Choosy, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(server, reading, 1)

    def away() -> None:
        raise DatabaseUnavailable("away")

    monkeypatch.setattr(reading.database, "read", away)
    for _ in range(10):
        reading.clock.step(MINUTE)
        with pytest.raises(DatabaseUnavailable):
            reading.intake.turn(reading.clock.now())
    assert server.lines == []
