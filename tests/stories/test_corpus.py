"""Mail of thirty years, poured into Dovecot and fetched from it: every mail one row and one end, byte by byte.

`make test` takes a sample; `make corpus` (MAILBOT_FULL=1) takes all of it in two minutes, and tells how it went.
"""

from __future__ import annotations

import json
import os
import smtplib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from imapclient import IMAPClient

from mailbot.app import App, build
from mailbot.desk.ticket import Side
from mailbot.mail.model import MailClass
from mailbot.store.rows import InboxLine, OutboxLine
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.verify import verify
from tests.servers.dovecot import PASSWORD, Dovecot, need_dovecot
from tests.servers.process import LOOPBACK, wait_until
from tests.servers.sinks import Sink
from tests.stories.house import SUPPORT, Street, Way, copy_example, residents, working, write_settings

FULL = os.environ.get("MAILBOT_FULL") == "1"
SAMPLE_MAILS = 150
ALL_MAILS = 100_000
MANY = (
    "tickets_per_turn",
    "global_per_hour",
    "address_per_hour",
    "address_per_day",
    "domain_per_hour",
    "group_per_hour",
)
LIMITS = "[limits]\n" + "".join(f"{name} = 100_000\n" for name in MANY)  # what stays silent is to do so by its class
ENDS = {InboxState.DONE, InboxState.IGNORED, InboxState.DUPLICATE, InboxState.HELD, InboxState.SET_ASIDE}


@dataclass
class Poured:
    """What came in, what became of it, and what left."""

    files: dict[int, str]  # by UID
    delivered: dict[int, bytes]  # by UID, as another client than mailbot fetches it
    stored: dict[int, bytes]
    rows: list[InboxLine]
    outgoing: list[OutboxLine]
    received: list[str] = field(default_factory=list)  # recipients whom the world outside has mail for
    breaches: list[str] = field(default_factory=list)


def choose(corpus: Path) -> list[Path]:
    folders = [path for path in sorted(corpus.iterdir()) if path.is_dir() and path.name != "expected"]
    mails = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return mails if FULL else mails[:: max(1, len(mails) // SAMPLE_MAILS)]


def pour(dovecot: Dovecot, mails: list[Path], to_us: set[str]) -> dict[int, str]:
    """Bring them by LMTP, some with a line that makes them mail to the desk; what is refused never gets a UID."""
    taken: dict[int, str] = {}
    with smtplib.LMTP(LOOPBACK, dovecot.lmtp_port) as lmtp:
        for path in mails:
            raw = path.read_bytes()
            if str(path) in to_us:
                raw = f"To: {SUPPORT}\r\n".encode() + raw
            try:
                lmtp.sendmail("somebody@example.org", [SUPPORT], raw)
            except smtplib.SMTPResponseException as refused:
                print("refused by Dovecot:", path.name, refused)
                continue
            taken[len(taken) + 1] = str(path)
    return taken


def fetch_all(dovecot: Dovecot) -> dict[int, bytes]:
    with IMAPClient(LOOPBACK, dovecot.imap_port, ssl=False) as client:
        client.login(SUPPORT, PASSWORD)
        client.select_folder("INBOX", readonly=True)
        uids = client.search()
        found: dict[int, bytes] = {}
        for start in range(0, len(uids), 100):
            answers = client.fetch(uids[start : start + 100], ["BODY.PEEK[]"])
            found |= {uid: answer[b"BODY[]"] for uid, answer in answers.items()}
        return found


def rests(app: App, mails: int) -> bool:
    time.sleep(0.5)  # two thousand rows are no light reading
    with app.database.read() as work:
        inside, outside = work.inbox.lines(limit=ALL_MAILS), work.outbox.lines(limit=ALL_MAILS)
    ended = [row for row in inside if row.state in ENDS]
    now = app.parts.clock()  # the breaker lets some mail to groups leave later
    leaving = [row for row in outside if row.state is OutboxState.READY and row.not_before <= now]
    sending = [row for row in outside if row.state is OutboxState.SENDING]
    return len(ended) >= mails and not leaving and not sending


@pytest.fixture(scope="module")
def poured(street: Street, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Poured]:
    need_dovecot()
    folder = tmp_path_factory.mktemp("desk")
    config = copy_example(folder)
    with Dovecot(street.authority.issue(), users=residents(config)) as dovecot, Sink() as world:
        write_settings(config, Way("corpus"), street, dovecot, world.port, more=LIMITS)
        files = pour(dovecot, choose(shared / "corpus"), set(labelled(shared / "corpus")))
        started = time.monotonic()
        with build(config) as app:
            with working(app):
                wait_until(lambda: rests(app, len(files)), "every mail has its end", 1_800 if FULL else 90)
            poured = look(app, files, fetch_all(dovecot))
        poured.received = [mail.rcpt_to for mail in world.mails]
        tell(poured, time.monotonic() - started)
        yield poured


def look(app: App, files: dict[int, str], delivered: dict[int, bytes]) -> Poured:
    with app.database.read() as work:
        rows = work.inbox.lines(limit=ALL_MAILS)
        stored = {row.uid: whole.raw for row in rows if (whole := work.inbox.row(row.id))}
        breaches = [str(found) for found in verify(work)]
        return Poured(files, delivered, stored, rows, work.outbox.lines(limit=ALL_MAILS), breaches=breaches)


def tell(poured: Poured, seconds: float) -> None:
    """How it went, for who runs it with `-s`."""
    ends = Counter(f"{row.state}: {row.reason.partition(':')[0].rstrip(' 0123456789')}" for row in poured.rows)
    print(f"{len(poured.rows)} mails in {seconds:.0f} s, {len(poured.received)} mails out")
    for end, mails in ends.most_common():
        print(f"{mails:6} {end}")


def test_every_mail_is_one_row_and_has_one_end(poured: Poured) -> None:
    assert sorted(row.uid for row in poured.rows) == sorted(poured.delivered) == sorted(poured.files)
    assert len(poured.files) >= SAMPLE_MAILS - 10
    assert {row.state for row in poured.rows} <= ENDS
    assert not [row for row in poured.rows if not row.reason]
    assert poured.breaches == []


def test_every_row_holds_byte_by_byte_what_was_delivered(poured: Poured) -> None:
    different = [poured.files[uid] for uid, raw in poured.delivered.items() if poured.stored[uid] != raw]
    assert different == []


def test_nothing_is_sent_to_a_machine(poured: Poured, shared: Path) -> None:
    by_id = {row.id: row for row in poured.rows}
    answered = {row.inbox_id: row for row in poured.outgoing if row.side is Side.REQUESTER}
    causes = [by_id[cause] for cause in answered if cause is not None]
    assert causes
    assert {row.mail_class for row in causes} == {MailClass.HUMAN}
    classes = labelled(shared / "corpus")
    names = [poured.files[row.uid] for row in causes]
    assert [(classes[name], name) for name in names if classes.get(name, "human") != "human"] == []


def test_what_left_has_arrived_in_the_world(poured: Poured) -> None:
    sent = Counter(row.recipient for row in poured.outgoing if row.state is OutboxState.SENT)
    assert Counter(poured.received) == sent


def labelled(corpus: Path) -> dict[str, str]:
    """What the files are, as those say who labelled them."""
    lines = (corpus / "expected" / "classify.jsonl").read_text(encoding="utf-8").splitlines()
    records = (json.loads(line) for line in lines)
    return {str(corpus / one["file"]): one["expect"]["class"] for one in records if "class" in one["expect"]}
