"""What other programs wrap around a mail: winmail.dat, uuencoded files, S/MIME and PGP.

Files found inside become parts marked `unpacked`, beside the part that held them; signed words lose their armour; what
only a key could open is noted as a defect, so that a reader learns why there are no words. Nothing is verified here.
"""

from __future__ import annotations

import re
from dataclasses import replace

from mailbot.mail.charsets import decode
from mailbot.mail.headers import Fields, split_message
from mailbot.mail.limits import Budget
from mailbot.mail.parts import Part, read_part
from mailbot.mail.smime import signed_content
from mailbot.mail.tnef import Tnef, TnefFile, read_tnef
from mailbot.mail.uuencode import find_uuencoded

_TNEF = {"application/ms-tnef", "application/vnd.ms-tnef"}
_SMIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
_PGP_MESSAGE = re.compile(rb"^-----BEGIN PGP MESSAGE-----", re.MULTILINE)
_PGP_SIGNED = re.compile(
    rb"^-----BEGIN PGP SIGNED MESSAGE-----[ \t]*\r?\n(?:[A-Za-z]{1,20}: ?[^\r\n]{0,200}\r?\n){0,5}[ \t]*\r?\n",
    re.MULTILINE,
)
_PGP_SIGNATURE = re.compile(
    rb"^-----BEGIN PGP SIGNATURE-----[ \t]*\r?\n(?:[^\r\n-][^\r\n]{0,200}\r?\n|\r?\n){0,200}"
    rb"-----END PGP SIGNATURE-----[ \t]*(?:\r?\n|\Z)",
    re.MULTILINE,
)
_DASH_ESCAPE = re.compile(rb"^- (?=-|From )", re.MULTILINE)


def unwrap(root: Part, budget: Budget) -> Part:
    """The tree with what its wrappers held."""
    leaves = root.leaves()
    if root.type != "multipart/encrypted" and not any(_is_wrapper(leaf) for leaf in leaves):
        return root
    has_words = any(leaf.type.startswith("text/") and not leaf.name and leaf.content.strip() for leaf in leaves)
    return _unwrapped(root, budget, has_words, 0)


def _is_wrapper(leaf: Part) -> bool:
    if leaf.type == "text/plain":
        return b"-----BEGIN PGP " in leaf.content or b"begin " in leaf.content
    return leaf.type in _TNEF or leaf.type in _SMIME or leaf.type == "application/pgp-encrypted"


def _unwrapped(part: Part, budget: Budget, has_words: bool, depth: int) -> Part:
    if part.children:
        return replace(part, children=tuple(_unwrapped(one, budget, has_words, depth + 1) for one in part.children))
    if part.type in _TNEF:
        return _of_tnef(part, budget, has_words)
    if part.type in _SMIME:
        return _of_smime(part, budget, depth)
    if part.type == "application/pgp-encrypted":
        budget.note("encrypted_pgp")
    if part.type == "text/plain" and part.disposition != "attachment":
        return _of_text(_without_armour(part, budget), budget)
    return part


# ---------------------------------------------------------------- winmail.dat


def _of_tnef(part: Part, budget: Budget, has_words: bool) -> Part:
    found = read_tnef(part.content)
    if found is None:
        budget.note("unreadable_tnef")
        return part
    files = [_of_file(file, budget) for file in found.files if budget.takes_part()]
    words = [] if has_words else _words_of(found, budget)
    return replace(part, content=b"", children=(part, *words, *files)) if words or files else part


def _of_file(file: TnefFile, budget: Budget) -> Part:
    fields = Fields((("content-id", file.content_id),) if file.content_id else ())
    content = budget.takes_bytes(file.content)
    return Part(fields, file.type or "application/octet-stream", name=file.name, content=content, unpacked=True)


def _words_of(found: Tnef, budget: Budget) -> list[Part]:
    kind, words = ("plain", found.text) if found.text.strip() else ("html", found.html)
    content = budget.takes_bytes(words.encode())
    return [Part(Fields(), f"text/{kind}", {"charset": "utf-8"}, content=content)] if words.strip() else []


# ---------------------------------------------------------------- S/MIME


def _of_smime(part: Part, budget: Budget, depth: int) -> Part:
    content = None
    if "enveloped" not in part.parameters.get("smime-type", "").lower():
        content = signed_content(part.content)
    if content is None:
        is_bare_signature = part.parameters.get("smime-type", "").lower() == "certs-only"
        budget.note("certificates_only" if is_bare_signature else "encrypted_smime")
        return part
    budget.note("signed_smime")
    fields, body = split_message(content, budget, is_part=True)
    inner = read_part(fields, body, budget, depth=depth + 1)
    return replace(part, content=b"", children=(inner,))


# ---------------------------------------------------------------- plain text


def _without_armour(part: Part, budget: Budget) -> Part:
    """The words of a clear-signed text (RFC 9580 7); an encrypted one is only noted."""
    if b"-----BEGIN PGP " not in part.content:
        return part
    if _PGP_MESSAGE.search(part.content):
        budget.note("encrypted_pgp")
    signed = _PGP_SIGNED.search(part.content)
    signature = _PGP_SIGNATURE.search(part.content, signed.end()) if signed else None
    if signed is None or signature is None:
        return part
    budget.note("signed_pgp")
    words = _DASH_ESCAPE.sub(b"", part.content[signed.end() : signature.start()])
    return replace(part, content=part.content[: signed.start()] + words + part.content[signature.end() :])


def _of_text(part: Part, budget: Budget) -> Part:
    found = find_uuencoded(part.content)
    if not found:
        return part
    charset = part.parameters.get("charset", "")
    files, kept, position = [], [], 0
    for file in found:
        if not budget.takes_part():
            break
        name = " ".join(decode(file.name, charset).split())
        files.append(Part(Fields(), "application/octet-stream", name=name, content=budget.takes_bytes(file.content),
                          unpacked=True))  # fmt: skip
        kept += [part.content[position : file.start], b"[" + file.name + b"]"]
        position = file.end
    words = replace(part, content=b"".join((*kept, part.content[position:])))
    return Part(part.fields, "multipart/mixed", children=(words, *files))
