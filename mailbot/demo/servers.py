"""A small mail world inside one thread: IMAP (pymap), SMTP (aiosmtpd) and mailing lists, on free loopback ports.

Every address exists and has the same password; `+detail` comes into the base mailbox, as Postfix delivers it; a list
sends each post on with List-Id (RFC 2919), List-Post (RFC 2369) and its own bounce address; `unknown…@` is refused.
Both servers share one event loop, because only then does mail that comes by SMTP wake a client in IDLE. All is in
memory and gone at exit. For the demo and for tests, where `refuse…`, `temporarily` and `drop_after_dot` script faults.
"""

import argparse
import asyncio
import hmac
import logging
import secrets
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Self, TypeVar

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.noop import ProxyProtocolNoop
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, Identity, Login
from pymap.exceptions import InvalidAuth
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials

HOST = "127.0.0.1"
START_SECONDS = 10
SIZE_LIMIT_BYTES = 25 * 1024 * 1024

Observer = Callable[[str, str, bytes], None]
"""Called in the servers' thread with MAIL FROM, recipient and bytes of each accepted mail; must not call back."""

T = TypeVar("T")


class DemoServers:
    """The running servers: `with DemoServers() as servers: servers.imap_port …`."""

    def __init__(
        self,
        *,
        password: str | None = None,
        lists: Mapping[str, Sequence[str]] | None = None,
        observe: Observer | None = None,
        authserv_id: str | None = None,
        imap_port: int = 0,
        smtp_port: int = 0,
    ) -> None:
        self.host = HOST
        self.password = password or secrets.token_urlsafe(9)
        self.imap_port = imap_port
        self.smtp_port = smtp_port
        self._office = PostOffice(self.password, lists or {}, observe, authserv_id)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="demo-mail", daemon=True)
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._call(self._start())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()

    def deliver(self, address: str, raw: bytes, mail_from: str = "") -> None:
        """Put a mail into a mailbox or through a list, as if it had come by SMTP from outside."""
        self._call(self._office.distribute(address, raw, mail_from))

    def received(self, address: str) -> list[bytes]:
        """All mail that a mailbox has got so far, oldest first, whatever its owner has since done with it."""
        return list(self._office.received.get(_base(address), ()))

    def refuse(self, address: str, reply: str = "550 5.1.1 User unknown") -> None:
        """Answer RCPT for this address with that reply from now on; an empty reply accepts it again."""
        self._office.refusals[address.lower()] = reply

    def refuse_once(self, address: str, reply: str) -> None:
        """Answer the next RCPT for this address with that reply."""
        self._office.refusals_once.setdefault(address.lower(), []).append(reply)

    def temporarily(self, address: str, times: int = 1) -> None:
        """Greylist: answer the next RCPTs for this address with 451."""
        for _ in range(times):
            self.refuse_once(address, "451 4.7.1 Greylisted, try again later")

    def drop_after_dot(self, accepted: bool = False, times: int = 1) -> None:
        """Break the next connections after the final dot, before the reply, with or without the mail taken."""
        self._office.drops.extend([accepted] * times)

    async def _start(self) -> None:
        self._office.config.apply_context()
        imap = ProxyProtocolReader(ProxyProtocolNoop()).get_callback(
            IMAPServer(self._office.login, self._office.config)
        )
        self._servers.append(await asyncio.start_server(imap, HOST, self.imap_port))
        self._servers.append(await self._loop.create_server(self._smtp, HOST, self.smtp_port))
        self.imap_port, self.smtp_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    def _smtp(self) -> SMTP:
        # aiosmtpd logs whole dialogues, and warns at each connection that AUTH goes without TLS: here it is loopback.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        return SMTP(
            self._office,
            hostname="demo.test",
            enable_SMTPUTF8=True,
            data_size_limit=SIZE_LIMIT_BYTES,
            authenticator=self._office.authenticate,
            auth_require_tls=False,
            loop=self._loop,
        )

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)


class PostOffice:
    """What happens to a mail: accepted or refused, shown to the observer, fanned out, put into mailboxes."""

    def __init__(
        self, password: str, lists: Mapping[str, Sequence[str]], observe: Observer | None, authserv_id: str | None
    ) -> None:
        self.config = _config()
        self.login = AnyUser(self.config, password)
        self.lists = {address.lower(): members for address, members in lists.items()}
        self.observe = observe
        self.authserv_id = authserv_id
        self.received: dict[str, list[bytes]] = {}
        self.refusals: dict[str, str] = {}
        self.refusals_once: dict[str, list[str]] = {}
        self.drops: list[bool] = []
        self._queued = 0

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, credentials: object
    ) -> AuthResult:
        """Any user with the one password (called by aiosmtpd)."""
        offered = credentials.password if isinstance(credentials, LoginPassword) else b""
        right = hmac.compare_digest(offered, self.login.password.encode())
        return AuthResult(success=right, handled=right)  # not handled: aiosmtpd says 535 itself

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept or refuse one recipient (called by aiosmtpd)."""
        key = address.lower()
        if self.refusals_once.get(key):
            return self.refusals_once[key].pop(0)
        if refusal := self.refusals.get(key):
            return refusal
        if key.startswith("unknown"):
            return "550 5.1.1 User unknown"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail, unless the connection is to break right now (called by aiosmtpd)."""
        drop = self.drops.pop(0) if self.drops else None
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        mail_from = (envelope.mail_from or "").strip("<>")  # aiosmtpd calls the null sender `<>`
        if drop is not False:
            for recipient in envelope.rcpt_tos:
                await self._accept(mail_from, recipient, raw)
        if drop is not None and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        self._queued += 1
        return f"250 2.0.0 Ok: queued as D{self._queued:05}"

    async def _accept(self, mail_from: str, recipient: str, raw: bytes) -> None:
        if self.observe is not None:
            self.observe(mail_from, recipient, raw)
        await self.distribute(recipient, self._judged(mail_from, raw), mail_from)

    def _judged(self, mail_from: str, raw: bytes) -> bytes:
        """The mail with this server's verdict on top (RFC 8601), where it is to give one."""
        if self.authserv_id is None:
            return raw
        author = parseaddr(str(BytesHeaderParser().parsebytes(raw).get("From", "")))[1]
        results = f"{self.authserv_id}; spf=pass smtp.mailfrom={mail_from}; dmarc=pass header.from={_domain(author)}"
        return f"Authentication-Results: {results}\r\n".encode() + raw

    async def distribute(self, address: str, raw: bytes, mail_from: str) -> None:
        """To the members of a list, else into the mailbox."""
        members = self.lists.get(address.lower())
        if members is None:
            await self._store(address, raw, mail_from)
            return
        name, domain = address.lower().split("@")
        head = f"List-Id: <{name}.{domain}>\r\nList-Post: <mailto:{name}@{domain}>\r\nPrecedence: list\r\n"
        for member in members:
            await self._store(member, head.encode() + raw, f"{name}-bounces@{domain}")

    async def _store(self, address: str, raw: bytes, mail_from: str) -> None:
        owner = _base(address)
        self.login.register(owner)
        whole = f"Return-Path: <{mail_from}>\r\nDelivered-To: {address}\r\n".encode() + raw
        async with Identity(owner, self.login, None, frozenset()).new_session() as session:
            await session.append_messages("INBOX", [AppendMessage(whole, datetime.now(UTC))])
        self.received.setdefault(owner, []).append(whole)


class AnyUser(Login):
    """Every address exists, with one password for all."""

    def __init__(self, config: Config, password: str) -> None:
        super().__init__(config)
        self.password = password

    def register(self, name: str) -> UserMetadata:
        """The account of that address, made when first named."""
        return self.users_dict.setdefault(name, Account(self.config, name, password=self.password))

    async def authenticate(self, credentials: ServerCredentials) -> Identity:
        """Whoever knows the password may be anybody."""
        name = credentials.authcid.lower()
        if not credentials.verify(self.register(name)):
            raise InvalidAuth
        return Identity(name, self, None, frozenset())


class Account(UserMetadata):
    """An account whose password is compared as it is: hashing would cost seconds and protect nothing here."""

    def compare_secret(self, value: str) -> bool:
        """Whether that is the password."""
        return hmac.compare_digest(value.encode(), (self.password or "").encode())


def _config() -> Config:
    settings: dict[str, object] = dict.fromkeys(("cert", "key", "passlib_cfg", "proxy_protocol", "inherited_sockets"))
    settings |= {"demo_data": False, "demo_user": "", "demo_password": "", "host": [HOST], "port": 0}
    return Config.from_args(argparse.Namespace(**settings, debug=False, tls=False))


def _base(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
