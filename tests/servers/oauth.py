"""An OAuth2 server: tokens for the asking (RFC 6749), and whether a token is good (introspection, RFC 7662)."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

import pytest

from tests.servers.process import LOOPBACK


class OAuth:
    """`tokens` maps token to user, and taking one out revokes it; `delay_seconds` makes every answer late."""

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.delay_seconds = 0.0
        self.asked = 0
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers.get("content-length", 0))).decode())
                content = json.dumps(answer(self.path, form)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                with contextlib.suppress(OSError):  # who asked may not have waited
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Not on the terminal of the tests."""

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.url = f"http://{LOOPBACK}:{self._server.server_port}"

    def issue(self, user: str) -> str:
        """A new access token for that user."""
        token = f"token-{len(self.tokens)}-{user}"
        self.tokens[token] = user
        return token

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str, form: dict[str, list[str]]) -> dict[str, object]:
        self.asked += 1
        time.sleep(self.delay_seconds)
        if path == "/token":
            token = self.issue(form["refresh_token"][0])
            return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        user = self.tokens.get(form.get("token", [""])[0])
        return {"active": True, "email": user} if user else {"active": False}


@pytest.fixture
def slow_oauth(oauth: OAuth) -> Iterator[OAuth]:
    """The endpoint on a bad day: slower than mail servers are willing to wait."""
    oauth.delay_seconds = 1.5
    yield oauth
    oauth.delay_seconds = 0


@pytest.fixture(scope="session")
def oauth() -> Iterator[OAuth]:
    """The endpoint that the mail servers of the session ask."""
    with OAuth() as server:
        yield server
