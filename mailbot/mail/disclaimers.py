"""The legal words that companies append to every mail, in the languages they are written in.

A paragraph is one if it opens like one; what follows belongs to it as long as it speaks of the same things, so that
words written below a disclaimer are not lost with it.
"""

from __future__ import annotations

import re

_OPENING_LETTERS = 240
_LINES_AT_MOST = 40
_RULE = re.compile(r"\s{0,60}[-_*=]{5,200}\s*$")
_OPENING = re.compile(
    r"\W{0,40}(?:disclaimer\b|confidentiality (?:notice|statement|note)|legal (?:notice|disclaimer)|important notice"
    r"|privileged (?:and|/) confidential|this (?:e-?mail|message|communication|transmission)\b.{0,200}"
    r"(?:confidential|privileged|intended)|the (?:information|contents?) (?:contained )?(?:in|of) this (?:e-?mail"
    r"|message|communication|transmission)|this message is being sent by or on behalf of a lawyer"
    r"|please consider the environment|think before you print"
    r"|diese (?:e-?mail|nachricht).{0,200}vertraulich|diese e-?mail (?:enthält|und)|bitte denken sie an die umwelt"
    r"|ce (?:message|courriel|mail|courrier).{0,200}confidentiel|pensez à l'environnement"
    r"|(?:este|esta) (?:mensaje|correo|mensagem|e-?mail).{0,200}confidencia|aviso (?:legal|de confidencialidad"
    r"|de confidencialidade)|antes de imprimir|(?:questo messaggio|questa e-?mail|il presente messaggio"
    r"|le informazioni contenute).{0,200}(?:riservat|confidenzial)"
    r"|(?:dit bericht|deze e-?mail|dit e-mailbericht).{0,200}vertrouwelijk"
    r"|(?:detta|denna|dette|denne) (?:meddelande|e-?post|mail|mejl|e-?mail|meddelelse|melding).{0,200}"
    r"(?:konfidentiel|fortrolig|sekretess)|tämä (?:viesti|sähköposti).{0,200}luottamuksel"
    r"|(?:ta|niniejsza) wiadomość.{0,200}poufn|tento e-?mail.{0,200}důvěrn|táto správa.{0,200}dôvern"
    r"|(?:ez az|a jelen) (?:e-?mail|üzenet|levél).{0,200}bizalmas|acest (?:mesaj|e-?mail).{0,200}confiden[țţt]ial"
    r"|(?:это|данное|настоящее) (?:сообщение|письмо|электронное).{0,200}конфиденциальн"
    r"|(?:це|дане) (?:повідомлення|лист).{0,200}конфіденційн|bu (?:e-?posta|mesaj|ileti).{0,200}gizli"
    r"|το (?:παρόν )?μήνυμα.{0,200}εμπιστευτικ|ova (?:poruka|elektronička).{0,200}povjerljiv"
    r"|本(?:邮件|郵件|メール).{0,80}(?:保密|机密|機密)|본 (?:메일|이메일).{0,80}기밀)",
    re.IGNORECASE | re.DOTALL,
)
_GOES_ON = re.compile(
    r"confiden|privileg|recipient|addressee|intended|unauthori[sz]ed|prohibit|disclos|virus|liab|delete|in error"
    r"|attachment|monitor|register|environment|empfänger|vertraulich|irrtümlich|irrtuemlich|vernichten|untersagt"
    r"|destinat|erreur|pi[eè]ces jointes|supprim|destruir|error|elimin|cancell|riservat|vertrouwelijk|geadresseerde"
    r"|poufn|adresat|důvěrn|bizalmas|конфиденциальн|gizli|εμπιστευτικ|保密|機密|기밀",
    re.IGNORECASE,
)


def disclaimer_start(lines: list[str], end: int) -> int:
    """Where the legal words at the end begin, with a rule above them; `end` if there are none."""
    for place in range(max(1, end - _LINES_AT_MOST), end):
        if lines[place].strip() and _opens(lines, place, end) and _speaks_of_law_only(lines, place, end):
            above = place - 1
            while above > 0 and not lines[above].strip():
                above -= 1
            return above if above > 0 and _RULE.match(lines[above][:300]) else place
    return end


def _opens(lines: list[str], place: int, end: int) -> bool:
    text = " ".join(line.strip() for line in lines[place : min(place + 4, end)])
    return _OPENING.match(text[:_OPENING_LETTERS]) is not None


def _speaks_of_law_only(lines: list[str], start: int, end: int) -> bool:
    """Whether every paragraph from `start` on goes on with the same matter, or is too short to say anything."""
    paragraphs = "\n".join(line[:400].strip(" \t*") for line in lines[start:end]).split("\n\n")
    return all(len(one.split()) <= 8 or _GOES_ON.search(one) for one in paragraphs if one.strip())
