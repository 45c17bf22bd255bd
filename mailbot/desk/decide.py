"""Event -> Decision: one function for each thing that can happen to a desk. Pure: the same arguments give the same
decision.
"""

from __future__ import annotations

from typing import assert_never

from mailbot.desk.alerts import hear_alert
from mailbot.desk.clockwork import pass_deadline
from mailbot.desk.conversation import hear_requester
from mailbot.desk.decision import Decision, Disposition, Outcome
from mailbot.desk.event import (
    AlertReceived,
    AutomaticMail,
    DeadlinePassed,
    Duplicate,
    Event,
    HandOverRefused,
    Held,
    Ignored,
    MailUndelivered,
    RequesterReplied,
    RequestReceived,
    SpecialistCommanded,
    SpecialistReplied,
)
from mailbot.desk.opening import open_request
from mailbot.desk.policy import Policy
from mailbot.desk.situation import Situation
from mailbot.desk.steering import hear_specialist, obey
from mailbot.desk.trouble import hear_bounce, hear_machine, hear_refusal, hold
from mailbot.mail.model import Mail
from mailbot.triage.assessment import Reason


def decide(event: Event, mail: Mail | None, situation: Situation, policy: Policy) -> Decision:
    """What the desk does about `event`. `mail` is None where the clock or the delivery loop caused it."""
    match event:
        case MailUndelivered():
            return hear_bounce(event, situation, policy)
        case HandOverRefused():
            return hear_refusal(event, situation, policy)
        case AutomaticMail():
            return hear_machine(event, situation)
        case DeadlinePassed():
            return pass_deadline(event, situation, policy)
        case Ignored(reason):
            return Decision(Disposition(Outcome.IGNORED, reason), reasons=(Reason("ignored", reason),))
        case Duplicate(of):
            return Decision(Disposition(Outcome.DUPLICATE, f"of inbox row {of}"))
        case _:
            assert mail is not None, "this event comes from a mail"
            return _decide_mail(event, mail, situation, policy)


def _decide_mail(
    event: RequestReceived | AlertReceived | RequesterReplied | SpecialistReplied | SpecialistCommanded | Held,
    mail: Mail,
    situation: Situation,
    policy: Policy,
) -> Decision:
    match event:
        case RequestReceived():
            return open_request(event, mail, situation, policy)
        case AlertReceived():
            return hear_alert(event, mail, situation, policy)
        case RequesterReplied():
            return hear_requester(event, mail, situation, policy)
        case SpecialistReplied():
            return hear_specialist(event, mail, situation, policy)
        case SpecialistCommanded():
            return obey(event, mail, situation, policy)
        case Held():
            return hold(event, mail, situation, policy)
    assert_never(event)
