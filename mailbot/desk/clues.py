"""What a mail says about where it belongs, read from the mail alone: the store looks these up before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass

from mailbot.desk.policy import AlertSource, FormSource, IgnoredSource, Policy
from mailbot.desk.situation import Clues
from mailbot.mail.carriers import Carrier
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Address, Mail


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """A mail of a monitoring system, read."""

    source: AlertSource
    key: str
    recovered: bool


@dataclass(frozen=True, slots=True)
class FormSeen:
    """A mail of a web form, read: the person it names (None where it names nobody) and their words."""

    source: FormSource
    person: Address | None
    text: str


def find_clues(mail: Mail, keyring: Keyring, policy: Policy) -> Clues:
    """Everything the store needs to look up for this mail."""
    raise NotImplementedError


def token_of(mail: Mail, keyring: Keyring, policy: Policy) -> Carrier | None:
    """The best carrier: genuine and issued to the sender, then genuine, then a genuine subject tag, then whatever claims."""
    raise NotImplementedError


def read_alert(mail: Mail, policy: Policy) -> AlertSeen | None:
    """The alert that this mail is, if its sender is a configured alert source; without a key the subject is the key."""
    raise NotImplementedError


def read_form(mail: Mail, policy: Policy) -> FormSeen | None:
    """The form that this mail is, if its sender is a configured form source."""
    raise NotImplementedError


def find_ignored(mail: Mail, policy: Policy) -> IgnoredSource | None:
    """The source that says this mail is stored and nothing else."""
    raise NotImplementedError


def find_person(mail: Mail, policy: Policy) -> Address | None:
    """The requester to be where it is not the sender: named in a form, or the author of what a specialist forwards."""
    raise NotImplementedError


def audiences(sender: str, policy: Policy) -> tuple[str, ...]:
    """Every name a token may have been issued to so that `sender` may use it: own addresses, "group:NAME" of own groups."""
    raise NotImplementedError
