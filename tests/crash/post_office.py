"""The mail world of a life: an IMAP folder and an SMTP sink that outlive the desk, which is killed again and again.

Both run in the event loop of the process that judges, and what they hold is the truth: which mails came, what became
of them on the server, and which mails were taken, however the connection ended. They know just what mailbot says, and
their answers depend on nothing but that, so that the desk makes the same system calls in every run.
"""

from __future__ import annotations

import asyncio
import contextlib
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from mailbot.transport.postman import Envelope

HOST = "127.0.0.1"
VALIDITY = 7
SHORTLY_SECONDS = 10.0


@dataclass
class Taken:
    """A mail that was taken after its dot. `in_doubt`: the desk may have died before it could note that."""

    envelope: Envelope
    message_id: str
    in_doubt: bool = False


@dataclass
class Folders:
    """What stands where, by UID. A mail is never gone: it is in one of the two folders."""

    inbox: dict[int, tuple[bytes, datetime]] = field(default_factory=dict)
    archive: dict[int, tuple[bytes, datetime]] = field(default_factory=dict)
    came: int = 0

    def put(self, raw: bytes, at: datetime) -> int:
        """A mail comes; its UID."""
        self.came += 1
        self.inbox[self.came] = (raw, at)
        return self.came


class PostOffice:
    """Both servers. `reset` begins a new life."""

    def __init__(self) -> None:
        self.reset()
        self.imap_port = self.smtp_port = 0
        self._talks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []

    def reset(self) -> None:
        """Nothing has come, nothing was taken."""
        self.folders = Folders()
        self.taken: list[Taken] = []
        self.trouble = False  # the desk cannot write at the moment: what it sends now it may have to send again

    async def start(self) -> None:
        """Listen on free ports."""
        for talk in (self._imap, self._smtp):
            self._servers.append(await asyncio.start_server(talk, HOST, 0, limit=2**20))
        self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    async def settle(self) -> None:
        """The desk is dead: read what it had said, to the last byte."""
        if self._talks:
            _, late = await asyncio.wait(self._talks, timeout=SHORTLY_SECONDS)
            assert not late, "a dead desk holds its connections open"

    @contextlib.contextmanager
    def _talking(self, writer: asyncio.StreamWriter) -> Iterator[None]:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            yield
        except (OSError, asyncio.IncompleteReadError):
            pass  # the desk died in the middle of a word
        finally:
            writer.close()
            self._talks.discard(task)

    # ---------------------------------------------------------------- IMAP

    async def _imap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._talking(writer):
            writer.write(b"* OK ready\r\n")
            selected = self.folders.inbox
            while line := await reader.readline():
                if not line.endswith(b"\r\n"):
                    break  # half a command
                tag, _, command = line.decode().strip().partition(" ")
                verb = command.split()[0].upper()
                if verb == "SELECT":
                    selected = self.folders.archive if "Archive" in command else self.folders.inbox
                writer.write(b"".join([*self._answers(command, selected), f"{tag} OK done\r\n".encode()]))
                await writer.drain()
                if verb == "LOGOUT":
                    break

    def _answers(self, command: str, selected: dict[int, tuple[bytes, datetime]]) -> Iterator[bytes]:
        words = command.upper().split()
        match words[:2]:
            case ["CAPABILITY", *_]:
                yield b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n"
            case ["LIST", *_]:
                yield b'* LIST () "/" "Archive"\r\n'
            case ["SELECT", *_]:
                yield f"* {len(selected)} EXISTS\r\n* OK [UIDVALIDITY {VALIDITY}] x\r\n".encode()
                yield f"* OK [UIDNEXT {self.folders.came + 1}] x\r\n".encode()
                yield rb"* OK [PERMANENTFLAGS (\Seen \Deleted \*)] x" + b"\r\n"
            case ["UID", "FETCH"]:
                for uid in _wanted(words[2], selected):
                    yield _fetched(uid, *selected[uid], whole="BODY" in command)
            case ["UID", "MOVE"]:
                for uid in _wanted(words[2], selected):
                    self.folders.archive[uid] = selected.pop(uid)
            case _:
                pass  # understood, nothing to tell

    # ---------------------------------------------------------------- SMTP

    async def _smtp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        last: Taken | None = None  # taken on this connection, and the desk has said nothing since
        with self._talking(writer):
            writer.write(b"220 ready\r\n")
            sender = recipient = ""
            while (line := await reader.readline()).endswith(b"\r\n"):
                last, verb = None, line.split()[0].upper()
                if verb == b"MAIL":
                    sender = _address(line)
                elif verb == b"RCPT":
                    recipient = _address(line)
                writer.write(_REPLIES.get(verb, b"250 2.0.0 Ok\r\n"))
                if verb == b"DATA":
                    last = self._take(sender, recipient, await reader.readuntil(b"\r\n.\r\n"))
                    writer.write(b"250 2.0.0 Ok: queued\r\n")
                elif verb == b"QUIT":
                    break
        if last is not None:
            last.in_doubt = True

    def _take(self, sender: str, recipient: str, dotted: bytes) -> Taken:
        raw = re.sub(rb"(?m)^\.\.", b".", dotted[: -len(b".\r\n")])
        message_id = str(email.message_from_bytes(raw)["Message-ID"]).strip().strip("<>")
        taken = Taken(Envelope(sender, recipient, raw), message_id, self.trouble)
        self.taken.append(taken)
        return taken


_REPLIES = {
    b"EHLO": b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 10000000\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


def _address(line: bytes) -> str:
    return line.decode().partition("<")[2].partition(">")[0]


def _wanted(uid_set: str, messages: dict[int, tuple[bytes, datetime]]) -> list[int]:
    uids: set[int] = set()
    for part in uid_set.split(","):
        first, _, last = part.partition(":")
        uids.update(range(int(first), int(last or first) + 1))
    return sorted(uids & messages.keys())


def _fetched(uid: int, raw: bytes, at: datetime, *, whole: bool) -> bytes:
    if whole:
        return b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n" % (uid, uid, len(raw), raw)
    stamp = at.strftime("%d-%b-%Y %H:%M:%S +0000")
    return f'* {uid} FETCH (UID {uid} RFC822.SIZE {len(raw)} INTERNALDATE "{stamp}")\r\n'.encode()
