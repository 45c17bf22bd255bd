"""The names and references of one mail: who writes to whom, and how its answer finds back.

What carries a token, and which subject may be used, is settled in decisions.md, "Tokens and threads".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import quote

from mailbot.desk.outgoing import InternalView, MailClass, Outgoing, PublicView
from mailbot.desk.policy import Identity, Policy
from mailbot.desk.ticket import Side
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Address
from mailbot.mail.tokens import (
    Intent,
    Role,
    footer_reference,
    plus_address,
    read_token,
    sign_address,
    sign_bounce,
    sign_message_id,
    subject_tag,
)
from mailbot.render.private import find_private
from mailbot.render.token_scan import Holder
from mailbot.render.values import to_line

ROLES = {Side.REQUESTER: Role.REQUESTER, Side.GROUP: Role.SPECIALIST, Side.ADMIN: Role.ADMIN, Side.DESK: Role.ADMIN}
REFERENCES = 12
SUBJECT_CHARACTERS = 160
_PREFIXES = re.compile(r"(?:\s*(?:re|aw|sv|antw|fwd?|wg|vs|ref)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)
_TAG = re.compile(r"\s*\[#\d{1,11}-[a-z2-7]{8}\]", re.IGNORECASE | re.ASCII)
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,250}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that a mail carries besides its letter; ids without angle brackets."""

    holder: Holder
    from_: Address
    to: Address
    reply_to: Address
    mail_from: str
    message_id: str
    reference: str
    tag: str
    thread: tuple[str, ...]
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs for one mail: the same ticket, role, audience, expiry and cycle in every form."""

    outgoing: Outgoing
    policy: Policy
    keyring: Keyring
    now: datetime

    @property
    def holder(self) -> Holder:
        """A specialist's token belongs to the whole group, every other one to the address."""
        group = self.outgoing.group
        return Holder(ROLES[self.outgoing.declared.side], f"group:{group}" if group else self.outgoing.to)

    @property
    def base(self) -> str:
        """The address that takes plus-parts."""
        return self.policy.identity.token_base or self.policy.identity.address

    def plus(self, intent: Intent | None = None) -> str:
        """The plus-part for answers, or for a click with this intent."""
        fields = (self.outgoing.ticket or 0, self.holder.role, self.holder.audience, self._expires)
        return sign_address(self.keyring, *fields, intent=intent, cycle=self._cycle)

    def message_id(self, outbox_id: int) -> str:
        """The Message-ID of the outbox row."""
        fields = (self.outgoing.ticket or 0, self.holder.role, self.holder.audience, self._expires)
        return sign_message_id(self.keyring, *fields, outbox_id, self.policy.identity.domain, cycle=self._cycle)

    def link(self, intent: Intent, subject: str, text: str) -> str:
        """A mailto address (RFC 6068) that answers with one click."""
        tagged = f"{subject} {subject_tag(self.keyring, self.outgoing.ticket or 0)}"
        body = quote(text.replace("\r\n", "\n").replace("\n", "\r\n"), safe="")
        return f"mailto:{plus_address(self.base, self.plus(intent))}?subject={quote(tagged, safe='')}&body={body}"

    @property
    def _expires(self) -> date:
        return (self.now + timedelta(days=self.policy.token_lifetime_days)).date()

    @property
    def _cycle(self) -> int:
        match self.outgoing.view:
            case PublicView() as view:
                return view.cycle
            case InternalView() as view:
                return view.ticket.cycle
            case _:
                return 0


def make_envelope(signer: Signer, outbox_id: int, chain: Sequence[str]) -> Envelope:
    """The envelope and headers of one outgoing mail."""
    outgoing, identity, keyring = signer.outgoing, signer.policy.identity, signer.keyring
    plus = signer.plus()
    verp = plus_address(signer.base, sign_bounce(keyring, outbox_id))
    return Envelope(
        holder=signer.holder,
        from_=_sender(outgoing, identity),
        to=Address(_recipient_name(outgoing), outgoing.to),
        reply_to=Address(identity.name, plus_address(signer.base, plus)),
        mail_from=verp if signer.policy.delivery.verp else identity.address,
        message_id=signer.message_id(outbox_id),
        reference=footer_reference(plus),
        tag=subject_tag(keyring, outgoing.ticket) if outgoing.ticket else "",
        thread=_thread(chain, signer.holder, keyring),
        headers=_loop_headers(outgoing, identity),
    )


def _sender(outgoing: Outgoing, identity: Identity) -> Address:
    name = to_line(outgoing.view.specialist_name) if isinstance(outgoing.view, PublicView) else ""
    return Address(f"{name} ({identity.name})" if name else identity.name, identity.address)


def _recipient_name(outgoing: Outgoing) -> str:
    """A requester's name only where it may be used: it is a word of the sender."""
    if isinstance(outgoing.view, PublicView):
        return to_line(outgoing.view.greeting_name)
    return to_line(outgoing.to_name)


def _thread(chain: Sequence[str], holder: Holder, keyring: Keyring) -> tuple[str, ...]:
    """The first and the latest ids of this side's thread, without any that was signed for somebody else."""
    kept = [id_ for id_ in dict.fromkeys(chain) if _MESSAGE_ID.fullmatch(id_) and _is_harmless(id_, holder, keyring)]
    return tuple(kept if len(kept) <= REFERENCES else (kept[0], *kept[-REFERENCES + 1 :]))


def _is_harmless(message_id: str, holder: Holder, keyring: Keyring) -> bool:
    reading = read_token(message_id, keyring)
    return reading is None or (reading.token is not None and holder.may_see(reading.token, keyring))


def _loop_headers(outgoing: Outgoing, identity: Identity) -> tuple[tuple[str, str], ...]:
    """What keeps machines quiet. Relays and hand-overs carry only X-Loop, so that absence notes come back."""
    loop = (("X-Loop", identity.instance),)
    if not outgoing.declared.automatic:
        return loop
    answer = "auto-replied" if outgoing.declared.class_ is MailClass.B else "auto-generated"
    return (*loop, ("Auto-Submitted", answer), ("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply"))


def without_prefixes(subject: str) -> str:
    """A subject without our tags and without the Re: and Fwd: in front of it."""
    line = _TAG.sub("", to_line(subject))
    found = _PREFIXES.match(line)
    return line[found.end() :] if found else line


def write_subject(written: str, outgoing: Outgoing, envelope: Envelope, policy: Policy) -> str:
    """The subject line: the requester's own where it may be used, else the template's; always with the tag."""
    line = _TAG.sub("", to_line(written))
    if isinstance(outgoing.view, PublicView):
        own = without_prefixes(outgoing.view.subject)
        if own and not find_private(own, policy, outgoing.to):  # a private address in it would stop the mail
            line = f"Re: {own}"
    if len(line) > SUBJECT_CHARACTERS:
        line = line[:SUBJECT_CHARACTERS].rstrip() + "…"
    return f"{line} {envelope.tag}".rstrip()
