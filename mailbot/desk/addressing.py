"""Who gets a mail to a group: its list, or its owner, or its members where there is no list."""

from __future__ import annotations

from mailbot.desk.deadline import Arm
from mailbot.desk.outgoing import AlertView, Cause, InternalView, NoteCode, Outgoing, OutgoingKind, PublicView
from mailbot.desk.policy import Group, Policy
from mailbot.desk.remarks import Remark
from mailbot.desk.ticket import AttachmentRef, Ticket


def to_requester(
    kind: OutgoingKind,
    ticket: Ticket,
    view: PublicView,
    *,
    cause: Cause | None = None,
    arms: Arm | None = None,
    hold_seconds: int = 0,
    author: str = "",
    attachments: tuple[AttachmentRef, ...] = (),
) -> tuple[Outgoing, ...]:
    """One mail to the requester; none for a ticket that a machine opened, because machines are never answered."""
    if ticket.alert_key is not None or not ticket.requester:
        return ()
    name = view.greeting_name
    return (
        Outgoing(
            kind=kind,
            to=ticket.requester,
            view=view,
            language=ticket.language,
            ticket=ticket.number,
            to_name=name,
            author=author,
            cause=cause,
            hold_seconds=hold_seconds,
            arms=arms,
            attachments=attachments,
        ),
    )


def to_group(
    kind: OutgoingKind,
    group: Group,
    view: InternalView,
    *,
    owner: str | None = None,
    cause: Cause | None = None,
    attachments: tuple[AttachmentRef, ...] = (),
) -> tuple[Outgoing, ...]:
    """The group's list; without one its `owner` alone, else each of its members."""
    if group.list_address:
        addresses: tuple[str, ...] = (group.list_address,)
    else:
        addresses = (owner,) if owner in group.members and owner else group.members
    return to_members(kind, group, view, addresses, cause=cause, attachments=attachments)


def to_members(
    kind: OutgoingKind,
    group: Group,
    view: InternalView,
    addresses: tuple[str, ...],
    *,
    cause: Cause | None = None,
    attachments: tuple[AttachmentRef, ...] = (),
) -> tuple[Outgoing, ...]:
    """One mail to each of these addresses, with the specialist token of the group."""
    return tuple(
        Outgoing(
            kind=kind,
            to=address,
            view=view,
            language=group.language,
            ticket=view.ticket.number,
            group=group.name,
            cause=cause,
            attachments=attachments,
        )
        for address in dict.fromkeys(addresses)
    )


def to_admins(
    note: NoteCode,
    detail: str,
    policy: Policy,
    *,
    ticket: int | None = None,
    inbox_row: int | None = None,
    remedy: str = "",
    why: Remark | None = None,
) -> tuple[Outgoing, ...]:
    """One alert to each admin."""
    view = AlertView(note, detail, ticket, inbox_row, remedy, why)
    return tuple(
        Outgoing(OutgoingKind.ALERT_TO_ADMINS, admin, view, policy.identity.languages[0], ticket)
        for admin in policy.admins
    )
