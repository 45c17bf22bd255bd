"""The lines that say "from here on it is somebody else's words": attributions, separators, quote marks, list footers.

Every pattern is tried on a few bounded lines and has no nested repetition, so a body is read in linear time.
"""

from __future__ import annotations

import re

_LINE_LETTERS = 400
_ATTRIBUTION_LINES = 5

_VERBS = (
    r"wrote|writes|writes?:|said|schrieb|schrieb\s.{0,200}|a écrit|écrit|escribió|escribió\s.{0,200}|ha scritto"
    r"|scrisse|scritto|escreveu"
    r"|schreef|schreef\s.{0,200}|het volgende geschreven|skrev|skrev\s.{0,200}|napisał|napisała|napisał\(a\)"
    r"|napisał\(-a\)|pisze|napsal|napsala|napsal\(a\)"
    r"|napísal|napísal\(a\)|kirjoitti|kirjoitti\s.{0,200}|írta|ezt írta|написал|написала|написал\(а\)|пишет|пише"
    r"|писал|писал\(а\)|написа"
    r"|yazdı|şunları yazdı|viết|đã viết|a scris|je napisao|je napisao/la|napisao je"
    r"|写道|寫道|のメール|のメッセージ|님이 작성|pisze|ha escrit"
)
_VERB_ENDS = re.compile(rf"(?:\b(?:{_VERBS}))\s{{0,3}}(?:<[^<>]{{0,200}}>)?\s{{0,3}}[:：.]?\W{{0,5}}$", re.IGNORECASE)
_OPENINGS = re.compile(
    r"[\s>*]{0,20}(?:on|am|le|el|il|em|op|den|på|w dniu|dnia|dne|dňa|pe|à|a|in|at|il giorno|vào|ngày|в|на|\d"
    r"|tarihinde|lørdag|søndag|"
    r"mandag|man|tir|ons|tor|fre|mo|di|mi|do|fr|sa|so|mon|tue|wed|thu|fri|sat|sun|\w{2,12},?\s\d)\b",
    re.IGNORECASE,
)
_FACT = re.compile(r"\d|@")
_NAMED_WITH_DATE = re.compile(r"<[^<>\s]{3,200}@[^<>\s]{3,200}>\)?\s{0,3}(?:[:：]|,\s.{0,60}\d{4}.{0,20}$)")
_SHORT_ATTRIBUTION = re.compile(rf"[^\n]{{2,120}}\b(?:{_VERBS})\s{{0,3}}[:：]?\s*$", re.IGNORECASE)
_SEPARATOR = re.compile(
    r"[\s>*]{0,20}[-_=*#]{2,60}\s{0,5}(?:original[ -]message|original[- ]?nachricht|ursprüngliche (?:nachricht"
    r"|mail)|message d'origine|message original"
    r"|mensaje original|messaggio originale|mensagem original|oorspronkelijk bericht|originalmeddelande"
    r"|opprinnelig melding|oprindelig meddelelse"
    r"|wiadomość oryginalna|původní (?:zpráva|e-mail)|alkuperäinen viesti|eredeti üzenet|исходное сообщение"
    r"|orijinal (?:mesaj|ileti)|原始邮件|原始郵件|元のメッセージ|원본 메시지"
    r"|(?:begin )?forward(?:ed)? (?:message|mail|by\b.{0,200})|weitergeleitete (?:nachricht|mail)|message"
    r" transféré|mensaje reenviado|messaggio inoltrato"
    r"|mensagem (?:encaminhada|reencaminhada)|doorgestuurd bericht|vidarebefordrat (?:meddelande|mejl)"
    r"|videresendt (?:melding|meddelelse)|przekazana wiadomość"
    r"|wiadomość przesłana dalej|přeposlaná zpráva|preposlaná správa|edelleenlähetetty viesti|välitetty viesti"
    r"|továbbított üzenet|пересылаемое сообщение|перенаправлене повідомлення"
    r"|переслане повідомлення|iletilen (?:mesaj|ileti)|proslijeđena poruka"
    r"|mesaj redirecționat|转发邮件|轉寄郵件|転送メッセージ"
    r"|reply (?:message|separator)|antwort(?:nachricht)?"
    r"|original appointment|original email)",
    re.IGNORECASE,
)
_BARE_FORWARD = re.compile(
    r"[\s>*]{0,20}(?:begin forwarded message|anfang der weitergeleiteten (?:nachricht|e-mail)|début du message"
    r" (?:réexpédié|transféré)|inicio del mensaje reenviado|"
    r"inizio messaggio inoltrato|início da mensagem (?:re)?encaminhada|begin doorgestuurd bericht|vidarebefordrat"
    r" mejl|videresendt (?:besked|melding)|začátek přeposílané zprávy|"
    r"začiatok preposlanej správy|välitetty viesti alkaa|továbbított levél kezdete|начало переадресованного"
    r" сообщения|початок листа, що пересилається|ileti başlangıcı|"
    r"započni proslijeđenu poruku|mesaj redirecționat|rozpoczęcie przekazywanej wiadomości|forwarded message"
    r"|weitergeleitete nachricht)\s{0,3}:?\s*$",
    re.IGNORECASE,
)
_REPLY_ABOVE = re.compile(
    r"[\s>*#=~_-]{0,40}(?:(?:please )?(?:reply|respond|write|type your (?:reply|response)|answer) above this line|"
    r"(?:bitte )?(?:oberhalb|über) dieser (?:zeile|linie) (?:antworten|schreiben)|(?:bitte )?antworten sie"
    r" (?:bitte )?(?:oberhalb|über) dieser (?:zeile|linie)|"
    r"(?:veuillez )?répond(?:re|ez) au-dessus de cette ligne|(?:por favor )?(?:responda|escriba) (?:por )?encima"
    r" de esta línea)",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"origin|ursprüng|d'origine|oorspronkelijk|opprinnelig|oprindelig|původní|alkuperäinen|eredeti|исходное"
    r"|orijinal|原始|元の|원본|reply|antwort",
    re.IGNORECASE,
)
_RULE = re.compile(r"[\s>*]{0,20}[_-]{10,200}\s*$")
_LIST_FOOTER = re.compile(
    r"mailing[- ]?list\b|to unsubscribe|unsubscribe (?:from|send|at|visit|:)|mailman/listinfo|list (?:archives?"
    r"|info|help)\b|/listinfo/|"
    r"vger\.kernel\.org|abmelden|-leave@|you received this message because|majordomo|um sich auszutragen|se"
    r" désabonner",
    re.IGNORECASE,
)


def is_quoted(line: str) -> bool:
    """Whether a line carries a quote mark."""
    return line.lstrip(" \t\xa0\ufeff").startswith((">", "|>", "&gt;")) or line.startswith("| ")


def attribution_end(lines: list[str], start: int) -> int:
    """Where the attribution ("On … Ann wrote:") that begins at line `start` ends; `start` itself if none does."""
    first = _bare(lines[start])
    if not first:
        return start
    joined = ""
    for place in range(start, min(start + _ATTRIBUTION_LINES, len(lines))):
        piece = _bare(lines[place])
        if not piece and place > start + 1:
            return start
        if place > start and is_quoted(lines[place]) != is_quoted(lines[start]) and not _is_open(joined):
            return start
        joined = f"{joined} {piece}".strip()
        if len(joined) > 600 or (place > start and not _OPENINGS.match(first) and "@" not in joined):
            return start
        if _is_attribution(joined) and (place == start or piece):
            return start if _begins_later(lines, start, place) else place + 1
    return start


def _begins_later(lines: list[str], start: int, end: int) -> bool:
    """Whether an attribution that is whole without line `start` begins below it: that line is somebody's own words."""
    above = _bare(lines[start])
    is_sentence = above.endswith((".", "!", "?")) or not _OPENINGS.match(above)
    for place in range(start + 1, end + 1):
        text = " ".join(filter(None, map(_bare, lines[place : end + 1])))
        apart = not lines[place - 1].strip() or (is_sentence and "@" in text)
        if apart and _OPENINGS.match(text) and _is_attribution(text):
            return True
    return False


def _bare(line: str) -> str:
    return line[:_LINE_LETTERS].strip("> \t\xa0*\ufeff")


def _is_open(text: str) -> bool:
    """Whether an angle bracket waits for its end, which then stands at the head of the next line like a quote mark."""
    return text.rfind("<") > text.rfind(">")


def _is_attribution(text: str) -> bool:
    if (
        _NAMED_WITH_DATE.search(text[-160:])
        and re.search(r"\d{1,2}[:.]\d{2}|\d{4}", text)
        and text.endswith((":", "：", "Uhr"))
    ):
        return True
    if not text.endswith((":", "：")) and not re.search(
        r"(?:wrote|schrieb|écrit|escribió|skrev|schreef|scritto|napisał\(a\)|>)\W*$", text[-40:]
    ):
        return False
    if not _VERB_ENDS.search(text):
        return False
    return _FACT.search(text) is not None and (_OPENINGS.match(text) is not None or "@" in text or "<" in text)


def is_short_attribution(lines: list[str], start: int) -> bool:
    """ "Ann wrote" without a date: an attribution only because a quoted line follows."""
    if not _SHORT_ATTRIBUTION.match(lines[start][:_LINE_LETTERS]):
        return False
    following = [line for line in lines[start + 1 : start + 3] if line.strip()]
    return bool(following) and is_quoted(following[0])


def is_separator(line: str) -> bool:
    """Whether a line announces the original or a forwarded mail."""
    line = line[:_LINE_LETTERS]
    return _SEPARATOR.match(line) is not None or _BARE_FORWARD.match(line) is not None


def announces_forward(line: str) -> bool:
    """Whether a line announces a forwarded mail (and not the original of a reply)."""
    line = line[:_LINE_LETTERS]
    return _BARE_FORWARD.match(line) is not None or (is_separator(line) and _ORIGINAL.search(line) is None)


def is_reply_marker(line: str) -> bool:
    """Whether a line asks to answer above it, as mailbot's own mails do."""
    return _REPLY_ABOVE.match(line[:_LINE_LETTERS]) is not None


def is_rule(line: str) -> bool:
    """Whether a line is a long rule of dashes or underscores."""
    return _RULE.match(line[:_LINE_LETTERS]) is not None


def list_footer_start(lines: list[str], end: int) -> int:
    """Where the footers that mailing lists add begin, looking up from line `end`; `end` if there is none."""
    start = end
    for place in range(end - 1, max(-1, end - 40), -1):
        is_edge = is_rule(lines[place]) or lines[place].strip() in ("--", "---", "-- ")
        if is_edge and any(_LIST_FOOTER.search(line[:_LINE_LETTERS]) for line in lines[place + 1 : start][:8]):
            start = place
        elif is_edge or is_quoted(lines[place]):
            break
    return start
