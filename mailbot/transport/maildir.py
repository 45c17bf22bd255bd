"""A mailbox that is a Maildir on disk (cr.yp.to/proto/maildir.html): `new/` and `cur/`, one file a message.

Maildir has no UIDs, so they are kept in a small index of our own: a first line with the UIDVALIDITY, then one line a
message, UID and unique name. It is only ever appended to (under a lock, flushed to disk), and a last line that a crash
cut short is dropped. Flags stand in the file's name behind the colon and are not part of the identity: a file that a
person has marked since it was listed is looked for under its new name.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mailbot.failpoints import Failpoint, reach
from mailbot.transport.mailbox import Fetched, MailboxUnavailable, MessageRef, excerpt_raw

INDEX_NAME = "mailbot-uids"
LOOK_AGAIN_SECONDS = 0.2
LOOKS_AGAIN = 20  # in one fetch: somebody may have removed a hundred thousand files


@dataclass(frozen=True, slots=True)
class MaildirSettings:
    """Where the Maildir is; `index_path` keeps the UIDs (default: `mailbot-uids` inside the Maildir)."""

    account: str
    path: Path
    folder: str = "INBOX"
    archive_path: Path | None = None
    index_path: Path | None = None


class MaildirMailbox:
    """One Maildir; `archive_path` (another Maildir on the same file system) takes what is stored."""

    def __init__(self, settings: MaildirSettings) -> None:
        self.settings = settings
        self._uids: dict[str, int] = {}
        self._files: dict[int, str] = {}  # where each lies, most below the folder
        self._validity = 0
        self._index_seen = (0, 0, 0)  # the state of the index that `_uids` holds

    @property
    def account(self) -> str:
        """The name under which the inbox rows of this mailbox are kept."""
        return self.settings.account

    @property
    def folder(self) -> str:
        """The watched folder."""
        return self.settings.folder

    def open(self) -> int:
        """Look at the folder afresh, give new files their UIDs, and return the UIDVALIDITY."""
        try:
            found = self._scan()
            with self._index_path().open("a+b") as index:
                fcntl.flock(index, fcntl.LOCK_EX)
                self._load(index)
                self._number(index, {name: place for name, place in found.items() if name not in self._uids})
                self._index_seen = _identity(index)
        except OSError as error:
            # A disk comes back, a folder that was renamed does not: that is for a person.
            temporary = not isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError)
            raise MailboxUnavailable(f"{self.settings.path}: {error.strerror}", temporary) from error
        reach(Failpoint.CONNECTED)
        self._files = {self._uids[name]: place for name, place in found.items()}
        return self._validity

    def uids(self, from_uid: int = 1) -> Sequence[MessageRef]:
        """All messages that stood in the folder at the last `open`, from that UID up, ascending."""
        wanted = [uid for uid in sorted(self._files) if uid >= from_uid]
        refs = {uid: self._look(uid) for uid in wanted}
        if gone := [uid for uid, ref in refs.items() if ref is None]:
            self._look_again()
            refs |= {uid: self._look(uid) for uid in gone}
        return [ref for ref in refs.values() if ref is not None]

    def fetch(self, uids: Iterable[int], limit_bytes: int) -> Iterator[Fetched]:
        """The messages that still exist, one after the other; those above the limit truncated."""
        looks_left = LOOKS_AGAIN
        for uid in sorted(set(uids)):
            fetched = self._read(uid, limit_bytes)
            if fetched is None and uid in self._files and looks_left:
                looks_left -= 1
                self._look_again()
                fetched = self._read(uid, limit_bytes)
            if fetched is not None:
                yield fetched

    def mark_stored(self, uids: Iterable[int]) -> None:
        """Move files from `new/` to `cur/` (not marked as read), or to the archive."""
        goal = (self.settings.archive_path or self.settings.path) / "cur"
        for uid in uids:
            place = self._files.get(uid)
            path = self.settings.path / (place or "")
            if place is None or path.parent == goal:
                continue
            renamed = goal / (path.name if ":2," in path.name else f"{path.name}:2,")
            with suppress(FileNotFoundError):  # a person was faster
                goal.mkdir(parents=True, exist_ok=True)
                path.rename(renamed)
                self._files[uid] = str(renamed.absolute())
                reach(Failpoint.MARKED)

    def wait(self, timeout_seconds: float, stop: threading.Event) -> None:
        """Return when a file without a UID lies in `new/`, when `stop` is set, or after the time."""
        deadline = time.monotonic() + timeout_seconds
        while (left := deadline - time.monotonic()) > 0 and not stop.wait(min(LOOK_AGAIN_SECONDS, left)):
            with suppress(OSError):
                if any(_unique(name) not in self._uids for name in self._names("new")):
                    return

    def close(self) -> None:
        """Nothing is held open."""

    def _index_path(self) -> Path:
        return self.settings.index_path or self.settings.path / INDEX_NAME

    def _look_again(self) -> None:
        """A person marks a file by giving it another name."""
        self._files |= {self._uids[name]: place for name, place in self._scan().items() if name in self._uids}

    def _scan(self) -> dict[str, str]:
        """Unique names, and where their files lie. `new` first: what moves to `cur` meanwhile is then seen twice."""
        return {_unique(name): f"{folder}/{name}" for folder in ("new", "cur") for name in self._names(folder)}

    def _names(self, folder: str) -> Iterator[str]:
        with os.scandir(self.settings.path / folder) as entries:
            yield from (entry.name for entry in entries if entry.name[0] != "." and entry.is_file())

    def _load(self, index: BinaryIO) -> None:
        """Read the index, or begin it: the UIDVALIDITY is the moment of its beginning, hence never one used before."""
        if _identity(index) == self._index_seen:
            return
        index.seek(0)
        content = index.read()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            index.truncate(len(whole))
        if not whole:
            whole = f"{int(time.time())}\n".encode()
            _append(index, whole)
        first, *lines = whole.decode("utf-8", "surrogateescape").splitlines()
        self._validity = int(first)
        self._uids = {name: int(uid) for uid, _, name in (line.partition(" ") for line in lines)}

    def _number(self, index: BinaryIO, places: Mapping[str, str]) -> None:
        """Give UIDs in the order of arrival, and have them on disk before anybody hears of them."""
        following = max(self._uids.values(), default=0) + 1
        names = sorted(places, key=lambda name: (self._modified(places[name]), places[name]))
        added = dict(zip(names, range(following, following + len(names)), strict=True))
        if added:
            _append(index, "".join(f"{uid} {name}\n" for name, uid in added.items()).encode("utf-8", "surrogateescape"))
            self._uids |= added

    def _modified(self, place: str) -> int:
        try:
            return (self.settings.path / place).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _look(self, uid: int) -> MessageRef | None:
        place = self._files.get(uid)
        if place is None:
            return None
        try:
            status = (self.settings.path / place).stat()
        except FileNotFoundError:
            return None
        return MessageRef(uid, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def _read(self, uid: int, limit_bytes: int) -> Fetched | None:
        """The message, or None where its file is not, or no longer, under the name that we know."""
        ref = self._look(uid)
        if ref is None:
            return None
        truncated = ref.size_bytes > limit_bytes
        try:
            with (self.settings.path / self._files[uid]).open("rb") as file:
                raw = excerpt_raw(file.read(2 * 1024 * 1024)) if truncated else file.read()
        except FileNotFoundError:
            return None
        return Fetched(ref.uid, raw, ref.internal_date, ref.size_bytes, truncated)


def _identity(index: BinaryIO) -> tuple[int, int, int]:
    status = os.fstat(index.fileno())
    return status.st_ino, status.st_size, status.st_mtime_ns


def _append(index: BinaryIO, content: bytes) -> None:
    index.write(content)
    index.flush()
    os.fsync(index.fileno())


def _unique(name: str) -> str:
    return name.partition(":")[0]
