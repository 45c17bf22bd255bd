"""An SMTP server that says what it is told, for the phases and faults that no real server shows on demand."""

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Self

DROP = "drop"
HANG = "hang"
"""Instead of a reply: break the connection, or never answer."""

VERDICT = "VERDICT"
"""The reply after the final dot, in `replies`."""

GREETING = "GREETING"
DEFAULTS = {
    GREETING: "220 scripted ESMTP",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 go on",
    VERDICT: "250 2.0.0 Ok: queued as S1",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
    "AUTH": "235 2.7.0 Ok",
}


class ScriptedSmtp:
    """`replies["RCPT"] = ["451 later", "550 no"]` answers the next two RCPTs so; what is not scripted is accepted."""

    def __init__(self, extensions: Sequence[str] = ("8BITMIME", "SMTPUTF8", "SIZE 1000000")) -> None:
        self.extensions = extensions
        self.replies: dict[str, list[str]] = {}
        self.lines: list[str] = []
        self.messages: list[bytes] = []
        self.connections = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()
        if self._server is not None:
            self._server.close()

    def hang_up(self) -> None:
        """Close all connections, as a server does that has waited too long."""
        for writer in self._writers:
            writer.close()

    def verbs(self) -> list[str]:
        """What the client said, without arguments."""
        return [line.split()[0].upper() for line in self.lines]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        going = await self._answer(writer, GREETING)
        while going and (line := await reader.readline()):
            self.lines.append(line.decode("utf-8").rstrip("\r\n"))
            going = await self._react(reader, writer, self.lines[-1].split()[0].upper())
        writer.close()

    async def _react(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, verb: str) -> bool:
        if verb == "EHLO" and not self.replies.get("EHLO"):
            offered = ["scripted", *self.extensions]
            writer.write(
                "".join(f"250-{word}\r\n" for word in offered[:-1]).encode() + f"250 {offered[-1]}\r\n".encode()
            )
            return True
        # What it is asked to answer after 354 is decided before the message is read: a server may be gone by then.
        begins = verb == "DATA" and (self.replies.get("DATA") or ["354"])[0].startswith("354")
        if not await self._answer(writer, verb):
            return False
        if begins:
            self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
            return await self._answer(writer, VERDICT)
        return verb != "QUIT"

    async def _answer(self, writer: asyncio.StreamWriter, verb: str) -> bool:
        script = self.replies.get(verb) or []
        reply = script.pop(0) if script else DEFAULTS.get(verb, "502 5.5.1 not known")
        if reply == DROP:
            return False
        if reply == HANG:
            await asyncio.sleep(3600)
        writer.write(f"{reply}\r\n".encode())
        return not reply.startswith("421")
