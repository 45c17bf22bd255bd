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
_CARD_LINES = 20
_CARD_LETTERS = 80
_ORGANISATION = re.compile(
    r"\b(?:GmbH|AG|KG|SE|e\.V\.|Inc\.?|Ltd\.?|LLC|LLP|Corp\.?|PLC|S\.A\.|S\.L\.|S\.r\.l\.|S\.p\.A\.|B\.V\.|N\.V\.|A/S|ApS"
    r"|Oy|AB|Kft\.?|s\.r\.o\.|Sp\. z o\.o\.|d\.o\.o\.|Pty"
    r"|Universit(?:y|ät|é)|Universidad|Università|Universiteit|Hochschule"
    r"|Institute?|Stadt|Amt|Klinik(?:um)?|Hospital|Company|Group|Foundation|ООО|株式会社|有限公司)(?=\W|$)"
)
_TITLE = re.compile(
    r"\b(?:Head of|Director|Manager(?:in)?|Engineer|Developer|Analyst|Consultant|Counsel|Architect|Officer|Assistant"
    r"|Administrator|Specialist|Technician|Professor|President|Lead|Geschäftsführer(?:in)?|Leiter(?:in)?"
    r"|Sachbearbeiter(?:in)?|Referent(?:in)?|Assistenz|Abteilungsleiter(?:in)?|Ingenieur(?:in)?|Entwickler(?:in)?"
    r"|Buchhalter(?:in)?|Vorstand|Directeur|Directrice|Responsable|Chef(?:fe)? d|Ingénieure?|Comptable|Gerente"
    r"|Ingenier[oa]|Direttore|Responsabile|Medewerker|Projectleider)\b"
)
_SAID = re.compile(r"[.!?]\s*$|(?:\s[a-zà-öø-ÿ]+){4}")  # a sentence rather than a line of a card
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
    signed = signature.split("\n")
    card = [*_listed(signed)[:_CARD_LINES], *(line for line in _listed(last) if not _SAID.search(line))]
    return Contact(
        phones=_phones("\n".join([*last, *signed])[-_LETTERS_AT_MOST:], region),
        organisation=next((line for line in card if _ORGANISATION.search(line)), ""),
        title=next((line for line in card if _TITLE.search(line)), ""),
    )


def _listed(lines: list[str]) -> list[str]:
    """The lines that are short enough for a card, without what draws or marks them."""
    bare = (line.strip(" \t*_|>") for line in lines)
    return [line for line in bare if 0 < len(line) <= _CARD_LETTERS]


def _phones(text: str, region: str) -> tuple[str, ...]:
    if len(_DIGITS.findall(text)) < 6:
        return ()
    import phonenumbers  # noqa: PLC0415  # a quarter of a second that most mails need not wait for

    found = phonenumbers.PhoneNumberMatcher(text, region or None, max_tries=50)
    numbers = (phonenumbers.format_number(one.number, phonenumbers.PhoneNumberFormat.E164) for one in found)
    return tuple(dict.fromkeys(numbers))[:_PHONES_AT_MOST]
