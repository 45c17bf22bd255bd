"""The phrases by which delivery notices, absence notes and reports are known where no header says so.

Each pattern is tried on a bounded stretch of text, has no nested repetition, and is anchored to words that a person
writing about the same matter would hardly begin with.
"""

from __future__ import annotations

import re

_TEXT_LETTERS = 4_000
_SUBJECT_LETTERS = 300


def _any_of(*phrases: str) -> re.Pattern[str]:
    return re.compile("|".join(phrases), re.IGNORECASE)


_UNDELIVERED_SUBJECT = _any_of(
    r"undeliver(?:able|ed)",
    r"delivery (?:has )?fail(?:ed|ure)",
    r"failure notice",
    r"returned (?:mail|to sender|message)",
    r"delivery (?:status )?notification",
    r"delivery report",
    r"non[- ]?delivery",
    r"nondeliverable",
    r"could not (?:be )?deliver",
    r"mail (?:delivery )?(?:failure|error|system error)",
    r"message (?:status|could not|not delivered|delivery)",
    r"not deliverable",
    r"unzustellbar",
    r"unable to deliver",
    r"mail delivery",
    r"delivery error",
    r"warning: could not send",
    r"undelivr",
    r"cannot deliver",
    r"bounce",
    r"user unknown",
    r"unknown user",
    r"address (?:not found|unknown|error)",
    r"échec|non remis|non distribu",
    r"no se (?:puede|pudo) entregar|no entregado",
    r"mancata consegna",
    r"配信|届",
    r"不达|退信",
    r"email (?:address )?(?:not|is not|error)",
    r"rejected",
    r"mailbox (?:full|unavailable)",
    r"quota",
    r"nicht zugestellt",
)
_UNDELIVERED = _any_of(
    r"could ?n[o']t be (?:delivered|sent)",
    r"(?:was|is|were) (?:undeliverable|not delivered|undelivered)",
    r"user unknown",
    r"unknown user",
    r"no such (?:user|recipient|mailbox|address|person)",
    r"unable to deliver",
    r"wasn'?t able to deliver",
    r"delivery (?:has )?failed",
    r"delivery to the following",
    r"did not reach",
    r"following (?:address|recipient)",
    r"returned to sender",
    r"(?:mailbox|account|address|recipient|user) (?:is |was |has been )?(?:full|unavailable|disabled|rejected|not"
    r" found|unknown|suspended|inactive|over quota)",
    r"(?:does not|doesn'?t) exist",
    r"permanent (?:fatal )?error",
    r"fatal error",
    r"cannot be delivered",
    r"failed to deliver",
    r"could not deliver",
    r"transcript of session",
    r"mail delivery (?:failed|system|subsystem)",
    r"over quota",
    r"quota exceeded",
    r"exceeded",
    r"(?:^|\s)[45]\d\d[ -][45]\.\d\.\d",
    r"\bRCPT TO\b",
    r"not listed in",
    r"could not be found",
    r"undeliverable",
    r"unzustellbar|nicht zugestellt|konnte nicht",
    r"n'a pas pu être|non remis",
    r"no se ha podido entregar",
    r"host (?:unknown|not found)",
    r"message that you sent",
    r"your message",
    r"is not (?:a )?(?:known|valid|listed|accept|active|deliver)",
    r"rejected",
    r"failed",
    r"invalid recipient",
    r"配信できません|送信できません|届け",
    r"unrouteable",
)
_NOTICE_OPENING = re.compile(
    r"[\s*=_#-]{0,200}(?:this is an? (?:automatic|automatically|delivery|non-delivery)|this message was created"
    r" automatically"
    r"|this is the (?:mail|postfix|qmail)|hi\. this is the|your (?:message|mail|e-?mail)\b.{0,100}(?:could not"
    r"|did not|was not|cannot|has not)"
    r"|the (?:following|attached) (?:message|mail|addresses|address|recipients|recipient)\b|the message (?:you"
    r" sent|that you sent|could not)"
    r"|a message (?:that you sent|you sent|could not)|delivery (?:has failed|to the following|failed)"
    r"|undeliver(?:able|ed) (?:mail|message)"
    r"|i'?m (?:sorry|afraid)\b.{0,100}(?:deliver|message)|failed to deliver|could not deliver|unable to deliver"
    r"|could not send message"
    r"|the original message was received|(?:die|ihre) (?:nachricht|folgende).{0,100}(?:nicht|konnte))",
    re.IGNORECASE,
)
_DELAYED = _any_of(
    r"(?:delivery|message|mail) (?:has been |is |was )?(?:temporarily )?delayed",
    r"delayed (?:mail|delivery)",
    r"delivery (?:status notification \(delay\)|delay)",
    r"not yet been delivered",
    r"has not been (?:delivered|collected) yet",
    r"will (?:continue|keep) (?:to try|trying)",
    r"warning: (?:message|could not send|mail)",
    r"you do not need to resend",
    r"still being (?:retried|tried)",
    r"will be retried",
    r"will retry",
    r"verzöger",
    r"is only a warning",
    r"this is a warning message",
    r"will be attempted",
    r"no action is required on your part",
    r"delivery attempts will continue",
    r"not been able to deliver .{0,80} yet",
)
_GIVEN_UP = _any_of(
    r"giv(?:en|ing) up",
    r"permanent(?:ly)? (?:fatal )?(?:error|fail)",
    r"delivery (?:has )?failed permanently",
    r"retry time(?:out)? (?:not reached|exceeded)",
    r"retry timeout exceeded",
    r"has been (?:returned|deleted)",
    r"will not be retried",
    r"no further (?:attempts|delivery)",
    r"message expired",
    r"too long",
)
# "Automatic reply: your subject": what the programs write in front; a person asking about such replies has no colon
# there.
_AUTOMATIC_PREFIX = re.compile(
    r"^\W{0,3}(?:automatic reply|automatische antwort|réponse automatique|respuesta automática|risposta automatica"
    r"|resposta automática|automatisch antwoord|autosvar|automatiskt svar|automatisk svar|automaattinen vastaus"
    r"|autoodpowiedź|automatická odpověď|автоматический ответ|自动回复|自動回覆|自動応答)\s{0,2}[:：]\s{0,3}\S",
    re.IGNORECASE,
)
_ABSENT_SUBJECT = _any_of(
    r"^\W*(?:re:\s{0,3})?(?:auto(?:matic|mated|matische|matisch|mática|matica|mātiska|matiskt|matisk"
    r"|maattinen)?[- ]?(?:reply|response|antwort|svar|respuesta|risposta|antwoord|vastaus))",
    r"^\W*auto(?:reply|response|responder)?\s?:",
    r"^\W*(?:re:\s{0,3})?out of (?:the )?office",
    r"^\W*ooo\s?:",
    r"\bautoreply\b|\bauto-reply\b|\bauto-response\b",
    r"^\W*abwesen",
    r"abwesenheits(?:notiz|nachricht|assistent)",
    r"automatische (?:antwort|nachricht)",
    r"nicht im (?:büro|haus)",
    r"^\W*(?:re:\s{0,3})?(?:on|away on) (?:vacation|holiday|leave)",
    r"^\W*vacation (?:reply|message|response|notice)",
    r"^\W*away from (?:my |the )?(?:office|mail|desk)",
    r"\bis (?:out of|away from) (?:the |my )?office",
    r"réponse automatique|absence du bureau|absent(?:e)? du bureau|message d'absence|notification d'absence",
    r"respuesta automática|fuera de (?:la )?oficina",
    r"resposta automática|fora do escritório",
    r"risposta automatica|fuori (?:sede|ufficio)",
    r"afwezig|niet aanwezig",
    r"autosvar|frånvaro|fraværende?|fravær|ikke på kontoret|ikke til stede",
    r"poissaolo|automaattinen vastaus|poissa",
    r"automatisk[aā] atbilde|prombūtn|自動返信",
    r"自动回复|自動回覆|自動応答|不在",
    r"автоответ|автоматический ответ",
    r"autoodpowiedź|automatyczna odpowiedź|nieobecno",
    r"automatická odpověď|mimo kancelář",
    r"automatikus válasz",
)
_ABSENT = _any_of(
    r"will not be (?:checking|reading) my (?:e-?mail|mail|messages)",
    r"\bvacation from\b|on vacation|when i(?:'m| am)? (?:back|return)",
    r"serais? en congés?|serais? absent|f[ée]rias",
    r"no longer (?:using|reading|checking) this (?:e-?mail )?address",
    r"\b(?:i am|i'm|i will be|i'll be|currently) (?:currently )?(?:out of|away|on (?:vacation|leave|holiday"
    r"|annual|maternity|parental|a business)|travell?ing|not in)",
    r"out of (?:the )?office",
    r"\b(?:will be back|returning|i will return|i return)\b",
    r"automatic(?:ally)? (?:reply|response|generated)",
    r"bin ich (?:nicht|ab|vom|bis|wieder|erst)",
    r"ich bin (?:derzeit|zur ?zeit|momentan|bis|vom|ab|leider|nicht|im urlaub|ausser|außer)",
    r"abwesend|nicht (?:im büro|erreichbar)",
    r"je suis (?:actuellement )?(?:absent|en congé|en vacances)|serai absent",
    r"estoy (?:fuera|de vacaciones|ausente)|estaré (?:fuera|ausente)",
    r"estou (?:fora|de férias|ausente)|estarei (?:fora|ausente)",
    r"sono (?:fuori|assente|in ferie)|sarò (?:fuori|assente)|non sono in ufficio",
    r"ik ben (?:afwezig|niet aanwezig|op vakantie)|afwezig",
    r"jag är (?:inte|på semester|bortrest|ledig)|på semester",
    r"jeg er (?:ikke|på ferie|bortreist|fraværende)|på ferie",
    r"olen (?:poissa|lomalla)|lomalla",
    r"no longer (?:work|with|employed)",
    r"limited access to (?:e-?mail|my)",
    r"お問い合わせありがと|休假|不在|出差|外出",
    r"this is an auto",
    r"your (?:message|e-?mail|mail) (?:has been|was) received",
    r"thank you for (?:your (?:e-?mail|message)|contacting)",
)
_COMPLAINT_SUBJECT = _any_of(r"^\W*dmarc (?:forensic|failure) report\b")
_LIST_TAG = re.compile(r"^(?:\s{0,3}\[[^\]\[]{1,60}\]){1,3}\s{0,5}")
_REPORT_SUBJECT = _any_of(
    r"^\W*report domain\s?:",
    r"\bdmarc (?:aggregate )?report\b.{0,100}report-id",
    r"^\W*report.domain:.{0,200}submitter",
)


def says_undelivered_subject(subject: str) -> bool:
    """The subject is one of a delivery notice."""
    return _UNDELIVERED_SUBJECT.search(subject[:_SUBJECT_LETTERS]) is not None


def says_undelivered(text: str) -> bool:
    """The text tells that a mail was not delivered."""
    return _UNDELIVERED.search(text[:_TEXT_LETTERS]) is not None


def opens_as_notice(text: str) -> bool:
    """The first words are those that mail servers begin a delivery notice with."""
    return _NOTICE_OPENING.match(text[:_SUBJECT_LETTERS]) is not None


def says_delayed(subject: str, text: str) -> bool:
    """The notice tells of a delivery that is still being tried."""
    words = f"{subject[:_SUBJECT_LETTERS]}\n{text[:_TEXT_LETTERS]}"
    return _DELAYED.search(words) is not None and _GIVEN_UP.search(words) is None


def says_absent_subject(subject: str) -> bool:
    """The subject is one of an automatic reply."""
    return _ABSENT_SUBJECT.search(_LIST_TAG.sub("", subject[:_SUBJECT_LETTERS])) is not None


def is_automatic_prefix(subject: str) -> bool:
    """The subject begins with the words and the colon that programs put before the subject they answer."""
    return _AUTOMATIC_PREFIX.match(_LIST_TAG.sub("", subject[:_SUBJECT_LETTERS])) is not None


def says_absent(text: str) -> bool:
    """The text tells that its writer is away."""
    return _ABSENT.search(text[:_TEXT_LETTERS]) is not None


def says_complaint(subject: str) -> bool:
    """The subject is one of a DMARC failure report, which some senders write without its standard part."""
    return _COMPLAINT_SUBJECT.search(subject[:_SUBJECT_LETTERS]) is not None


def says_report(subject: str) -> bool:
    """The subject is one of a DMARC aggregate report (RFC 7489 7.2.1.1)."""
    return _REPORT_SUBJECT.search(subject[:_SUBJECT_LETTERS]) is not None
