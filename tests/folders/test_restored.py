"""The machine is lost: a desk under load, a backup beside it, more mail, and a new machine that goes on.

Mail comes by Postfix into Dovecot and leaves by Postfix. On SQLite `mailbot backup` and `restore` carry the desk over,
on PostgreSQL pg_dump, pg_restore and `mailbot restore --mark-only`. Every mail of before, between and after is one
ticket, no acknowledgement leaves twice, and a hand-over that leaves again is the same bytes.
"""

from __future__ import annotations

import shutil
import smtplib
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL

import pytest

from mailbot.mail.parse import parse
from tests.folders.child import PATIENCE_SECONDS, ChildDesk, imap
from tests.folders.test_people import FULL
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres
from tests.servers.process import LOOPBACK, wait_until
from tests.servers.proxy import Proxy
from tests.servers.sinks import Sink

MAILS = 300 if FULL else 6  # before the backup, while it is made and after it; half as many while nobody is there
DOMAIN = "client.test"
MANY = ("tickets_per_turn", "global_per_hour", "address_per_hour", "domain_per_hour", "group_per_hour")
LIMITS = "[limits]\n" + "".join(f"{name} = 100_000\n" for name in MANY)
LETTER = (
    "From: Person {n} <person{n}.{run}@client.test>\r\nTo: {to}\r\nSubject: Room {n}\r\n"
    "Message-ID: <{n}.{run}@client.test>\r\nDate: Mon, 02 Mar 2026 08:00:00 +0000\r\n\r\n"
    "The tunnel in room {n} is broken.\r\n"
)


class Correspondence:
    """People who write to one address by Postfix, and what they get back from the desk."""

    def __init__(self, postfix: Postfix, sink: Sink, address: str) -> None:
        self.postfix, self.sink, self.address = postfix, sink, address
        self.run = address.partition("@")[0]
        self.written: list[int] = []
        self.way_out = Proxy(postfix.port)  # of the desk, to Postfix

    def write(self, count: int, pause_seconds: float = 0.0) -> None:
        with smtplib.SMTP(LOOPBACK, self.postfix.port) as smtp:
            for number in range(len(self.written), len(self.written) + count):
                raw = LETTER.format(n=number, run=self.run, to=self.address).encode()
                smtp.sendmail(self.person(number), [self.address], raw)
                self.written.append(number)
                time.sleep(pause_seconds)

    def person(self, number: int) -> str:
        return f"person{number}.{self.run}@client.test"

    def got(self) -> dict[str, list[bytes]]:
        """By recipient; of the desk of this test alone."""
        found = defaultdict(list)
        for mail in self.sink.mails:
            if self.run in mail.mail_from:
                found[mail.rcpt_to].append(mail.raw)
        return found

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Load, for as long as something is done."""
        thread = threading.Thread(target=self.write, args=[MAILS, 0.15])
        thread.start()
        try:
            yield
        finally:
            thread.join()


@pytest.fixture
def people(postfix: Postfix, sink: Sink, address: str) -> Iterator[Correspondence]:
    found = Correspondence(postfix, sink, address)
    with found.way_out:
        yield found


def a_desk(people: Correspondence, dovecot: Dovecot, folder: Path, database: str = "") -> ChildDesk:
    return ChildDesk(
        folder,
        imap(dovecot.imap_port, people.address, 'archive_folder = "Archive"'),
        password=PASSWORD,
        smtp_port=people.way_out.port,
        address=people.address,
        domain=DOMAIN,
        database=database,
        since='"everything"',
        more=LIMITS,
    )


def lives_until_the_loss(desk: ChildDesk, people: Correspondence, back_up: Callable[[], object]) -> None:
    """Mail before, while and after the backup; then the machine is gone, and people go on writing."""
    people.way_out.delay_seconds = 0.5  # a slow server: acknowledgements wait while the backup is made
    desk.start()
    with people.writing():
        desk.waits(lambda: "ready" in acknowledgements(desk), "an acknowledgement waits")
        back_up()
    people.way_out.delay_seconds = 0.0
    people.write(MAILS)
    desk.comes_to("done", 2 * MAILS)
    acknowledged = lambda: all(people.got()[people.person(n)] for n in people.written)  # noqa: E731  # a condition
    wait_until(acknowledged, "everybody has an acknowledgement", PATIENCE_SECONDS)
    desk.stop(SIGKILL)
    people.write(MAILS // 2)


def judge(desk: ChildDesk, people: Correspondence) -> None:
    """After the restore, when the new desk has come to rest."""
    wanted = [f"Room {number}" for number in people.written]
    desk.waits(lambda: sorted(subjects(desk)) == sorted(wanted), "every mail is one ticket")
    desk.comes_to("", len(wanted))
    desk.waits(lambda: not under_way(desk), "nothing is under way")
    desk.waits(lambda: handed_over(people) >= set(wanted), "every hand-over has left")
    desk.types("verify")
    got = people.got()
    told = Counter(number for number in people.written for _ in got[people.person(number)])
    assert [number for number, count in told.items() if count > 1] == [], "class B, at most once"
    copies = defaultdict(set)
    for raws in got.values():
        for raw in raws:
            copies[parse(raw).message_id].add(raw)
    assert all(len(same) == 1 for same in copies.values()), "a second copy is the same bytes"


def subjects(desk: ChildDesk) -> Sequence[str]:
    with desk.reads() as work:
        return [ticket.subject for ticket in work.tickets.find(limit=100_000)]


def handed_over(people: Correspondence) -> set[str]:
    """The rooms of which a group has heard."""
    others = {to: raws for to, raws in people.got().items() if not to.startswith("person")}
    texts = [parse(raw).text for raws in others.values() for raw in raws]
    return {f"Room {n}" for n in people.written if any(f"in room {n} is" in text for text in texts)}


def acknowledgements(desk: ChildDesk) -> set[str]:
    """The states in which they are."""
    return {line.state.value for line in desk.mails_out() if line.kind == "acknowledgement"}


def under_way(desk: ChildDesk) -> list[str]:
    """What was in DATA as the backup was made is in doubt, and left to its quarter of an hour."""
    return [line.kind for line in desk.mails_out() if line.state in ("ready", "sending")]


def test_a_desk_goes_on_from_its_backup_on_another_machine(
    people: Correspondence, dovecot: Dovecot, tmp_path: Path
) -> None:
    archive = tmp_path / "desk.tar.gz"
    with a_desk(people, dovecot, tmp_path / "old") as old:
        lives_until_the_loss(old, people, lambda: old.types("backup", archive))
        before = {line.message_id for line in old.rows()}
    with a_desk(people, dovecot, tmp_path / "new") as new:
        for lost in (tmp_path / "old", new.config.parent):
            shutil.rmtree(lost)
        new.types("restore", archive)
        assert "parked" in acknowledgements(new)
        known = {line.message_id for line in new.rows()}
        assert known < before, "mail came after the backup"
        assert known, "and before it"
        judge(new.start(), people)


def test_a_desk_on_postgresql_goes_on_from_a_dump(
    people: Correspondence, dovecot: Dovecot, postgres: Postgres, tmp_path: Path
) -> None:
    dump = tmp_path / "desk.dump"
    first, second = postgres.new_database(), postgres.new_database()
    dumped: list[bytes] = []
    tmp_path.chmod(0o755)

    def back_up() -> None:
        shutil.copytree(old.config, tmp_path / "kept")
        target = postgres.folder / f"{first}.dump"
        postgres.tool("pg_dump", "-Fc", "-d", first, "-f", str(target))
        dumped.append(target.read_bytes())

    with a_desk(people, dovecot, tmp_path / "old", postgres.url(first)) as old:
        lives_until_the_loss(old, people, back_up)
    postgres.drop_database(first)
    dump = postgres.folder / f"{first}.dump"
    with a_desk(people, dovecot, tmp_path / "new", postgres.url(second)) as new:
        main = (new.config / "mailbot.toml").read_bytes()
        shutil.rmtree(new.config)
        shutil.copytree(tmp_path / "kept", new.config)
        (new.config / "mailbot.toml").write_bytes(main)  # it names another database
        postgres.tool("pg_restore", "--clean", "--if-exists", "-d", second, str(dump))
        new.types("restore", "--mark-only", "--force")  # the dump shows a daemon that lived a moment ago
        assert "parked" in acknowledgements(new)
        assert len(new.rows()) < len(people.written)
        judge(new.start(), people)
    postgres.drop_database(second)
