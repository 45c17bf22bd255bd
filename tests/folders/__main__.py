"""`make folders`: the daemon reads MAILS (200,000) messages for the first time, by IMAP, on Dovecot and in a Maildir.

A line a folder: mails a second, the daemon's peak memory, the longest line either way, how long a mail waited that
came in the middle, what a poll costs afterwards, and what the comparison of the whole folder costs that is made at
every start and once a day. Exit 1 where memory or a line is above its limit, or a mail is missing.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.folders.child import ChildDesk, imap
from tests.folders.test_vast import LONGEST_LINE_BYTES, MOST_MB
from tests.folders.vast import OLD, VastFolder, old_mail
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.process import new_folder
from tests.servers.proxy import Proxy

POLLS_SECONDS = 20
PATIENCE_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Place:
    """Where the mails lie: what the desk is told of it, how a mail arrives, and the longest line so far."""

    name: str
    mailbox: str
    arrives: Callable[[bytes], object]
    longest_line_bytes: Callable[[], int] = int
    password: str = "x"


@dataclass(slots=True)
class Figures:
    """What was measured at one place."""

    name: str
    breaches: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def tell(self, words: str, breach: bool = False) -> None:
        """A figure, and whether it is one that must not be."""
        self.told.append(words)
        if breach:
            self.breaches.append(words)


def names(count: int) -> Iterator[tuple[str, bytes]]:
    """Files of a Maildir."""
    for number in range(1, count + 1):
        yield f"{int(OLD.timestamp()) + number}.M{number:06}P42V0000I{number:08X}.mail", old_mail(number)


def age(folder: Path) -> None:
    """The moment of arrival is that of the file."""
    for path in folder.iterdir():
        os.utime(path, (OLD.timestamp(), OLD.timestamp()))


@contextmanager
def scripted(count: int, _folder: Path) -> Iterator[Place]:
    with VastFolder(count) as server:
        yield Place(
            "imap",
            imap(server.port),
            lambda raw: server.arrives(raw, datetime.now(UTC)),
            lambda: max(server.longest_line_heard, server.longest_line_sent),
        )


@contextmanager
def on_dovecot(count: int, _folder: Path) -> Iterator[Place]:
    with ExitStack() as stack:
        server = stack.enter_context(Dovecot(Authority(new_folder("authority")).issue()))
        address = server.new_address()
        server.fill(address, dict(names(count)))
        age(server.maildir(address) / "new")
        network = stack.enter_context(Proxy(server.imap_port))
        yield Place(
            "dovecot",
            imap(network.port, address),
            lambda raw: server.deliver(address, raw),
            lambda: max(map(len, network.heard.split(b"\r\n"))),
            PASSWORD,
        )


@contextmanager
def in_maildir(count: int, folder: Path) -> Iterator[Place]:
    box = folder / "mail"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    for name, raw in names(count):
        (box / "cur" / f"{name}:2,S").write_bytes(raw)
    age(box / "cur")

    def arrives(raw: bytes) -> None:
        (box / "new" / f"{int(time.time())}.M1P1.now").write_bytes(raw)

    yield Place("maildir", f'maildir = "{box}"', arrives)


PLACES = {"imap": scripted, "dovecot": on_dovecot, "maildir": in_maildir}


def measure(place: Place, count: int, folder: Path) -> Figures:
    """A first start, a mail in the middle, some polls, and a second start."""
    figures = Figures(place.name)
    with ChildDesk(folder, place.mailbox, password=place.password) as desk:
        started = time.monotonic()
        desk.start()
        waits_until_stored(desk, count // 3, place.name)
        arrived = time.monotonic()
        place.arrives(letter_of_today(count))
        desk.waits(lambda: new_mails(desk), "the mail that came in the middle is a ticket", PATIENCE_SECONDS)
        waited = time.monotonic() - arrived
        waits_until_stored(desk, count + 1, place.name)
        stored = time.monotonic() - started
        desk.comes_to("", count + 1, PATIENCE_SECONDS)
        figures.tell(f"{count / stored:.0f} mails/s stored, {count / (time.monotonic() - started):.0f} mails/s settled")
        figures.tell(f"a mail of today waited {waited:.0f} s")
        figures.tell(f"peak {desk.peak_mb} MB (limit {MOST_MB})", desk.peak_mb >= MOST_MB)
        before = desk.cpu_seconds
        time.sleep(POLLS_SECONDS)
        figures.tell(f"a poll costs {(desk.cpu_seconds - before) / POLLS_SECONDS * 1000:.0f} ms CPU")
        desk.stop()
        figures.tell(f"comparing all costs {compare_all(desk):.1f} s CPU, peak {desk.peak_mb} MB")
        longest = place.longest_line_bytes()
        figures.tell(f"longest line {longest} bytes", longest >= LONGEST_LINE_BYTES)
        rows = sum(desk.counts().values())
        figures.tell(f"{rows} rows", rows != count + 1)
    return figures


def compare_all(desk: ChildDesk) -> float:
    """What a start costs that finds nothing new: two lists of the whole folder and the start itself."""
    checks = desk.log().count("event=conserved")
    forget_check(desk)
    desk.start()
    desk.waits(lambda: desk.log().count("event=conserved") > checks, "the whole folder is compared", PATIENCE_SECONDS)
    return desk.cpu_seconds


def forget_check(desk: ChildDesk) -> None:
    """As if the last hourly check were long ago."""
    with sqlite3.connect(desk.database_url.removeprefix("sqlite:///")) as connection:
        connection.execute("delete from health where component like 'conservation:%'")
    connection.close()


def letter_of_today(count: int) -> bytes:
    return old_mail(count + 1).replace(b"Old matter", b"New matter")


def new_mails(desk: ChildDesk) -> int:
    return sum(number for name, number in desk.counts().items() if name.startswith("done"))


def waits_until_stored(desk: ChildDesk, count: int, name: str) -> None:
    """With a line on stderr now and then."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (there := sum((counts := desk.counts()).values())) < count:
        print(f"{name}: {there} stored {dict(counts)} peak {desk.peak_mb} MB", file=sys.stderr)
        if time.monotonic() > deadline:
            raise TimeoutError(desk.log()[-3000:])
        time.sleep(5)


def main() -> int:
    """Measure at each place that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.folders", description=__doc__)
    parser.add_argument("--mails", type=int, default=200_000)
    parser.add_argument("places", nargs="*", choices=[[], *PLACES], default=[])
    arguments = parser.parse_args()
    broken = 0
    for name in arguments.places or PLACES:
        with tempfile.TemporaryDirectory() as folder, PLACES[name](arguments.mails, Path(folder)) as place:
            figures = measure(place, arguments.mails, Path(folder) / "desk")
        print(f"{arguments.mails} mails, {figures.name}: {'; '.join(figures.told)}", flush=True)
        broken += len(figures.breaches)
    print(f"folders: {broken} limits exceeded")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
