"""The lines that announce another mail: "-----Original Message-----", "Begin forwarded message", "reply above".

About twenty-five languages; each pattern is tried on the first letters of one line and has no nested repetition.
"""

from __future__ import annotations

import re

_LINE_LETTERS = 400
_DASHES = r"[\s>*]{0,20}[-‐‑–—_=*#+]{2,60}\s{0,5}"

_ORIGINALS = (
    r"original[ -]message|original[- ]?nachricht|ursprüngliche (?:nachricht|mail|e-mail)|message d'origine"
    r"|message original|mensaje original|messaggio originale|mensagem original|missatge original"
    r"|oorspronkelijk bericht|originalmeddelande|ursprungligt meddelande|opprinnelig melding|oprindelig meddelelse"
    r"|original besked|wiadomość oryginalna|oryginalna wiadomość|původní (?:zpráva|e-mail)|pôvodná správa"
    r"|alkuperäinen viesti|eredeti üzenet|исходное сообщение|оригинальное сообщение|оригінальне повідомлення"
    r"|оригинално съобщение|mesajul original|mesaj original|orijinal (?:mesaj|ileti)|αρχικό μήνυμα|izvorna poruka"
    r"|originalna poruka|izvirno sporočilo|originalus laiškas|tin nhắn gốc|thư gốc|pesan asli|原始邮件|原始郵件"
    r"|原邮件|original ?-{2,}|元のメッセージ|原始信件|원본 (?:메시지|메일)|הודעה מקורית|الرسالة الأصلية"
    r"|reply (?:message|separator)|antwort(?:nachricht)?|original appointment|original email|inline attachment follows"
)
_FORWARDS = (
    r"(?:begin )?forward(?:ed)? (?:message|mail|by\b.{0,200})|weitergeleitete (?:nachricht|mail)|message transféré"
    r"|mensaje reenviado|messaggio inoltrato|mensagem (?:encaminhada|reencaminhada)|doorgestuurd bericht"
    r"|vidarebefordrat (?:meddelande|mejl)|videresendt (?:melding|meddelelse)|przekazana wiadomość"
    r"|wiadomość przesłana dalej|přeposlaná zpráva|preposlaná správa|edelleenlähetetty viesti|välitetty viesti"
    r"|továbbított üzenet|пересылаемое сообщение|перенаправлене повідомлення|переслане повідомлення"
    r"|препратено съобщение|iletilen (?:mesaj|ileti)|proslijeđena poruka|mesaj redirecționat|προωθημένο μήνυμα"
    r"|转发邮件|轉寄郵件|転送メッセージ|전달된 메시지"
)
_SEPARATOR = re.compile(rf"{_DASHES}(?:{_ORIGINALS}|{_FORWARDS})", re.IGNORECASE)
_BARE = re.compile(
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
_PROCESSED = re.compile(
    r"[\s>*]{0,20}(?:original message|ursprüngliche nachricht) (?:processed by|bearbeitet (?:von|durch))\b",
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
_ORIGINAL = re.compile(rf"(?:{_ORIGINALS})", re.IGNORECASE)


def is_separator(line: str) -> bool:
    """Whether a line announces the original or a forwarded mail."""
    line = line[:_LINE_LETTERS]
    return (_SEPARATOR.match(line) or _BARE.match(line) or _PROCESSED.match(line)) is not None


def announces_forward(line: str) -> bool:
    """Whether a line announces a forwarded mail (and not the original of a reply)."""
    line = line[:_LINE_LETTERS]
    return _BARE.match(line) is not None or (_SEPARATOR.match(line) is not None and _ORIGINAL.search(line) is None)


def is_reply_marker(line: str) -> bool:
    """Whether a line asks to answer above it, as mailbot's own mails do."""
    return _REPLY_ABOVE.match(line[:_LINE_LETTERS]) is not None


def mentions_original(line: str) -> bool:
    """Whether a line is nothing but the words "original message", without the dashes of a separator."""
    return _ORIGINAL.fullmatch(line[:_LINE_LETTERS].strip(" \t*:>")) is not None
