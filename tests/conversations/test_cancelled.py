"""A ticket that was none: an admin marked it as spam. Its requester may come back, and `#undo` restores it."""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.deadline import DeadlineKind
from mailbot.desk.ticket import CancelReason, State
from tests.conversations.conftest import Time
from tests.conversations.people import Correspondent, Server, Thread
from tests.conversations.scenes import handed_over, in_progress


def cancel(thread: Thread) -> None:
    """What an admin does; no command of this release does it."""
    desk, ticket = thread.desk, thread.ticket
    cancelled = replace(ticket, state=State.CANCELLED, former_state=ticket.state, cancel_reason=CancelReason.SPAM)
    with desk.database.write() as work:
        work.tickets.save(cancelled, desk.clock.now())
        work.deadlines.cancel(ticket.number, tuple(DeadlineKind))


def test_new_words_open_a_ticket_that_follows(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    cancel(thread)
    later = requester.replies("The tunnel is really broken, I am in room 12.")
    assert later.ticket.follows == thread.number
    specialist.gets("hand_over")
    requester.gets("acknowledgement")
    assert thread.state == "cancelled"


def test_a_no_opens_a_ticket_that_follows(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    cancel(thread)
    assert requester.replies("No, it still does not work.").ticket.follows == thread.number


def test_thanks_and_a_yes_change_nothing(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    cancel(thread)
    requester.replies("Thank you!")
    requester.replies("It works again.")
    assert thread.state == "cancelled"
    assert len(thread.desk.tickets()) == 1
    requester.gets_nothing()


def test_a_bounce_changes_nothing(requester: Correspondent, specialist: Correspondent, server: Server) -> None:
    thread = in_progress(requester, specialist)
    cancel(thread)
    server.bounces(requester.inbox[-1])
    assert thread.state == "cancelled"
    specialist.gets_nothing()


def test_a_specialists_reply_is_kept_inside(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    cancel(thread)
    specialist.replies("Please restart it once more.")
    assert specialist.gets("receipt").says("#undo", "Please restart it once more.")
    requester.gets_nothing()
    assert thread.state == "cancelled"


def test_undo_restores_it_with_its_owner(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    cancel(thread)
    specialist.replies("#undo")
    assert (thread.state, thread.ticket.owner) == ("in_progress", "sam@corp.example")
    assert thread.ticket.cancel_reason is None


def test_undo_restores_the_clock_of_an_unclaimed_ticket(
    requester: Correspondent, specialist: Correspondent, lead: Correspondent, clock: Time
) -> None:
    thread = handed_over(requester, specialist)
    cancel(thread)
    specialist.replies("#undo")
    assert thread.state == "assigned"
    clock.passes(hours=3)
    lead.gets("hand_over")


def test_no_other_command_works_on_it(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    cancel(thread)
    for command in ("#resolve", "#claim", "#wait vendor", "#reopen"):
        specialist.replies(command)
        assert specialist.gets("receipt").says("not done")
    assert thread.state == "cancelled"
