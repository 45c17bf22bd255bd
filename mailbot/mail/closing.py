"""Where a signature stands: below the delimiter of RFC 3676 4.3, as a line of a mobile program, as legal words, a card.

The closing words ("Regards, Ann") belong to what was said; the block that could stand on a business card does not.
What programs write below a signature (names of attached files, where a web archive keeps the mail) and a postscript
stay with the words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailbot.mail.cards import card_start, is_rule, names_files, postscript_start
from mailbot.mail.disclaimers import disclaimer_start
from mailbot.mail.quotes import leads_to_archive

_LINE_LETTERS = 300
_DELIMITER = re.compile(r"(?:--|—|––|-- -)\s*$")
_LOOSE_LINES = 12  # below a delimiter without its blank: more is not a signature
_MOBILE_LETTERS = 80
_MOBILE_WORDS = 14
_SAID_WORDS = 4
_MOBILE = re.compile(
    r"[\s<(*]{0,6}(?:sent (?:from|via|with|using)\b(?! you)|get outlook for|get \[?outlook|von meinem"
    r" .{2,40}gesendet|gesendet (?:mit|von|über)|diese nachricht wurde von meinem"
    r"|envoyé (?:de|depuis|à partir)|enviado (?:desde|do|de meu|via|a partir)|inviato d[ao]"
    r"|(?:verzonden|verstuurd) (?:vanaf|met|via)"
    r"|skickat (?:från|med)|sendt fra|wysłan[eo] z|odesláno z|odoslané z|lähetetty |küldve |elküldve |trimis de pe"
    r"|отправлено (?:с|из)|надіслано з|изпратено от|iphone'umdan|.{2,30}(?:'d[ae]n|umdan) gönderildi|στάλθηκε από"
    r"|poslano s|được gửi từ|gửi từ|dikirim dari|從我的|发自我的|發自我的|来自我的|iphone から送信|.{2,30}から送信"
    r"|나의 .{2,20}에서|.{2,30}에서 보냄|nshkruar|נשלח מה|أُ?رسلت من"
    r"|(?:hol dir|hent|hämta|ladda ned|téléchargez|télécharger|obtener|descargar|scarica|obter o|baixar o|pobierz|lataa"
    r"|získat|stáhnout|získať|загрузить|скачать|получить|отримати|завантажити|下载|获取) outlook\b"
    r"|outlook (?:für|voor|for) .{2,20} (?:herunterladen|downloaden|を入手))",
    re.IGNORECASE,
)
_SAYS_MORE = re.compile(r"\b(?:is|was|are|were|has|ist|war|sind|est|es|è) ", re.IGNORECASE)
_EXCUSE = re.compile(r"typo|brevity|excuse|spelling|mistake|tippfehler|kürze|concision|fautes|errores", re.IGNORECASE)
_ADVERT = re.compile(r"https?://|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """Lines [start, end) of the new words that are signature; empty if there is none."""

    start: int
    end: int


def is_delimiter(line: str) -> bool:
    """Whether a line says that below it stands a signature."""
    return _DELIMITER.match(line[:_LINE_LETTERS]) is not None


def find_signature(lines: list[str]) -> Span:
    """Where the signature stands among the new lines."""
    end = _end_of_words(lines)
    if (place := _below_delimiter(lines, end)) < end:
        return Span(place, end)
    end = _strip(lines, postscript_start(lines, end))
    start = disclaimer_start(lines, end)
    start = _advert_start(lines, start)
    start = _mobile_start(lines, start)
    card = card_start(lines, start)
    return Span(card if card < _strip(lines, start) else start, end)


def is_appended(lines: list[str]) -> bool:
    """Whether lines below quoted mail are what programs put there: a delimiter and more, or a mobile program's line."""
    spoken = [line for line in lines if line.strip()]
    if not spoken or is_delimiter(spoken[0]):
        return True
    return _is_mobile(spoken[0]) and all(_is_small_print(line) for line in spoken)


def _strip(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _end_of_words(lines: list[str]) -> int:
    """The end without what programs append: names of files, and a delimiter with the way to a web archive."""
    end = _strip(lines, len(lines))
    for place in range(max(0, end - 6), end):
        if lines[place].strip() in ("--", "-- ", "-----") and leads_to_archive(lines[place + 1 : end]):
            end = _strip(lines, place)
            break
    while end and names_files(lines[end - 1]):
        end = _strip(lines, end - 1)
    return end


def _below_delimiter(lines: list[str], end: int) -> int:
    for place in range(max(1, end - 40), end):
        if is_delimiter(lines[place]):
            below = sum(bool(line.strip()) for line in lines[place + 1 : end])
            if lines[place] == "-- " or below <= _LOOSE_LINES:
                return place
    return end


def _advert_start(lines: list[str], end: int) -> int:
    """Where a free mail service praises itself: a few lines with a link below a rule."""
    end = _strip(lines, end)
    for place in range(max(1, end - 5), end - 1):
        if is_rule(lines[place]) and len(lines[place].strip()) >= 20:
            below = [line[:_LINE_LETTERS] for line in lines[place + 1 : end] if line.strip()]
            return place if len(below) <= 3 and any(_ADVERT.search(line) for line in below) else end
    return end


def _mobile_start(lines: list[str], end: int) -> int:
    for place in range(max(1, end - 30), end):
        if _is_mobile(lines[place]) and all(_is_small_print(line) for line in lines[place + 1 : end]):
            return place
    return end


def _is_small_print(line: str) -> bool:
    """Whether a line below that of a mobile program adds nothing: blank, a link, an excuse, a few words."""
    if not line.strip() or _is_mobile(line) or _ADVERT.search(line[:_LINE_LETTERS]):
        return True
    return len(line) < _MOBILE_LETTERS and (len(line.split()) < _SAID_WORDS or _EXCUSE.search(line) is not None)


def _is_mobile(line: str) -> bool:
    line = line[:_LINE_LETTERS]
    is_short = len(line.split()) <= _MOBILE_WORDS
    return is_short and _MOBILE.match(line) is not None and _SAYS_MORE.search(line) is None
