"""The original inside a forwarded mail, read from the header block that mail programs write above it.

A block counts as forwarded if a separator says so or the subject does; a plain reply with an Outlook block does not.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mailbot.mail.addresses import read_addresses
from mailbot.mail.attributions import attribution_end
from mailbot.mail.labels import Block, Label, find_block, split_glued
from mailbot.mail.model import Address, Forwarded
from mailbot.mail.quotes import is_rule
from mailbot.mail.separators import announces_forward, is_separator

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
        if is_separator(lines[place]) and (announces_forward(lines[place]) or not _REPLY_SUBJECT.match(subject)):
            return _announced(lines, place)
        if says_so and (end := attribution_end(lines, place)) > place:
            return replace(_attributed(lines, place, end), subject=_FORWARD_SUBJECT.sub("", subject).strip())
        block = find_block(lines, place)
        if block and Label.FROM in block.values and (says_so or _stands_first(lines, place, subject)):
            return _original(lines, block)
        if block:
            return None
    return None


def _announced(lines: list[str], place: int) -> Forwarded | None:
    glued = split_glued(lines[place])
    if len(glued) > 2:  # the whole block on one line
        lines = [*lines[:place], *glued, *lines[place + 1 :]]
    for start in range(place + 1, min(place + 8, len(lines))):
        if block := find_block(lines, start):
            return _original(lines, block)
    return None


_PERSON = re.compile(
    r"[\"“«„]?\s{0,2}([^\"“”«»„<>(:,\d]{0,80}?)\s{0,2}[\"”»]?\s{0,2}[<(]([^\s<>()]{1,64}@[^\s<>()]{1,190})[>)]"
)


def _attributed(lines: list[str], start: int, end: int) -> Forwarded:
    """A forward below "On … Ann <ann@…> wrote:" instead of a header block."""
    line = " ".join(one.strip("> ") for one in lines[start:end])
    found = _PERSON.search(line)
    sender = Address(found[1].strip(), found[2]) if found else None
    return Forwarded(sender, (), (), "", "", _unquoted(lines[end:]))


def _stands_first(lines: list[str], place: int, subject: str) -> bool:
    """A body that begins with a header block is a bare forward, unless the subject calls it a reply."""
    above = [line for line in lines[:place] if line.strip() and not is_separator(line) and not is_rule(line)]
    return not above and not _REPLY_SUBJECT.match(subject)


def _unquoted(lines: list[str]) -> str:
    """The lines without one level of quote marks, if all that say anything carry one."""
    spoken = [line for line in lines if line.strip()]
    if not spoken or not all(line.lstrip().startswith(">") for line in spoken):
        return "\n".join(lines).strip()
    return "\n".join(line.lstrip()[1:].removeprefix(" ") for line in lines).strip()


def _original(lines: list[str], block: Block) -> Forwarded:
    words = _unquoted(lines[block.end :])
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
