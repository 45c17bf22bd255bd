"""A ticket that nobody takes climbs: the list, the members, the fallback, the admins, ever more rarely but for ever."""

from __future__ import annotations

from tests.conversations.conftest import Time
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent, Server
from tests.conversations.scenes import handed_over, resolved


def test_nobody_takes_it_and_it_climbs(
    requester: Correspondent, specialist: Correspondent, lead: Correspondent, admin: Correspondent, clock: Time
) -> None:
    thread = handed_over(requester, specialist)
    clock.passes(minutes=61)
    again = specialist.gets("hand_over")
    assert again.envelope.rcpt_to == "sam@corp.example"
    assert again.says("Nobody has taken this ticket yet", "The tunnel does not work any more")
    lead.gets_nothing()
    clock.passes(hours=1)
    assert lead.gets("hand_over").says("Nobody has taken this ticket yet")
    admin.gets_nothing()
    clock.passes(hours=1)
    assert admin.gets("alert_to_admins").says(f"mailbot tickets show {thread.number}")
    assert thread.state == "assigned"


def test_admins_hear_of_it_again_but_ever_more_rarely(
    requester: Correspondent, specialist: Correspondent, admin: Correspondent, clock: Time
) -> None:
    handed_over(requester, specialist)
    clock.passes(days=1)
    first_day = len(admin.inbox)
    clock.passes(days=9)
    assert 2 <= first_day <= 8
    assert first_day < len(admin.inbox) < first_day + 12


def test_who_takes_it_stops_the_climbing(
    requester: Correspondent, specialist: Correspondent, lead: Correspondent, clock: Time
) -> None:
    handed_over(requester, specialist)
    clock.passes(minutes=50)
    specialist.replies("#claim")
    clock.passes(days=3)
    lead.gets_nothing()


def test_a_note_takes_nothing(
    requester: Correspondent, specialist: Correspondent, lead: Correspondent, clock: Time
) -> None:
    handed_over(requester, specialist)
    specialist.replies("#note Not mine.")
    clock.passes(hours=3)
    lead.gets("hand_over")


def test_the_fallback_may_answer(
    requester: Correspondent, specialist: Correspondent, lead: Correspondent, clock: Time
) -> None:
    thread = handed_over(requester, specialist)
    clock.passes(hours=2, minutes=2)
    lead.gets("hand_over")
    lead.replies("I have asked Sam to look at it.")
    assert requester.gets("relay_to_requester").says("I have asked Sam")
    assert thread.ticket.owner == "lead@corp.example"


def test_the_clock_runs_although_the_hand_over_is_stuck(
    requester: Correspondent, specialist: Correspondent, server: Server, clock: Time
) -> None:
    """It starts at the decision: a list that is not to be had does not make a ticket wait for days."""
    server.is_down("network@lists.corp.example", "450 4.3.2 Try again later")
    requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")
    clock.passes(minutes=59)
    specialist.gets_nothing()
    clock.passes(minutes=2)
    assert specialist.gets("hand_over").envelope.rcpt_to == "sam@corp.example"


def test_every_group_has_its_own_patience(
    desk: Desk, requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("#assign infrastructure")
    clock.passes(minutes=29)
    assert [letter.kind for letter in desk.post["ida@corp.example"]] == ["hand_over"]
    clock.passes(minutes=2)
    assert [letter.kind for letter in desk.post["ida@corp.example"]] == ["hand_over", "hand_over"]
    assert thread.state == "assigned"


def test_a_reopened_ticket_without_an_owner_climbs_as_well(
    requester: Correspondent, specialist: Correspondent, lead: Correspondent, clock: Time
) -> None:
    resolved(requester, specialist)
    requester.desk.loses("sam@corp.example")
    requester.replies("No, it still does not work.")
    clock.passes(hours=2, minutes=2)
    lead.gets("hand_over")
