"""A policy server for Postfix (SMTPD_POLICY_README): greylisting, refusals, and a hook at the final dot."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import pytest

from tests.servers.process import LOOPBACK


class Policy:
    """Lets everything pass, except for what `refuse_next` and `at_dot` announce.

    `accepted` counts mails that passed the dot, so that a test knows how many must come out at the other end.
    """

    def __init__(self) -> None:
        self.accepted = 0
        self._refusals: list[str] = []
        self._at_dot: tuple[bool, Callable[[], None]] | None = None
        decide = self._decide

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                asked: dict[str, str] = {}
                for line in self.rfile:
                    name, _, value = line.decode().strip().partition("=")
                    asked[name] = value
                    if not name:
                        self.wfile.write(f"action={decide(asked)}\n\n".encode())
                        asked = {}

        self._server = socketserver.ThreadingTCPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def refuse_next(self, reply: str) -> None:
        """Answer the next RCPT with that."""
        self._refusals.append(reply)

    def at_dot(self, accept: bool, disturb: Callable[[], None]) -> None:
        """Decide about the next mail whose final dot was read, and disturb its client before the server answers."""
        self._at_dot = accept, disturb

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _decide(self, asked: dict[str, str]) -> str:
        if asked["protocol_state"] == "RCPT":
            return self._refusals.pop(0) if self._refusals else "dunno"
        (accept, disturb), self._at_dot = self._at_dot or (True, lambda: None), None
        self.accepted += accept  # first, for who is disturbed may look at once
        disturb()
        return "dunno" if accept else "451 4.3.0 Not now"


@pytest.fixture(scope="session")
def policy() -> Iterator[Policy]:
    """The policy that the Postfix of the session asks."""
    with Policy() as server:
        yield server
