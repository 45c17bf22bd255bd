"""A folder of two hundred thousand messages, read by the daemon as a process of its own.

`make test` starts where all but the last two thousand are rows already: a scan that was broken off, and at the same
time the difference of the whole folder that is made once a day. `make folders` reads all of them
(`python -m tests.folders`).
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from mailbot.store.database import Database
from mailbot.store.states import HealthState
from tests.folders.child import ChildDesk, imap
from tests.folders.vast import OLD, VastFolder, old_mail

ALL, LEFT = 200_000, 1_000
LONGEST_LINE_BYTES = 1_000
MOST_MB = 300
ROWS = """
with recursive uids(uid) as (select 1 union all select uid + 1 from uids where uid < :last)
insert into inbox (account, folder, uidvalidity, uid, raw, raw_hash, internal_date, received_at, size_bytes, truncated,
                   marked, state, reason, attempts, holder, epoch, message_id, sender, subject, class, class_reason,
                   fingerprint_content, dkim, released_by, config_hash)
select 'support', 'INBOX', 7, uid, x'00', hex(uid), :old, :old, 1, 0, 1, 'ignored', 'before_start', 1, '', 1, '', '',
       '', '', '', '', '', '', '' from uids
"""


def read_before(desk: ChildDesk, last: int) -> None:
    """The rows up to that UID, as a daemon has left them that was killed in the middle."""
    database = Database.open(desk.database_url)
    with database.write() as work:
        work.mailboxes.register("support", "INBOX", 7, datetime.now(UTC))
    database.close()
    with sqlite3.connect(desk.database_url.removeprefix("sqlite:///")) as connection:
        connection.execute(ROWS, {"last": last, "old": "2020-01-02 09:00:00.000000"})
    connection.close()


def test_a_broken_scan_of_a_vast_folder_goes_on_in_little_memory_and_short_lines(tmp_path: Path) -> None:
    with VastFolder(ALL) as server, ChildDesk(tmp_path, imap(server.port)) as desk:
        read_before(desk, ALL - LEFT)
        desk.start()
        desk.waits(lambda: desk.health("mailbox:support/INBOX"), "a first look")
        server.arrives(old_mail(0).replace(b"Old matter", b"New matter"), datetime.now(UTC))
        desk.waits(lambda: server.fetched > LEFT, "all that was left is fetched")  # to count rows costs more
        desk.comes_to("done", 1)
        desk.waits(lambda: desk.health("conservation:support/INBOX"), "the check")
        assert desk.counts() == {"ignored: before_start": ALL, "done: opened": 1}
        assert server.fetched == LEFT + 1, "what was a row is not fetched again"
        assert server.longest_line_heard < LONGEST_LINE_BYTES
        assert server.longest_line_sent < LONGEST_LINE_BYTES
        assert desk.peak_mb < MOST_MB
        checked = desk.health("conservation:support/INBOX")
        assert checked is not None
        assert checked.state is HealthState.OK
        assert OLD.year == 2020
