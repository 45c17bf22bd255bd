"""The words by which automatic replies are known in some thirty languages (RFC 3834 names headers; many send none).

`AutoReply: …` is what programs write in front of a subject; other words count only together with other evidence, which
is for `autoreplies.py` to weigh. A dot stands for an accented letter: such notes often arrive in a wrong charset.
"""

from __future__ import annotations

import re

_SUBJECT_LETTERS = 300
_TEXT_LETTERS = 4_000
_SHORT_LETTERS = 1_500

_AUTOMATIC = (  # "automatic reply" as a mail program names it
    r"auto(?:matic|mated|matically generated)?[- ]?(?:reply|response|acknowledge?ment)", r"autoresponder",
    r"automatische (?:antwort|abwesenheitsnotiz)", r"abwesenheits(?:notiz|nachricht|meldung)",
    r"r.ponse automatique", r"message d.absence", r"absence du bureau", r"respuesta autom.tica",
    r"resposta autom.tica", r"risposta automatica", r"automatisch antwoord", r"automatische reactie",
    r"afwezigheids(?:bericht|melding)", r"autosvar", r"automatiskt? svar", r"fr.nvaromeddelande",
    r"frav.rs(?:melding|meddelelse|besked)", r"automaattinen (?:poissaolo)?vastaus", r"poissaoloviesti",
    r"automatyczna odpowied.", r"autoodpowied.", r"odpowied. automatyczna", r"automatick. odpov.[dď]",
    r"automatikus v.lasz", r"r.spuns automat", r"автоматический ответ", r"автоответ", r"автоматична відповідь",
    r"автоматичен отговор", r"otomatik (?:yan.t|cevap)", r"αυτόματη απάντηση", r"自动(?:回复|答复)", r"自動回[覆復]",
    r"自動(?:返信|応答|返答)", r"不在(?:通知|のお知らせ)", r"자동 ?(?:회신|응답)", r"부재중 ?(?:알림|자동)",
    r"(?:.rpus biroja \w{1,20} )?autom.tisk. atbilde", r"automaat(?:ne )?vastus", r"automatinis atsakymas",
    r"automatski odgovor",
    r"samodejni odgovor", r"trả lời tự động", r"balasan otomatis", r"ตอบกลับอัตโนมัติ", r"מענה אוטומטי", r"رد تلقائي",
    r"الرد التلقائي",
)  # fmt: skip
_AWAY = (  # "out of office" and its like, as a subject states it
    r"out[- ]of[- ](?:the[- ]|my[- ])?office", r"ooo", r"away from (?:my |the )?(?:office|mail|e-?mail|desk)",
    r"(?:i.?m |i am )?(?:away )?on (?:annual |maternity |paternity |parental |sick )?(?:vacation|holidays?|leave)",
    r"(?:vacation|holiday|absence)(?: (?:message|notice|notification|reply))?", r"abwesen(?:d|heit)", r"au.er haus",
    r"nicht im (?:b.ro|haus)", r"(?:im|in) urlaub", r"(?:absent|absente)(?: du bureau)?", r"en (?:cong.s?|vacances)",
    r"hors du bureau", r"fuera de (?:la )?oficina", r"de vacaciones", r"ausente", r"fora do escrit.rio", r"de f.rias",
    r"fuori (?:sede|(?:dall')?ufficio)", r"in ferie", r"assente", r"afwezig", r"niet aanwezig",
    r"op vakantie", r"fr.nvarande", r"fr.nvaro", r"p. semester", r"inte p. kontoret", r"frav.r(?:ende)?",
    r"ikke (?:p. kontoret|til stede)", r"p. ferie", r"poissa(?:olo)?", r"lomalla", r"nieobecno..(?: w biurze)?",
    r"poza biurem", r"na urlopie", r"mimo kancel..(?:i|ie)?", r"na dovolen[ée]j?", r"nep..tomnost", r"szabads.gon",
    r"(?:h.zon|irod.n) k.v.l", r"в отпуске", r"отсутстви[ея]", r"нет на (?:работе|месте)", r"у відпустці",
    r"ofis d...nda",
    r"izindeyim", r"εκτός γραφείου", r"不在", r"外出", r"休假", r"休暇", r"出差", r"부재중", r"휴가", r"prombūtn.",
    r"puhkusel",
    r"în concediu",
)  # fmt: skip
_STATES = re.compile(  # the writer is away, in a sentence of the text
    "|".join((
        r"\b(?:i am|i'?m|i will be|i'?ll be|(?:am|is) currently|currently|we are) (?:currently |now |also )?(?:out of"
        r" (?:the |my )?office|out (?:until|from|on)|away|on (?:vacation|leave|holiday|annual|maternity|parental"
        r"|sick|a"
        r" business)|travell?ing|not in|unavailable|absent)",
        r"\A\W{0,5}out of (?:the )?office\b",
        r"\bwill not be (?:checking|reading|able to (?:check|read)) (?:my )?(?:e-?mails?"
        r"|mails?|messages)",
        r"no longer (?:work(?:s|ing)? (?:for|at|here)|with|employed|using|reading|checking|in use)",
        r"limited access to (?:my )?e-?mails?", r"when i(?:'m| am)? (?:get )?(?:back|return)",
        r"\b(?:will be back|will return|returning|i return)\b (?:to the office )?(?:on|in|at|by|\d)",
        r"ich bin (?:derzeit |zur ?zeit |momentan |leider |bis |vom |ab |ab dem )?[^.\n]{0,40}(?:nicht|im urlaub"
        r"|abwesend"
        r"|au.er ?haus|in elternzeit|erst wieder|unterwegs)", r"bin ich (?:nicht|bis|erst|vom|ab|wieder)",
        r"\babwesend\b", r"au.er haus sein", r"nicht im (?:b.ro|haus)", r"nicht erreichbar",
        r"je (?:suis|serais?)[^.\n]{0,30}(?:absente?|en cong.|en vacances|en d.placement|hors du bureau)",
        r"absente? (?:du bureau|jusqu)", r"(?:estoy|estar.|me encuentro)[^.\n]{0,20}(?:fuera|de vacaciones|ausente"
        r"|de baja)", r"(?:estou|estarei|encontro-me)[^.\n]{0,20}(?:fora|de f.rias|ausente|de licen.a)",
        r"(?:sono|sar.)[^.\n]{0,20}(?:fuori|assente|in ferie|in viaggio)", r"non sono in ufficio",
        r"ik ben[^.\n]{0,30}(?:afwezig|niet aanwezig|op vakantie|met verlof|vrij)", r"jag .r[^.\n]{0,30}(?:inte p.|p."
        r" semester|bortrest|ledig|tj.nsteledig|fr.nvarande|p. resa)", r"jeg er[^.\n]{0,30}(?:ikke|p. ferie|bortreist"
        r"|frav.rende|p. rejse|p. reise|p. kursus)", r"olen[^.\n]{0,30}(?:poissa|lomalla|matkoilla|virkavapaalla)",
        r"jestem[^.\n]{0,20}(?:nieobecn|na urlopie|poza biurem)", r"przebywam na urlopie", r"jsem[^.\n]{0,20}(?:mimo"
        r" kancel|na dovolen|nep..tom)", r"(?:szabads.gon|irod.n k.v.l) (?:vagyok|leszek)",
        r"(?:sunt|voi fi)[^.\n]{0,20}(?:plecat|în concediu|absent)", r"(?:нахожусь|буду|я)[^.\n]{0,20}(?:в отпуске"
        r"|в командировке|отсутств)", r"(?:перебуваю|я)[^.\n]{0,20}у відпустці",
        r"ofis d...nday.m|izindeyim|izinliyim",
        r"(?:είμαι|βρίσκομαι|θα απουσιάζω)[^.\n]{0,20}(?:εκτός|σε άδεια|μέχρι)",
        r"(?:我|本人)[^。\n]{0,15}(?:不在|休假|出差"
        r"|外出|度假)", r"(?:不在に|外出して|出張|休暇を|休暇中|お休みを)",
        r"부재중입니다|휴가 ?(?:중|입니다)|출장 ?중",
    )),
    re.IGNORECASE,
)  # fmt: skip
_ACKNOWLEDGES = re.compile(
    r"(?:thank you|thanks) for (?:your (?:e-?mail|message|inquiry|enquiry|request|interest)|contacting|e-?mailing"
    r"|writing"
    r"|reaching out)|(?:we|i) (?:have )?received your (?:e-?mail|mail|message|request|inquiry|enquiry)"
    r"|your (?:message|e-?mail|mail|request|inquiry) (?:has been|was) received"
    r"|vielen dank f.r (?:ihre|deine) (?:nachricht|e-?mail|anfrage|mail)|wir haben ihre (?:nachricht|e-?mail|anfrage)"
    r" erhalten|merci (?:de|pour) (?:votre|nous avoir)|nous avons bien re.u votre|gracias por (?:su|tu|contactar"
    r"|escribir)"
    r"|hemos recibido su|obrigad[oa] (?:por|pelo)|recebemos (?:a )?(?:sua|seu)|grazie per (?:aver|la (?:sua|tua))"
    r"|abbiamo ricevuto|bedankt voor (?:uw|je)|tack f.r (?:ditt|att)|tak for din|takk for (?:din|henvendelsen)"
    r"|kiitos (?:viestist|yhteydenotost)|dzi.kujemy za|d.kujeme za|спасибо за (?:ваше|обращение)"
    r"|お問い?合わせ(?:いただき|ありがと)|感谢您的|您的(?:来信|邮件)(?:已|我)|문의해 ?주셔서",
    re.IGNORECASE,
)
_DECLARES = re.compile(  # "this is an automatic reply", as the opening of a line
    r"[\s\W_]{0,20}(?:(?:please )?note:?\s{1,3}(?:that )?)?(?:this (?:is an?|e-?mail is an?|message is an?|(?:e-?mail"
    r"|message|reply) (?:is|was|has been)) (?:auto(?:mated|matic)?(?:ally)?)[- ]?(?:generated |created "
    r"|sent )?(?:reply"
    r"|response|message|e-?mail|acknowledge?ment|answer|generated|created|sent)?"
    r"|this (?:e-?mail|message|reply) (?:is|was|has been) (?:sent|generated|created) automatically"
    r"|this auto-?reply|this (?:reply|message) was (?:automatically )?generated by"
    r"|dies(?:e|es)? (?:ist|e-?mail|nachricht|antwort|schreiben)[^.\n]{0,40}automati(?:sch|siert)"
    r"|(?:ceci est|cet? (?:e-?mail|message|courriel|r.ponse) (?:est|a .t.)|il s'agit d)[^.\n]{0,40}automatique"
    r"|este? (?:es un|es una|.|mensaje|correo|e-?mail|mensagem)[^.\n]{0,40}autom.tic"
    r"|quest[ao] (?:.|e-?mail|messaggio|risposta)[^.\n]{0,40}automatic|dit is een automati|d(?:en|et) h.r"
    r" (?:.r ett|meddelandet)[^.\n]{0,30}automati|dette er (?:et|en) auto|t.m. on automaatti|to jest automatyczn"
    r"|toto je automatick|это автоматическ|(?:данное|это) (?:письмо|сообщение)[^.\n]{0,40}автоматически"
    r"|このメールは[^。\n]{0,20}自動|(?:本|此|这是)[^。\n]{0,10}(?:邮件|郵件)?[^。\n]{0,10}(?:自动|自動)"
    r"|본 ?메일은[^.\n]{0,20}자동)",
    re.IGNORECASE,
)
_ASKS_FOR_HELP = re.compile(  # requests to us; "please contact my colleague" is none
    r"\b(?:please|pls|kindly|bitte|s'il vous pla.t|svp|merci de|por favor|per favore|alstublieft|graag|sn.lla|prosz."
    r"|пожалуйста)[ ,]{1,3}(?!(?:do )?(?:not|no)\b|(?:\w{1,12} ){0,2}(?:contact|call|e-?mail|mail|write|reach|refer"
    r"|turn|note"
    r"|resend|re-?send|send|forward|direct|address|see|visit|leave|allow|expect|be |get|use|consult|ring|phone|try"
    r"|wenden"
    r"|kontaktieren|senden|schreiben|richten|beachten|rufen|nutzen|haben|contacte[rz]?|adresse[rz]?|.crire|noter"
    r"|veuillez"
    r"|vous|pour|contact[ae]r?|p.ngase|dir[ií]jase|escriba|env.e|procurar|entre|favor|rivolger|contattare|scrivere"
    r"|neem"
    r"|mail|bel|kontakta|kontakt|обра|пиш|свяж))"
    r"|\b(?:could|can|would) (?:you|someone)\b|\bi (?:need|would like|want) |\bhow (?:do|can) i\b|\bk.nn(?:en"
    r"|t) (?:sie|ihr)\b"
    r"|\bich (?:brauche|ben.tige|m.chte)\b|\bbrauche\b|\bpourriez-vous\b|\bj'ai besoin\b|\bnecesito\b|\bpreciso\b"
    r"|\bho bisogno\b|\bsollte ich\b|does not work|doesn'?t work|funktioniert nicht|ne (?:fonctionne|marche) pas"
    r"|no funciona|non funziona",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"(?<!\?)\?(?![?\w])|[？؟]")
_LOST_LETTER = re.compile(r"(?<!\S)[^\W\d_]{1,20}\?[a-z]{1,20}\b|\?{4}")
_CHALLENGE = re.compile(
    r"(?:click|follow|visit|use)[^.\n]{0,40}\b(?:link|url|address)[\s\S]{0,200}(?:deliver|allow|approve|white|accept"
    r"|verif|confirm)|(?:reply|respond|answer)[^.\n]{0,60}(?:to (?:confirm|release|verify|complete|have it delivered)"
    r"|(?:without|unchanged))|(?:confirm|verify|prove)[^.\n]{0,60}(?:you(?:r| are)|sender)",
    re.IGNORECASE,
)
_CHALLENGE_WORDS = ("protected", "held", "confirm", "approv", "verif", "allowed", "white")
_PROTECTED = re.compile(
    r"(?:account|mailbox|address|inbox|e-?mail) is (?:now )?protected by|(?:being|is|been) held|held (?:for|until)"
    r"|(?:waiting|awaits|pending)[^.\n]{0,30}(?:confirm|approv|verif)|allowed (?:senders?|list)|approved senders?"
    r"|white-?list|challenge[- ]response|confirm (?:that )?(?:you are|your) (?:a (?:human|person)|not)",
    re.IGNORECASE,
)

_LIST_TAG = re.compile(r"(?:\s{0,3}\[(?![^\]]{0,30}auto)[^\]\[]{1,60}\]){1,3}\s{0,5}", re.IGNORECASE)
_AUTOMATIC_WORDS, _AWAY_WORDS = "|".join(_AUTOMATIC), "|".join(_AWAY)
_NAMES = f"{_AUTOMATIC_WORDS}|{_AWAY_WORDS}"
_PREFIX = re.compile(
    rf"[\s【「\[*(]{{0,3}}(?:(?:{_NAMES})(?: auto(?:matic )?-?reply)?\s{{0,2}}[:：]\s{{0,3}}\S"
    rf"|(?<=[【「\[*(])(?:{_AUTOMATIC_WORDS})\s{{0,2}}[】」\])*])|\s{{0,2}}auto:\s.{{0,100}}(?:{_AWAY_WORDS})",
    re.IGNORECASE,
)
_FILLER = (  # what stands between such words and their dates
    r"auto-?reply|reply|message|notice|until|till|from|to|and|for|now|today|the day|bis|vom|zum|am|ab|und|jusqu|du"
    r"|au|le"
    r"|et|pour|moment|hasta|del?|al|desde|y|at.|fino|dal|tot|van|en|fra|til|og|och|do|od|i|a|с|по|до"
    r"|(?:jan|feb|m[aä]r|apr|ma[iy]|ju[nl]|aug|sep|o[ck]t|nov|de[cz]|mon|tue|wed|thu|fri)\w*|\d{1,4}(?:st|nd|rd|th)?"
)
_WHOLE = re.compile(rf"\W{{0,6}}(?:{_NAMES})(?:\W{{1,4}}(?:{_FILLER}|{_NAMES})){{0,12}}\W{{0,6}}", re.IGNORECASE)
# Where words are not divided by blanks they begin anywhere; all others only where a word begins.
_ANYWHERE = re.compile(rf"\b(?:{_AUTOMATIC_WORDS}|(?:{_AWAY_WORDS})\b)", re.IGNORECASE)
_UNDIVIDED = re.compile("|".join(words for words in (*_AUTOMATIC, *_AWAY) if not words[0].isascii()))


def has_automatic_prefix(subject: str) -> bool:
    """The subject begins with the words and the colon or bracket that programs put before the subject they answer."""
    return _PREFIX.match(_bare(subject)) is not None


def is_absence_subject(subject: str) -> bool:
    """The whole subject, dates aside, is the name of an automatic reply or an absence."""
    return _WHOLE.fullmatch(_bare(subject)) is not None


def mentions_absence(subject: str) -> bool:
    """The subject has such words somewhere."""
    bare = _bare(subject)
    return _ANYWHERE.search(bare) is not None or (not bare.isascii() and _UNDIVIDED.search(bare) is not None)


def _bare(subject: str) -> str:
    return _LIST_TAG.sub("", subject[:_SUBJECT_LETTERS], count=1).strip()


def states_absence(text: str) -> bool:
    """The text tells that its writer is away."""
    return _STATES.search(text[:_TEXT_LETTERS]) is not None


def acknowledges(text: str) -> bool:
    """The text thanks for a mail, or tells that one arrived."""
    return _ACKNOWLEDGES.search(text[:_SHORT_LETTERS]) is not None


def declares_automatic(text: str) -> bool:
    """One of the first or last lines says of itself that a program wrote it."""
    lines = [line for line in text[:_TEXT_LETTERS].split("\n") if line.strip()]
    return any(_DECLARES.match(line) for line in (*lines[:3], *lines[3:][-4:]))


def asks_for_help(text: str) -> bool:
    """The text asks a question or for something to be done."""
    text = text[:_TEXT_LETTERS]
    return _has_question_mark(text) or _ASKS_FOR_HELP.search(text) is not None


def _has_question_mark(text: str) -> bool:
    """A wrong charset may have made letters into question marks: then none of them counts."""
    return _QUESTION.search(text) is not None and _LOST_LETTER.search(text) is None


def is_short(text: str) -> bool:
    """The text has the length of a note."""
    return len(text) <= _SHORT_LETTERS


def challenges(text: str) -> bool:
    """The text wants its reader to prove that a person wrote, so that a mail be delivered."""
    opening = text[:_SHORT_LETTERS]
    if not any(word in opening for word in _CHALLENGE_WORDS):
        return False  # spares most answers the patterns
    return _PROTECTED.search(opening) is not None and _CHALLENGE.search(opening) is not None
