"""Attachments on their way through the desk: which of them travel, under rebuilt names and sniffed types.

What the sender claims is metadata of a stranger: the name may hold a path, the type may be a lie (RFC 2183 section 5).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection

from mailbot.desk.ticket import AttachmentRef
from mailbot.mail.headers import readable, split_message
from mailbot.mail.limits import Budget
from mailbot.mail.model import Attachment

_LOGO_BYTES = 5_120
_NAME_CHARACTERS = 120
_HEADER_REACH_BYTES = 65_536


def choose_travelling(
    attachments: tuple[Attachment, ...], logos: frozenset[str], limit_bytes: int
) -> tuple[tuple[AttachmentRef, ...], tuple[AttachmentRef, ...]]:
    """(those that travel, those too large) of all but logos and signatures; the largest stay behind first."""
    left_behind = _TYPE_OF_PROOF_OR_WRAPPER if any(one.unpacked for one in attachments) else _TYPE_OF_PROOF
    refs = [refer_to(one) for one in attachments if left_behind.fullmatch(one.type.lower()) is None]
    refs = [ref for ref in refs if not _is_logo(ref, logos)]
    total = sum(ref.size_bytes for ref in refs)
    left: set[int] = set()
    for number in sorted(range(len(refs)), key=lambda number: -refs[number].size_bytes):
        if total <= limit_bytes:
            break
        left.add(number)
        total -= refs[number].size_bytes
    return (
        tuple(ref for number, ref in enumerate(refs) if number not in left),
        tuple(ref for number, ref in enumerate(refs) if number in left),
    )


def is_answered_mail(attachment: Attachment, thread: Collection[str]) -> bool:
    """Whether it is the whole mail that is answered, which some programs attach: history, and full of its tokens."""
    if attachment.type.lower() not in ("message/rfc822", "message/global"):
        return False
    fields, _ = split_message(attachment.content.lstrip(), Budget(), is_part=True)
    return fields.first("message-id").strip().strip("<>") in thread


# S/MIME and PGP signatures and keys: they prove the original mail only, and tell the writer's private address.
_TYPE_OF_PROOF = re.compile(r"application/(x-)?pkcs7-signature|application/pgp-(signature|keys|encrypted)")
_TYPE_OF_PROOF_OR_WRAPPER = re.compile(  # a winmail.dat whose files travel by themselves
    rf"{_TYPE_OF_PROOF.pattern}|application/(vnd\.)?ms-tnef"
)


def _is_logo(ref: AttachmentRef, logos: frozenset[str]) -> bool:
    return ref.inline and ref.type.startswith("image/") and (ref.size_bytes < _LOGO_BYTES or ref.content_hash in logos)


def refer_to(attachment: Attachment) -> AttachmentRef:
    """The attachment as the desk stores and names it."""
    type_ = sniff_type(attachment.content, attachment.type)
    name = attachment.name or (_subject_of(attachment.content) if type_ == "message/rfc822" else "")
    return AttachmentRef(
        content_hash=hashlib.sha256(attachment.content).hexdigest(),
        name=rebuild_name(name, type_),
        type=type_,
        size_bytes=len(attachment.content),
        inline=attachment.inline,
        content_id=attachment.content_id,
    )


def _subject_of(message: bytes) -> str:
    """What a mail that is attached without a name is called: its subject."""
    fields, _ = split_message(message[:_HEADER_REACH_BYTES].lstrip(), Budget(), is_part=True)
    subject = readable(fields.first("subject"))[:_NAME_CHARACTERS].replace("/", "-").replace("\\", "-")
    return f"{subject}.eml" if subject else ""


_FORBIDDEN = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def rebuild_name(claimed: str, type_: str = "") -> str:
    """A file name that is only a name: no path, no control or direction characters, no leading dot, 120 characters."""
    base = re.split(r"[/\\]", claimed)[-1]
    visible = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in base)
    name = " ".join(_FORBIDDEN.sub("_", visible).split()).strip(". ")
    if _DEVICE.fullmatch(name):
        name = f"_{name}"
    if not name:
        return f"attachment{_ENDINGS.get(type_, '')}"
    stem, dot, ending = name.rpartition(".")
    if len(name) <= _NAME_CHARACTERS or not dot or len(ending) > 10:
        return name[:_NAME_CHARACTERS]
    return f"{stem[: _NAME_CHARACTERS - len(ending) - 1]}.{ending}"


_ENDINGS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/gif": ".gif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
    "application/zip": ".zip",
    "text/plain": ".txt",
    "text/html": ".html",
    "message/rfc822": ".eml",
}
_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (4, b"ftyp", "video/mp4"),
    (0, b"MZ", "application/vnd.microsoft.portable-executable"),
    (0, b"\x7fELF", "application/x-elf"),
)
_CONTAINERS = {
    "application/zip",
    "application/x-ole-storage",
    "video/mp4",
}  # office files and media: the claim says more
_WEB_PAGE = re.compile(
    rb"\s*(<!--.{0,500}?-->\s*)?<(!doctype html|html|head|body|script|svg)\b", re.IGNORECASE | re.DOTALL
)
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,127}")
_CHECKED = re.compile(
    r"image/(png|jpe?g|gif|webp|tiff)|application/pdf"
)  # a claim of these without their magic is a lie


def sniff_type(content: bytes, claimed: str) -> str:
    """The type by the first bytes for common formats; else the claim, unless it is one that the bytes disprove."""
    claim = claimed.partition(";")[0].strip().lower()
    claim = claim if _TYPE.fullmatch(claim) else "application/octet-stream"
    found = next((type_ for at, magic, type_ in _MAGIC if content.startswith(magic, at)), None)
    if found is not None:
        within = found in _CONTAINERS and claim.startswith(("application/", "video/", "audio/"))
        return claim if within and claim != "application/octet-stream" else found
    if _WEB_PAGE.match(content[:1_000]):
        return claim if claim in ("image/svg+xml", "text/html", "application/xhtml+xml") else "text/html"
    return "application/octet-stream" if _CHECKED.fullmatch(claim) else claim
