"""Header blocks inside a text: the "From: / Sent: / To: / Subject:" lines that mail programs write above what they
quote.

About twenty languages; a block is at least two different labels close together, so that "To:" in a sentence is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """What a line of a header block names."""

    FROM = "from"
    DATE = "date"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Block:
    """A header block: lines [start, end) of the text and what they say."""

    start: int
    end: int
    values: Mapping[Label, str]


_WORDS = {
    Label.FROM: "from|von|de|de la|da|van|från|fra|od|lähettäjä|feladó|от|отправитель|від|від кого|kimden"
    "|gönderen|発信者|差出人"
    "|发件人|寄件者|보낸 사람"
    "|nadawca|expéditeur|remitente|mittente|remetente|afzender|avsändare|odesílatel|šalje|from address"
    "|από|saatja|no|nuo|từ|dari|pošiljatelj|pošilja|מאת|من|จาก|remite|lähde",
    Label.DATE: "date|sent|datum|gesendet|date d'envoi|envoyé|envoyé le|fecha|enviado|enviado el|enviado em"
    "|enviada em|enviada"
    "|data|inviato|verzonden|skickat|dato|sendt|wysłano|data wysłania|dátum|elküldve|küldve|odesláno|odoslané"
    "|lähetetty|päivämäärä"
    "|дата|отправлено|відправлено|надіслано|tarih|gönderilme|gönderildi|dată|trimis|poslano|日時|送信日時|发送时间|日期|寄件日期|날짜"
    "|보낸 날짜|sent at|date/time|received"
    "|изпратено|дата на изпращане|στάλθηκε|ημερομηνία|gönderme tarihi|poslato|saadetud|kuupäev|nosūtīts|datums"
    "|išsiųsta|đã gửi|ngày|dikirim|tanggal|enviat|נשלח|תאריך|تاريخ الإرسال|التاريخ|ส่ง|วันที่|datum i vrijeme",
    Label.TO: "to|an|à|a|para|aan|till|til|do|komu|pre|vastaanottaja|címzett|кому|kime|alıcı|către|prima|za|宛先"
    "|收件人|收件者|받는 사람"
    "|destinataire|destinatario|destinatário|adresat|recipient|příjemce|pro"
    "|до|προς|adressaat|saaja|kam|đến|tới|kepada|untuk|per a|אל|إلى|ถึง",
    Label.CC: "cc|cc:|kopie|kopie an|copie|copie à|copia|copia a|cópia|kopia|kopi|kopio|kópia|копия|копія|bilgi"
    "|dw|másolatot kap|másolat|másolat:"
    "|do wiadomości|抄送|副本|참조|carbon copy|kopija|copie la|cópia para"
    "|κοιν.|κοινοποίηση|kp|koopia|копие|đồng gửi|tembusan|a/c|עותק|نسخة|สำเนา",
    Label.SUBJECT: "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|předmět|predmet|aihe"
    "|tárgy|тема|konu|subiect"
    "|naslov|主题|主旨|件名|제목"
    "|относно|θέμα|tema|zadeva|teema|tēma|chủ đề|tiêu đề|subjek|perihal|assumpte|נושא|الموضوع|เรื่อง",
    Label.OTHER: "importance|priority|wichtigkeit|priorität|reply-to|antwort an|attachments|anlagen|bcc"
    "|organization|message-id"
    "|importancia|archivos adjuntos|pièces jointes|répondre à|x-mailer|list|sent by|pièce jointe|sensitivity"
    "|newsgroups|fcc|resent-from"
    "|in-reply-to|references|mime-version|content-type|return-path|gesendet von",
}  # fmt: skip
_LABELS = {word: label for label, words in _WORDS.items() for word in words.split("|")}
_NUMBER = "no"  # "from" in Latvian, and above invoices something else
_LINE = re.compile(r"[\s>|*\"]{0,20}([^\W\d_][^:：*<>@]{0,24}?)\s{0,3}\*{0,2}\s{0,2}[:：]\*{0,2}(?!//)(.*)", re.DOTALL)
_BLOCK_LINES = 28
_LINE_LETTERS = 2_000
_DATE_LINE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}:\d{2}\s?(?:AM|PM)", re.IGNORECASE)


def read_label(line: str) -> tuple[Label, str] | None:
    """(label, value) of a line of a header block, or None."""
    found = _LINE.match(line[:_LINE_LETTERS])
    label = _LABELS.get(found[1].lower().strip()) if found else None
    if found is None or label is None or (found[1].lower() == _NUMBER and "@" not in found[2]):
        return None
    return label, found[2].strip().strip("*").strip()


_GLUED = re.compile(
    "(?:"
    + "|".join(re.escape(word.capitalize()) for word in sorted(_LABELS, key=len, reverse=True) if len(word) > 1)
    + "|CC):\\s"
)


def split_glued(line: str) -> list[str]:
    """A line that holds a whole header block, cut before each label: the words of its HTML ran together."""
    starts = [found.start() for found in _GLUED.finditer(line[:_LINE_LETTERS])]
    if len(starts) < 3:
        return [line]
    return [line[start:end] for start, end in zip([0, *starts], [*starts, len(line)], strict=True)]


def find_block(lines: list[str], start: int) -> Block | None:
    """The header block that begins exactly at line `start`, or None."""
    first = read_label(lines[start])
    if first is None or first[0] is Label.OTHER:
        return None
    values: dict[Label, list[str]] = {}
    current: Label | None = None
    end = start
    for place in range(start, min(len(lines), start + _BLOCK_LINES)):
        if read := read_label(lines[place]):
            if read[0] in values and read[0] is not Label.OTHER:
                break
            current, end = read[0], place + 1
            values[current] = [read[1]]
        elif current and _continues(lines[place], current, values[current]):
            values[current].append(lines[place].strip("> \t\xa0*"))
            end = place + 1
        elif current is Label.SUBJECT or not _goes_on(lines, place):
            break
    return _block(start, end, {label: " ".join(words).strip() for label, words in values.items()})


def _block(start: int, end: int, values: dict[Label, str]) -> Block | None:
    sure = len({Label.FROM, Label.DATE, Label.TO, Label.SUBJECT} & values.keys())
    if (Label.FROM in values and sure >= 2) or sure >= 3:
        return Block(start, end, values)
    if {Label.TO, Label.SUBJECT} <= values.keys():
        return Block(start, end, values)
    return None


def _goes_on(lines: list[str], place: int) -> bool:
    """Whether the next line that is not blank is labelled as well."""
    following = next((line for line in lines[place + 1 : place + 5] if line.strip("> \t\xa0")), "")
    return read_label(following) is not None


def _continues(line: str, label: Label, so_far: list[str]) -> bool:
    """Whether a line goes on with a list of recipients."""
    if label not in (Label.TO, Label.CC) or not line.strip("> \t\xa0*"):
        return False
    return line[:1] in " \t" or so_far[-1].endswith((",", ";")) or ("@" in line and not so_far[-1].endswith("."))


def author_lines_above(lines: list[str], start: int) -> int:
    """Where a block of the Notes kind really begins: letterhead, name and date stand on lines of their own above it."""
    ""
    begin = start
    for above in range(start - 1, max(-1, start - 8), -1):
        line = lines[above]
        if not line.strip("> \t"):
            continue
        if len(line) > 120 or not (_DATE_LINE.search(line[:200]) or _is_letterhead(line, lines, above)):
            break
        begin = above
    return begin


def _is_letterhead(line: str, lines: list[str], place: int) -> bool:
    """A line set far in, or a name right above a line that is a date."""
    if line.startswith(("\t", "  \t", "        ")) and len(line.strip()) <= 60:
        return True
    if line.strip("> \t").lower().startswith("please respond to"):
        return True
    below = lines[place + 1].strip("> \t") if place + 1 < len(lines) else ""
    return len(line.strip()) <= 60 and _DATE_LINE.match(below[:200]) is not None
