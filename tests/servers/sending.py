"""A desk that sends: a postman with a loop to run in, over Postfix or through a network that fails."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailbot.transport.postman import DeliveryFailed, Envelope, Sent
from mailbot.transport.security import Security
from mailbot.transport.smtp import SmtpPostman, SmtpSettings
from tests.servers.certificates import Authority
from tests.servers.dovecot import PASSWORD
from tests.servers.process import wait_until
from tests.servers.sinks import Sink
from tests.transport.postman_contract import HELLO

USER = "support@box.test"


class Desk:
    """A postman with a loop to run in, and the memory of how often the caller was asked to commit."""

    def __init__(self, port: int, **changes: Any) -> None:
        settings = {"security": Security.NONE, "connect_timeout_seconds": 10, "command_timeout_seconds": 10}
        self.postman = SmtpPostman(SmtpSettings("localhost", port, **{**settings, **changes}))
        self.asked = 0
        self._runner = asyncio.Runner()

    def sends(self, recipient: str, raw: bytes = HELLO, mail_from: str = USER) -> Sent:
        def asked() -> None:
            self.asked += 1

        return self._runner.run(self.postman.deliver(Envelope(mail_from, recipient, raw), asked))

    def fails(self, recipient: str, raw: bytes = HELLO) -> DeliveryFailed:
        with pytest.raises(DeliveryFailed) as raised:
            self.sends(recipient, raw)
        return raised.value

    def close(self) -> None:
        self._runner.run(self.postman.close())
        self._runner.close()


NewDesk = Callable[..., Desk]


@pytest.fixture
def new_desk() -> Iterator[NewDesk]:
    desks: list[Desk] = []

    def open_desk(port: int, **changes: Any) -> Desk:
        desks.append(Desk(port, **changes))
        return desks[-1]

    yield open_desk
    for desk in desks:
        desk.close()


@pytest.fixture
def login(authority: Authority) -> dict[str, Any]:
    return {
        "security": Security.STARTTLS,
        "ca_file": str(authority.ca_file),
        "user": USER,
        "password": PASSWORD,
    }


@pytest.fixture
def ann() -> str:
    """Somebody whom nobody has written to yet."""
    return f"ann{time.monotonic_ns()}@demo.test"


def arrived(sink: Sink, recipient: str) -> Envelope:
    return wait_until(lambda: [mail for mail in sink.mails if mail.rcpt_to == recipient], f"mail for {recipient}")[0]
