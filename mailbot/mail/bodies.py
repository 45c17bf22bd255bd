"""Which parts of a MIME tree are the text of the mail, and which are attachments (RFC 2046, 2183, 2387, 3676)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mailbot.mail.html import to_text
from mailbot.mail.model import Attachment
from mailbot.mail.parts import Part

_NEVER_BODY = {"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/rfc822-headers", "text/css",
               "text/rtf", "text/x-amp-html", "text/csv", "text/javascript", "text/xml"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """The text of a mail and what came with it."""

    text: str
    attachments: tuple[Attachment, ...]


def read_body(root: Part) -> Body:
    """Text and attachments of the tree."""
    chosen = tuple(_text_parts(root)) or _named_texts(root)
    texts = [_readable(part) for part in chosen]
    skipped = {id(part) for part in (*chosen, *_other_versions(root))}
    leaves = [leaf for leaf in root.leaves() if id(leaf) not in skipped]
    attachments = tuple(_attachment(leaf) for leaf in leaves if leaf.content or leaf.name)
    return Body("\n".join(text.strip("\n") for text in texts if text.strip()), attachments)


def is_body(part: Part) -> bool:
    """Whether a leaf is text to be read in place, not a file."""
    if part.children or not part.type.startswith("text/") or part.type in _NEVER_BODY:
        return False
    return part.disposition != "attachment" and not part.name


def _text_parts(part: Part) -> Iterator[Part]:
    if not part.children:
        if is_body(part):
            yield part
    elif part.type == "multipart/alternative":
        yield from _best_version(part)
    elif part.type == "multipart/related":
        yield from _text_parts(_root(part))
    else:
        for child in part.children:
            yield from _text_parts(child)


def _named_texts(root: Part) -> tuple[Part, ...]:
    """Text parts with a file name that nobody called an attachment: the text where there is no other."""
    named = (leaf for leaf in root.leaves() if leaf.type in ("text/plain", "text/html") and leaf.name)
    return tuple(leaf for leaf in named if leaf.disposition != "attachment")


def _root(part: Part) -> Part:
    start = part.parameters.get("start", "").strip("<>")
    return next((child for child in part.children if start and child.content_id == start), part.children[0])


def _best_version(part: Part) -> tuple[Part, ...]:
    """The text version if it says anything, otherwise the HTML one."""
    versions = [tuple(_text_parts(child)) for child in part.children]
    spoken = [version for version in versions if any(_readable(leaf).strip() for leaf in version)]
    plain = [version for version in spoken if all(leaf.type != "text/html" for leaf in version)]
    return next(iter(plain or spoken), ())


def _other_versions(part: Part) -> Iterator[Part]:
    """Text leaves inside alternatives: the same words in another form, never attachments."""
    if part.type == "multipart/alternative":
        yield from (leaf for leaf in part.leaves() if is_body(leaf))
    for child in part.children:
        yield from _other_versions(child)


def _readable(part: Part) -> str:
    if part.type == "text/html":
        return to_text(part.text)
    if part.parameters.get("format", "").lower() == "flowed":
        return unflowed(part.text, deletes_space=part.parameters.get("delsp", "").lower() == "yes")
    return part.text


def unflowed(text: str, *, deletes_space: bool) -> str:
    """format=flowed text with its soft line breaks undone, quote by quote (RFC 3676 4.1-4.4)."""
    lines: list[list[str]] = []  # the pieces of each line
    open_depth = -1  # quote depth of a line that goes on, -1: the last line has ended
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        words = words.removeprefix(" ")
        flows = words.endswith(" ") and words != "-- "
        if open_depth != depth or words == "-- ":
            lines.append([">" * depth + (" " if depth else "")])
        lines[-1].append(words[:-1] if flows and deletes_space else words)
        open_depth = depth if flows else -1
    return "\n".join("".join(pieces) for pieces in lines)


def _attachment(part: Part) -> Attachment:
    inline = part.disposition == "inline" or (part.disposition != "attachment" and part.content_id is not None)
    return Attachment(part.name, part.type, part.content, inline, part.content_id, part.unpacked)
