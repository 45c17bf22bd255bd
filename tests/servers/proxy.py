"""A network that fails: a TCP proxy that delays, swallows, rewrites, cuts and goes dark, as a test demands.

A `Strike` is the fault of one moment: when a client has said certain words for the first time since it was set.
"""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self

from tests.servers.process import LOOPBACK

NOBODY = 1  # a port on which nothing listens
_CHUNK_BYTES = 4096


class Blow(Enum):
    """What happens to a connection."""

    LOST = auto()  # the server never hears these words; both sides are cut off
    UNANSWERED = auto()  # it hears and obeys; its answer is lost, and then both are cut off
    HALF_OPEN = auto()  # it hears, and after so much of its answer nothing passes any more, though nobody hangs up
    TRICKLE = auto()  # of its answer one byte a second arrives


@dataclass(eq=False)
class Strike:
    """At these words (b"": as soon as it is connected), after so many bytes of the answer; on so many connections."""

    said: bytes
    blow: Blow
    after_bytes: int = 0
    left: int = 1


@dataclass(eq=False)
class Link:
    """One connection through the proxy: its two sockets, and what the client has said."""

    client: socket.socket
    server: socket.socket
    heard: bytearray = field(default_factory=bytearray)
    muted: bool = False
    strike: Strike | None = None
    judged: int = 0  # how much of what was heard is older than the strike that is set
    closed: bool = False

    def cut(self) -> None:
        """Reset both sides, as a router does that has forgotten the connection."""
        self.closed = True
        for each in (self.client, self.server):
            with contextlib.suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                # Wakes the thread that reads from it; the reset comes with the close.
                each.shutdown(socket.SHUT_RD)
            each.close()


class Proxy:
    """Passes everything to `target_port`, until one of its faults is set; all may be changed at any time.

    `delay_seconds` goes before every chunk; `dark` keeps connections open and passes nothing; `cut_after_bytes` of
    answers the connection ends; after the client has said `swallow_reply_to` the answer is read and thrown away, and
    the connection ends; `rewrite` is replaced in answers, as by somebody in between.
    """

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.delay_seconds = 0.0
        self.dark = False
        self.cut_after_bytes: int | None = None
        self.swallow_reply_to: bytes | None = None
        self.rewrite: tuple[bytes, bytes] | None = None
        self.pause_seconds = 1.0  # between the bytes of a trickle
        self._strike: Strike | None = None
        self.links: list[Link] = []
        self.refused = 0  # connections that were made while the target was down
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]

    @property
    def heard(self) -> bytes:
        """All that clients have said so far."""
        return b"".join(bytes(link.heard) for link in self.links)

    def set(self, strike: Strike | None) -> None:
        """From now on a client may say the word; None: the weather is fine again."""
        for link in self.links:
            link.judged, link.strike = len(link.heard), None if strike is None else link.strike
        self._strike = strike

    @property
    def open_links(self) -> list[Link]:
        """The connections of this moment."""
        return [link for link in self.links if not link.closed]

    @contextlib.contextmanager
    def outage(self) -> Iterator[None]:
        """Nobody is there: connections are cut, and whoever calls is hung up on."""
        port, self.target_port = self.target_port, NOBODY
        self.drop_all()
        try:
            yield
        finally:
            self.target_port = port

    def drop_all(self) -> None:
        """Cut every connection."""
        for link in self.links:
            link.cut()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.dark = False
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop_all()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                client, _ = self._listener.accept()
                try:
                    link = Link(client, socket.create_connection((LOOPBACK, self.target_port)))
                except OSError:  # nobody is there
                    client.close()
                    self.refused += 1
                    continue
                for each in (link.client, link.server):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.links.append(link)
                self._judge(link)
                for pump in (self._pass_up, self._pass_down):
                    threading.Thread(target=self._pump, args=(pump, link), daemon=True).start()

    def _pump(self, pass_on: Callable[[Link], None], link: Link) -> None:
        with contextlib.suppress(OSError):
            pass_on(link)
        link.cut()

    def _pass_up(self, link: Link) -> None:
        while data := link.client.recv(_CHUNK_BYTES):
            self._weather()
            link.heard += data
            link.muted = link.muted or (self.swallow_reply_to is not None and self.swallow_reply_to in link.heard)
            self._judge(link)
            if link.strike is not None and link.strike.blow is Blow.LOST and not link.strike.after_bytes:
                return
            link.server.sendall(data)

    def _pass_down(self, link: Link) -> None:
        passed = 0
        while (data := link.server.recv(_CHUNK_BYTES)) and not link.muted:
            self._weather()
            if (strike := link.strike) is not None:
                if not self._struck(link, strike, data):
                    return
                continue
            if self.rewrite:
                data = data.replace(*self.rewrite)
            allowed = len(data) if self.cut_after_bytes is None else max(0, self.cut_after_bytes - passed)
            link.client.sendall(data[:allowed])
            passed += len(data)
            if allowed < len(data):
                return

    def _judge(self, link: Link) -> None:
        strike = self._strike
        if strike is not None and strike.left and link.strike is None and strike.said in link.heard[link.judged :]:
            strike.left -= 1
            link.strike = strike

    def _struck(self, link: Link, strike: Strike, data: bytes) -> bool:
        """Whether the connection goes on after this much of the answer."""
        before = data[: strike.after_bytes]
        link.client.sendall(before)
        rest, strike.after_bytes = data[len(before) :], strike.after_bytes - len(before)
        if not rest:
            return True
        match strike.blow:
            case Blow.LOST | Blow.UNANSWERED:
                return False
            case Blow.HALF_OPEN:
                self._wait_while(link, strike)
                link.client.sendall(rest)
            case Blow.TRICKLE:
                for byte in rest:
                    link.client.sendall(bytes([byte]))
                    self._wait_while(link, strike, self.pause_seconds)
        return True

    def _wait_while(self, link: Link, strike: Strike, seconds: float = float("inf")) -> None:
        end = time.monotonic() + seconds
        while link.strike is strike and not link.closed and time.monotonic() < end:
            time.sleep(0.01)

    def _weather(self) -> None:
        time.sleep(self.delay_seconds)
        while self.dark:
            time.sleep(0.01)
