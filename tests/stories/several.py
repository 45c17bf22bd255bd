"""Several daemon processes on one database and one mailbox, in front of real servers.

A stage has Dovecot with the mailbox of the desk, Postfix that carries everything else into a sink, and PostgreSQL
behind a proxy that can be cut. A daemon is a process of its own: `python -m tests.stories.several CONFIG ROLES` is
`mailbot run` with short leases, and at SIGUSR1 it freezes (SIGSTOP) as soon as it has fetched mail that is not stored.
"""

from __future__ import annotations

import email
import os
import signal
import smtplib
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from mailbot import failpoints
from mailbot.app import build
from mailbot.daemon.log import start_logging
from mailbot.failpoints import Failpoint
from mailbot.store.database import Database
from mailbot.store.rows import HealthRecord, InboxLine, OutboxLine
from mailbot.store.states import InboxState, OutboxState
from mailbot.store.verify import verify
from tests.conftest import ROOT
from tests.servers.certificates import Authority
from tests.servers.dovecot import Dovecot, need_dovecot
from tests.servers.oauth import OAuth
from tests.servers.policy import Policy
from tests.servers.postfix import Postfix, need_postfix
from tests.servers.process import LOOPBACK, wait_until
from tests.servers.proxy import Proxy
from tests.servers.sinks import Sink
from tests.stories.house import SUPPORT, Street, Way, copy_example, residents, write_settings

LEASE_SECONDS = 2.5
MORE = "[limits]\ngroup_per_hour = 9999\nglobal_per_hour = 9999\ndomain_per_hour = 9999\n"
UNDIGESTED = (InboxState.RECEIVED, InboxState.CLAIMED)
UNDER_WAY = (OutboxState.READY, OutboxState.SENDING)


@dataclass
class Daemon:
    """One process."""

    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_frozen(self) -> bool:
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def freezes(self) -> None:
        """With fetched mail in its hands that is not stored."""
        os.kill(self.pid, signal.SIGUSR1)

    def wakes(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def dies(self) -> None:
        self.process.kill()
        self.process.wait()

    def stops(self) -> None:
        self.process.terminate()
        assert self.process.wait(30) == 0, self.log()


class Stage:
    """What all daemons share, and what may be looked at from beside."""

    def __init__(self, config: Path, folder: Path, postfix: Postfix, sink: Sink, proxy: Proxy, url: str) -> None:
        self.config, self.folder = config, folder
        self.postfix, self.sink, self.proxy = postfix, sink, proxy
        self.database = Database.open(url)
        self.daemons: list[Daemon] = []

    def starts(self, *command: str) -> Daemon:
        """A daemon, by that command or as it is described above."""
        log = self.folder / f"daemon-{len(self.daemons)}.log"
        words = [sys.executable, "-m", *(command or ("tests.stories.several", str(self.config)))]
        with log.open("ab") as output:
            process = subprocess.Popen(words, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
        self.daemons.append(Daemon(process, log))
        return self.daemons[-1]

    def reader(self) -> Daemon | None:
        """Who reads the mailbox by a lease that runs."""
        with self.database.read() as work:
            holder = work.leases.holder("mailbox:support:INBOX", self.database.now())
        return next((one for one in self.daemons if f":{one.pid}:" in holder), None)

    def next_reader(self, *but: Daemon) -> Daemon:
        """Wait until somebody else reads the mailbox."""
        found: list[Daemon] = wait_until(
            lambda: [one for one in (self.reader(),) if one and one not in but], "a reader"
        )
        return found[0]

    def pours(self, first: int, mails: int) -> None:
        """So many requesters write, one after the other."""
        with smtplib.SMTP(LOOPBACK, self.postfix.port, timeout=30) as smtp:
            for number in range(first, first + mails):
                smtp.sendmail(requester(number), SUPPORT, letter(number))

    def cuts_database(self) -> None:
        """Every connection to the database breaks, whatever is going on there."""
        self.proxy.drop_all()

    # ---------------------------------------------------------------- what came of it

    def mails_in(self) -> list[InboxLine]:
        with self.database.read() as work:
            return work.inbox.lines(limit=100_000)

    def mails_out(self) -> list[OutboxLine]:
        with self.database.read() as work:
            return work.outbox.lines(limit=100_000)

    def health(self) -> dict[str, HealthRecord]:
        with self.database.read() as work:
            return {record.component: record for record in work.health.all()}

    def rests(self, mails: int) -> bool:
        """Whether so many mails have come to their end, and all that they caused; asked seldom, for it costs."""
        time.sleep(0.2)
        with self.database.read() as work:
            status = work.status(self.database.now())
        digested = sum(status.inbox.values()) - sum(status.inbox[state] for state in UNDIGESTED)
        return digested >= mails and not any(status.outbox[state] for state in UNDER_WAY) and not self.postfix.queue()

    def copies(self) -> Counter[str]:
        """How often each mail arrived, by Message-ID."""
        found = (email.message_from_bytes(mail.raw)["Message-ID"] for mail in list(self.sink.mails))
        return Counter(str(message_id).strip().strip("<>") for message_id in found)

    def breaches(self) -> list[str]:
        with self.database.read() as work:
            return [f"{found.invariant} {found.where}: {found.what}" for found in verify(work)]

    def close(self) -> None:
        for daemon in self.daemons:
            with suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGKILL)
            daemon.process.wait()
        self.database.close()


@contextmanager
def open_stage(authority: Authority, oauth: OAuth, policy: Policy, folder: Path, url: str) -> Iterator[Stage]:
    """Everything but daemons."""
    need_dovecot()
    need_postfix()
    config = copy_example(folder)
    certificate = authority.issue()
    with ExitStack() as stack:
        sink = stack.enter_context(Sink())
        dovecot = stack.enter_context(Dovecot(certificate, oauth, residents(config)))
        groups = {"lists.test": f"smtp:[{LOOPBACK}]:{sink.port}"}
        postfix = Postfix(certificate, dovecot, policy, sink, domains=("corp.example",), transports=groups)
        stack.enter_context(postfix)
        before, _, name = url.rpartition("/")
        host, _, port = before.rpartition(":")
        proxy = stack.enter_context(Proxy(int(port)))
        street = Street(authority, oauth, policy, sink)
        write_settings(config, Way("several"), street, dovecot, postfix.port, f"{host}:{proxy.port}/{name}", MORE)
        stage = Stage(config, folder, postfix, sink, proxy, url)
        stage.database.upgrade()
        stack.callback(stage.close)
        yield stage


def requester(number: int) -> str:
    return f"requester{number:04}@client.test"


def letter(number: int) -> bytes:
    """A request of its own kind, so that nothing is folded into anything else."""
    lines = (
        f"From: Requester {number} <{requester(number)}>",
        f"To: {SUPPORT}",
        f"Subject: VPN from site {number}",
        f"Message-ID: <request-{number}@client.test>",
        "Date: " + email.utils.formatdate(),
        "",
        f"The VPN client at site {number} asks for a licence key since this morning. Which one is ours?",
        "",
    )
    return "\r\n".join(lines).encode()


# ---------------------------------------------------------------- in the process of a daemon


def main(config: str) -> None:
    """`mailbot run`, mortal in a hurry."""
    asked = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: asked.set())

    def freeze(point: Failpoint) -> None:
        if point is Failpoint.FETCHED and asked.is_set():
            asked.clear()
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0.1)  # a thread may take one more step before it stands still

    failpoints.plant(freeze)
    start_logging()
    with build(Path(config)) as app:
        app.parts = replace(app.parts, lease_seconds=LEASE_SECONDS)
        app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
