"""Mail of monitoring systems: one open ticket a key, counted while it repeats, resolved by its recovery, and never an
answer.
"""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.addressing import to_group
from mailbot.desk.conversation import reopened, to_work
from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Decision, Disposition, Outcome
from mailbot.desk.event import AlertReceived, Origin, RequestReceived
from mailbot.desk.evidence import Evidence
from mailbot.desk.opening import hand_over, matter_of, new_ticket
from mailbot.desk.outgoing import NoteCode, OutgoingKind
from mailbot.desk.people import Person
from mailbot.desk.policy import AlertSource, Policy
from mailbot.desk.service_levels import due_times
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Entry, Side, State, Ticket, Visibility
from mailbot.desk.views import internal_view
from mailbot.mail.model import Mail
from mailbot.triage.assess import assess
from mailbot.triage.assessment import Disruption, Kind, Reason


def hear_alert(event: AlertReceived, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """What a monitoring mail does: opens, counts or resolves the ticket of its key."""
    source = next(source for source in policy.alerts if source.name == event.source)
    known = situation.alert_ticket
    if known is None:
        if event.recovered:
            return Decision(Disposition(Outcome.IGNORED, "recovery without an open alert"))
        return _open(event, source, mail, situation, policy)
    if event.recovered:
        return _recover(known, mail, situation, policy)
    counted = replace(known, alert_count=known.alert_count + 1, changed_at=situation.now)
    if known.state is State.RESOLVED:
        return _come_back(counted, event, mail, situation, policy)
    return Decision(
        Disposition(Outcome.DONE, "alert repeated"),
        ticket=counted,
        entries=(_entry(mail, situation),),
        reasons=(Reason("counted", f"alert {event.key} is open for the {counted.alert_count}. time"),),
    )


def _come_back(counted: Ticket, event: AlertReceived, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """It was said to be over, and is not: to its owner, else to the group, and the clock to closing stops."""
    back, arms = to_work(counted, policy)
    ticket = reopened(back)
    group, words = policy.groups[ticket.group], mail.reply or mail.text
    view = replace(internal_view(ticket, situation, policy), note=NoteCode.ALERT_REPEATED, words=words)
    told = to_group(OutgoingKind.NOTE_TO_GROUP, group, view, owner=ticket.owner)
    if ticket.state is State.ASSIGNED:
        told, arms = hand_over(ticket, situation, policy, author=(ticket.requester, ticket.requester_name), words=words)
    return Decision(
        Disposition(Outcome.DONE, "alert came back"),
        ticket=ticket,
        entries=(_entry(mail, situation),),
        outgoing=told,
        arms=arms,
        cancels=(DeadlineKind.AUTO_CLOSE,),
        reasons=(Reason("reopened", f"alert {event.key} came again before it was closed"),),
    )


def _open(event: AlertReceived, source: AlertSource, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    person = Person(mail.sender.address.lower(), mail.sender.name or source.name)
    request = RequestReceived(person, Evidence(), Origin.MACHINE, mail.reply or mail.text)
    found = assess(matter_of(request, mail, situation, policy), policy.triage)
    ticket = _alert_ticket(new_ticket(request, mail, situation, found, policy), event, source, policy)
    handed, arms = hand_over(ticket, situation, policy, author=(person.address, person.name), words=request.text)
    return Decision(
        Disposition(Outcome.DONE, "alert opened"),
        ticket=ticket,
        entries=(_entry(mail, situation),),
        outgoing=handed,
        arms=arms,
        reasons=(Reason("alert", f"source {source.name}, key {event.key}"), *found.reasons),
    )


def _alert_ticket(proposed: Ticket, event: AlertReceived, source: AlertSource, policy: Policy) -> Ticket:
    """What triage proposes, where the source does not say better; a service's impact can only raise it."""
    service = source.service or proposed.service
    known = policy.triage.services.get(service or "")
    of_service = known.impact if known else proposed.impact
    group = source.group or (known.group if known and source.service else proposed.group)
    impact = max(source.impact or proposed.impact, of_service, key=lambda level: level.rank)
    urgency = source.urgency or proposed.urgency
    priority = policy.triage.matrix[impact, urgency]
    response_due_at, resolution_due_at = due_times(priority, proposed.opened_at, policy.levels)
    return replace(
        proposed,
        kind=Kind.INCIDENT,
        question=False,
        group=group,
        impact=impact,
        urgency=urgency,
        priority=priority,
        service=service,
        disruption=Disruption.YES,
        missing=(),
        alert_key=event.key,
        alert_count=1,
        response_due_at=response_due_at,
        resolution_due_at=resolution_due_at,
    )


def _recover(known: Ticket, mail: Mail, situation: Situation, policy: Policy) -> Decision:
    """No mail waits for a confirmation of a machine, so the clock to closing starts at once."""
    cycle = known.cycle + 1
    ticket = replace(known, state=State.RESOLVED, cycle=cycle, resolved_at=situation.now, changed_at=situation.now)
    group = policy.groups[ticket.group]
    view = replace(
        internal_view(ticket, situation, policy), note=NoteCode.ALERT_RECOVERED, words=mail.reply or mail.text
    )
    closing = Arm(DeadlineKind.AUTO_CLOSE, cycle=cycle, business=policy.levels.close_resolved_after)
    already = known.state is State.RESOLVED
    return Decision(
        Disposition(Outcome.DONE, "alert recovered"),
        ticket=known if already else ticket,
        entries=(_entry(mail, situation),),
        outgoing=() if already else to_group(OutgoingKind.NOTE_TO_GROUP, group, view, owner=known.owner),
        arms=() if already else (closing,),
        cancels=() if already else (DeadlineKind.UNCLAIMED, DeadlineKind.WAIT_OVER, DeadlineKind.REMINDER),
        reasons=(Reason("recovered", f"alert {known.alert_key}"),),
    )


def _entry(mail: Mail, situation: Situation) -> Entry:
    words = mail.reply or mail.text
    return Entry(
        Side.REQUESTER, Visibility.INTERNAL, mail.sender.address, mail.sender.name, words, situation.now, "automatic"
    )
