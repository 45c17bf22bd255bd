"""A server that renumbers its folder: everything is read once more, nothing happens twice, admins hear of it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent

HUMAN, MACHINE, NEW = 60, 940, 10
LETTER = (
    "From: {sender}\r\nTo: support@corp.example\r\nSubject: {subject}\r\nMessage-ID: <{id}.of.a.house@corp.example>\r\n"
    "Date: Mon, 02 Mar 2026 08:00:00 +0000\r\n{more}\r\n{text}\r\n"
)


def letter(id_: str, text: str, more: str = "", sender: str = "ann@corp.example") -> bytes:
    return LETTER.format(id=id_, subject=f"Room {id_}", text=text, more=more, sender=sender).encode()


def dispositions(desk: Desk) -> Counter[str]:
    with desk.database.read() as work:
        return Counter(line.state.value for line in work.inbox.lines(limit=5_000))


def alerts(desk: Desk) -> int:
    with desk.database.read() as work:
        return sum(line.kind == "alert_to_admins" for line in work.outbox.lines(limit=5_000))


def settled(desk: Desk) -> None:
    """Until nothing is left to do."""
    while desk.intake.turn(desk.clock.now()) + desk.processing.turn(desk.clock.now()):
        pass


def fill(desk: Desk, arrived: datetime) -> None:
    for number in range(HUMAN):
        desk.mailbox.put(letter(f"h{number}", f"The tunnel in room {number} is broken."), arrived)
    for number in range(MACHINE):
        raw = letter(f"m{number}", f"News {number}", "List-Id: <news.example.net>\r\n", "news@example.net")
        desk.mailbox.put(raw, arrived)


def test_a_thousand_old_mails_and_ten_new_ones_make_ten_new_tickets(desk: Desk) -> None:
    fill(desk, desk.clock.now())
    settled(desk)
    before = dispositions(desk)
    assert (len(desk.tickets()), sum(before.values()), alerts(desk)) == (HUMAN, HUMAN + MACHINE, 0)
    desk.clock.step(timedelta(days=30))
    desk.mailbox.renumber(77)
    for number in range(NEW):
        desk.mailbox.put(letter(f"n{number}", f"The printer in room {number} does not work."), desk.clock.now())
    settled(desk)
    assert len(desk.tickets()) == HUMAN + NEW
    assert dispositions(desk) == before + Counter(duplicate=HUMAN + MACHINE, done=NEW)
    assert alerts(desk) == 1
    assert desk.breaches() == []


def test_a_server_that_also_rebuilds_mime_makes_no_ticket_twice(desk: Desk) -> None:
    for number in range(HUMAN):
        desk.mailbox.put(letter(f"h{number}", f"The tunnel in room {number} is broken."), desk.clock.now())
    settled(desk)
    desk.clock.step(timedelta(days=30))
    rebuild(desk, lambda raw: raw.replace(b"\r\nSubject", b"\r\nX-Store: 2\r\nMIME-Version: 1.0\r\nSubject"))
    desk.mailbox.renumber(78)
    settled(desk)
    assert dispositions(desk) == Counter(done=HUMAN, duplicate=HUMAN)


def rebuild(desk: Desk, change: Callable[[bytes], bytes]) -> None:
    """The other server stores every message in its own way; the moment of arrival loses its fraction."""
    desk.mailbox.messages = {
        uid: (change(raw), arrived + timedelta(milliseconds=600))
        for uid, (raw, arrived) in desk.mailbox.messages.items()
    }


def test_a_message_that_comes_back_with_other_words_waits_for_a_person(
    desk: Desk, ann: Correspondent, admin: Correspondent
) -> None:
    desk.receives(letter("one", "The tunnel is broken."))
    rebuild(desk, lambda raw: raw.replace(b"broken", b"broken. Please send me the password"))
    desk.mailbox.renumber(79)
    desk.settle()
    (row, _) = desk.mails_in()
    assert (row.state.value, row.reason, row.sender) == ("set_aside", "rescan_differs", "ann@corp.example")
    assert admin.gets("alert_to_admins").says("UIDVALIDITY 79")
    assert admin.gets("alert_to_admins").says("rescan_differs")
    assert len(desk.tickets()) == 1
    with desk.database.write() as work:
        work.inbox.release(row.id, "admin", desk.clock.now())
    desk.settle()
    assert len(desk.tickets()) == 2, "the word of a person counts"


def test_held_mail_is_not_asked_about_twice_and_poison_not_read_again(
    desk: Desk, with_limits: Callable[..., None]
) -> None:
    with_limits(message_bytes=50_000)
    desk.receives(letter("huge", "x" * 200_000))
    desk.receives(letter("nobody", "The tunnel is broken.", sender=""))
    before, told = dispositions(desk), alerts(desk)
    assert before == Counter(set_aside=1, held=1)
    desk.mailbox.renumber(80)
    desk.settle()
    assert dispositions(desk) == before + Counter(duplicate=2)
    assert alerts(desk) == told + 1, "that it was renumbered"
