"""The outside world: SMTP servers that take what they get, or refuse it, and remember every envelope."""

import re
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from mailbot.transport import postman
from tests.servers.process import LOOPBACK, free_port

_TRACE = re.compile(rb"(?:(?:Received|Return-Path|Delivered-To|X-Original-To):[^\n]*\n(?:[ \t][^\n]*\n)*)*")


def without_trace(raw: bytes) -> bytes:
    """The message without the lines that servers on its way have put on top of it."""
    return raw[_TRACE.match(raw).end() :]  # type: ignore[union-attr]  # it also matches nothing


class Sink:
    """`mails` holds one entry a recipient; `refusals` answers the RCPT of an address with a reply of one's own."""

    def __init__(self, *, smtputf8: bool = True) -> None:
        self.mails: list[postman.Envelope] = []
        self.refusals: dict[str, str] = {}
        self.port = free_port()
        self._controller = Controller(self, LOOPBACK, self.port, enable_SMTPUTF8=smtputf8)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """aiosmtpd's hook."""
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook."""
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        sender = (envelope.mail_from or "").removeprefix("<>")  # aiosmtpd's word for the null sender
        mails = [postman.Envelope(sender, to, without_trace(raw)) for to in envelope.rcpt_tos]
        self.mails.extend(mails)
        return "250 2.0.0 Ok: queued as SINK"


@pytest.fixture(scope="session")
def sink() -> Iterator[Sink]:
    """The world beyond the Postfix of the session: all of demo.test and client.test."""
    with Sink() as server:
        yield server
