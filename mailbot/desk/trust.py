"""Who may do what: the one table, action × evidence, that grants anything (decisions.md "Evidence and rights").

`weigh` collects what is known about the sender of a mail on a ticket, `allows` is the table. An answer is one of three:
granted, not granted (the mail is then less than it claims to be: a new matter, a note), or held for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from mailbot.desk.clues import addresses_of, audiences, in_group, sender_of
from mailbot.desk.commands import Command, Risk
from mailbot.desk.evidence import ActingAs, Evidence, Sender, TokenState
from mailbot.desk.policy import Policy
from mailbot.desk.remarks import HoldCode, Remark
from mailbot.desk.ticket import Participant, Side, Ticket
from mailbot.mail import tokens
from mailbot.mail.carriers import CarrierSource, find_carriers
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Mail, ascii_fold
from mailbot.mail.tokens import Reading, Role


class Action(StrEnum):
    """What a mail may want."""

    ACKNOWLEDGE = "acknowledge"  # be told that it arrived
    ECHO = "echo"  # see its own subject and name in our answer
    FAQ_ANSWER = "faq_answer"
    OPEN = "open"
    ADD = "add"
    CONFIRM = "confirm"
    REOPEN = "reopen"
    RELAY = "relay"  # a specialist's words to the requester
    COMMAND_PLAIN = "command_plain"
    COMMAND_RISKY = "command_risky"
    ADMIN_REPLY = "admin_reply"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is granted, and why; `hold`: why a person must look at the mail before it does anything."""

    allowed: bool
    reason: str
    hold: Remark | None = None


def allows(action: Action, evidence: Evidence, policy: Policy) -> Verdict:
    """Whether the evidence suffices for the action."""
    if evidence.sender is Sender.FAILED and not evidence.released_by:
        return _hold(HoldCode.SENDER_FAILED)
    return _TABLE[action](evidence, policy)


def action_of(command: Command) -> Action:
    """COMMAND_RISKY or COMMAND_PLAIN."""
    return Action.COMMAND_RISKY if command.risk is Risk.RISKY else Action.COMMAND_PLAIN


# ---------------------------------------------------------------- the table


def _yes(reason: str) -> Verdict:
    return Verdict(True, reason)


def _no(reason: str) -> Verdict:
    return Verdict(False, reason)


def _hold(code: HoldCode, value: str = "") -> Verdict:
    remark = Remark(code, value)
    return Verdict(False, str(remark), remark)


def _vouched(evidence: Evidence) -> str:
    """Why the From address is believed, "" if it is not."""
    if evidence.sender is Sender.AUTHENTICATED:
        return "authenticated sender"
    return f"released by {evidence.released_by}" if evidence.released_by else ""


def _acknowledge(evidence: Evidence, policy: Policy) -> Verdict:
    if reason := _vouched(evidence) or _own_token(evidence) or _listed(evidence):
        return _yes(reason)
    return _yes("unknown senders are acknowledged") if policy.trust.acknowledge_unknown else _no("unknown sender")


def _own_token(evidence: Evidence) -> str:
    return "token of this sender" if evidence.token is TokenState.OK else ""


def _listed(evidence: Evidence) -> str:
    return "stands in the directory" if evidence.in_directory and evidence.plain_from else ""


def _echo(evidence: Evidence, _policy: Policy) -> Verdict:
    reason = _vouched(evidence) or _own_token(evidence)
    return _yes(reason) if reason else _no("unknown sender: no word of theirs is sent back")


def _faq_answer(evidence: Evidence, policy: Policy) -> Verdict:
    listed = _listed(evidence) if policy.trust.results == "none" else ""
    reason = _vouched(evidence) or listed
    return _yes(reason) if reason else _no("unknown sender")


def _open(_evidence: Evidence, _policy: Policy) -> Verdict:
    return _yes("anybody may open a ticket")


def _add(evidence: Evidence, policy: Policy) -> Verdict:
    if evidence.role is ActingAs.REQUESTER:
        return _yes(_own_token(evidence) or _vouched(evidence) or "known participant")
    if evidence.role is not ActingAs.NONE:
        return _no("not of the requester's side")
    if evidence.released_by:
        return _yes(_vouched(evidence))
    if evidence.token is TokenState.OTHER_ADDRESS:
        if evidence.sender is Sender.AUTHENTICATED and evidence.own_domain and policy.trust.colleagues:
            return _yes("colleague with the token of the requester")
        return _hold(HoldCode.OTHER_ADDRESS)
    if evidence.token is TokenState.UNKNOWN_KEY:
        return _hold(HoldCode.LOST_KEY)
    return _no(f"not a participant, token {evidence.token}")


def _decide_own(evidence: Evidence, _policy: Policy) -> Verdict:
    """Confirm and reopen: only the requester's side, and only shown to be it."""
    if evidence.role is not ActingAs.REQUESTER:
        return _no("not of the requester's side")
    reason = _own_token(evidence) or _vouched(evidence)
    return _yes(reason) if reason else _hold(HoldCode.NOT_SHOWN)


def _specialist(evidence: Evidence, policy: Policy) -> Verdict:
    """Relay and plain commands."""
    if evidence.role is ActingAs.ADMIN:
        return _admin(evidence, policy)
    if evidence.role is not ActingAs.SPECIALIST:
        return _hold(HoldCode.NOT_A_SPECIALIST)
    if evidence.released_by:
        return _yes(_vouched(evidence))
    if evidence.token is not TokenState.OK:
        return _hold(HoldCode.NO_TOKEN, evidence.token.value)
    if evidence.sender is Sender.AUTHENTICATED:
        return _yes("authenticated specialist with token")
    return _yes("member with token") if policy.trust.results == "none" else _hold(HoldCode.NOT_AUTHENTICATED)


def _risky(evidence: Evidence, policy: Policy) -> Verdict:
    if evidence.role not in (ActingAs.SPECIALIST, ActingAs.ADMIN):
        return _hold(HoldCode.NOT_A_SPECIALIST)
    return _authenticated_with_token(evidence, policy)


def _admin(evidence: Evidence, policy: Policy) -> Verdict:
    if evidence.role is not ActingAs.ADMIN:
        return _hold(HoldCode.NOT_AN_ADMIN)
    return _authenticated_with_token(evidence, policy)


def _authenticated_with_token(evidence: Evidence, policy: Policy) -> Verdict:
    """Only an admin's release stands in for both: `#send` is plain, it must not lend a forged mail more than that."""
    released_by = evidence.released_by  # an address (`#send`, `#accept`), or who used the command line
    if released_by and ("@" not in released_by or released_by in policy.admins):
        return _yes(_vouched(evidence))
    if evidence.sender is not Sender.AUTHENTICATED:
        return _hold(HoldCode.NOT_AUTHENTICATED)
    if evidence.token is not TokenState.OK:
        return _hold(HoldCode.NO_TOKEN, evidence.token.value)
    return _yes("authenticated, with token")


_TABLE: Mapping[Action, Callable[[Evidence, Policy], Verdict]] = {
    Action.ACKNOWLEDGE: _acknowledge,
    Action.ECHO: _echo,
    Action.FAQ_ANSWER: _faq_answer,
    Action.OPEN: _open,
    Action.ADD: _add,
    Action.CONFIRM: _decide_own,
    Action.REOPEN: _decide_own,
    Action.RELAY: _specialist,
    Action.COMMAND_PLAIN: _specialist,
    Action.COMMAND_RISKY: _risky,
    Action.ADMIN_REPLY: _admin,
}


# ---------------------------------------------------------------- weighing

_WORTH = (
    TokenState.OK,
    TokenState.EXPIRED,
    TokenState.OTHER_ADDRESS,
    TokenState.UNKNOWN_KEY,
    TokenState.FORGED,
    TokenState.NONE,
)


def weigh(
    mail: Mail,
    ticket: Ticket | None,
    participants: Sequence[Participant],
    policy: Policy,
    keyring: Keyring,
    now: datetime,
    sender: Sender,
    dkim: str = "",
    released_by: str = "",
) -> tuple[Evidence, Reading | None]:
    """The evidence for a mail on this ticket, and the token that decided it (its `claims` tell intent and cycle).

    Without a ticket only tokens that name none (alerts to admins) count. An intent counts only where the sender put it
    into an address: quoted text confirms nothing.
    """
    address = sender_of(mail)
    number = ticket.number if ticket else 0
    carriers = [one for one in find_carriers(mail, policy.identity.addresses, keyring) if one.ticket == number]
    readings = [_meant(one.reading, one.source) for one in carriers if one.reading is not None]
    judged = [(_judge(one, address, policy, keyring, now), one) for one in readings]
    state, reading = min(judged, key=lambda pair: _WORTH.index(pair[0]), default=(TokenState.NONE, None))
    evidence = Evidence(
        sender=sender,
        token=state,
        dkim=dkim,
        in_directory=address in policy.people,
        own_domain=address.rpartition("@")[2] in policy.identity.own_domains,
        plain_from=mail.from_is_plain and len(mail.from_) == 1,
        released_by=released_by,
    )
    hinted = any(one.genuine for one in carriers)
    return replace(evidence, role=_role(evidence, reading, hinted, address, ticket, participants, policy)), reading


def _judge(reading: Reading, address: str, policy: Policy, keyring: Keyring, now: datetime) -> TokenState:
    if reading.token is None:
        unknown = reading.state is tokens.TokenState.UNKNOWN_KEY
        return TokenState.UNKNOWN_KEY if unknown else TokenState.FORGED
    names = audiences(address, policy)
    if reading.token.role is not Role.REQUESTER and address in map(ascii_fold, policy.admins):
        names = (*names, *(f"group:{name}" for name in policy.groups))
    if not any(reading.token.is_for(name, keyring) for name in names):
        return TokenState.OTHER_ADDRESS
    return TokenState.EXPIRED if reading.token.expires < now.date() else TokenState.OK


def _meant(reading: Reading, source: CarrierSource) -> Reading:
    """The reading without an intent that the sender did not put into an address."""
    if source is CarrierSource.ADDRESS:
        return reading
    return replace(reading, claims=replace(reading.claims, intent=None))


def _role(
    evidence: Evidence,
    reading: Reading | None,
    hinted: bool,
    address: str,
    ticket: Ticket | None,
    participants: Sequence[Participant],
    policy: Policy,
) -> ActingAs:
    """The role on this ticket: what the token says as far as the sender may have it, else who the sender is here."""
    addresses = addresses_of(address, policy)
    claimed = reading.claims.role if reading else None
    inside = ticket is not None and evidence.plain_from and _is_specialist(addresses, ticket, policy)
    if claimed in (Role.SPECIALIST, Role.ADMIN):
        if inside and claimed is Role.SPECIALIST:
            return ActingAs.SPECIALIST
        is_admin = evidence.plain_from and address in map(ascii_fold, policy.admins)
        return ActingAs.ADMIN if is_admin else ActingAs.NONE
    if ticket is None:
        return ActingAs.NONE
    if evidence.token is TokenState.OK:
        return ActingAs.REQUESTER
    known = hinted or evidence.sender is Sender.AUTHENTICATED or bool(evidence.released_by)
    if known and _takes_part(addresses, ticket, participants):
        return ActingAs.REQUESTER
    return ActingAs.SPECIALIST if known and inside else ActingAs.NONE


def _is_specialist(addresses: Sequence[str], ticket: Ticket, policy: Policy) -> bool:
    owner = ticket.owner is not None and ascii_fold(ticket.owner) in addresses
    return owner or in_group(addresses, ticket.group, policy)


def _takes_part(addresses: Sequence[str], ticket: Ticket, participants: Sequence[Participant]) -> bool:
    others = (ascii_fold(one.address) for one in participants if one.side is Side.REQUESTER)
    return ascii_fold(ticket.requester) in addresses or any(other in addresses for other in others)
