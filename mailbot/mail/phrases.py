"""The phrases by which delivery notices, complaints and reports are known where no header says so.

Each pattern is tried on a bounded stretch of text, has no nested repetition, and is anchored to words that a person
writing about the same matter would hardly begin with.
"""

from __future__ import annotations

import re

_TEXT_LETTERS = 4_000
_SUBJECT_LETTERS = 300
_OPENING_LETTERS = 600


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
    r"non (?:remis|distribu)",
    r"(?:mail|message).{0,20}(?:not|n.t) be delivered",
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
    r"returned to sender",
    r"(?:mailbox|account|address|recipient|user) (?:is |was |has been )?(?:full|unavailable|disabled|rejected|not"
    r" found|unknown|suspended|inactive|over quota)",
    r"(?:does not|doesn'?t) exist",
    r"permanent (?:fatal )?error",
    r"cannot be delivered",
    r"failed to deliver",
    r"could not deliver",
    r"transcript of session",
    r"mail delivery (?:failed|system|subsystem)",
    r"over quota",
    r"quota exceeded",
    r"(?:^|\s)[45]\d\d[ -][45]\.\d\.\d",
    r"undeliverable",
    r"unzustellbar|nicht zugestellt|konnte nicht (?:zugestellt|ausgeliefert|gesendet)",
    r"n'a pas pu être|non remis",
    r"no se ha podido entregar",
    r"host (?:unknown|not found)",
    r"invalid recipient",
    r"配信できません|送信できません|届け",
    r"unrouteable",
    r"not a valid (?:user|address|recipient)",
    r"automatically rejected",
    r"pu .tre (?:remis|d.livr|distribu|achemin)",
    r"n[aã]o (?:foi|p.de ser) (?:poss.vel )?entregu?e",
    r"non .{1,20} (?:stato )?(?:recapitat|consegnat)",
    r"kon niet worden (?:bezorgd|afgeleverd)",
    r"kunde inte levereras|kunne ikke leveres",
    r"nie (?:zostala|mog.a|uda.o).{0,30}dostarcz",
    r"не (?:было |может быть )?доставлен",
    r"无法(?:送达|投递|发送)|未能送达|無法傳送",
)
_FAILURE = _any_of(  # enough where the sender is a mail system
    r"exceeded",
    r"message that you sent",
    r"your message",
    r"rejected",
    r"failed",
    r"not listed in",
    r"could not be found",
    r"is not (?:a )?(?:known|valid|listed|accept|active|deliver)",
    r"\bRCPT TO\b",
    r"fatal error",
    r"following (?:address|recipient)",
)
_NOTICE_OPENING = re.compile(
    r"[\s*=_#-]{0,200}(?:this is an? (?:automatic|automatically|delivery|non-delivery)|this (?:message|mail"
    r"|e-?mail) was"
    r" (?:created|undeliverable|not delivered|automatically)"
    r"|this is the (?:mail|postfix|qmail)|hi\. this is the|your (?:message|mail|e-?mail)\b[^?]{0,150}?(?:could not"
    r"|did not|was not|cannot|has not)"
    r"|the (?:following|attached) (?:message|mail|addresses|address|recipients|recipient)\b|the message (?:you"
    r" sent|that you sent|could not)"
    r"|an? (?:message|e-?mail|error) (?:that you sent|you sent|could not|occurred while)"
    r"|delivery (?:has failed|to the following|failed)|undeliver(?:able|ed) (?:mail|message)|failed recipients"
    r"|i'?m (?:sorry|afraid)\b.{0,100}(?:deliver|message)|failed to deliver|could not deliver|unable to deliver"
    r"|could not send message|transcript of session|(?:sent |received )?(?:>>>|<<<) "
    r"|the original message was received|(?:die|ihre) (?:nachricht|e-?mail|folgende).{0,100}(?:nicht|konnte)"
    r"|votre (?:message|e-?mail|courriel)\b.{0,100}n'a pas|(?:su|el|tu) (?:mensaje|correo)\b.{0,100}no (?:se|ha|pudo)"
    r"|il (?:suo |tuo )?messaggio\b.{0,100}non|(?:a )?(?:sua|seu) mensage?m?\b.{0,100}n[ãa]o|uw bericht\b.{0,100}niet"
    r"|ditt? (?:meddelande|melding|brev)\b.{0,100}(?:inte|ikke)|ваше (?:сообщение|письмо).{0,100}не"
    r"|(?:您|你)的(?:邮件|郵件).{0,60}(?:无法|未能|無法)|.{0,20}メール.{0,60}(?:配信|送信|届)(?:でき|け)ません)",
    re.IGNORECASE,
)
_BANNER = re.compile(
    r"(?:\s{0,9}(?:[*=_#-]{3}[^\n]{0,100}[*=_#-]{3}|[*=_#-]{3,200}|subject:[^\n]{0,200})\s{0,9}\n){1,3}", re.IGNORECASE
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
_COMPLAINT_SUBJECT = _any_of(r"^\W*dmarc (?:forensic|failure) report\b")
_ATTACHED_COMPLAINT_SUBJECT = _any_of(
    r"^\W*(?:complaint about (?:a |your )?(?:message|e-?mail)|abuse report|spam report)\b"
)
_ABUSE_OPENING = re.compile(
    r"\W{0,20}this is an? (?:e-?mail |automated )?(?:abuse|spam|authentication failure|dmarc failure) report\b",
    re.IGNORECASE,
)
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


def mentions_failure(text: str) -> bool:
    """A mail system's text has the words of a failure; from anybody else they would prove nothing."""
    return says_undelivered(text) or _FAILURE.search(text[:_TEXT_LETTERS]) is not None


def opens_as_notice(text: str) -> bool:
    """The first words are those that mail servers begin a delivery notice with."""
    opening = text[:_OPENING_LETTERS]
    banner = _BANNER.match(opening)
    return _NOTICE_OPENING.match(opening, banner.end() if banner else 0) is not None or (
        _NOTICE_OPENING.match(opening) is not None
    )


def says_delayed(subject: str, text: str) -> bool:
    """The notice tells of a delivery that is still being tried."""
    words = f"{subject[:_SUBJECT_LETTERS]}\n{text[:_TEXT_LETTERS]}"
    return _DELAYED.search(words) is not None and _GIVEN_UP.search(words) is None


def says_complaint(subject: str, attaches: bool) -> bool:
    """The subject is one of a complaint that its sender writes without the standard part, the mail attached or not."""
    subject = subject[:_SUBJECT_LETTERS]
    if _COMPLAINT_SUBJECT.search(subject):
        return True
    return attaches and _ATTACHED_COMPLAINT_SUBJECT.search(subject) is not None


def opens_as_abuse_report(text: str) -> bool:
    """The text says of itself that it is an abuse report (RFC 5965 2)."""
    return _ABUSE_OPENING.match(text[:_SUBJECT_LETTERS]) is not None


def says_report(subject: str) -> bool:
    """The subject is one of a DMARC aggregate report (RFC 7489 7.2.1.1)."""
    return _REPORT_SUBJECT.search(subject[:_SUBJECT_LETTERS]) is not None
