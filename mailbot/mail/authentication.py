"""What is known about who really sent: the mail server's Authentication-Results (RFC 8601) and our own DKIM check.

Anybody can write such a field into a mail, so only the fields that our own server wrote count: those of its exact id
that stand together at the top, above everything the sender could have sent. In doubt nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mailbot.mail.dkim import DkimResult, DkimVerdict, is_aligned
from mailbot.mail.headers import without_comments
from mailbot.mail.model import Mail, ascii_fold


class ResultsMode(StrEnum):
    """Which Authentication-Results are believed: none, those of one authserv-id, or the topmost field."""

    NONE = "none"
    AUTHSERV = "authserv"
    TOPMOST = "topmost"


class SenderEvidence(StrEnum):
    """How far the From address is the sender's own."""

    FAILED = "failed"
    UNKNOWN = "unknown"
    AUTHENTICATED = "authenticated"


@dataclass(frozen=True, slots=True)
class _Result:
    """One `method=result` of a field with its properties."""

    method: str
    result: str
    properties: dict[str, str]


# Fields that our server may write between two of its results; anything else ends the block.
_TRACE = ("authentication-results", "received-spf", "arc-seal", "arc-message-signature", "arc-authentication-results")
_RESULT = re.compile(r"([a-z][a-z0-9_-]{0,40})(?:/[0-9]{1,5})?\s*=\s*([a-z]{1,40})(?=\s|$)", re.IGNORECASE)
_PROPERTY = re.compile(  # a value may be quoted in part: "any thing"@example.org is an address that a sender chooses
    r"([a-z][a-z0-9_-]{0,40}(?:\.[a-z0-9_-]{1,40})?)\s*=\s*((?:\"(?:[^\"\\]|\\.){0,300}\"|[^\s;\"]){1,300})",
    re.IGNORECASE,
)
_BY = re.compile(r"\bby\s+([^\s;()]{1,255})", re.IGNORECASE)
_AUTHENTICATED_PROTOCOL = re.compile(r"\bwith\s+(?:utf8)?e?smtps?a\b", re.IGNORECASE)
_LOCAL_PROTOCOL = re.compile(r"\bwith\s+(?:utf8)?lmtps?a?\b", re.IGNORECASE)


def judge_sender(
    mail: Mail,
    mode: ResultsMode,
    authserv_id: str = "",
    dkim: DkimVerdict | None = None,
    own_domains: tuple[str, ...] = (),
    submission: str = "",
) -> SenderEvidence:
    """The evidence for the From address; `submission` names the receiving host of the organisation's own users."""
    from_domain = ascii_fold(mail.sender.address).rpartition("@")[2]
    if not mail.from_is_plain or not from_domain:
        return SenderEvidence.UNKNOWN
    if dkim and dkim.result is DkimResult.PASS and is_aligned(dkim.domain, from_domain):
        return SenderEvidence.AUTHENTICATED
    results = tuple(_believed(mail, mode, authserv_id))
    if _says_failed(results) or (mode is ResultsMode.NONE and _claims_failed(mail)):
        return SenderEvidence.FAILED
    if any(_proves(result, from_domain) for result in results):
        return SenderEvidence.AUTHENTICATED
    if mode is not ResultsMode.NONE and submission and _was_submitted(mail, submission):
        return SenderEvidence.AUTHENTICATED
    if results and from_domain in {ascii_fold(domain) for domain in own_domains}:
        return SenderEvidence.FAILED  # our server looked at a mail from our own domain and found no proof
    return SenderEvidence.UNKNOWN


def find_authserv_ids(mail: Mail) -> tuple[str, ...]:
    """The ids of all Authentication-Results, top first: what `doctor` proposes to an admin."""
    ids = (_authserv_id(value) for value in mail.header_values("authentication-results"))
    return tuple(dict.fromkeys(id_ for id_ in ids if id_))


# ---------------------------------------------------------------- which fields count


def _believed(mail: Mail, mode: ResultsMode, authserv_id: str) -> Iterator[_Result]:
    block = _top_block(mail)
    match mode:
        case ResultsMode.NONE:
            return
        case ResultsMode.TOPMOST:
            chosen = block[:1]
        case ResultsMode.AUTHSERV:
            wanted = ascii_fold(authserv_id)
            ours = [bool(wanted) and _authserv_id(value) == wanted for value in block]
            chosen = block[: ours.index(False)] if False in ours else block
    known: set[str] = set()
    for value in chosen:
        results = list(_results(value))
        # A sender's field may follow ours directly: what ours says of a method stands, only a failure is added to it.
        yield from (one for one in results if one.method not in known or one.result == "fail")
        known |= {one.method for one in results}


def _top_block(mail: Mail) -> list[str]:
    """The first Authentication-Results and those that follow it directly."""
    block: list[str] = []
    for name, value in mail.headers:
        if name == "authentication-results":
            block.append(value)
        elif block and name not in _TRACE:
            break
    return block


def _authserv_id(value: str) -> str:
    first = without_comments(value).partition(";")[0].strip()
    return "" if "=" in first else ascii_fold(first.split()[0].strip('"')) if first else ""


def _results(value: str) -> Iterator[_Result]:
    for piece in _pieces(value)[:50]:
        found = _RESULT.match(piece.strip())
        if found:
            properties = {ascii_fold(name): ascii_fold(_bare(text)) for name, text in _PROPERTY.findall(piece)}
            yield _Result(ascii_fold(found[1]), ascii_fold(found[2]), properties)


def _pieces(value: str) -> list[str]:
    """What stands between semicolons; a quoted string (RFC 5322 3.2.4) stays whole, whatever a sender put into it."""
    pieces: list[list[str]] = [[]]
    quoted = escaped = False
    for letter in without_comments(value):
        quoted = quoted != (letter == '"' and not escaped)
        escaped = letter == "\\" and quoted and not escaped
        if letter == ";" and not quoted:
            pieces.append([])
        else:
            pieces[-1].append(letter)
    return ["".join(piece) for piece in pieces]


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' and '"' not in text[1:-1] else text


# ---------------------------------------------------------------- what they say


def _says_failed(results: tuple[_Result, ...]) -> bool:
    return any(result.method in ("dmarc", "compauth") and result.result == "fail" for result in results)


def _claims_failed(mail: Mail) -> bool:
    """A failure is believed of anybody: no sender writes it into a mail of theirs."""
    return any(
        result.method == "dmarc" and result.result == "fail"
        for value in _top_block(mail)[:1]
        for result in _results(value)
    )


def _proves(result: _Result, from_domain: str) -> bool:
    if result.result != "pass":
        return False
    properties = result.properties
    match result.method:
        case "dmarc":
            return properties.get("header.from", from_domain).rpartition("@")[2] == from_domain
        case "dkim":
            domain = properties.get("header.d", "") or properties.get("header.i", "").rpartition("@")[2]
            return is_aligned(domain, from_domain)
        case "spf":
            return is_aligned(properties.get("smtp.mailfrom", "").rpartition("@")[2], from_domain)
        case _:
            return False


def _was_submitted(mail: Mail, submission: str) -> bool:
    """Whether the last hop before local delivery was a user who had logged in at our own submission host."""
    for value in mail.header_values("received"):
        host = _BY.search(value)
        if host and ascii_fold(host[1]) == ascii_fold(submission) and _AUTHENTICATED_PROTOCOL.search(value):
            return True
        if not _LOCAL_PROTOCOL.search(value):
            return False
    return False
