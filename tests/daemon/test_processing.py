"""Each row reaches one disposition; what makes us fail is undone alone and set aside at last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage

import pytest

from mailbot.daemon import processing
from mailbot.daemon.parsing import Parsed
from mailbot.desk.interpret import interpret
from mailbot.failpoints import Failpoint
from mailbot.mail.dkim import DkimResult, DkimVerdict
from mailbot.mail.model import Mail, Recognition
from mailbot.mail.parse import parse
from mailbot.store import storable
from mailbot.store.database import Database, DatabaseUnavailable
from mailbot.store.inbox import ATTEMPTS
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent


class DyingParser:
    """A parser whose child dies of certain mails."""

    def __init__(self, poison: bytes) -> None:
        self.poison = poison
        self.tried = 0

    def parse(self, raw: bytes, recognition: Recognition) -> Parsed:
        if self.poison in raw:
            self.tried += 1
            return Parsed(None, "parser died (-11)")
        return Parsed(parse(raw, recognition))

    def verify(self, raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
        return DkimVerdict(DkimResult.NONE)

    def close(self) -> None:
        pass


class SigningParser(DyingParser):
    """A parser that finds a signature of corp.example in every mail."""

    def parse(self, raw: bytes, recognition: Recognition) -> Parsed:
        return Parsed(parse(raw, recognition), dkim_names=("key._domainkey.corp.example",))

    def verify(self, raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
        signed = answers.get("key._domainkey.corp.example") == b"v=DKIM1; p=..."
        return DkimVerdict(DkimResult.PASS, from_domain) if signed else DkimVerdict(DkimResult.FAIL)


def use(desk: Desk, **parts: object) -> None:
    for name, part in parts.items():
        object.__setattr__(desk.parts, name, part)
    desk.start()


def test_what_kills_the_parser_three_times_is_set_aside_and_the_next_mail_proceeds(
    desk: Desk, ann: Correspondent, admin: Correspondent
) -> None:
    parser = DyingParser(b"KILLER")
    use(desk, parser=parser)
    poisoned = ann.writes("KILLER", "The tunnel does not work.")
    healthy = ann.writes("VPN is down", "The tunnel does not work here.")
    assert poisoned.desk.mails_in()[1].reason == "unreadable: parser died (-11)"
    assert parser.tried == 3
    assert healthy.state == "assigned"
    assert admin.gets("alert_to_admins").says("parser died")


def test_a_fault_of_ours_undoes_its_row_and_nothing_else(
    desk: Desk, ann: Correspondent, admin: Correspondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(mail: Mail, *others: object) -> object:
        if "unlucky" in mail.subject:
            raise ZeroDivisionError
        return interpret(mail, *others)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(processing, "interpret", broken)
    first = ann.composes("First", "The tunnel does not work.")
    unlucky = ann.composes("An unlucky one", "The tunnel does not work.")
    last = ann.composes("Last", "The server does not work.")
    for message in (first, unlucky, last):
        desk.mailbox.put(message.as_bytes(), desk.clock.now())
    desk.settle()
    reasons = [f"{line.state}: {line.reason}" for line in reversed(desk.mails_in())]
    assert reasons == ["done: opened", "set_aside: error: ZeroDivisionError", "done: opened"]
    assert len(desk.tickets()) == 2
    assert admin.gets("alert_to_admins").says("ZeroDivisionError")


def test_a_transaction_that_fails_blames_no_mail(
    desk: Desk, ann: Correspondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    monkeypatch.setattr(processing.Processing, "process", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    for _ in range(5):
        with pytest.raises(OSError, match="disk full"):
            desk.processing.turn(desk.clock.now())
    assert [(line.state.value, line.attempts) for line in desk.mails_in()] == [("received", 0)]
    monkeypatch.undo()
    desk.settle()
    assert [line.reason for line in desk.mails_in()] == ["opened"]


def test_an_outage_of_any_length_blames_no_mail_and_ends_with_the_outage(
    desk: Desk, ann: Correspondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim was committed, and then the database went: for as long as it is away nothing can be handed back."""
    for number in range(3):
        message = ann.composes(f"Fault {number}", f"The tunnel number {number} does not work.")
        desk.mailbox.put(message.as_bytes(), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    for _ in range(ATTEMPTS + 1):
        with monkeypatch.context() as outage:
            outage.setattr(processing, "reach", lambda point: goes_away(outage, desk, point))
            for _ in range(3):
                with pytest.raises(DatabaseUnavailable):
                    desk.processing.turn(desk.clock.now())
        desk.clock.step(timedelta(seconds=5))
    desk.settle()
    assert [(line.reason, line.attempts) for line in desk.mails_in()] == [("opened", 1)] * 3


def goes_away(outage: pytest.MonkeyPatch, desk: Desk, point: Failpoint) -> None:
    def away() -> None:
        raise DatabaseUnavailable("away")

    if point is Failpoint.CLAIMED:
        outage.setattr(desk.database, "write", away)


def test_a_claim_that_somebody_else_has_taken_over_meanwhile_is_theirs(
    desk: Desk, ann: Correspondent, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    with monkeypatch.context() as outage:
        outage.setattr(processing, "reach", lambda point: goes_away(outage, desk, point))
        with pytest.raises(DatabaseUnavailable):
            desk.processing.turn(desk.clock.now())
    desk.clock.step(timedelta(hours=1))
    with desk.database.write() as work:
        assert len(work.inbox.claim(1, "another daemon", desk.clock.now(), 60).rows) == 1
    assert desk.processing.turn(desk.clock.now()) == 0
    assert [line.state.value for line in desk.mails_in()] == ["claimed"]


LONG_ID = "".join(chr(0x4E00 + letter * 7919 % 20_000) for letter in range(985))  # nothing in it can be compressed


def with_long_id(message: EmailMessage) -> bytes:
    return message.as_bytes().replace(b"<here>", f"<{LONG_ID}>".encode())


def test_a_message_id_that_no_index_takes_stops_nobody(desk: Desk, ann: Correspondent, postgres_url: str) -> None:
    on_postgres(desk, postgres_url)
    for number in range(3):
        here = {"Message-ID": "<here>"} if number == 1 else {}
        message = ann.composes(f"Fault {number}", f"The tunnel number {number} does not work.", headers=here)
        desk.mailbox.put(with_long_id(message), desk.clock.now())
    desk.settle()
    assert [line.reason for line in desk.mails_in()] == ["opened"] * 3
    kept = desk.mails_in()[1].message_id
    assert 1_990 < len(kept.encode()) <= 2_000
    assert LONG_ID.startswith(kept)


def test_what_the_database_refuses_is_set_aside_alone(
    desk: Desk, ann: Correspondent, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else it may be that PostgreSQL cannot take, the bound of our own texts removed to show it."""
    monkeypatch.setattr(storable, "COLUMN_BYTES", 1_000_000)
    on_postgres(desk, postgres_url)
    for number in range(3):
        here = {"Message-ID": "<here>"} if number == 1 else {}
        message = ann.composes(f"Fault {number}", f"The tunnel number {number} does not work.", headers=here)
        desk.mailbox.put(with_long_id(message), desk.clock.now())
    desk.settle()
    reasons = [line.reason for line in reversed(desk.mails_in())]
    assert reasons == ["opened", "error: OperationalError", "opened"]


def on_postgres(desk: Desk, url: str) -> None:
    desk.database.close()
    desk.database = Database.open(url)
    desk.database.upgrade()
    use(desk, database=desk.database)


def test_a_crash_while_parsing_counts_as_an_attempt(desk: Desk, ann: Correspondent, admin: Correspondent) -> None:
    desk.mailbox.put(ann.composes("VPN is down", "The tunnel does not work.").as_bytes(), desk.clock.now())
    desk.intake.turn(desk.clock.now())
    for _ in range(3):
        with desk.database.write() as work:
            assert len(work.inbox.claim(1, "a daemon that is killed", desk.clock.now(), 60).rows) == 1
        desk.clock.step(timedelta(minutes=2))
    desk.settle()
    assert [f"{line.state}: {line.reason}" for line in desk.mails_in()] == ["set_aside: poison"]
    assert admin.gets("alert_to_admins").says("three attempts")


def test_the_same_mail_twice_is_one_ticket(desk: Desk, ann: Correspondent) -> None:
    message = ann.composes("VPN is down", "The tunnel does not work.")
    ann.sends(message)
    ann.sends(message)
    assert [line.state.value for line in reversed(desk.mails_in())] == ["done", "duplicate"]
    assert desk.mails_in()[0].duplicate_of == 1
    assert len(desk.tickets()) == 1
    ann.gets("acknowledgement")
    ann.gets_nothing()


def test_an_equal_message_id_alone_hides_nobodys_mail(desk: Desk, ann: Correspondent) -> None:
    first = ann.composes("VPN is down", "The tunnel does not work.")
    second = ann.composes("Another matter", "The database does not work.", headers={"Message-ID": first["Message-ID"]})
    ann.sends(first)
    ann.sends(second)
    assert len(desk.tickets()) == 2


def test_a_heap_of_old_mail_waits_for_an_admin(
    desk: Desk, ann: Correspondent, admin: Correspondent, with_limits: Callable[..., None]
) -> None:
    with_limits(tickets_per_turn=3)
    long_ago = desk.clock.now() - timedelta(days=9)
    for number in range(6):
        message = ann.composes(f"Fault {number}", f"The tunnel number {number} does not work.")
        desk.mailbox.put(message.as_bytes(), long_ago)
    desk.settle()
    assert [f"{line.state}: {line.reason}" for line in reversed(desk.mails_in())] == [
        *["done: opened"] * 3,
        *["held: backlog"] * 3,
    ]
    assert admin.gets("alert_to_admins").says("accept-backlog")
    admin.gets_nothing()
    with desk.database.write() as work:
        work.mailboxes.accept_backlog("support", "admin@corp.example", desk.clock.now())
        for line in work.inbox.held_and_set_aside():
            work.inbox.release(line.id, "admin@corp.example", desk.clock.now())
    desk.settle()
    assert len(desk.tickets()) == 6
    ann.gets_nothing()  # nobody is told today about what was written nine days ago


def test_new_mail_is_not_held_up_by_the_backlog(
    desk: Desk, ann: Correspondent, with_limits: Callable[..., None]
) -> None:
    with_limits(tickets_per_turn=0)
    thread = ann.writes("VPN is down", "The tunnel does not work.")
    assert thread.state == "assigned"


def test_our_own_verification_of_a_signature_is_kept_with_the_row(desk: Desk, ann: Correspondent) -> None:
    def answers(names: object, timeout_seconds: float) -> dict[str, bytes | None]:
        return {"key._domainkey.corp.example": b"v=DKIM1; p=..."}

    use(desk, parser=SigningParser(b""), lookup_txt=answers)
    ann.writes("VPN is down", "The tunnel does not work.")
    with desk.database.read() as work:
        row = work.inbox.row(1)
    assert row is not None
    assert row.dkim == "pass corp.example"


def test_every_decision_keeps_its_reasons_and_its_configuration(desk: Desk, ann: Correspondent) -> None:
    number = ann.writes("VPN is down", "The tunnel does not work.").number
    with desk.database.read() as work:
        (decision,) = work.audit.decisions(ticket=number)
    assert (decision.event, decision.disposition) == ("request_received", "done: opened")
    assert decision.config_hash == desk.snapshot.hash
    assert any("Tunnel" in reason.because for reason in decision.reasons), decision.reasons


def test_an_id_belongs_to_the_thread_that_used_it_first(desk: Desk, ann: Correspondent, sam: Correspondent) -> None:
    """Whoever copies a Message-ID of the other side must not make the last check stop the desk's own mail."""
    thread = ann.writes("VPN is down", "The tunnel does not work.")
    sam.gets("hand_over")
    sam.replies("Please restart it.", headers={"Message-ID": f"<{thread.message_id}>"})
    ann.gets("acknowledgement")
    ann.replies("It still does not work.", to=ann.gets("relay_to_requester"))
    assert [line.kind for line in desk.mails_out() if line.state == "stopped"] == []


def test_a_requester_may_name_their_own_message_id(desk: Desk, ann: Correspondent, sam: Correspondent) -> None:
    ann.writes("VPN is down", "The tunnel does not work. Message-ID: <story-1@corp.example>")
    assert sam.gets("hand_over").says("<story-1@corp.example>")
