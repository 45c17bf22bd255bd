"""One mail as the rules of `classify.py` look at it: header values, part types and what kind of sender wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailbot.mail.headers import without_comments
from mailbot.mail.model import Mail, MailClass, Recognition, ascii_fold
from mailbot.mail.parts import Part

Verdict = tuple[MailClass, str]

_DAEMON = re.compile(
    r"(?:mailer[-_.]?daemon|mail[-_.]?daemon|post[-_]?master|mdaemon|mta|mail-?system|mailer|mailadm|postoffice)"
    r"(?![a-z])"
)
_DAEMON_NAME = re.compile(r"mail delivery|mailer-daemon", re.IGNORECASE)
_UNANSWERED = re.compile(  # local parts that say in words that nobody reads there
    r"(?:^|[._-])(?:do[-_.]?not|no)[-_.]?reply|no[-_.]?reply$|^(?:nicht[-_.]?antworten|keine[-_.]?antwort"
    r"|ne[-_.]?pas[-_.]?repondre|no[-_.]?responder|n[aã]o[-_.]?responda|non[-_.]?rispondere|niet[-_.]?beantwoorden"
    r"|nie[-_.]?odpowiadaj|svar[-_.]?ikke|ikke[-_.]?svar|svara[-_.]?(?:ej|inte))(?![a-z])"
)
_ACCOUNT = re.compile(
    r"(?:daemon|root|nobody|cron|www-data|mailman|majordomo|listserv|notifications?|auto-?reply|auto-?responder"
    r"|bounces?)$|(?:.*[-+.])bounces$"
)
_ANSWER_PREFIX = re.compile(
    r"\s*(?:re|aw|sv|vs|antw|odp|res|rif|ynt|回复|答复|返信|fwd?|wg|tr|rv|enc|i|vb|doorst|转发)\s{0,2}(?:\[\d\])?[:：]",
    re.IGNORECASE,
)
_ADDRESS_OR_REPLY = re.compile(
    r"^\W{0,12}[\w.+=-]{1,64}@[\w.-]{3,255}\W{0,3}(?:$|[:(,;]| on |\.\.\. )"
    r"|(?<!\S)[45]\d\d[ -]#?[45]\.\d\.\d|\bRCPT TO:|#[45]\.\d\.\d\b|\berror(?: code)? [45]\d\d\b"
    r"|(?:^|[>:\s])[45][0-5]\d[ -][A-Za-z'\"<]",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One mail with its parts and what the configuration knows."""

    mail: Mail
    root: Part
    recognition: Recognition
    _fields: dict[str, list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in self.mail.headers:
            self._fields.setdefault(name, []).append(value)

    def values(self, name: str) -> tuple[str, ...]:
        """Every instance of a header, folded and without comments."""
        return tuple(ascii_fold(without_comments(value)) for value in self._fields.get(name, ()))

    def has(self, *names: str) -> bool:
        """Whether the mail has one of these headers."""
        return not self._fields.keys().isdisjoint(names)

    def types(self) -> tuple[str, ...]:
        """The types of all leaves."""
        return tuple(leaf.type for leaf in self.root.leaves())

    def report_type(self) -> str:
        """The report-type of a multipart/report, folded."""
        return ascii_fold(self.root.parameters.get("report-type", "")) if self.root.type == "multipart/report" else ""

    def local_part(self) -> str:
        """What stands before the @ of the sender, folded; all of it where there is no @."""
        whole = ascii_fold(self.mail.sender.address or self.mail.sender.name)
        return whole.rpartition("@")[0] or whole

    def is_daemon(self) -> bool:
        """Whether the sender is the software that moves mail."""
        return _DAEMON.match(self.local_part()) is not None or _DAEMON_NAME.search(self.mail.sender.name) is not None

    def is_machine_account(self) -> bool:
        """Whether the address says that no person reads or writes there."""
        local = self.local_part().partition("+")[0]
        return _UNANSWERED.search(local) is not None or _ACCOUNT.match(local) is not None

    def has_null_path(self) -> bool:
        """Whether the envelope asked for no bounces, as only machines do."""
        return self.mail.return_path == ""

    def is_answer(self) -> bool:
        """Whether the mail names one that it answers."""
        return bool(self.mail.in_reply_to or self.mail.references)

    def has_answer_prefix(self) -> bool:
        """Whether the subject begins as an answer's or a forwarded mail's does."""
        return _ANSWER_PREFIX.match(self.mail.subject) is not None

    def says_auto_submitted(self) -> bool:
        """Whether an Auto-Submitted field (RFC 3834 5) says anything but "no"."""
        return any(value.partition(";")[0].strip() not in ("no", "") for value in self.values("auto-submitted"))

    def has_delivery_details(self) -> bool:
        """Whether it shows an address on a line, a server's reply or a returned mail, as delivery notices do."""
        text = self.mail.text
        returned = any(type_.endswith(("rfc822", "rfc822-headers")) for type_ in self.types())
        is_terse = len(text) < 200 and "@" in text
        return returned or is_terse or _ADDRESS_OR_REPLY.search(text[:4_000]) is not None
