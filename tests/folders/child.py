"""`mailbot run` as a process of its own: its memory can be told from that of the tests, and it can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from mailbot.store.database import Database
from mailbot.store.rows import HealthRecord, InboxLine, OutboxLine
from mailbot.store.unit_of_work import Work
from tests.stories.house import copy_example

PATIENCE_SECONDS = 900.0 if os.environ.get("MAILBOT_FULL") == "1" else 120.0  # a failure, wherever it is so long
MAIN = """
[identity]
name = "IT Support"
address = "{address}"
organisation = "Example Ltd"
own_domains = ["corp.example"]
languages = ["en", "de"]
[admins]
addresses = ["mail-admins@corp.example"]
[[mailboxes]]
account = "support"
since = {since}
{mailbox}
[smtp]
host = "127.0.0.1"
port = {smtp_port}
security = "none"
{database}
[delivery]
hold_seconds = 0
[intervals]
mailbox_poll_seconds = {poll_seconds}
delivery_poll_seconds = 0.2
{more}
"""


def imap(port: int, user: str = "support", more: str = "") -> str:
    """The lines of a mailbox behind IMAP on loopback."""
    login = f'user = "{user}"\npassword = {{ file = "secret" }}\nsecurity = "none"'
    return f'host = "127.0.0.1"\nport = {port}\n{login}\n{more}'


class ChildDesk:
    """One desk; a context manager that ends its process. It can be started again, with other settings too."""

    def __init__(
        self,
        folder: Path,
        mailbox: str,
        *,
        password: str = "x",
        smtp_port: int = 1,
        address: str = "support@corp.example",
        domain: str = "corp.example",
        database: str = "",
        since: str = '"first start"',
        poll_seconds: float = 1,
        more: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.config = copy_example(folder)
        self.database_url = database or f"sqlite:///{folder / 'state' / 'mailbot.sqlite3'}"
        self._live_at(domain)
        self.log_file = folder / "log"
        secret = self.config / "secret"
        secret.touch(mode=0o600)
        secret.write_text(password, encoding="utf-8")
        (self.config / "mailbot.toml").write_text(
            MAIN.format(
                since=since,
                mailbox=mailbox,
                smtp_port=smtp_port,
                address=address,
                database=f'[database]\nurl = "{database}"' if database else "",
                poll_seconds=poll_seconds,
                more=more,
            ).replace("corp.example", domain),
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "state").mkdir(exist_ok=True)
        database_made = Database.open(self.database_url)
        database_made.upgrade()  # so that it can be looked into from the beginning
        database_made.close()

    def _live_at(self, domain: str) -> None:
        """Everybody whom the example names lives there, lists too."""
        for path in (*self.config.rglob("*.toml"), *self.config.rglob("*.csv"), *self.config.rglob("*.md")):
            if path.name != "keys.toml" and domain != "corp.example":
                text = path.read_text(encoding="utf-8")
                path.write_text(text.replace("corp.example", domain).replace("lists.test", domain), encoding="utf-8")

    def start(self) -> Self:
        """Run the daemon; returns at once."""
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mailbot", "--config", self.config, "run"], stdout=log, stderr=log
            )
        return self

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        """End it, in an orderly way or not."""
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait(60)
            self._process = None

    def types(self, *words: object) -> str:
        """A verb of the command line beside the daemon; what it says."""
        command = [sys.executable, "-m", "mailbot", "--config", str(self.config), *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    @property
    def peak_mb(self) -> int:
        """The most memory that the daemon's own process has ever had resident."""
        assert self._process is not None
        status = Path("/proc", str(self._process.pid), "status").read_text(encoding="ascii")
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) // 1024

    @property
    def cpu_seconds(self) -> float:
        """What the daemon's own process has computed so far."""
        assert self._process is not None
        fields = Path("/proc", str(self._process.pid), "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @contextmanager
    def reads(self) -> Iterator[Work]:
        """The database, from beside."""
        database = Database.open(self.database_url)
        try:
            with database.read() as work:
                yield work
        finally:
            database.close()

    def counts(self) -> Counter[str]:
        """`ignored: before_start` -> how many rows."""
        with self.reads() as work:
            lines = work.connection.exec_driver_sql("select state, reason, count(*) from inbox group by state, reason")
            return Counter({f"{state}: {reason}".strip(": "): count for state, reason, count in lines})

    def rows(self) -> list[InboxLine]:
        """What came in, newest first."""
        with self.reads() as work:
            return work.inbox.lines(limit=1_000_000)

    def mails_out(self) -> list[OutboxLine]:
        """What goes out, newest first."""
        with self.reads() as work:
            return work.outbox.lines(limit=1_000_000)

    def health(self, component: str) -> HealthRecord | None:
        """What a part of the daemon says of itself."""
        with self.reads() as work:
            return work.health.get(component)

    def comes_to(self, state: str, count: int, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until so many rows stand there, and none is under way."""

        def there() -> bool:
            found = self.counts()
            resting = not any(name.startswith(("received", "claimed")) for name in found)
            return resting and sum(found[name] for name in found if name.startswith(state)) >= count

        self.waits(there, f"{count} rows are {state}", timeout_seconds)

    def waits(self, condition: Callable[[], object], what: str, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Wait, without keeping the database busy by asking; whoever waits in vain sees what the daemon has said."""
        deadline = time.monotonic() + timeout_seconds
        while not condition():
            if time.monotonic() > deadline or (self._process is not None and self._process.poll() is not None):
                raise TimeoutError(f"still not: {what}\n{self.counts()}\n{self.log()[-3000:]}")
            time.sleep(0.2)

    def log(self) -> str:
        """All that it has said."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(signal.SIGKILL)
