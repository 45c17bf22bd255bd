"""The original inside a forwarded mail, read from the header block that mail programs write above it.

A block counts as forwarded if a separator says so or the subject does; a plain reply with an Outlook block does not.
"""

from __future__ import annotations

import re

from mailbot.mail.addresses import read_addresses
from mailbot.mail.labels import Block, Label, find_block
from mailbot.mail.model import Address, Forwarded
from mailbot.mail.quotes import announces_forward, is_separator

_FORWARD_SUBJECT = re.compile(
    r"\W{0,4}(?:fwd?|wg|tr|rv|enc|i|vs|vb|vl|pd|doorst|továbbítás|fw|ilt|转发|轉寄)\s?[:：\]]", re.IGNORECASE
)
_REPLY_SUBJECT = re.compile(r"\W{0,4}(?:re|aw|sv|antw|rif|odp|回复|答复)\s?[:：]", re.IGNORECASE)
_LINES_AT_MOST = 400


def find_forwarded(text: str, subject: str = "") -> Forwarded | None:
    """The original that the body forwards, or None where the mail is none or a plain reply."""
    lines = text.split("\n")
    says_so = _FORWARD_SUBJECT.match(subject) is not None
    for place in range(min(len(lines), _LINES_AT_MOST)):
        if not lines[place].strip():
            continue
        if announces_forward(lines[place]):
            return _announced(lines, place)
        block = find_block(lines, place)
        if block and Label.FROM in block.values and (says_so or _stands_first(lines, place, subject)):
            return _original(lines, block)
        if block:
            return None
    return None


def _announced(lines: list[str], place: int) -> Forwarded | None:
    for start in range(place + 1, min(place + 8, len(lines))):
        if block := find_block(lines, start):
            return _original(lines, block)
    return None


def _stands_first(lines: list[str], place: int, subject: str) -> bool:
    """A body that begins with a header block is a bare forward, unless the subject calls it a reply."""
    above = [line for line in lines[:place] if line.strip() and not is_separator(line)]
    return not above and not _REPLY_SUBJECT.match(subject)


def _original(lines: list[str], block: Block) -> Forwarded:
    quoted = [line for line in lines[block.end :] if line.strip()]
    marked = bool(quoted) and all(line.lstrip().startswith(">") for line in quoted)
    body = [
        line.lstrip()[1:].removeprefix(" ") if line.lstrip().startswith(">") else line for line in lines[block.end :]
    ]
    words = "\n".join(body if marked or lines[block.start].lstrip().startswith(">") else lines[block.end :]).strip()
    values = block.values
    return Forwarded(
        sender=next(iter(_people(values.get(Label.FROM, ""))), None),
        to=_people(values.get(Label.TO, "")),
        cc=_people(values.get(Label.CC, "")),
        subject=values.get(Label.SUBJECT, ""),
        date=values.get(Label.DATE, ""),
        text=words,
    )


_MAILTO = re.compile(r"[\[<(]\s{0,2}mailto:\s{0,2}([^\]>)\s]{3,254})[\]>)]", re.IGNORECASE)
_DOUBLED = re.compile(r"<([^<>]{3,254})<mailto:[^<>]{3,254}>>", re.IGNORECASE)
_BESIDE = re.compile(r"([^\s<>]{1,64}@[^\s<>]{1,190})\s?<(?:mailto:)?\1>", re.IGNORECASE)


def _people(value: str) -> tuple[Address, ...]:
    value = _DOUBLED.sub(r"<\1>", value.replace("*", ""))
    value = _BESIDE.sub(r"<\1>", _MAILTO.sub(r"<\1>", value))
    return read_addresses(value).addresses
