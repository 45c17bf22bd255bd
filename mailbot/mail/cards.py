"""The block at the end of a mail that could stand on a business card: name, role, organisation, numbers, addresses.

What was said stays out of it: a card is made of short lines that are no sentences, and needs more than a web address
to be one. A block below a line that ends in a colon is the content that the line announces, not the writer's card.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE_LETTERS = 300
_LINES_AT_MOST = 25
_LONG_LINE = 75
_CLOSING = re.compile(
    r"\W{0,4}(?:(?:best|kind|kindest|warm|warmest|many) (?:regards|wishes|thanks)|regards|best|cheers|thanks"
    r"|thank you|thanx|thx|sincerely|yours|cordially|respectfully|love|take care|"
    r"(?:mit )?(?:freundliche[nm]?|beste[nm]?|herzliche[nm]?|liebe[nm]?|viele[nm]?|schöne[nm]?) gr(?:ü|ue)(?:ß"
    r"|ss)e?n?|grüße|gruß|gruss|mfg|vg|lg|danke|vielen dank|"
    r"cordialement|bien (?:à vous|cordialement)|merci|amicalement|saludos|un saludo|atentamente|gracias|cordiali"
    r" saluti|distinti saluti|grazie|atenciosamente|obrigad[oa]|cumprimentos|"
    r"met vriendelijke groet(?:en)?|groeten|mvh|med vänliga hälsningar|hälsningar|(?:med vennlig |venlig )?hilsen"
    r"|pozdrawiam|s pozdravem|s pozdravom|terveisin|ystävällisin terveisin|üdvözlettel|cu stimă|с уважением"
    r"|з повагою|saygılarımla|με εκτίμηση|lep pozdrav|srdačan pozdrav"
    r"|trân trọng|此致|よろしくお願い.{0,10}|감사합니다)\b.{0,40}$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"[.?!]\s{1,3}\S|\?")
_REACHED = re.compile(
    r"(?:\+|\b00[1-9])\d[\d ()/.-]{6,20}|\(?\d{3}\)?[ ./-]{1,3}\d{3}[ .-]\d{4}|\b(?:tel|phone|fax|mobile?|mob|cell"
    r"|office|direct|telefon|handy|tél|p|m|t|f|o|e|w|voice|pager)\b\W{0,3}[:.]?\s?\(?\+?\d[\d ()/.-]{5,20}"
    r"|^\W{0,4}(?:x|ext\.?|extension|\d-)\s?\d{4,5}\W{0,3}$|\bat \d-\d{4}\b"
    r"|^\W{0,4}<?[\w.+-]+@[\w-]+\.[\w.-]+>?\W{0,4}$|\b(?:e-?mail|web"
    r"|website|www|blog|twitter|linkedin|skype|irc|icq)\s?:"
    r"|\b\d{5}(?:-\d{4})? ?[A-Z]|\b[A-Z]{2} {1,3}\d{5}\b|linkedin\.com/|about\.me/|twitter\.com/",
    re.IGNORECASE,
)
_MAY_REACH = re.compile(r"[\d@:/]")  # one of these stands in every form above: a short look spares the long one
_PAGE = re.compile(r"^\W{0,4}(?:https?://|www\.)[^\s/]+(/\S*)?\W{0,3}$", re.IGNORECASE)
_ORGANISATION = re.compile(
    r"\b(?:GmbH|AG|Inc\.?|Ltd\.?|LLC|Corp\.?|S\.A\.|S\.r\.l\.|B\.V\.|Department|Dept\.?|University|Universität|Institute"
    r"|Abteilung|Desk|Services|Team)(?:\W|$)"
)
_ROLE = re.compile(
    r"\b(?:manager|director|engineer|developer|analyst|consultant|counsel|architect|president|chairman|officer|ceo|cto"
    r"|head of|professor|assistant|administrator|specialist|technician|geschäftsführer|leiter(?:in)?|vorstand"
    r"|ingenieur|chef|directeur|responsable)\b",
    re.IGNORECASE,
)
_EXTENSION = re.compile(r"\W{0,4}(?:x|ext\.?|extension|\d-)?\s?\d{4,5}\W{0,3}$", re.IGNORECASE)
_FIELD = re.compile(r"\s{0,10}\w[\w /'’-]{1,30}?\s{0,12}[:：]\s{0,4}\S")
_FILE = re.compile(r"(?:\s{0,10}(?:- |<<)[^\s<>][^<>]{0,120}\.{1,3}\w{0,5}(?:>>)?){1,4}\s*$")
_RULE = re.compile(r"\s{0,10}[-_*=]{5,200}\s*$")
_SMALL_WORD = re.compile(r"(?<![^\s('\"])[^\W\d_A-ZÀ-ÞА-Я][^\W\d_]*(?![@./])")
_FIRST_NAME = re.compile(r"\s{0,10}[^\W\d_]{2,20}\s*$")
_POSTSCRIPT = re.compile(r"\s{0,10}p\.?\s?(?:p\.?\s?)?s\.?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """How many lines of a block tell how to reach somebody, who it is, and how many are plain sentences."""

    reached: int
    named: int
    pages: int
    sentences: int
    fields: int
    lines: int


def is_rule(line: str) -> bool:
    """Whether a line is drawn from dashes, stars or the like."""
    return _RULE.match(line[:_LINE_LETTERS]) is not None


def names_files(line: str) -> bool:
    """Whether a line is what some programs write in the place of attached files: " - report.pdf", "<<report.pdf>>"."""
    return _FILE.match(line[:_LINE_LETTERS]) is not None


def card_start(lines: list[str], end: int) -> int:
    """The first line of the card that ends above line `end`; `end` if there is none."""
    end = _strip(lines, end)
    first = max(0, end - _LINES_AT_MOST)
    anchor = _anchor(lines, first, end)
    if anchor >= 0 and (start := _card_below(lines, anchor, end)) < end:
        return start
    start = _last_paragraph(lines, first, end)
    return start if _is_card(lines, start, end) and not _is_announced(lines, start) else end


def postscript_start(lines: list[str], end: int) -> int:
    """Where a postscript in the last paragraph begins: it is said, though it stands below the card; else `end`."""
    start = _paragraph_above(lines, max(0, end - _LINES_AT_MOST), end)
    return start if start < end and _POSTSCRIPT.match(lines[start][:_LINE_LETTERS]) else end


def _strip(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _anchor(lines: list[str], first: int, end: int) -> int:
    """The last line that closes the mail ("Regards,") or is a rule, -1: none."""
    for place in range(end - 1, first - 1, -1):
        line = lines[place]
        if _is_closing(line) or (is_rule(line) and place + 1 < end):
            return place
    return -1


def _is_closing(line: str) -> bool:
    line = line[:80]
    return _CLOSING.match(line) is not None and _GOES_ON.search(line) is None


def _card_below(lines: list[str], anchor: int, end: int) -> int:
    is_drawn = is_rule(lines[anchor])
    start = anchor if is_drawn and anchor else _after_name(lines, _after_files(lines, anchor + 1, end), end)
    found = _weigh(lines[start:end])
    known = found.reached + found.named
    is_scant = found.lines == 1 and (
        not (found.reached or _ORGANISATION.search(lines[_strip(lines, end) - 1]))
        or _EXTENSION.match(lines[_strip(lines, end) - 1]) is not None
    )
    if is_scant or found.fields >= 2:
        return end
    enough = known + min(found.pages, 1) >= 2 if is_drawn else known >= 1
    return start if enough and found.sentences <= found.reached + found.pages else end


def _is_card(lines: list[str], start: int, end: int) -> bool:
    """Whether a paragraph is a card without closing words above it; all of a mail is one only if it says much."""
    found = _weigh(lines[start:end])
    known = found.reached + found.named
    if known + found.pages < (2 if start else 3) or not found.reached or not found.sentences < found.reached:
        return False
    return found.lines >= 2 and known >= 2 and found.fields < 2


def _is_announced(lines: list[str], start: int) -> bool:
    above = next((line.strip() for line in reversed(lines[:start][-6:]) if line.strip()), "")
    return above.endswith((":", "："))


def _weigh(block: list[str]) -> _Evidence:
    spoken = [line[:_LINE_LETTERS] for line in block if line.strip() and not is_rule(line)]
    facts = [line for line in spoken if not _is_sentence(line)]
    reached = [line for line in facts if _tells_how_to_reach(line)]
    others = [line for line in facts if line not in reached]
    pages = [line for line in others if _PAGE.match(line)]
    named = [line for line in others if _ROLE.search(line) or _ORGANISATION.search(line)]
    fields = [line for line in others if line not in pages and _FIELD.match(line)]
    return _Evidence(len(reached), len(named), len(pages), len(spoken) - len(facts), len(fields), len(spoken))


def _is_sentence(line: str) -> bool:
    """Whether a line is said rather than listed: long, or with several words in small letters."""
    small = len(_SMALL_WORD.findall(line))
    if small < 5 and _tells_how_to_reach(line):
        return False
    return len(line) > _LONG_LINE or small >= 5 or (small >= 3 and line.rstrip().endswith((".", "?", "!")))


def _tells_how_to_reach(line: str) -> bool:
    return _MAY_REACH.search(line) is not None and _REACHED.search(line) is not None


def _after_files(lines: list[str], start: int, end: int) -> int:
    place = start
    for each in range(start, end):
        if names_files(lines[each]):
            place = each + 1
        elif lines[each].strip():
            break
    return place


def _after_name(lines: list[str], start: int, end: int) -> int:
    """Past the name below the closing words, unless it is the head of the card."""
    place = start
    while place < end and not lines[place].strip():
        place += 1
    name = lines[place].strip() if place < end else ""
    is_name = 0 < len(name) <= 40 and not any(pattern.search(name) for pattern in (_REACHED, _ROLE, _ORGANISATION))
    stands_apart = place > start and place + 1 < end and lines[place + 1].strip()  # the first line of the card itself
    return place + 1 if is_name and not stands_apart else place


def _last_paragraph(lines: list[str], first: int, end: int) -> int:
    """Where the last lines without a blank one between them begin; a first name on top is the end of what was said."""
    place = end
    while place > first and lines[place - 1].strip() and end - place < 12:
        place -= 1
    while place > first and _is_contact_paragraph(lines, first, place):
        place = _paragraph_above(lines, first, place)
    return place + 1 if place + 1 < end and _FIRST_NAME.match(lines[place]) else place


def _is_contact_paragraph(lines: list[str], first: int, place: int) -> bool:
    """Whether the paragraph above belongs to the same card: it names or reaches somebody and says nothing."""
    above = _paragraph_above(lines, first, place)
    found = _weigh(lines[above:place])
    return above < place and found.sentences == 0 and found.reached + found.named >= 1


def _paragraph_above(lines: list[str], first: int, place: int) -> int:
    end = place
    while end > first and not lines[end - 1].strip():
        end -= 1
    start = end
    while start > first and lines[start - 1].strip():
        start -= 1
    return start if start < end else place
