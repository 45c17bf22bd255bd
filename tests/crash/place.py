"""Where lives are played: the servers, a configuration for them, and the disk of the desk, cleared before each life."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from mailbot.config.keys import new_keys
from tests.conversations.desk import HOUSE, WORDS, snapshot_of_house
from tests.conversations.letters import Letter
from tests.crash.post_office import HOST, Folders, PostOffice, Taken

_OWN = """
[[mailboxes]]
account = "support"
host = "{host}"
port = {imap_port}
user = "support@corp.example"
password = "any"
security = "none"
since = "everything"
archive_folder = "Archive"

[smtp]
host = "{host}"
port = {smtp_port}
local_hostname = "desk.corp.example"
security = "none"

[database]
url = "sqlite:///{database}"
state_folder = "{state}"

"""


@dataclass(frozen=True)
class Saved:
    """A desk that was stopped, and its surroundings at that moment."""

    state: Path
    time: datetime
    folders: Folders
    taken: list[Taken]
    post: dict[str, list[Letter]]
    written: int


class Place:
    """What a worker needs once: servers, a configuration, an event loop. Makes one world after the other."""

    def __init__(self) -> None:
        fast = "/dev/shm" if Path("/dev/shm").is_dir() else None
        self._folder = TemporaryDirectory(prefix="mailbot-crash-", dir=fast)
        self.root = Path(self._folder.name)
        self.config = self.root / "config"
        self.state = self.root / "state"
        self.database = self.state / "desk.sqlite3"
        self.office = PostOffice()
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.office.start())
        self._write_config()
        self.snapshot = snapshot_of_house()

    def _write_config(self) -> None:
        shutil.copytree(HOUSE, self.config)
        for words in WORDS.glob("words.*.toml"):
            shutil.copy(words, self.config)
        new_keys(self.config)
        main = self.config / "mailbot.toml"
        text = main.read_text(encoding="utf-8")
        ports = {"imap_port": self.office.imap_port, "smtp_port": self.office.smtp_port}
        own = _OWN.format(host=HOST, database=self.database, state=self.state, **ports)
        main.write_text(text[: text.index("[[mailboxes]]")] + own + text[text.index("[trust]") :], encoding="utf-8")

    def clear(self) -> None:
        """An empty disk, and no mail anywhere."""
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        self.office.reset()

    def close(self) -> None:
        self._folder.cleanup()
