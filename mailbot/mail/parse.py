"""Any bytes -> `Mail` (RFC 5322, RFC 2045 ff.): never raises, never hangs; what was wrong stands in `Mail.defects`.

Limits are applied to the raw bytes before anything is decoded, and each header is read in a step of its own, so that
one broken field costs that field and not the mail.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from mailbot.mail.bodies import Body, read_body
from mailbot.mail.body import Split, split_body
from mailbot.mail.bounces import read_bounces, read_original_message_id
from mailbot.mail.classify import classify
from mailbot.mail.envelope import Envelope, read_envelope
from mailbot.mail.forwarded import find_forwarded
from mailbot.mail.headers import Fields, readable, split_message
from mailbot.mail.language import detect_language
from mailbot.mail.limits import Budget
from mailbot.mail.lists import drop_list_headers, find_author
from mailbot.mail.model import DEFAULT_LIMITS, NO_RECOGNITION, Bounced, Certainty, Limits, Mail, MailClass, Recognition
from mailbot.mail.parts import Part, read_part
from mailbot.mail.wrappers import unwrap

_Value = TypeVar("_Value")
_FIRST_LINE_ENDS_BARE = re.compile(rb"[^\r\n]{1,1000}\r(?!\r{0,3}\n)")
_BARE_RETURN = re.compile(rb"\r(?!\n)")


def parse(raw: bytes, recognition: Recognition = NO_RECOGNITION, limits: Limits = DEFAULT_LIMITS) -> Mail:
    """The mail that `raw` holds, as far as the limits let it be read."""
    budget = Budget(limits)
    steps = _Steps(_with_line_feeds(raw, budget), recognition, budget)
    mail = steps.with_body(steps.with_headers())
    mail = steps.with_class(steps.with_author(mail))
    none: tuple[Bounced, ...] = ()
    bounces = steps.attempt("bounces", lambda: read_bounces(mail, steps.root), none)
    original_message_id = steps.attempt("original", lambda: read_original_message_id(mail, steps.root), "")
    return replace(
        mail,
        bounces=bounces,
        original_message_id=original_message_id,
        defects=tuple(budget.defects),
        size_bytes=len(raw),
    )


def _with_line_feeds(raw: bytes, budget: Budget) -> bytes:
    """The mail with line feeds where its lines end in bare carriage returns, as old Macintosh programs wrote them."""
    if not _FIRST_LINE_ENDS_BARE.match(raw):
        return raw
    budget.note("bare_carriage_returns")
    return _BARE_RETURN.sub(b"\n", raw)


@dataclass(slots=True)
class _Steps:
    """What the steps of one `parse` share."""

    raw: bytes
    recognition: Recognition
    budget: Budget
    root: Part = field(default_factory=lambda: Part(Fields()))

    def attempt(self, what: str, step: Callable[[], _Value], otherwise: _Value) -> _Value:
        """The step's value, or `otherwise` and a defect: a parser that raises would stop the mailbox."""
        try:
            return step()
        except Exception as error:  # any fault in hostile bytes costs one step, never the mail
            self.budget.note(f"unreadable: {what} ({type(error).__name__})")
            return otherwise

    def with_headers(self) -> Mail:
        fields, body = self.attempt("header", lambda: split_message(self.raw, self.budget), (Fields(), self.raw))
        self.root = self.attempt(
            "parts", lambda: read_part(fields, body, self.budget), Part(fields, content=body[:100_000])
        )
        self.root = self.attempt("wrappers", lambda: unwrap(self.root, self.budget), self.root)
        headers = self.attempt(
            "headers", lambda: tuple((name, readable(value)) for name, value in fields.items), fields.items
        )
        envelope = read_envelope(fields, self.budget, self.attempt)
        return _of_envelope(envelope, headers)

    def with_body(self, mail: Mail) -> Mail:
        limits = self.budget.limits
        body = self.attempt("body", lambda: read_body(self.root), Body("", ()))
        if len(body.text) > limits.text_characters:
            self.budget.note("text_too_long")
        text = body.text[: limits.text_characters]
        unsplit = Split(text, "", "", Certainty.DOUBTFUL, "unreadable")
        split = self.attempt("reply", lambda: split_body(text), unsplit)
        return replace(
            mail,
            text=text,
            reply=split.reply,
            signature=split.signature,
            history=split.history,
            certainty=split.certainty,
            certainty_reason=split.reason,
            attachments=body.attachments,
            language=self.attempt(
                "language", lambda: detect_language(split.reply or text, self.recognition.languages), ""
            ),
            forwarded=self.attempt("forwarded", lambda: find_forwarded(text, mail.subject), None),
        )

    def with_author(self, mail: Mail) -> Mail:
        mail = self.attempt("list", lambda: drop_list_headers(mail, self.recognition), mail)
        return replace(
            mail,
            author=self.attempt("author", lambda: find_author(mail, self.root), mail.sender if mail.from_ else None),
        )

    def with_class(self, mail: Mail) -> Mail:
        unknown = (MailClass.SUSPECT, "unreadable")
        class_, reason = self.attempt("class", lambda: classify(mail, self.root, self.recognition), unknown)
        return replace(mail, class_=class_, class_reason=reason)


def _of_envelope(envelope: Envelope, headers: tuple[tuple[str, str], ...]) -> Mail:
    return Mail(
        message_id=envelope.message_id,
        in_reply_to=envelope.in_reply_to,
        references=envelope.references,
        subject=envelope.subject,
        date=envelope.date,
        from_=envelope.from_,
        from_is_plain=envelope.from_is_plain,
        to=envelope.to,
        cc=envelope.cc,
        reply_to=envelope.reply_to,
        delivered_to=envelope.delivered_to,
        return_path=envelope.return_path,
        headers=headers,
        hops=envelope.hops,
    )
