"""Outgoing data -> the final bytes of one mail, for both sides of the wall.

The same arguments give the same bytes: `now`, keys and ids come from the caller. What a mail shows is decided by its
view and its template; here it gets its names, references, thread and files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailbot.desk.commands import COMMANDS
from mailbot.desk.commands import Role as CommandRole
from mailbot.desk.outgoing import AlertView, InternalView, Outgoing
from mailbot.desk.policy import Policy
from mailbot.desk.ticket import AttachmentRef, Side
from mailbot.mail.compose import Draft, compose
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Attachment
from mailbot.mail.second_reading import read_texts
from mailbot.render.envelope import Envelope, Signer, make_envelope, without_prefixes, write_subject
from mailbot.render.letter import Circumstances, CommandShown, DeskShown, FileShown, Letter
from mailbot.render.templates import Templates
from mailbot.render.token_scan import Holder, find_foreign, hide_foreign
from mailbot.render.values import find_zone, to_line


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
        """The bytes of outbox row `outbox_id`; `chain`: this side's Message-IDs, oldest first; attachments by hash."""
        outgoing = _prepare(outgoing, self.templates.choose(outgoing.language, policy.identity.languages))
        signer = Signer(outgoing, policy, keyring, now)
        envelope = make_envelope(signer, outbox_id, chain)
        files = choose_files(outgoing, attachments, policy.limits.attachments_bytes, envelope.holder, keyring)
        letter = self.templates.write(outgoing, _circumstances(signer, envelope, files))
        if outgoing.declared.side is not Side.REQUESTER:
            letter = _without_foreign_tokens(letter, envelope.holder, keyring)
        subject = write_subject(letter.subject, outgoing, envelope, policy)
        raw = compose(_draft(envelope, letter, subject, now, [_attach(ref, attachments) for ref in files.travelling]))
        return Rendered(raw, envelope.mail_from, outgoing.to, envelope.message_id, subject, letter.text)


def _prepare(outgoing: Outgoing, language: str) -> Outgoing:
    """The same mail in a language that has templates, and a ticket's subject without tags and prefixes."""
    view = outgoing.view
    if isinstance(view, InternalView):
        view = replace(view, ticket=replace(view.ticket, subject=without_prefixes(view.ticket.subject)))
    return replace(outgoing, language=language, view=view)


@dataclass(frozen=True, slots=True)
class Files:
    """The files of a mail: those that travel, and those that stay behind, by the reason."""

    travelling: tuple[AttachmentRef, ...]
    too_large: tuple[AttachmentRef, ...]
    foreign: tuple[AttachmentRef, ...]


def choose_files(
    outgoing: Outgoing, contents: Mapping[str, bytes], limit_bytes: int, holder: Holder, keyring: Keyring
) -> Files:
    """Which files travel: the largest stay behind until the rest fits.

    A file for specialists that holds somebody else's token stays behind as well: requesters attach our mails to theirs.
    Towards a requester it travels no further than the last check, because there it is a leak that somebody must see.
    """
    guarded = outgoing.attachments if outgoing.declared.side is not Side.REQUESTER else ()
    foreign = [ref for ref in guarded if _is_foreign(contents[ref.content_hash], holder, keyring)]
    fitting = [ref for ref in outgoing.attachments if ref not in foreign]
    kept = list(fitting)
    while sum(ref.size_bytes for ref in kept) > limit_bytes:
        kept.remove(max(kept, key=lambda ref: ref.size_bytes))
    return Files(tuple(kept), tuple(ref for ref in fitting if ref not in kept), tuple(foreign))


def _is_foreign(content: bytes, holder: Holder, keyring: Keyring) -> bool:
    return any(find_foreign(text, holder, keyring) for text in read_texts(content))


def _circumstances(signer: Signer, envelope: Envelope, files: Files) -> Circumstances:
    outgoing, policy = signer.outgoing, signer.policy
    identity = policy.identity
    signature = identity.signature.get(outgoing.language, "")
    silence = policy.levels.silence_resolves
    return Circumstances(
        desk=DeskShown(identity.name, identity.organisation, identity.address, identity.phone, signature, silence),
        now=signer.now,
        zone=find_zone(identity.timezone),
        reference=envelope.reference,
        link=signer.link,
        deadline=_deadline(outgoing, policy, signer.now),
        attached=tuple(map(_show, files.travelling)),
        left_behind=(
            *_left_by_desk(outgoing),
            *map(_show, files.too_large),
            *(replace(_show(ref), foreign=True) for ref in files.foreign),
        ),
        commands=list_commands(for_admin=outgoing.to in policy.admins),
    )


def _left_by_desk(outgoing: Outgoing) -> tuple[FileShown, ...]:
    names = () if isinstance(outgoing.view, AlertView) else outgoing.view.left_behind
    return tuple(FileShown(to_line(name), 0) for name in names)


def list_commands(*, for_admin: bool = False) -> tuple[CommandShown, ...]:
    """The commands that every specialist may use, and with those of admins all that there are."""
    return tuple(
        CommandShown(command.name, command.argument, command.help)
        for command in COMMANDS.values()
        if for_admin or command.role is CommandRole.SPECIALIST
    )


def _deadline(outgoing: Outgoing, policy: Policy, now: datetime) -> datetime | None:
    """When the clock that this mail starts will end, as far as can be said before it is sent."""
    arm = outgoing.arms
    if arm is None or arm.business is None:
        return arm.due_at if arm else None
    return policy.levels.calendar.add(now, arm.business)


def _show(ref: AttachmentRef) -> FileShown:
    image = ref.content_id if ref.inline and ref.content_id and ref.type.startswith("image/") else ""
    return FileShown(to_line(ref.name), ref.size_bytes, image)


def _without_foreign_tokens(letter: Letter, holder: Holder, keyring: Keyring) -> Letter:
    subject, text, html = (hide_foreign(part, holder, keyring) for part in (letter.subject, letter.text, letter.html))
    return Letter(subject, text, html)


def _attach(ref: AttachmentRef, contents: Mapping[str, bytes]) -> Attachment:
    return Attachment(to_line(ref.name), ref.type, contents[ref.content_hash], ref.inline, ref.content_id)


def _draft(envelope: Envelope, letter: Letter, subject: str, now: datetime, attachments: Sequence[Attachment]) -> Draft:
    return Draft(
        message_id=envelope.message_id,
        date=now,
        from_=envelope.from_,
        to=(envelope.to,),
        subject=subject,
        text=letter.text,
        html=letter.html,
        reply_to=(envelope.reply_to,),
        in_reply_to=envelope.thread[-1] if envelope.thread else "",
        references=envelope.thread,
        headers=envelope.headers,
        attachments=tuple(attachments),
    )
