"""A folder of any size on an IMAP server that makes its messages up as they are asked for.

It says what a large provider says of such a folder, in time proportional to what is asked, and remembers how long the
longest line was in either direction: imaplib gives up beyond a million bytes (`imaplib._MAXLINE`), and servers much
earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tests.fakes.transport_imap import ScriptedImap, Stream

OLD = datetime(2020, 1, 2, 9, 0, tzinfo=UTC)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def old_mail(uid: int) -> bytes:
    """A mail that nobody waits for any more; no two are the same."""
    return (
        f"From: Reader {uid} <reader{uid % 997}@corp.example>\r\nTo: support@corp.example\r\n"
        f"Subject: Old matter {uid}\r\nMessage-ID: <old.{uid}@corp.example>\r\n"
        f"Date: Thu, 02 Jan 2020 09:00:00 +0000\r\n\r\nThe tunnel in room {uid} is broken.\r\n"
    ).encode()


class VastFolder(ScriptedImap):
    """UIDs 1 to `count`; `arrives` brings one more."""

    def __init__(self, count: int, *, mail: Callable[[int], bytes] = old_mail, arrived: datetime = OLD) -> None:
        super().__init__("IDLE")
        self.count = count
        self.new: dict[int, tuple[bytes, datetime]] = {}
        self.longest_line_sent = 0
        self.fetched = 0
        self._mail, self._arrived = mail, arrived

    def arrives(self, raw: bytes, at: datetime) -> int:
        """A mail of today; its UID."""
        self.count += 1
        self.new[self.count] = (raw, at)
        return self.count

    @property
    def longest_line_heard(self) -> int:
        """In octets, as the client said it."""
        return max(map(len, self.lines), default=0)

    def _answers(self, verb: str, command: str) -> Iterator[str | bytes]:
        for line in self._say(verb, command):
            first = line if isinstance(line, str) else line.split(b"\r\n", 1)[0]
            self.longest_line_sent = max(self.longest_line_sent, len(first))
            yield line

    def _say(self, verb: str, command: str) -> Iterator[str | bytes]:
        match verb:
            case "SELECT":
                yield f"* {self.count} EXISTS"
                yield "* OK [UIDVALIDITY 7] x"
                yield f"* OK [UIDNEXT {self.count + 1}] x"
                yield r"* OK [PERMANENTFLAGS (\Seen \*)] x"
            case "UID SEARCH":
                yield f"* SEARCH {self._search(command)}"
            case "UID FETCH":
                _, _, wanted, items = command.split(maxsplit=3)
                for uid in self._within(wanted):
                    yield self._tell(uid, items)
            case _:
                yield from super()._answers(verb, command)

    def _search(self, command: str) -> str:
        """Everything, where a client asks for everything: on one line, as the protocol has it."""
        wanted = command.rsplit(maxsplit=1)[-1].replace("*", str(self.count))
        first, _, last = wanted.partition(":")
        if not first.isdigit():
            first, last = "1", str(self.count)
        return " ".join(map(str, range(min(int(first), self.count), int(last or first) + 1)))

    def _within(self, wanted: str) -> Iterator[int]:
        for part in wanted.split(","):
            first, _, last = part.partition(":")
            yield from range(int(first), min(int(last or first), self.count) + 1)

    def _content(self, uid: int) -> tuple[bytes, datetime]:
        return self.new.get(uid) or (self._mail(uid), self._arrived)

    def _tell(self, uid: int, items: str) -> str | bytes:
        if items in ("(UID)", "UID"):
            return f"* {uid} FETCH (UID {uid})"
        raw, arrived = self._content(uid)
        if "RFC822.SIZE" in items:
            day = f"{arrived.day:02}-{MONTHS[arrived.month - 1]}-{arrived:%Y %H:%M:%S} +0000"
            return f'* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE "{day}")'
        self.fetched += 1
        return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)" % (uid, uid, len(raw), raw)


__all__ = ["OLD", "Stream", "VastFolder", "old_mail"]
