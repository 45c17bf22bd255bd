"""The same by the standard library alone: `email` with `policy.default`, bodies and attachments decoded.

Two readings: `read_fields` looks at no header but those that end up in the record or tell its class; `read_whole` at
every header, as `Mail.headers` holds them.
"""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

_PEOPLE = ("from", "to", "cc", "reply-to")
_IDS = ("message-id", "in-reply-to", "references")
_TELLING = ("return-path", "delivered-to", "sender", "auto-submitted", "precedence", "list-id", "x-loop")  # for `class`


def read_fields(raw: bytes) -> str:
    """What it can tell of a mail, as JSON; raises where it cannot read one."""
    return json.dumps(_record(_message(raw)), ensure_ascii=False)


def read_whole(raw: bytes) -> str:
    """The same with every header decoded."""
    message = _message(raw)
    headers = [(name, str(value)) for name, value in message.items()]
    return json.dumps(_record(message) | {"headers": headers}, ensure_ascii=False)


def _message(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def _record(message: EmailMessage) -> dict[str, object]:
    record: dict[str, object] = {name: _people(message, name) for name in _PEOPLE}
    record |= {name: str(message.get(name, "")).split() for name in _IDS}
    record["subject"] = str(message.get("subject", ""))
    record["date"] = parsedate_to_datetime(str(message["date"])).isoformat() if message["date"] else None
    record["telling"] = [str(value) for name in _TELLING for value in message.get_all(name, [])]
    body = message.get_body(("plain", "html"))
    record["text"] = body.get_content() if body is not None and body.get_content_maintype() == "text" else ""
    record["attachments"] = [
        (part.get_filename(), part.get_content_type(), len(part.get_payload(decode=True) or b""))
        for part in message.walk()
        if part is not body and not part.is_multipart()
    ]
    return record


def _people(message: EmailMessage, name: str) -> list[tuple[str, str]]:
    return getaddresses([str(value) for value in message.get_all(name, [])])
