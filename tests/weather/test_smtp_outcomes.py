"""What a reply means for a mail, at each phase of SMTP and for each class: the table of `daemon/delivery.py`, exactly.

The loop of the daemon, its postman, a real connection; the clock is a story's, so that hours pass at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from mailbot.store import tables
from mailbot.store.states import HealthState
from mailbot.transport import smtp
from mailbot.transport.security import Security
from mailbot.transport.smtp import SmtpPostman, SmtpSettings
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent
from tests.fakes.transport_smtp import DROP, GREETING, HANG, VERDICT, ScriptedSmtp
from tests.weather.scripted import scripted_smtp

LATER, NO, GARBAGE, CLOSING = "451 4.3.0 later", "550 5.7.1 no", "what?", "421 4.3.2 closing"
REPLIES = [LATER, NO, GARBAGE, CLOSING, DROP, HANG]
BEFORE = {GREETING: True, "EHLO": True, "MAIL": False, "RCPT": False, "DATA": False}  # is it about the server alone?
NEVER = datetime(2099, 1, 1, tzinfo=UTC)
KINDS = {"A": "hand_over", "B": "acknowledgement"}


@dataclass
class Office:
    """A desk with one mail in its outbox at a time, and the server that is to take it."""

    server: ScriptedSmtp
    desk: Desk
    postman: SmtpPostman
    written: int = 0
    rows: dict[str, int] = field(default_factory=dict)

    def begins(self) -> None:
        """Somebody asks for help; neither the hand-over (class A) nor the acknowledgement (B) has left yet."""
        self.written += 1
        ann = Correspondent(self.desk, f"ann{self.written}@corp.example", "Ann Archer")
        self.desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), self.now)
        self.desk.intake.turn(self.now)
        self.desk.processing.turn(self.now)
        rows = {
            line.kind: line.id for line in self.desk.mails_out(max(ticket.number for ticket in self.desk.tickets()))
        }
        self.rows = {class_: rows[kind] for class_, kind in KINDS.items()}

    def has(self, class_: str, reply: str = "") -> int:
        """This one is all that waits to leave now; nothing is known of the server, which will give that reply."""
        patience = 0.1 if reply == HANG else 10.0  # a busy machine must not look like a server that is silent
        self.postman.settings = replace(
            self.postman.settings,
            connect_timeout_seconds=patience,
            command_timeout_seconds=patience,
            data_timeout_seconds=patience,
        )
        self.server.replies.clear()
        self.server.messages.clear()
        self.desk.delivery.close()
        self.desk.start()
        row, outbox = self.rows[class_], tables.outbox
        with self.desk.database.write() as work:
            work.connection.execute(update(outbox).where(outbox.c.id != row).values(not_before=NEVER))
            work.connection.execute(update(outbox).where(outbox.c.id == row).values(not_before=self.now))
        return row

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    def delivers(self, after: timedelta = timedelta()) -> None:
        self.desk.clock.step(after)
        self.desk.delivery.turn(self.now)

    def state(self, row: int) -> str:
        return next(line.state.value for line in self.desk.mails_out() if line.id == row)

    def got(self, row: int) -> list[bytes]:
        """The copies of that mail that reached the server whole, accepted or not."""
        with self.desk.database.read() as work:
            found = work.outbox.row(row)
        assert found is not None
        return [raw for raw in self.server.messages if f"Message-ID: <{found.message_id}>".encode() in raw]

    def health(self) -> HealthState:
        with self.desk.database.read() as work:
            record = work.health.get("delivery")
        assert record is not None
        return record.state


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with scripted_smtp() as server, pytest.MonkeyPatch.context() as patch:
        patch.setattr(smtp, "GOODBYE_SECONDS", 0.1)
        desk = Desk()
        postman = SmtpPostman(SmtpSettings("127.0.0.1", server.port, Security.NONE))
        desk.postman = postman  # type: ignore[assignment]  # in the place of the one in memory
        yield Office(server, desk, postman)
        desk.close()


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("phase", BEFORE)
def test_before_the_message_is_sent_nothing_is_in_doubt(office: Office, phase: str, reply: str) -> None:
    office.begins()
    for class_ in KINDS:
        row = office.has(class_, reply)
        office.server.replies[phase] = [reply]
        office.delivers()
        refused = reply == NO and not BEFORE[phase]
        assert (office.state(row), len(office.got(row))) == ("failed" if refused else "ready", 0)
        if BEFORE[phase]:
            assert office.health() is (HealthState.NEEDS_PERSON if reply == NO else HealthState.RETRYING)
        office.delivers(after=timedelta(hours=2))
        assert (office.state(row), len(office.got(row))) == (("failed", 0) if refused else ("sent", 1))
        assert office.health() is HealthState.OK
    assert office.desk.breaches() == []


@pytest.mark.parametrize("reply", REPLIES)
def test_after_the_dot_only_a_reply_tells(office: Office, reply: str) -> None:
    office.begins()
    for class_ in KINDS:
        row = office.has(class_, reply)
        office.server.replies[VERDICT] = [reply]
        office.delivers()
        in_doubt = "unknown" if class_ == "A" else "parked"
        assert office.state(row) == {LATER: "ready", CLOSING: "ready", NO: "failed"}.get(reply, in_doubt)
        for _ in range(3):
            office.delivers(after=timedelta(hours=2))
        copies = office.got(row)
        if reply == NO or (class_ == "B" and reply in (GARBAGE, DROP, HANG)):
            assert (office.state(row), len(copies)) == ("failed" if reply == NO else "parked", 1)
        else:
            assert (office.state(row), len(copies)) == ("sent", 2)
            assert copies[0] == copies[1], "byte for byte"
    assert office.desk.breaches() == []


@pytest.mark.parametrize("reply", REPLIES)
def test_what_is_said_to_reset_and_goodbye_changes_nothing(office: Office, reply: str) -> None:
    office.begins()
    refused = office.has("A")
    office.server.replies |= {"RCPT": [NO], "RSET": [reply], "QUIT": [reply]}
    office.delivers()
    assert office.state(refused) == "failed"
    sent = office.has("B")
    office.server.replies["QUIT"] = [reply]
    office.delivers()
    office.desk.delivery.close()
    assert (office.state(sent), len(office.got(sent))) == ("sent", 1)


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_wants_a_login_in_the_middle_fails_no_mail(office: Office, phase: str) -> None:
    office.begins()
    for class_ in KINDS:
        row = office.has(class_)
        office.server.replies[phase] = ["530 5.7.0 Authentication required"]
        office.delivers()
        assert (office.state(row), office.health()) == ("ready", HealthState.NEEDS_PERSON)
        office.delivers(after=timedelta(minutes=14))
        assert office.state(row) == "ready", "flat: 15 minutes"
        office.delivers(after=timedelta(minutes=2))
        assert office.state(row) == "sent"


@pytest.mark.parametrize("shut", [GREETING, "MAIL", "RCPT", VERDICT])
def test_a_server_that_hangs_up_on_every_mail_is_not_called_for_each_of_them(office: Office, shut: str) -> None:
    for _ in range(3):
        office.begins()
    office.has("B")
    with office.desk.database.write() as work:
        work.connection.execute(update(tables.outbox).values(not_before=office.now))
    office.server.replies[shut] = [DROP] * 1_000
    before = office.server.connections
    office.delivers()
    assert office.server.connections - before <= 1, "six mails wait"
    for _ in range(24 * 3):
        office.delivers(after=timedelta(minutes=20))
    assert office.server.connections - before < 150, "in a day"
    assert office.health() is HealthState.RETRYING or shut == VERDICT
    office.server.replies.clear()
    office.delivers(after=timedelta(hours=2))
    office.delivers(after=timedelta(hours=2))
    left = {line.state.value for line in office.desk.mails_out() if line.id in office.rows.values()}
    assert left <= ({"sent", "parked"} if shut == VERDICT else {"sent"})
