"""What is known about one mail before anything is decided: clues, situation, evidence, fingerprints.

The mail says where it belongs (clues), the store tells what is there (situation), and the table of trust weighs who
wrote (evidence). Nothing here changes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailbot.daemon.parts import Snapshot
from mailbot.desk.clues import find_clues
from mailbot.desk.evidence import Evidence, Sender
from mailbot.desk.situation import Clues, Situation
from mailbot.desk.trust import weigh
from mailbot.mail.authentication import ResultsMode, judge_sender
from mailbot.mail.describe import as_record
from mailbot.mail.dkim import DkimResult, DkimVerdict
from mailbot.mail.model import Mail
from mailbot.mail.threads import fingerprints
from mailbot.mail.tokens import Reading
from mailbot.store.rows import InboxRow, Understood
from mailbot.store.unit_of_work import Work


@dataclass(frozen=True, slots=True)
class Known:
    """A mail with everything that was looked up for it; `reading` is the token that decided the evidence."""

    mail: Mail
    clues: Clues
    situation: Situation
    evidence: Evidence
    reading: Reading | None
    understood: Understood


def know(work: Work, snapshot: Snapshot, row: InboxRow, mail: Mail, dkim: str, now: datetime) -> Known:
    """All that is known about the mail of this row."""
    policy, keyring = snapshot.policy, snapshot.keyring
    clues = find_clues(mail, keyring, policy)
    situation = work.situation(
        clues,
        now,
        inbox_id=row.id,
        account=row.account,
        internal_date=row.internal_date,
        directory=policy.people,
    )
    evidence, reading = weigh(
        mail,
        situation.ticket,
        situation.participants,
        policy,
        keyring,
        now,
        _sender(mail, snapshot, dkim),
        dkim,
        row.released_by,
    )
    return Known(mail, clues, situation, evidence, reading, _understood(row, mail, clues, evidence, reading))


def _sender(mail: Mail, snapshot: Snapshot, dkim: str) -> Sender:
    """What the mail server's results and our own verification say about From."""
    trust = snapshot.policy.trust
    judged = judge_sender(
        mail,
        ResultsMode(trust.results),
        trust.authserv_id,
        _verdict(dkim),
        snapshot.policy.identity.own_domains,
        trust.submission,
    )
    return Sender(judged.value)


def _verdict(dkim: str) -> DkimVerdict | None:
    if not dkim:
        return None
    result, _, domain = dkim.partition(" ")
    return DkimVerdict(DkimResult(result), domain)


def _understood(row: InboxRow, mail: Mail, clues: Clues, evidence: Evidence, reading: Reading | None) -> Understood:
    """What is kept on the row; the ticket and role of the token belong to what makes a mail the same mail."""
    token = reading.token if reading else None
    token_key = f"{token.ticket}:{token.role}:{token.cycle}:{token.intent or ''}" if token else ""
    parsed = as_record(mail, "", 0.0) | {"headers": [list(field) for field in mail.headers]}
    return Understood(
        message_id=mail.message_id,
        sender=clues.sender,
        subject=mail.subject,
        mail_class=mail.class_.value,
        class_reason=mail.class_reason,
        fingerprint_content=fingerprints(row.raw, mail, token_key).content,
        parsed=parsed,
        evidence=evidence,
    )
