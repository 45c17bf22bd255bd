"""Status codes of undelivered mail (RFC 3463): the one a server gave, or what its words and reply code come to.

A remote server's own code ("550 5.7.1 refused") says more than the code that its client made of it, and both say more
than the catch-all X.0.0 and the bare "time is up" 4.4.7.
"""

from __future__ import annotations

import re

_CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_OF_REMOTE = re.compile(r"(?<![\d.])[45][0-5]\d[ -]{1,2}['\"(#]{0,2}([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.#])([45][0-5]\d)(?=[ \-:)\]>,;]|$)")
_LETTERS_AT_MOST = 4_000

# In this order: why it failed for good, then that time ran out, then what was only in the way.
_WORDINGS = tuple(
    (code, re.compile(phrases, re.IGNORECASE))
    for code, phrases in (
        ("4.4.7", r"retry time(?:out)? (?:exceeded|not reached)|in the queue too long|message (?:has )?expired"),
        ("5.2.2", r"over ?quota|quota (?:is )?exceed|mailbox (?:is |was )?full|disk quota|storage limit|boîte pleine"
                  r"|postfach (?:ist )?voll|exceeded the local limit|buzón lleno"),
        ("5.1.1",
        r"user (?:is )?unknown|unknown (?:local )?(?:user|recipient|address|mailbox)|no such (?:local )?(?:user"
                  r"|recipient|mailbox|address|person|account)|recipient (?:name )?(?:is )?not (?:found|recogni[sz]ed)"
                  r"|recipient unknown|not a valid (?:user|recipient|address|mailbox)|(?:does not|doesn'?t) exist"
                  r"|no mailbox here|mailbox (?:not found|unavailable)|address(?:es)? (?:not found|unknown)"
                  r"|invalid (?:recipient|mailbox|user|address)|not listed in|unbekannte[rn]? empfänger"
                  r"|destinataire inconnu|usuario desconocido|utente sconosciuto|not our customer"),
        ("5.1.2", r"host (?:unknown|not found)|unknown host|domain (?:does not|doesn'?t) exist|no such domain"
                  r"|unrouteable|couldn'?t find any host|domain not found|name or service not known"),
        ("5.2.1", r"(?:account|mailbox|user|recipient|address) (?:is |has been |was )?(?:currently )?(?:disabled"
                  r"|inactive|suspended|closed|deactivated|not active)"),
        ("5.3.4", r"message (?:is |was )?too (?:large|big)|(?:size|length)[^.]{0,40}exceed|exceeds? [^.]{0,40}size"),
        ("5.4.6", r"maximum hop count|too many hops|routing loop|mail loop"),
        ("5.7.1", r"access denied|not authori[sz]ed|blacklist|blocklist|blocked|spam|polic(?:y|ies)|virus"
                  r"|(?:not|isn'?t) accept(?:ing|ed)|rejected"),
        ("4.2.1", r"mailbox (?:is )?(?:busy|locked)|greylist|try again later"),
        ("4.4.1", r"connection (?:timed out|refused|reset)|no route to host|deferred"),
    )
)  # fmt: skip
_IN_THE_WAY = ("4.2.1", "4.4.1")
_PERMANENT = re.compile(r"permanent|giving up|given up", re.IGNORECASE)


def find_status(text: str) -> str:
    """The code that a server gave in these words, a remote server's before all others, or ""."""
    found = _OF_REMOTE.search(text[:_LETTERS_AT_MOST]) or _CODE.search(text[:_LETTERS_AT_MOST])
    return found[1] if found else ""


def is_vague(status: str) -> bool:
    """Whether the code leaves open what went wrong."""
    return not status or status.endswith(".0.0") or status == "4.4.7"


def more_precise(status: str, diagnostic: str, notice: str) -> str:
    """`status`, or the first precise code of its class that server and notice give for the same failure."""
    codes = _OF_REMOTE.findall(diagnostic[:_LETTERS_AT_MOST])
    if is_vague(status):
        codes += _CODE.findall(diagnostic[:_LETTERS_AT_MOST])
        codes += _OF_REMOTE.findall(notice[:_LETTERS_AT_MOST])
        codes += _CODE.findall(notice[:_LETTERS_AT_MOST])
    same_class = (code for code in codes if not is_vague(code) and (not status or code[0] == status[0]))
    return next(same_class, status)


def derive_status(text: str) -> str:
    """The code that the words come to, of the class of the reply code in them; "" where they tell nothing."""
    text = text[:_LETTERS_AT_MOST]
    reply = _REPLY.search(text)
    code = next((code for code, wording in _WORDINGS if wording.search(text)), "")
    if code in _IN_THE_WAY and _PERMANENT.search(text):
        code = f"5{code[1:]}"
    if reply is None:
        return code
    return f"{reply[1][0]}{code[1:]}" if code else f"{reply[1][0]}.0.0"
