"""A mail as the JSON record of `mailbot parse` (DESIGN section 7)."""

from __future__ import annotations

from collections.abc import Iterable

from mailbot.mail.model import Address, Attachment, Forwarded, Mail


def as_record(mail: Mail, file: str, seconds: float) -> dict[str, object]:
    """The record of one message, ready for `json.dumps`."""
    return {
        "file": file,
        "class": mail.class_.value,
        "reason": mail.class_reason,
        "message_id": mail.message_id,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "from": _person(mail.sender) if mail.from_ else None,
        "author": _person(mail.author),
        "to": _people(mail.to),
        "cc": _people(mail.cc),
        "reply_to": _people(mail.reply_to),
        **_body(mail),
        "bounces": [
            {"recipient": one.recipient, "status": one.status, "permanent": one.permanent} for one in mail.bounces
        ],
        "original_message_id": mail.original_message_id or None,
        "forwarded": _forwarded(mail.forwarded),
        "defects": list(mail.defects),
        "seconds": round(seconds, 4),
    }


def _body(mail: Mail) -> dict[str, object]:
    return {
        "text": mail.text,
        "reply": mail.reply,
        "reply_certainty": mail.certainty.value,
        "signature": mail.signature,
        "language": mail.language,
        "attachments": [_file(one) for one in mail.attachments if not one.unpacked],
        "unpacked": [_file(one) for one in mail.attachments if one.unpacked],
    }


def _file(one: Attachment) -> dict[str, object]:
    return {"name": one.name, "type": one.type, "size": len(one.content), "inline": one.inline}


def _person(address: Address | None) -> dict[str, str] | None:
    return {"name": address.name, "address": address.address} if address else None


def _people(addresses: Iterable[Address]) -> list[dict[str, str]]:
    return [{"name": one.name, "address": one.address} for one in addresses]


def _forwarded(original: Forwarded | None) -> dict[str, object] | None:
    if original is None:
        return None
    return {
        "from": _person(original.sender),
        "to": _people(original.to),
        "cc": _people(original.cc),
        "subject": original.subject,
        "date": original.date,
        "text": original.text,
    }
