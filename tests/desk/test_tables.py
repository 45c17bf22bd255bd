"""Both state tables: nothing is empty, nothing is a dead end, and decisions never leave them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailbot.desk.conversation import hear_requester
from mailbot.desk.deadline import Deadline, DeadlineKind
from mailbot.desk.decide import decide
from mailbot.desk.decision import Decision, Outcome
from mailbot.desk.event import DeadlinePassed, MailUndelivered, Meaning, RequesterReplied
from mailbot.desk.meaning import TABLE, Move
from mailbot.desk.outgoing import DECLARED, OutgoingKind
from mailbot.desk.ticket import FIRST_STATES, MOVES, Side, State, Ticket, WaitingFor, may_move
from tests.desk.world import ANN, NETWORK, NOW, POLICY, SURE, mail_of, situation_of, ticket_in

CELLS = [(state, meaning) for state in State for meaning in Meaning]
SPOKEN = [meaning for meaning in Meaning if meaning not in (Meaning.AUTOMATIC, Meaning.BOUNCE)]


def said(meaning: Meaning, ticket: Ticket) -> Decision:
    """What the desk decides when Ann means this."""
    event = RequesterReplied(meaning, SURE, ANN, "some words", ticket.cycle)
    return hear_requester(event, mail_of("some words"), situation_of(ticket), POLICY)


@pytest.mark.parametrize(("state", "meaning"), CELLS)
def test_every_state_knows_what_every_meaning_does(state: State, meaning: Meaning) -> None:
    assert TABLE[state][meaning].move in Move


def test_every_state_can_be_reached_and_left() -> None:
    reached = set(FIRST_STATES)
    while more := {after for state in reached for after in MOVES[state]} - reached:
        reached |= more
    assert reached == set(State)
    assert all(MOVES[state] for state in State)


def test_an_open_ticket_can_always_be_closed() -> None:
    for state in State:
        seen = {state}
        while more := {after for one in seen for after in MOVES[one]} - seen:
            seen |= more
        assert State.CLOSED in seen


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("meaning", SPOKEN)
def test_no_reply_leaves_the_table_of_moves(state: State, meaning: Meaning) -> None:
    ticket = ticket_in(state)
    after = said(meaning, ticket).ticket
    assert after is not None
    opened = after.number != ticket.number
    assert may_move(None if opened else state, after.state)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("meaning", SPOKEN)
def test_what_the_cell_tells_is_what_leaves(state: State, meaning: Meaning) -> None:
    cell = TABLE[state][meaning]
    kinds = {mail.kind for mail in said(meaning, ticket_in(state)).outgoing}
    assert kinds == set(cell.tells)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("meaning", SPOKEN)
def test_an_open_ticket_always_has_somebody(state: State, meaning: Meaning) -> None:
    decision = said(meaning, ticket_in(state))
    after = decision.ticket
    assert after is not None
    assert after.group in POLICY.groups
    if after.state is State.IN_PROGRESS:
        assert after.owner
    if after.state is State.ASSIGNED and state is not State.ASSIGNED:
        assert DeadlineKind.UNCLAIMED in {arm.kind for arm in decision.arms}


@pytest.mark.parametrize("state", [State.ASSIGNED, State.IN_PROGRESS, State.WAITING, State.ANSWERED, State.RESOLVED])
def test_a_confirmation_closes_and_stops_every_clock_but_that_of_held_mail(state: State) -> None:
    decision = said(Meaning.CONFIRMED, ticket_in(state))
    assert decision.ticket is not None
    assert decision.ticket.state is State.CLOSED
    assert decision.ticket.closed_at == NOW
    assert set(decision.cancels) == set(DeadlineKind) - {DeadlineKind.HELD_MAIL}


@pytest.mark.parametrize("state", [State.RESOLVED, State.CLOSED])
def test_a_rejection_brings_it_back_to_its_owner_in_a_new_round(state: State) -> None:
    after = said(Meaning.REJECTED, ticket_in(state)).ticket
    assert after is not None
    assert (after.state, after.owner, after.cycle) == (State.IN_PROGRESS, "sam@corp.example", 2)


def test_a_rejection_goes_to_the_group_when_its_owner_has_left() -> None:
    decision = said(Meaning.REJECTED, replace(ticket_in(State.RESOLVED), owner="gone@corp.example"))
    assert decision.ticket is not None
    assert (decision.ticket.state, decision.ticket.owner) == (State.ASSIGNED, None)
    assert [arm.kind for arm in decision.arms] == [DeadlineKind.UNCLAIMED]


def test_words_long_after_closing_open_a_ticket_that_follows() -> None:
    old = replace(ticket_in(State.CLOSED), closed_at=NOW - timedelta(days=POLICY.levels.reopen_days + 1))
    after = said(Meaning.NEW_WORDS, old).ticket
    assert after is not None
    assert (after.number, after.follows, after.state) == (8, 7, State.ASSIGNED)


def test_unclear_words_are_asked_about_once_and_then_the_group_decides() -> None:
    first = said(Meaning.UNCLEAR, ticket_in(State.RESOLVED))
    assert first.ticket is not None
    assert [mail.kind for mail in first.outgoing] == [OutgoingKind.CLARIFYING_QUESTION]
    second = said(Meaning.UNCLEAR, first.ticket)
    assert [mail.kind for mail in second.outgoing] == [OutgoingKind.NOTE_TO_GROUP]


def test_thanks_move_nothing_and_nobody_is_written_to() -> None:
    for state in State:
        decision = said(Meaning.COURTESY, ticket_in(state))
        assert decision.ticket is not None
        assert (decision.ticket.state, decision.outgoing) == (state, ())


def test_a_reply_ends_the_wait_for_the_requester_but_no_other() -> None:
    waiting = ticket_in(State.WAITING)
    assert said(Meaning.NEW_WORDS, waiting).ticket == replace(
        waiting, state=State.IN_PROGRESS, waiting_for=None, changed_at=NOW
    )
    for_vendor = replace(waiting, waiting_for=WaitingFor.VENDOR)
    after = said(Meaning.NEW_WORDS, for_vendor).ticket
    assert after is not None
    assert after.state is State.WAITING


# ---------------------------------------------------------------- undelivered mail


def undelivered(state: State, kind: OutgoingKind, recipient: str = ANN.address) -> Decision:
    """What the desk decides when that mail of ticket #7 did not arrive."""
    event = MailUndelivered(5, kind, recipient, True, "5.1.1", "no such user")
    return decide(event, None, situation_of(ticket_in(state), inbox_id=None), POLICY)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("kind", list(OutgoingKind))
def test_no_ticket_closes_because_of_a_mail_that_did_not_arrive(state: State, kind: OutgoingKind) -> None:
    decision = undelivered(state, kind)
    assert decision.ticket is not None
    assert may_move(state, decision.ticket.state)
    if state is not State.CLOSED:
        assert decision.ticket.state is not State.CLOSED
    if DECLARED[kind].side is Side.REQUESTER and state.is_open:
        assert {mail.declared.side for mail in decision.outgoing} == {Side.GROUP}, "somebody must learn of it"
        assert DeadlineKind.AUTO_CLOSE in decision.cancels


def test_an_answer_that_did_not_arrive_is_handed_over() -> None:
    decision = undelivered(State.ANSWERED, OutgoingKind.FAQ_ANSWER)
    assert decision.ticket is not None
    assert decision.ticket.state is State.ASSIGNED
    assert OutgoingKind.HAND_OVER in {mail.kind for mail in decision.outgoing}
    assert DeadlineKind.UNCLAIMED in {arm.kind for arm in decision.arms}


def test_a_hard_bounce_mutes_the_address() -> None:
    decision = undelivered(State.ASSIGNED, OutgoingKind.ACKNOWLEDGEMENT)
    assert decision.mute is not None
    assert decision.mute.until == NOW + timedelta(days=60)


def test_a_hand_over_that_the_list_refuses_goes_to_members_and_admins() -> None:
    assert NETWORK.list_address
    decision = undelivered(State.ASSIGNED, OutgoingKind.HAND_OVER, NETWORK.list_address)
    told = {(mail.kind, mail.to) for mail in decision.outgoing}
    assert told == {
        (OutgoingKind.HAND_OVER, "sam@corp.example"),
        (OutgoingKind.HAND_OVER, "tia@corp.example"),
        (OutgoingKind.ALERT_TO_ADMINS, "root@corp.example"),
    }


def test_an_alert_that_did_not_arrive_raises_no_alert() -> None:
    assert undelivered(State.ASSIGNED, OutgoingKind.ALERT_TO_ADMINS, "root@corp.example").outgoing == ()


# ---------------------------------------------------------------- the clock


def passed(state: State, kind: DeadlineKind, *, step: int = 0, cycle: int = 1, **changes: object) -> Decision:
    """What the desk decides when this deadline of ticket #7 passes."""
    ticket = replace(ticket_in(state), **changes)  # type: ignore[arg-type]  # fields by name
    event = DeadlinePassed(Deadline(7, kind, step, cycle, NOW))
    return decide(event, None, situation_of(ticket, inbox_id=None), POLICY)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("kind", list(DeadlineKind))
def test_no_deadline_leaves_the_table_of_moves(state: State, kind: DeadlineKind) -> None:
    decision = passed(state, kind)
    assert decision.disposition.outcome is Outcome.DONE
    if decision.ticket is not None:
        assert may_move(state, decision.ticket.state)


def test_a_hand_over_that_nobody_takes_climbs_and_never_falls_silent() -> None:
    told = [
        {mail.to for mail in passed(State.ASSIGNED, DeadlineKind.UNCLAIMED, step=step).outgoing} for step in range(4)
    ]
    assert told == [
        {"sam@corp.example", "tia@corp.example"},
        {"lead@corp.example"},
        {"root@corp.example"},
        {"root@corp.example"},
    ]
    for step in range(8):
        arms = passed(State.ASSIGNED, DeadlineKind.UNCLAIMED, step=step).arms
        assert [(arm.kind, arm.step, arm.cycle) for arm in arms] == [(DeadlineKind.UNCLAIMED, step + 1, 1)]


def test_silence_after_resolving_closes_only_its_own_round() -> None:
    assert (done := passed(State.RESOLVED, DeadlineKind.AUTO_CLOSE).ticket) is not None
    assert done.state is State.CLOSED
    assert passed(State.RESOLVED, DeadlineKind.AUTO_CLOSE, cycle=0).ticket is None


def test_reminders_run_out_and_the_group_gets_it_back() -> None:
    first = passed(State.WAITING, DeadlineKind.REMINDER)
    assert [mail.kind for mail in first.outgoing] == [OutgoingKind.REMINDER]
    assert first.outgoing[0].arms is not None, "the next clock starts when the reminder is sent"
    last = passed(State.WAITING, DeadlineKind.REMINDER, step=POLICY.levels.reminders)
    assert last.ticket is not None
    assert last.ticket.state is State.IN_PROGRESS
    assert [mail.kind for mail in last.outgoing] == [OutgoingKind.NOTE_TO_GROUP]


def test_silence_after_an_answer_hands_it_over_or_resolves_it_as_configured() -> None:
    handed = passed(State.ANSWERED, DeadlineKind.FAQ_VERDICT)
    assert handed.ticket is not None
    assert handed.ticket.state is State.ASSIGNED
    assert OutgoingKind.HAND_OVER in {mail.kind for mail in handed.outgoing}
    resolving = replace(POLICY, levels=replace(POLICY.levels, silence_resolves=True))
    event = DeadlinePassed(Deadline(7, DeadlineKind.FAQ_VERDICT, 0, 1, NOW))
    resolved = decide(event, None, situation_of(ticket_in(State.ANSWERED)), resolving)
    assert resolved.ticket is not None
    assert resolved.ticket.state is State.RESOLVED
    assert [mail.arms.kind for mail in resolved.outgoing if mail.arms] == [DeadlineKind.AUTO_CLOSE]


@pytest.mark.parametrize("waiting_for", [WaitingFor.VENDOR, WaitingFor.DATE])
def test_a_wait_that_is_over_goes_back_to_work(waiting_for: WaitingFor) -> None:
    decision = passed(State.WAITING, DeadlineKind.WAIT_OVER, waiting_for=waiting_for)
    assert decision.ticket is not None
    assert (decision.ticket.state, decision.ticket.waiting_for) == (State.IN_PROGRESS, None)
