"""Outgoing data -> the final bytes of one mail, for both sides of the wall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailbot.desk.outgoing import Outgoing
from mailbot.desk.policy import Policy
from mailbot.mail.keyring import Keyring
from mailbot.render.templates import Templates


@dataclass(frozen=True, slots=True)
class Rendered:
    """A mail as it will leave; `message_id` without angle brackets, `text` is its plain-text body."""

    raw: bytes
    mail_from: str
    recipient: str
    message_id: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Renderer:
    """Writes mails from the templates of one snapshot."""

    templates: Templates

    def render(
        self,
        outgoing: Outgoing,
        policy: Policy,
        keyring: Keyring,
        outbox_id: int,
        chain: Sequence[str],
        now: datetime,
        attachments: Mapping[str, bytes],
    ) -> Rendered:
        """The bytes of outbox row `outbox_id`; `chain` = Message-IDs of this side's thread, oldest first; attachments by hash."""
        raise NotImplementedError
