"""What an SMTP server offers, for people who set the desk up: a transaction that is taken back before DATA."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiosmtplib import SMTP

from mailbot.transport.postman import DeliveryFailed, Phase
from mailbot.transport.security import Protection, protection_of
from mailbot.transport.smtp import SmtpSettings, connect, failing

GOODBYE_SECONDS = 5.0
_SHOWN = ("size", "8bitmime", "smtputf8")


@dataclass(frozen=True, slots=True)
class SmtpSurvey:
    """What came of a visit; refusals are the server's replies, by address."""

    protection: Protection
    extensions: Mapping[str, str]  # of those that matter here, lower-case; SIZE with its limit
    sender_refused: str = ""
    recipients_refused: Mapping[str, str] = field(default_factory=dict)


def survey_smtp(settings: SmtpSettings, sender: str, recipients: Iterable[str]) -> SmtpSurvey:
    """Connect, log in, and ask whether it would take mail of `sender` for each recipient; sends nothing.

    Raises DeliveryFailed where it comes to no transaction.
    """
    return asyncio.run(_survey(settings, sender, tuple(recipients)))


async def _survey(settings: SmtpSettings, sender: str, recipients: tuple[str, ...]) -> SmtpSurvey:
    client = await connect(settings)
    try:
        protection = protection_of(client.get_transport_info("ssl_object"))
        extensions = {name: client.esmtp_extensions[name] for name in _SHOWN if client.supports_extension(name)}
        sender_refused = await _refusal(client, sender, None)
        refused: dict[str, str] = {}
        if not sender_refused:
            for recipient in recipients:
                if reply := await _refusal(client, sender, recipient):
                    refused[recipient] = reply
        return SmtpSurvey(protection, extensions, sender_refused, refused)
    finally:
        with contextlib.suppress(Exception):
            await client.quit(timeout=GOODBYE_SECONDS)
        client.close()


async def _refusal(client: SMTP, sender: str, recipient: str | None) -> str:
    """What the server says against a transaction, or ""; many look at the sender only when they hear a recipient."""
    try:
        with failing(Phase.MAIL):
            await client.mail(sender)
        if recipient is not None:
            with failing(Phase.RCPT):
                await client.rcpt(recipient)
    except DeliveryFailed as failure:
        if failure.code is None:
            raise
        return failure.reason
    finally:
        with contextlib.suppress(Exception):
            await client.rset(timeout=GOODBYE_SECONDS)
    return ""
