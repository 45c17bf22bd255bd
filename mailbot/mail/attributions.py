"""The line above a quoted mail that says whose words follow: "On … Ann wrote:" in the languages of mail programs.

Three things give such a line away: a date with a time, an address, a verb of saying. A line with the first two that
ends in a colon is an attribution in any language; without an address the verb must be known. Every pattern is tried on
a few bounded lines and has no nested repetition, so a body is read in linear time.
"""

from __future__ import annotations

import re

from mailbot.mail.quotes import is_quoted

_LINE_LETTERS = 400
_LINES = 5
_LETTERS = 600

_WORDS = (
    r"wrote|writes|said|schrieb(?:\s.{0,200})?|schreibt|a écrit|écrit|escribió(?:\s.{0,200})?|ha scritto|scrisse"
    r"|scritto|escreveu|schreef(?:\s.{0,200})?|het volgende geschreven|skrev(?:\s.{0,200})?|napisała?(?:\(-?a\))?|pisze"
    r"|napsala?(?:\(a\))?|napísala?(?:\(a\))?|kirjoitti(?:\s.{0,200})?|(?:ezt )?írta|написала?(?:\(а\))?|пишет|пише"
    r"|писала?(?:\(а\))?|написа|yazdı|(?:đã )?viết|a scris|napisa(?:o|la) je|je napisa(?:o|la)(?:/la)?|je pisal[ao]?"
    r"|је написао(?:/ла)?|έγραψε|rašė|rakstīja|kirjutas|menulis|va escriure|ha escrit|เขียนว่า|كتب|כתב"
)
_VERB_ENDS = re.compile(
    rf"(?:\b(?:{_WORDS})|写道|寫道|のメール|のメッセージ|さんは書きました|님이 작성|작성)"
    r"\s{0,3}(?:<[^<>]{0,200}>)?\s{0,3}[:：.]?\W{0,5}$",
    re.IGNORECASE,
)
_WEEKDAYS = (
    r"mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|man|tir|ons|tor|fre|lør|søn|mån|tis|lör|sön|ma|ti|ke|to|pe|la|su"
    r"|po|út|st|čt|pá|ne|pon|wt|śr|czw|pt|sob|niedz|пн|вт|ср|чт|пт|сб|вс|нд|lørdag|søndag|mandag"
)
_OPENINGS = re.compile(
    rf"[\s>*-]{{0,20}}(?:on|am|le|el|il|em|op|den|på|w dniu|wiadomość napisana|dnia|dne|dňa|pe|în|à|a|in|at|il giorno"
    rf"|vào|ngày|в|на|у|στις|v|pada|missatge|tarihinde|{_WEEKDAYS}|\d{{1,4}}|\w{{2,12}},?\s\d|在|于|於)(?:\b|(?<=[在于於]))",
    re.IGNORECASE,
)
_SAID_ON = re.compile(
    r".{2,80}\b(?:wrote on|schrieb am|schreef op|kirjoitti|skrev(?: den)?|a écrit le|escribió el|ha scritto il"
    r"|escreveu em|napisał\(a\)(?: dnia)?|napsal\(a\)(?: dne)?|написал(?:\(а\))?)"
    r"\s{1,3}[^:]{0,30}\d[^:]{0,30}[:.h]\d{2}.{0,20}:$",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}|\d{4}")
_DATE_AND_TIME = re.compile(
    r"(?=.{0,600}?(?:\b\d{4}\b|\d{4}[年년г]|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{2,4}))(?=.{0,600}?\d{1,2}[:.h]\d{2})",
    re.DOTALL,
)
_ADDRESS = re.compile(r"[<(]\s?(?:mailto:)?[^<>()\s]{1,190}@[^<>()\s]{1,190}[>)]")
_NAMED_WITH_DATE = re.compile(r"<[^<>\s]{3,200}@[^<>\s]{3,200}>\)?\s{0,3}(?:[:：]|,\s.{0,60}\d{4}.{0,20}$)")
_NO_COLON = re.compile(
    r"(?:wrote|schrieb|écrit|escribió|skrev|schreef|scritto|napisał\(a\)|>)\W*$|写道$|寫道$", re.IGNORECASE
)
_SHORT = re.compile(rf"[^\n]{{2,120}}\b(?:{_WORDS})\s{{0,3}}[:：]?\s*$", re.IGNORECASE)
_DATED_NAME = re.compile(r"\d{4}[/.-]\d{1,2}[/.-]\d{1,2}\b.{1,200}<[^<>\s]{3,200}@[^<>\s]{3,200}>\s*$")
_BETWEEN_CHEVRONS = re.compile(r">>>\s{0,2}\S.{1,200}\d{1,2}[:.]\d{2}.{0,30}>>>\s*$")
_DIRECTIONS = re.compile(r"[\u200e\u200f\u202a-\u202e]")


def attribution_end(lines: list[str], start: int) -> int:
    """Where the attribution ("On … Ann wrote:") that begins at line `start` ends; `start` itself if none does."""
    first = _bare(lines[start])
    if not first:
        return start
    joined, starts_quoted = "", is_quoted(lines[start])
    for place in range(start, min(start + _LINES, len(lines))):
        piece = _bare(lines[place])
        if not piece and place > start + 1:
            return start
        if place > start and is_quoted(lines[place]) != starts_quoted and not _is_open(joined):
            return start
        joined = f"{joined} {piece}".strip()
        if len(joined) > _LETTERS or (place > start and not _OPENINGS.match(first) and "@" not in joined):
            return start
        if _is_attribution(joined) and (place == start or piece):
            return start if _begins_later(lines, start, place) else place + 1
    return start


def is_short_attribution(lines: list[str], start: int) -> bool:
    """ "Ann wrote" or "2024/9/2 Ann <ann@…>": an attribution only because a quoted line follows."""
    following = next((line for line in lines[start + 1 : start + 3] if line.strip()), "")
    if not is_quoted(following):
        return False
    line = lines[start][:_LINE_LETTERS]
    return _SHORT.match(line) is not None or _DATED_NAME.search(line) is not None


def is_between_chevrons(line: str) -> bool:
    """Whether a line is ">>> Ann Lee 2/16/01 10:41 am >>>": below it all is the mail that was answered."""
    return _BETWEEN_CHEVRONS.match(line[:_LINE_LETTERS]) is not None


def _begins_later(lines: list[str], start: int, end: int) -> bool:
    """Whether an attribution that is whole without line `start` begins below it: that line is somebody's own words."""
    above = _bare(lines[start])
    is_sentence = above.endswith((".", "!", "?")) or not _OPENINGS.match(above)
    for place in range(start + 1, end + 1):
        text = " ".join(filter(None, map(_bare, lines[place : end + 1])))
        stands_apart = not lines[place - 1].strip()
        goes_on = text.startswith(("<", "(")) and not above.endswith((".", "!", "?"))  # the address of a name above
        if not goes_on and (stands_apart or (is_sentence and "@" in text)) and _is_attribution(text):
            return True
    return False


def _bare(line: str) -> str:
    return _DIRECTIONS.sub("", line[:_LINE_LETTERS]).lstrip("> \t\xa0*\ufeff").rstrip("> \t\xa0*\ufeff_")


def _is_open(text: str) -> bool:
    """Whether an angle bracket waits for its end, which then stands at the head of the next line like a quote mark."""
    return text.rfind("<") > text.rfind(">")


def _is_attribution(text: str) -> bool:
    ends = text.endswith((":", "：", "Uhr"))
    if ends and _TIME.search(text) and _NAMED_WITH_DATE.search(text[-160:]):
        return True
    if ends and len(text) <= 300 and _ADDRESS.search(text) and _DATE_AND_TIME.match(text):
        return True
    if len(text) <= 200 and _SAID_ON.match(text) and _DATE_AND_TIME.match(text):
        return True
    if not text.endswith((":", "：")) and not ("@" in text and _NO_COLON.search(text[-40:])):
        return False
    if not _VERB_ENDS.search(text):
        return False
    return "@" in text or "<" in text or (_OPENINGS.match(text) is not None and _TIME.search(text) is not None)
