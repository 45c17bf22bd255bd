"""The named fields of a header (RFC 5322 3.6): who, to whom, when, about what, in answer to what."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from mailbot.mail.addresses import AddressList, is_plain_address, read_addresses
from mailbot.mail.headers import Fields, readable, without_comments
from mailbot.mail.limits import Budget
from mailbot.mail.model import Address, ascii_fold

Attempt = Callable[[str, Callable[[], Any], Any], Any]

_BRACKETED_ID = re.compile(r"<\s{0,5}([^<>]{1,998})>")
_REFERENCES_AT_MOST = 200
_DELIVERED = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "apparently-to",
              "x-rcpt-to", "resent-to", "resent-cc")  # fmt: skip
_WEEKDAY_AT_END = re.compile(r"\([^)]{0,60}\)?\s*$")


@dataclass(frozen=True, slots=True)
class Envelope:
    """The fields of `Mail` that come straight from its header."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    subject: str
    date: datetime | None
    from_: tuple[Address, ...]
    from_is_plain: bool
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    reply_to: tuple[Address, ...]
    delivered_to: tuple[str, ...]
    return_path: str | None
    hops: int


def read_envelope(fields: Fields, budget: Budget, attempt: Attempt) -> Envelope:
    """The envelope of a header; each field is read by itself, so that a broken one costs only itself."""

    def people(name: str) -> tuple[Address, ...]:
        return tuple(attempt(name, lambda: _people(fields, name, budget), AddressList()).addresses)

    senders: AddressList = attempt("from", lambda: _people(fields, "from", budget), AddressList(plain=False))
    message_ids: tuple[str, ...] = attempt("message-id", lambda: read_ids(fields.first("message-id")), ())
    return Envelope(
        message_id=message_ids[0] if message_ids else "",
        in_reply_to=attempt("in-reply-to", lambda: _ids_of(fields, "in-reply-to"), ()),
        references=attempt("references", lambda: _ids_of(fields, "references"), ()),
        subject=attempt("subject", lambda: readable(fields.first("subject")), fields.first("subject")),
        date=attempt("date", lambda: _date(fields, budget), None),
        from_=senders.addresses,
        from_is_plain=attempt("from", lambda: _is_plain(fields, senders), False),
        to=people("to"),
        cc=people("cc"),
        reply_to=people("reply-to"),
        delivered_to=attempt("delivered-to", lambda: _delivered(fields, budget), ()),
        return_path=attempt("return-path", lambda: _return_path(fields), None),
        hops=len(fields.all("received")),
    )


def read_ids(value: str) -> tuple[str, ...]:
    """The Message-IDs in a value, without angle brackets, each once; bare words count where nothing is bracketed."""
    found = ["".join(id_.split()) for id_ in _BRACKETED_ID.findall(value)]
    if not found:
        found = [word.strip("<>,;") for word in without_comments(value).split()]
        found = [word for word in found if "@" in word] or (found if len(found) == 1 else [])
    ids = list(dict.fromkeys(id_ for id_ in found if id_))
    return tuple(ids if len(ids) <= _REFERENCES_AT_MOST else ids[:1] + ids[1 - _REFERENCES_AT_MOST :])


def read_date(value: str) -> datetime | None:
    """The moment a Date field states, with a zone (UTC where it names none); None if it states none."""
    for text in (value, _WEEKDAY_AT_END.sub("", value), value.replace(".", ":")):
        try:
            moment = parsedate_to_datetime(text)
            moment.astimezone(UTC)
        except (TypeError, ValueError, IndexError, OverflowError):
            continue
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    try:
        moment = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC)


def _people(fields: Fields, name: str, budget: Budget) -> AddressList:
    values = fields.all(name)
    if not values:
        return AddressList(plain=False)
    lists = [read_addresses(value, budget.limits.addresses) for value in values]
    found = tuple(address for one in lists for address in one.addresses)
    if any(one.cut for one in lists) or len(found) > budget.limits.addresses:
        budget.note("too_many_addresses")
    return AddressList(found[: budget.limits.addresses], len(lists) == 1 and lists[0].plain)


def _is_plain(fields: Fields, senders: AddressList) -> bool:
    """See `Mail.from_is_plain`: what a privileged sender must be."""
    if len(fields.all("from")) != 1 or len(senders.addresses) != 1 or not senders.plain:
        return False
    sender = senders.addresses[0]
    honest = "@" not in sender.name or ascii_fold(sender.name) == ascii_fold(sender.address)  # many have no other name
    return honest and "\ufffd" not in sender.name and is_plain_address(sender.address)


def _ids_of(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id_ for value in fields.all(name) for id_ in read_ids(readable(value))))


def _date(fields: Fields, budget: Budget) -> datetime | None:
    value = readable(fields.first("date"))
    moment = read_date(value) if value else None
    if value and moment is None:
        budget.note("unreadable_date")
    return moment


def _delivered(fields: Fields, budget: Budget) -> tuple[str, ...]:
    found = [address.address for name in _DELIVERED for address in _people(fields, name, budget).addresses]
    return tuple(dict.fromkeys(address for address in found if address))


def _return_path(fields: Fields) -> str | None:
    values = fields.all("return-path")
    if not values:
        return None
    bare = without_comments(readable(values[0])).strip().strip('"')
    return "" if bare in ("<>", "") else bare.strip("<> ")
