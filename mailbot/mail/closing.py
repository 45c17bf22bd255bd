"""Where a signature begins: the delimiter of RFC 3676 4.3, a line of a mobile program, or a block of contact lines.

The closing words ("Regards, Ann") belong to what was said; the block that could stand on a business card does not.
"""

from __future__ import annotations

import re

_LINE_LETTERS = 300
_LINES_AT_MOST = 25
_DELIMITER = re.compile(r"(?:--|—|––|-- -)\s*$")
_RULE = re.compile(r"\s{0,10}[-_*=]{5,200}\s*$")
_MOBILE = re.compile(
    r"[\s<(]{0,6}(?:sent (?:from|via|with|by|using)\b(?! you)|get outlook for|get \[?outlook|von meinem"
    r" .{2,40}gesendet|gesendet (?:mit|von|über)|diese nachricht wurde von meinem"
    r"|envoyé (?:de|depuis|à partir)|enviado (?:desde|do|de meu|via|a partir)|inviato da|verzonden (?:vanaf|met"
    r"|via)|skickat från|sendt fra|wysłane z|odesláno z"
    r"|lähetetty |отправлено (?:с|из)|iphone'umdan|從我的|发自我的|iphone から送信|나의 .{2,20}에서"
    r"|hol dir outlook|téléchargez outlook|obtener outlook)",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\W{0,4}(?:(?:best|kind|kindest|warm|warmest|many) (?:regards|wishes|thanks)|regards|best|cheers|thanks"
    r"|thank you|thx|sincerely|yours|cordially|respectfully|"
    r"(?:mit )?(?:freundliche[nm]?|beste[nm]?|herzliche[nm]?|liebe[nm]?|viele[nm]?|schöne[nm]?) gr(?:ü|ue)(?:ß"
    r"|ss)e?n?|grüße|gruß|gruss|mfg|vg|lg|danke|vielen dank|"
    r"cordialement|bien (?:à vous|cordialement)|merci|amicalement|saludos|un saludo|atentamente|gracias|cordiali"
    r" saluti|distinti saluti|grazie|atenciosamente|obrigado|"
    r"met vriendelijke groet(?:en)?|groeten|mvh|med vänliga hälsningar|hälsningar|hilsen|pozdrawiam|s pozdravem"
    r"|terveisin)\b.{0,40}$",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"(?:\+|\b00)\d[\d ()/.-]{6,20}|\(?\d{3}\)?[ ./-]{1,3}\d{3}[ .-]\d{4}|\b(?:tel|phone|fax|mobile?|mob|cell"
    r"|office|direct|telefon|handy|tél|p|m|t|f|o|e|w|voice|pager)\b\W{0,3}[:.]?\s?\(?\+?\d[\d ()/.-]{5,20}"
    r"|^\W{0,4}(?:https?://|www\.)\S+\W{0,3}$|^\W{0,4}<?[\w.+-]+@[\w-]+\.[\w.-]+>?\W{0,4}$|\b(?:e-?mail|web"
    r"|website|www|blog|twitter|linkedin|skype|irc|icq)\s?:"
    r"|\b\d{5}(?:-\d{4})? ?[A-Z]|\b[A-Z]{2} \d{5}\b|\b(?:GmbH|AG|Inc\.?|Ltd\.?|LLC|Corp\.?|S\.A\.|B\.V\.)(?:\W|$)"
    r"|linkedin\.com/|about\.me/|twitter\.com/",
    re.IGNORECASE,
)
_DISCLAIMER = re.compile(
    r"\W{0,40}(?:disclaimer\W{0,3}$|confidentiality (?:notice|statement|note)|legal (?:notice|disclaimer)"
    r"|privileged (?:and|/) confidential"
    r"|(?:this|the information (?:contained )?in this) (?:e-?mail|message|communication"
    r"|transmission)\b.{0,120}(?:confidential|privileged|intended)"
    r"|the information (?:contained )?in this (?:e-?mail|message|communication)|diese e-?mail (?:enthält|und)|ce"
    r" (?:message|courriel).{0,80}confidentiel"
    r"|este (?:mensaje|correo).{0,80}confidencial|please consider the environment|bitte denken sie an die umwelt)",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:manager|director|engineer|developer|analyst|consultant|architect|president|officer|head of|professor"
    r"|department|university|institute|"
    r"assistant|administrator|specialist|technician|geschäftsführer|leiter(?:in)?|abteilung|vorstand|ingenieur"
    r"|chef|directeur|responsable)\b",
    re.IGNORECASE,
)


def is_delimiter(line: str) -> bool:
    """Whether a line says that below it stands a signature."""
    return _DELIMITER.match(line[:_LINE_LETTERS]) is not None


def signature_start(lines: list[str]) -> int:
    """The line where the signature begins; the number of lines if there is none."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    for place in range(max(0, end - 60), end):
        if is_delimiter(lines[place]) and end - place <= 40 and place > 0:
            return place
    end = _disclaimer_start(lines, end)
    start = _mobile_start(lines, end)
    contact = _contact_start(lines, start)
    return contact if contact < start else start


def _disclaimer_start(lines: list[str], end: int) -> int:
    """Where the legal words at the end begin, with a rule above them."""
    for place in range(max(1, end - 40), end):
        if _DISCLAIMER.match(lines[place][:_LINE_LETTERS]):
            above = place - 1
            while above > 0 and not lines[above].strip():
                above -= 1
            return above if above > 0 and _RULE.match(lines[above][:_LINE_LETTERS]) else place
    return end


def _mobile_start(lines: list[str], end: int) -> int:
    for place in range(max(1, end - 30), end):
        if _MOBILE.match(lines[place][:_LINE_LETTERS]) and all(
            not line.strip() or _MOBILE.match(line) or len(line) < 80 for line in lines[place + 1 : end]
        ):
            return place
    return end


def _contact_start(lines: list[str], end: int) -> int:
    """The first line of a trailing block that reads like a business card."""
    while end and not lines[end - 1].strip():
        end -= 1
    first = max(1, end - _LINES_AT_MOST)
    closing = next((place for place in range(end - 1, first - 2, -1) if _CLOSING.match(lines[place][:80])), -1)
    start = _after_name(lines, closing + 1, end) if closing >= 0 else _last_paragraph(lines, first, end)
    block = [line[:_LINE_LETTERS] for line in lines[start:end] if line.strip()]
    contacts = sum(_CONTACT.search(line) is not None for line in block)
    prose = sum(len(line) > 75 and _CONTACT.search(line) is None for line in block)
    enough = contacts >= 1 if closing >= 0 else contacts >= 2
    return start if block and enough and prose <= contacts else end


def _after_name(lines: list[str], start: int, end: int) -> int:
    """Past the name below the closing words, unless it is the head of the card."""
    place = start
    while place < end and not lines[place].strip():
        place += 1
    name = lines[place].strip() if place < end else ""
    is_name = 0 < len(name) <= 40 and not _CONTACT.search(name) and not _ROLE.search(name)
    stands_apart = place > start and place + 1 < end and lines[place + 1].strip()  # the first line of the card itself
    return place + 1 if is_name and not stands_apart else place


def _last_paragraph(lines: list[str], first: int, end: int) -> int:
    place = end
    while place > first and lines[place - 1].strip() and end - place < 12:
        place -= 1
    return place
