"""An IMAP server that says what it is told: capabilities, keywords, refusals, lies and broken connections.

It knows just the commands that mailbot uses and remembers every line, so that tests can say what went over the wire.
"""

import base64
import contextlib
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

DROP = "drop"
"""Instead of a refusal: break the connection."""

ERROR_ACCOUNT = base64.b64encode(b'{"status":"401","schemes":"bearer"}').decode()
"""How large providers say why a token was refused, in a second challenge."""


class Stream(Protocol):
    """What is read from and written to."""

    def readline(self) -> bytes: ...

    def write(self, content: bytes, /) -> object: ...

    def flush(self) -> None: ...


class ScriptedImap:
    """`refusals["LOGIN"] = "NO [AUTHENTICATIONFAILED] wrong"` answers every LOGIN so until it is taken out."""

    def __init__(
        self,
        *capabilities: str,
        flags: str = r"\Seen \Deleted \*",
        messages: dict[int, bytes] | None = None,
        greeting: str = "* OK ready",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.capabilities = ("IMAP4rev1", *capabilities)
        self.flags = flags
        self.messages = messages or {}
        self.sizes: dict[int, int] = {}
        self.uid_next: int | None = None
        self.greeting = greeting
        self.tls = tls
        self.lines: list[str] = []
        self.answers: list[bytes] = []
        self.refusals: dict[str, str] = {}
        self.before: dict[str, str] = {}
        self.idle_says: list[str] = []
        self.connections = 0
        handle = self._handle

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                handle(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        self._server.shutdown()
        self._server.server_close()

    def hang_up(self) -> None:
        """Close all connections without a word."""
        for each in self._sockets:
            with contextlib.suppress(OSError):  # closed already
                each.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

    def said(self, *verbs: str) -> list[str]:
        """The lines that begin with one of these verbs."""
        return [line for line in self.lines if line.startswith(verbs)]

    def _handle(self, raw: socket.socket) -> None:
        self.connections += 1
        self._sockets.append(raw)
        with contextlib.suppress(OSError, ValueError):  # the client has gone, which is what some tests are about
            stream = (self.tls.wrap_socket(raw, server_side=True) if self.tls else raw).makefile("rwb")
            _write(stream, [self.greeting])
            for line in iter(stream.readline, b""):
                tag, _, command = line.decode().rstrip("\r\n").partition(" ")
                self.lines.append(command)
                if not self._converse(stream, tag, command):
                    break

    def _converse(self, stream: Stream, tag: str, command: str) -> bool:
        verb = _verb(command)
        refusal = self.refusals.get(verb)
        if refusal == DROP:
            return False
        if verb == "AUTHENTICATE":
            self._challenge(stream, "", *([ERROR_ACCOUNT] if refusal else []))
        if refusal:
            _write(stream, [f"{tag} {refusal}"])
            return True
        if verb == "IDLE":
            _write(stream, [*filter(None, [self.before.get("IDLE")]), "+ idling", *self.idle_says])
            if any("BYE" in line for line in self.idle_says):
                return False
            stream.readline()
        _write(stream, [*self._answers(verb, command), f"{tag} OK done"])
        return verb != "LOGOUT"

    def _challenge(self, stream: Stream, *challenges: str) -> None:
        for challenge in challenges:
            _write(stream, [f"+ {challenge}"])
            self.answers.append(base64.b64decode(stream.readline()))

    def _answers(self, verb: str, command: str) -> Iterator[str | bytes]:
        match verb:
            case "CAPABILITY":
                yield f"* CAPABILITY {' '.join(self.capabilities)}"
            case "SELECT":
                following = self.uid_next or max(self.messages, default=0) + 1
                yield f"* {len(self.messages)} EXISTS"
                yield "* OK [UIDVALIDITY 7] x"
                yield f"* OK [UIDNEXT {following}] x"
                yield f"* OK [PERMANENTFLAGS ({self.flags})] x"
            case "UID SEARCH":
                yield f"* SEARCH {max(self.messages, default='')}".rstrip()
            case "UID FETCH":
                wanted = command.split()[2]
                yield from self._fetch(sorted(uid for uid in self.messages if _in_set(uid, wanted)), command)
            case "LOGOUT":
                yield "* BYE"
            case _:
                pass  # understood, nothing to tell

    def _fetch(self, uids: Sequence[int], items: str) -> Iterator[str | bytes]:
        for number, uid in enumerate(uids, start=1):
            raw = self.messages[uid]
            if "RFC822.SIZE" in items:
                size = self.sizes.get(uid, len(raw))
                yield f'* {number} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE "02-Mar-2026 09:00:00 +0100")'
            elif "HEADER" in items:
                header, blank, text = raw.partition(b"\r\n\r\n")
                parts = (b"BODY[HEADER]<0> " + _literal(header + blank), b"BODY[TEXT]<0> " + _literal(text[:65536]))
                yield b"* %d FETCH (UID %d %s)" % (number, uid, b" ".join(parts))
            else:
                yield b"* %d FETCH (UID %d BODY[] %s)" % (number, uid, _literal(raw))


def _write(stream: Stream, lines: Iterable[str | bytes]) -> None:
    for line in lines:
        stream.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
    stream.flush()


def _verb(command: str) -> str:
    words = command.upper().split()
    return " ".join(words[: 2 if words[:1] == ["UID"] else 1])


def _literal(content: bytes) -> bytes:
    return b"{%d}\r\n%s" % (len(content), content)


def _in_set(uid: int, wanted: str) -> bool:
    for part in wanted.split(","):
        first, last = re.fullmatch(r"(\d+)(?::(\d+))?", part).groups()  # type: ignore[union-attr]  # else the test fails
        if int(first) <= uid <= int(last or first):
            return True
    return False
