"""A Dovecot that has lost its index: UIDVALIDITY changes and the UIDs begin anew, under a running daemon.

1,000 old mails and ten new ones (forty and four in `make test`) make ten tickets, no duplicate and one alert; also
where the mails come back rebuilt, as from another server.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.daemon.test_renumbered import letter
from tests.folders.child import ChildDesk, imap
from tests.folders.test_people import FULL
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot, need_dovecot

HUMAN, MACHINE, NEW = (60, 940, 10) if FULL else (10, 30, 4)
NEWS = "List-Id: <news.example.net>\r\n"
ADDRESS = "desk@box.test"
LIMITS = "[limits]\ntickets_per_turn = 100_000\n"


def as_it_was(raw: bytes) -> bytes:
    return raw


def rebuilt(raw: bytes) -> bytes:
    """The same mail as another server stores it: other order, other encoding of the same words."""
    message = message_from_bytes(raw, policy=policy.SMTP)
    text = message.get_content()
    message.set_content(text, cte="base64")
    message["X-Store"] = "2"
    return message.as_bytes()


@pytest.mark.parametrize("stored_as", [as_it_was, rebuilt] if FULL else [rebuilt])
def test_a_thousand_old_mails_and_ten_new_ones_make_ten_tickets(
    authority: Authority, tmp_path: Path, stored_as: Callable[[bytes], bytes]
) -> None:
    need_dovecot()
    human = [letter(f"h{number}", f"The tunnel in room {number} is broken.") for number in range(HUMAN)]
    machine = [letter(f"m{number}", "News", NEWS, "news@example.net") for number in range(MACHINE)]
    with Dovecot(authority.issue()) as server:
        server.fill(ADDRESS, {f"{1_772_400_000 + n}.M{n}.bench": raw for n, raw in enumerate([*human, *machine])})
        box = imap(server.imap_port, ADDRESS)
        with ChildDesk(tmp_path, box, password=PASSWORD, since='"everything"', more=LIMITS).start() as desk:
            desk.comes_to("", HUMAN + MACHINE)
            assert (tickets(desk), alerts(desk)) == (HUMAN, 0)
            lose_index(server, stored_as)
            news = [letter(f"n{number}", f"The printer in room {number} is broken.") for number in range(NEW)]
            server.deliver(ADDRESS, *news)
            desk.comes_to("", 2 * (HUMAN + MACHINE) + NEW)
            assert tickets(desk) == HUMAN + NEW
            assert sum(n for name, n in desk.counts().items() if name.startswith("duplicate")) >= HUMAN
            assert sum(n for name, n in desk.counts().items() if name.startswith(("held", "set_aside"))) == 0
            assert alerts(desk) == 1
            desk.types("verify")


def lose_index(server: Dovecot, stored_as: Callable[[bytes], bytes]) -> None:
    """Stop, lose every index, perhaps restore the mails from another server, and start again."""
    server.stop()
    box = server.maildir(ADDRESS)
    for pattern in ("dovecot-uidlist*", "dovecot.index*", "dovecot.list.index*", "dovecot-uidvalidity*"):
        for path in box.glob(pattern):
            path.unlink()
    for path in (box / "cur").iterdir():
        arrived = path.stat().st_mtime
        path.write_bytes(stored_as(path.read_bytes()))
        # Dovecot believes the sizes that it has written into the names.
        plain = path.rename(path.with_name(path.name.partition(",")[0].partition(":")[0] + ":2,"))
        os.utime(plain, (arrived, arrived))
    server.start()


def tickets(desk: ChildDesk) -> int:
    with desk.reads() as work:
        return len(work.tickets.find())


def alerts(desk: ChildDesk) -> int:
    return sum(line.kind == "alert_to_admins" for line in desk.mails_out())
