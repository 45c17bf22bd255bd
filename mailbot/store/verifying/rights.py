"""I8: nothing privileged without token and authentication, judged once more by the table of `desk/trust.py`.

The evidence that was stored with each mail must grant what its decision says was done. The files of that day are not at
hand, so the table is asked as the most trusting configuration would ask it: what even that refuses is a breach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, String, cast, exists, literal, not_, select

from mailbot.desk.commands import COMMANDS, Command
from mailbot.desk.evidence import Evidence
from mailbot.desk.policy import Identity, Policy, ServiceLevels, Trust
from mailbot.desk.trust import Action, action_of, allows
from mailbot.store import tables
from mailbot.store.states import InboxState
from mailbot.store.values import evidence_from_json, reasons_from_json
from mailbot.store.verifying.checks import Breaches, Promise, invariant, is_one_of, place, rows_where
from mailbot.triage.policy import TriagePolicy

_INBOX = tables.inbox
_DECISIONS = tables.decisions
_UNDO = "mailbot tickets show TICKET --why; #undo takes the command back"
_BY_SPECIALISTS = ("specialist_replied", "specialist_commanded")
_BY_REQUESTERS: Final = "requester_replied"


class _AnyTime:
    """A calendar that nobody asks."""

    def add(self, start: datetime, business: timedelta, /) -> datetime:
        """As if every hour were a business hour."""
        return start + business


def _most_trusting(evidence: Evidence) -> Policy:
    """Results of the server are not asked for, and whoever released a mail was an admin."""
    admins = (evidence.released_by,) if evidence.released_by else ()
    identity = Identity(name="", address="", organisation="", instance="", domain="")
    triage = TriagePolicy(services={}, rules=(), words={}, matrix={}, default_group="")
    levels = ServiceLevels(calendar=_AnyTime(), targets={})
    return Policy(identity, admins, groups={}, triage=triage, levels=levels, trust=Trust(results="none"))


@invariant(Promise.RIGHTS, _DECISIONS, _UNDO)
def every_specialist_was_shown_to_be_one(connection: Connection) -> Breaches:
    """A relay or a command came from a member of the group (or an admin) with the token of that role."""
    for row in _decided(connection, *_BY_SPECIALISTS):
        yield from _refused(row, Action.RELAY, row.event)


@invariant(Promise.RIGHTS, _DECISIONS, _UNDO)
def every_risky_command_was_authenticated(connection: Connection) -> Breaches:
    """#accept, #merge, #assign ADDRESS and their like need an authenticated sender as well."""
    for row in _decided(connection, "specialist_commanded"):
        if "refused" not in row.disposition:  # then every line was obeyed
            for command in _commands(row.reasons):
                yield from _refused(row, action_of(command), command.line)


@invariant(Promise.RIGHTS, _DECISIONS, "mailbot tickets show TICKET --why; #reopen opens it again")
def every_requester_was_shown_to_be_one(connection: Connection) -> Breaches:
    """Only the requester's side adds to a ticket, and only shown to be it confirms."""
    for row in _decided(connection, _BY_REQUESTERS):
        confirmed = row.disposition.endswith("confirmed")
        yield from _refused(row, Action.CONFIRM if confirmed else Action.ADD, row.disposition)


@invariant(Promise.RIGHTS, _INBOX, "mailbot inbox show ROW: who let it go on?")
def every_release_is_audited(connection: Connection) -> Breaches:
    """Who vouched for a held mail, or threw it away, stands in the audit log."""
    released = _INBOX.c.released_by != ""
    yield from rows_where(connection, _INBOX, released & not_(_noted("release", "fill")), "released by nobody we know")
    discarded = is_one_of(_INBOX.c.state, InboxState.DISCARDED)
    yield from rows_where(connection, _INBOX, discarded & not_(_noted("discard")), "discarded by nobody we know")


CHECKS = (
    every_specialist_was_shown_to_be_one,
    every_risky_command_was_authenticated,
    every_requester_was_shown_to_be_one,
    every_release_is_audited,
)


def _decided(connection: Connection, *events: str) -> Iterator[Any]:
    """Mails that were carried out as one of these events, with their evidence."""
    columns = (_DECISIONS.c.event, _DECISIONS.c.disposition, _DECISIONS.c.reasons, _INBOX.c.id, _INBOX.c.evidence)
    carried_out = _DECISIONS.c.event.in_(events) & _DECISIONS.c.disposition.startswith("done")
    decided = select(*columns).join(_INBOX, _INBOX.c.id == _DECISIONS.c.inbox_id).where(carried_out)
    yield from connection.execute(decided.order_by(_DECISIONS.c.id))


def _refused(row: Any, action: Action, what: str) -> Breaches:
    evidence = _evidence(row.evidence)
    if evidence is None:
        yield place(_INBOX, row.id), f"{what}: nothing shows who wrote it"
        return
    verdict = allows(action, evidence, _most_trusting(evidence))
    if not verdict.allowed:
        yield place(_INBOX, row.id), f"{what}: {verdict.reason}"


def _evidence(stored: Mapping[str, Any] | None) -> Evidence | None:
    """None also where the words of another version stand there, which show nothing."""
    try:
        return evidence_from_json(stored)
    except (ValueError, TypeError, AttributeError):
        return None


def _commands(reasons: Any) -> Iterator[Command]:
    """The commands of a mail, by the lines that its decision names."""
    for reason in reasons_from_json(reasons):
        name, _, argument = reason.what.lstrip("#").partition(" ")
        if reason.what.startswith("#") and name.lower() in COMMANDS:
            yield Command(name.lower(), argument.strip(), reason.what)


def _noted(*verbs: str) -> Any:
    audit = tables.audit
    return exists().where(audit.c.verb.in_(verbs), audit.c.what == literal("inbox ") + cast(_INBOX.c.id, String))
