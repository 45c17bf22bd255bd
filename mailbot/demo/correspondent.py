"""Somebody with a mailbox in the demo: writes by SMTP, reads what arrives, and replies as a mail program does."""

from __future__ import annotations

import re
import smtplib
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP, default
from email.utils import format_datetime, formataddr, make_msgid
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

WAIT_SECONDS = 45.0  # a machine may be busy
_LINK = re.compile(r'href="(mailto:[^"]+)"')


class NothingCame(Exception):
    """A mail that the story waits for did not arrive in time."""


class MailWorld(Protocol):
    """Where the people of a story write and read: the demo's own servers, or real ones."""

    @property
    def host(self) -> str:
        """The machine that takes their mail."""

    @property
    def smtp_port(self) -> int:
        """Its port for that."""

    def received(self, address: str) -> list[bytes]:
        """All mail that a mailbox has got so far, oldest first."""


@dataclass(slots=True)
class Correspondent:
    """A person (or machine) of a story, and their mailbox; `seen` mails of it lie behind them."""

    servers: MailWorld
    name: str
    address: str
    seen: int = 0

    def writes(self, to: str, subject: str, text: str) -> None:
        """A new mail."""
        self._send(to, self._compose(to, subject, text))

    def replies(self, mail: EmailMessage, text: str) -> None:
        """An answer above the quoted mail, to its Reply-To, in its thread."""
        to = str(mail["Reply-To"] or mail["From"])
        subject = str(mail["Subject"])
        answer = self._compose(to, subject if subject.startswith("Re:") else f"Re: {subject}", "")
        answer["In-Reply-To"] = str(mail["Message-ID"])
        answer["References"] = f"{mail['References'] or ''} {mail['Message-ID']}".strip()
        quoted = "\n".join(f"> {line}" for line in text_of(mail).splitlines())
        said = f"On {mail['Date']}, {mail['From']} wrote:"
        answer.set_content(f"{text}\n\n{said}\n{quoted}\n")
        self._send(to, answer)

    def presses(self, mail: EmailMessage, label: str) -> None:
        """A press on a mailto link, and on "send" in the window that it opens."""
        html = mail.get_body(("html",))
        assert html is not None, "the mail has an HTML part"
        links = [link.replace("&amp;", "&") for link in _LINK.findall(html.get_content())]
        link = urlsplit(next(link for link in links if label in unquote(link)))
        wanted = parse_qs(link.query)
        self.writes(unquote(link.path), wanted["subject"][0], wanted["body"][0])

    def gets(self, subject_part: str, wait_seconds: float = WAIT_SECONDS) -> EmailMessage:
        """The next mail to this mailbox whose subject or text holds these words; raises NothingCame."""
        until = time.monotonic() + wait_seconds
        while time.monotonic() < until:
            mails = self.servers.received(self.address)
            for place, raw in enumerate(mails[self.seen :], self.seen + 1):
                mail = BytesParser(policy=default).parsebytes(raw)
                assert isinstance(mail, EmailMessage)
                if subject_part in str(mail["Subject"]) or subject_part in text_of(mail):
                    self.seen = place
                    return mail
            time.sleep(0.02)
        raise NothingCame(f"{self.address} waited {wait_seconds:g} s for a mail with {subject_part!r}")

    def _compose(self, to: str, subject: str, text: str) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = formataddr((self.name, self.address))
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=self.address.partition("@")[2])
        if text:
            mail.set_content(f"{text}\n")
        return mail

    def _send(self, to: str, mail: EmailMessage) -> None:
        with smtplib.SMTP(self.servers.host, self.servers.smtp_port, timeout=10) as smtp:
            smtp.send_message(mail, self.address, [to])


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""
