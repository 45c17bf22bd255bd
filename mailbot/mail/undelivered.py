"""Recipients that a delivery notice names in words, where it has no `message/delivery-status` part (RFC 3464).

Mail servers write them below a heading ("the following addresses failed:"), alone on a line, or in a sentence. The
lines above the returned mail are searched for the strictest form first; what a loose form finds is held against the
recipients of the returned mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailbot.mail.addresses import read_addresses
from mailbot.mail.headers import Fields, split_message
from mailbot.mail.limits import Budget
from mailbot.mail.model import Mail, ascii_fold
from mailbot.mail.parts import Part

ADDRESS = re.compile(
    r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}|\"[^\"\s]{1,64}\")@(?:[A-Za-z0-9_-]{1,63}\.){0,8}[A-Za-z0-9-]{1,63}"
)
_COPY_BEGINS = re.compile(
    r"^\W{0,40}(?:below this line is a copy|this is a copy of|original message (?:follows|headers|text|as received)"
    r"|original message\W*$"
    r"|(?:unsent|returned) message (?:below|follows)|message header|transcript of message follows|here is a copy of"
    r"|the header(?:s)? of the original|included is a copy of|original[- ]headers?|headers? of (?:the"
    r" )?(?:original )?(?:message|mail)"
    r"|returned mail\W*$|returned mail follows|start of returned message|received:|return-path:|the (?:text"
    r"|body) (?:part"
    r" )?of your message"
    r"|message contents? follow|ursprüngliche nachricht|text of message|unsent mail)",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"\b(?:recipients?(?:\(s\))?|address(?:es|\(es\))?|empfängern?|destinataires?|destinatari(?:os?)?|odbiorc\w{1,6}"
    r"|ontvangers?|mottagare|errors?|problems|delivered to|delivered because|reached|from \S{3,100})"
    r"[^:\n]{0,120}(?:[:：]|-{3,})\s*$",
    re.IGNORECASE,
)
_BARE_NAME = re.compile(r"[ \t]{1,8}([A-Za-z][\w.-]{1,63})\s*$")
_GENERATED = re.compile(rf"(?:generated|expanded) (?:by|from)\W{{1,4}}({ADDRESS.pattern})")
_RECEIVED_FOR = re.compile(rf"\bfor <({ADDRESS.pattern})>")
_LINES_AT_MOST = 400
_SECTION_LINES = 60
_MACHINES = ("postmaster@", "mailer-daemon@", "no-reply@")

_NAMED = rf"({ADDRESS.pattern})"
_FIELD = re.compile(rf"^\s*(?:final|original)-recipient\s*:\s*rfc822\s*;\s*<?{_NAMED}", re.IGNORECASE)
_ALONE = (
    re.compile(rf"^\s*<{_NAMED}>\s*:?"),
    re.compile(rf"^\W{{0,8}}{_NAMED}\s*(?:\.{{3}}|:|$|\(|\s-|,\s|[;>]|\bon\b)"),
)
_X400 = re.compile(rf"\bsmtp=\s?{_NAMED}", re.IGNORECASE)
_IN_SENTENCE = (
    re.compile(
        r"\b(?:rcpt to|recipient|user|address|to|mailbox|empfänger|destinataire)\W{1,6}(?:smtp=|rfc822;)?" + _NAMED,
        re.IGNORECASE,
    ),
    re.compile(rf"<{_NAMED}>"),
    re.compile(_NAMED),
)


def notice_text(mail: Mail, root: Part) -> str:
    """The words above the returned mail."""
    text = mail.text or next((leaf.text for leaf in root.leaves() if leaf.type.startswith("text/")), "")
    lines = text.split("\n")[:_LINES_AT_MOST]
    end = next((place for place, line in enumerate(lines) if place and _COPY_BEGINS.match(line[:200])), len(lines))
    return "\n".join(line[:1_000] for line in lines[:end])


def generated_from(notice: str) -> str:
    """The address behind a recipient that is a file or a program, or ""."""
    found = _GENERATED.search(notice)
    return found[1] if found else ""


def named_recipients(mail: Mail, root: Part, notice: str) -> tuple[str, ...]:
    """The addresses that a notice in words says failed; those of the returned mail where it names none."""
    declared = [word for value in mail.header_values("x-failed-recipients") for word in ADDRESS.findall(value[:5_000])]
    lines = notice.split("\n")
    returned = _returned_to(mail, root)
    ours = {ascii_fold(one.address) for one in (*mail.to, *mail.from_)} | {ascii_fold(mail.return_path or "")}
    found = (
        _distinct(declared)
        or _distinct(_in_form(_FIELD, lines))
        or _below_heading(lines, mail, ours)
        or _first_form(_ALONE, lines, ours)
        or _within(returned, _first_form(_IN_SENTENCE, lines, ours))
    )
    return found or (returned if len(returned) == 1 else ())


def _below_heading(lines: list[str], mail: Mail, ours: set[str]) -> tuple[str, ...]:
    for place, line in enumerate(lines):
        if not _HEADING.search(line[-200:]):
            continue
        section = lines[place + 1 : place + 1 + _SECTION_LINES]
        if found := _distinct(_in_form(_X400, section)) or _first_form(_ALONE, section, ours, trusted=True):
            return found
        names = [name[1] for entry in section[:10] if (name := _BARE_NAME.fullmatch(entry))]
        domain = mail.sender.address.rpartition("@")[2]
        if names and domain:  # a server writes its own users without their domain
            return _distinct(f"{name}@{domain.lower()}" for name in names)
    return ()


def _first_form(
    forms: tuple[re.Pattern[str], ...], lines: list[str], ours: set[str], *, trusted: bool = False
) -> tuple[str, ...]:
    for form in forms:
        named = _distinct(_in_form(form, lines))
        people = tuple(one for one in named if not ascii_fold(one).startswith(_MACHINES))
        if found := tuple(one for one in people if ascii_fold(one) not in ours) or people or (trusted and named):
            return found
    return ()


def _in_form(form: re.Pattern[str], lines: Iterable[str]) -> Iterator[str]:
    return (_bare(found[1]) for line in lines for found in form.finditer(line))


def _bare(address: str) -> str:
    """The address without the quote marks and the "SMTP=" that some servers write before it."""
    address = address.strip("'.#")
    return address[5:] if address[:5].upper() == "SMTP=" else address


def _distinct(addresses: Iterable[str]) -> tuple[str, ...]:
    return tuple({ascii_fold(address): address for address in reversed(list(addresses))}.values())[::-1][:50]


def _within(returned: tuple[str, ...], found: tuple[str, ...]) -> tuple[str, ...]:
    """What was found, or only the recipients of the returned mail among it where there are any."""
    known = {ascii_fold(address) for address in returned}
    return tuple(address for address in found if ascii_fold(address) in known) or found


# ---------------------------------------------------------------- the returned mail


def returned_fields(mail: Mail, root: Part) -> Fields:
    """The header of the mail that came back, attached or below the notice; empty where none did."""
    for leaf in root.leaves():
        if leaf.type.endswith(("rfc822", "rfc822-headers", "message/global", "global-headers")):
            return split_message(leaf.content.lstrip(), Budget(), is_part=True)[0]
    lines = mail.text.split("\n")[:_LINES_AT_MOST]
    start = next((place for place, line in enumerate(lines) if place and _COPY_BEGINS.match(line[:200])), len(lines))
    while start < len(lines) and not re.match(r"[>\s]{0,8}[A-Za-z-]{2,40}:", lines[start]):
        start += 1
    block = "\n".join(line.lstrip("> ") if line[:1] == ">" else line for line in lines[start : start + 200])
    return split_message(block.encode("utf-8", "replace"), Budget(), is_part=True)[0]


def _returned_to(mail: Mail, root: Part) -> tuple[str, ...]:
    fields = returned_fields(mail, root)
    values = (value for name in ("to", "cc") for value in fields.all(name))
    named = [one.address for value in values for one in read_addresses(value).addresses]
    named += [found[1] for value in fields.all("received") if (found := _RECEIVED_FOR.search(value[-500:]))]
    return _distinct(address for address in named if "@" in address)
