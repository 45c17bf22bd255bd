"""Mail as people see it: what the desk sent, opened; and what people write, as the bytes that arrive."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses

from mailbot.transport.postman import Envelope


@dataclass(frozen=True)
class Letter:
    """A mail that the desk sent, as its recipient finds it."""

    kind: str  # of the outbox row
    envelope: Envelope
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def in_reply_to(self) -> str:
        return str(self.message["In-Reply-To"] or "")

    @property
    def sender_name(self) -> str:
        return getaddresses([str(self.message["From"])])[0][0]

    @property
    def answer_to(self) -> str:
        """Where a mail program sends an answer."""
        return getaddresses([str(self.message["Reply-To"] or self.message["From"])])[0][1]

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None, "every mail of the desk has a text part"
        return str(body.get_content())

    @property
    def attachments(self) -> Mapping[str, bytes]:
        parts = (part for part in self.message.walk() if part.get_filename())
        return {str(part.get_filename()): part.get_payload(decode=True) for part in parts}  # type: ignore[misc]  # bytes, as it is decoded

    @property
    def links(self) -> Sequence[str]:
        """The mailto addresses behind the links, in order: confirm first, then reject."""
        words = self.message.as_string().replace("=\n", "").replace("=3D", "=")
        return [word.split('"')[0].split(">")[0].split("?")[0] for word in words.split("mailto:")[1:]]

    def says(self, *words: str) -> bool:
        """Whether all these words stand in subject or text, however the lines are broken."""
        flat = " ".join(f"{self.subject} {self.text}".split())
        return all(word in flat for word in words)


def opened(kind: str, envelope: Envelope) -> Letter:
    message = email.message_from_bytes(envelope.raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return Letter(kind, envelope, message)


def quoted(letter: Letter) -> str:
    """The letter as mail programs quote it below an answer."""
    lines = "\n".join(f"> {line}" for line in letter.text.splitlines())
    return f"On {letter.message['Date']}, {letter.message['From']} wrote:\n{lines}"


def written(
    *,
    name: str,
    address: str,
    to: str,
    subject: str,
    text: str,
    at: datetime,
    number: int,
    answers: Letter | None = None,
    attachments: Mapping[str, bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> EmailMessage:
    """A mail as an ordinary program writes it, with the headers that the organisation's server adds."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["Return-Path"] = f"<{address}>"
    message["Received"] = f"from mail.{address.partition('@')[2]} by mx.corp.example; {format_datetime(at)}"
    message["From"] = str(Address(name, addr_spec=address))
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<story-{number}@{address.partition('@')[2]}>"
    if answers is not None:
        message["In-Reply-To"] = answers.message_id
        message["References"] = f"{answers.message['References'] or ''} {answers.message_id}".strip()
        text = f"{text}\n\n{quoted(answers)}"
    for header, value in (headers or {}).items():
        del message[header]
        message[header] = value
    message.set_content(text)
    for file, content in (attachments or {}).items():
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=file)
    return message
