"""What a signature tells about its writer: telephone numbers, organisation, job title.

Only the signature and the last lines of the new words are searched: numbers elsewhere are serial numbers and amounts,
and looking for telephone numbers among them is slow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LAST_LINES = 6
_LETTERS_AT_MOST = 2_000
_PHONES_AT_MOST = 5
_ORGANISATION = re.compile(
    r"\b(?:GmbH|AG|KG|SE|e\.V\.|Inc\.?|Ltd\.?|LLC|LLP|Corp\.?|PLC|S\.A\.|S\.r\.l\.|B\.V\.|N\.V\.|Universit(?:y"
    r"|ät)|Hochschule|Institute?"
    r"|Stadt|Amt|Klinik(?:um)?|Hospital|Company|Group|Foundation)(?=\W|$)"
)
_TITLE = re.compile(
    r"\b(?:Head of|Director|Manager(?:in)?|Engineer|Developer|Analyst|Consultant|Architect|Officer|Assistant"
    r"|Administrator|Specialist"
    r"|Technician|Professor|President|Lead|Geschäftsführer(?:in)?|Leiter(?:in)?|Sachbearbeiter(?:in)?"
    r"|Referent(?:in)?|Assistenz"
    r"|Abteilungsleiter(?:in)?|Ingenieur(?:in)?|Entwickler(?:in)?|Buchhalter(?:in)?|Vorstand)\b"
)
_DIGITS = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Contact:
    """Facts from a signature; telephone numbers in E.164 form."""

    phones: tuple[str, ...] = ()
    organisation: str = ""
    title: str = ""


def read_contact(signature: str, reply: str = "", region: str = "") -> Contact:
    """What the signature and the last lines of the new words tell; `region` (ISO 3166) reads national numbers."""
    last = [line for line in reply.split("\n") if line.strip()][-_LAST_LINES:]
    lines = [*last, *signature.split("\n")]
    card = [line.strip(" \t*_|>") for line in signature.split("\n") if line.strip()][:20]
    return Contact(
        phones=_phones("\n".join(lines)[-_LETTERS_AT_MOST:], region),
        organisation=next((line for line in card if len(line) <= 80 and _ORGANISATION.search(line)), ""),
        title=next((line for line in card if len(line) <= 80 and _TITLE.search(line)), ""),
    )


def _phones(text: str, region: str) -> tuple[str, ...]:
    if len(_DIGITS.findall(text)) < 6:
        return ()
    import phonenumbers  # noqa: PLC0415 - a quarter of a second that most mails need not wait for

    found = phonenumbers.PhoneNumberMatcher(text, region or None, max_tries=50)
    numbers = (phonenumbers.format_number(one.number, phonenumbers.PhoneNumberFormat.E164) for one in found)
    return tuple(dict.fromkeys(numbers))[:_PHONES_AT_MOST]
