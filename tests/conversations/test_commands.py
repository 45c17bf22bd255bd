"""Specialists steer from their inbox: every command, what it does, and the receipt that says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from mailbot.desk.commands import COMMANDS
from mailbot.desk.policy import Policy
from tests.conversations.conftest import Time
from tests.conversations.desk import Desk
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, MailingList
from tests.conversations.scenes import closed, handed_over, in_progress, resolved, waiting


def hold(desk: Desk, seconds: int = 30) -> None:
    """Relays wait, so that #undo can stop them."""

    def change(policy: Policy) -> Policy:
        return replace(policy, delivery=replace(policy.delivery, hold_seconds=seconds))

    desk.decides(change)


def obeyed(receipt: Letter, *commands: str) -> bool:
    """The receipt names the commands, and none was refused."""
    return receipt.kind == "receipt" and receipt.says(*commands) and not receipt.says("not done")


# ---------------------------------------------------------------- #help, #note


def test_help_lists_every_command(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("#help")
    assert specialist.gets("receipt").says(*(f"#{name}" for name in COMMANDS))
    assert thread.state == "assigned"
    requester.gets_nothing()


def test_a_note_stays_inside(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#note She always forgets her password.\nDo not tell her that I said so.")
    assert obeyed(specialist.gets("receipt"), "#note")
    requester.gets_nothing()
    note = thread.desk.entries(thread.number)[-2]
    assert note.text == "She always forgets her password.\nDo not tell her that I said so."
    assert (note.visibility, note.what) == ("internal", "note")


def test_a_note_below_other_commands_keeps_them_silent_too(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("#claim\n#priority P2\n#note The gateway is old.\nWe need a new one.")
    requester.gets_nothing()
    assert (thread.state, thread.ticket.priority) == ("in_progress", "P2")


def test_the_next_group_reads_the_note(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#note The gateway is old.")
    specialist.replies("#assign infrastructure", to=specialist.inbox[-1])
    handed = thread.desk.post["ida@corp.example"][-1]
    assert handed.says("Please restart the client", "The gateway is old.", "internal")


# ---------------------------------------------------------------- #claim, #assign


def test_claim_takes_the_ticket_and_tells_the_others(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent
) -> None:
    thread = handed_over(requester, specialist)
    colleague.gets("hand_over")
    specialist.replies("#claim")
    assert colleague.gets("note_to_group").says("Sam Sato has taken the ticket")
    assert (thread.state, thread.ticket.owner) == ("in_progress", "sam@corp.example")
    requester.gets_nothing()


def test_claim_takes_it_from_a_colleague(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    colleague.replies("#claim", to=colleague.inbox[0])
    assert thread.ticket.owner == "tia@corp.example"


def test_claim_of_a_closed_ticket_is_refused(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = closed(requester, specialist)
    specialist.replies("#claim")
    assert specialist.gets("receipt").says("not done", "the ticket is closed")
    assert thread.state == "closed"


def test_assign_hands_over_to_another_group_with_the_conversation(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#assign infrastructure")
    specialist.gets("receipt")
    handed = thread.desk.post["ida@corp.example"][-1]
    assert handed.envelope.rcpt_to == "infrastructure@lists.corp.example"
    assert handed.says("The tunnel does not work any more", "Please restart the client", "Ann Archer")
    assert (thread.state, thread.ticket.group, thread.ticket.owner) == ("assigned", "infrastructure", None)


def test_after_assign_the_new_group_answers_in_the_same_thread(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#assign infrastructure")
    ida = Correspondent(thread.desk, "ida@corp.example", "Ida Ide")
    ida.gets("hand_over")
    ida.replies("The server is up again.")
    letter = requester.gets("relay_to_requester")
    assert letter.says("The server is up again.")
    assert requester.inbox[0].message_id in letter.message["References"]
    assert thread.ticket.owner == "ida@corp.example"


def test_after_assign_the_old_group_steers_no_more(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#assign infrastructure")
    late = specialist.replies("#resolve\nI found it after all.", to=specialist.inbox[0])
    assert late.row.state == "held"
    assert thread.state == "assigned"
    requester.gets_nothing()


def test_assign_understands_the_label_of_a_group(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("#assign Servers and data")
    assert thread.ticket.group == "infrastructure"


def test_assign_to_a_colleague_gives_them_the_ticket(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent
) -> None:
    thread = handed_over(requester, specialist)
    colleague.gets("hand_over")
    specialist.replies("#assign tia@corp.example")
    assert colleague.gets("note_to_group").says("tia@corp.example has taken the ticket")
    assert (thread.state, thread.ticket.owner) == ("in_progress", "tia@corp.example")


def test_assign_of_a_resolved_ticket_reopens_it_for_the_other_group(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread, question = resolved(requester, specialist)
    specialist.replies("#assign infrastructure")
    assert (thread.state, thread.ticket.group) == ("assigned", "infrastructure")
    requester.replies("Yes, it works again.", to=question)
    assert thread.state == "assigned"  # the question belongs to an earlier round


# ---------------------------------------------------------------- #priority, #incident, #request


def test_priority_computes_the_due_times_anew(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    opened = thread.ticket.opened_at
    specialist.replies("#priority P1")
    assert obeyed(specialist.gets("receipt"), "#priority P1")
    ticket = thread.ticket
    assert ticket.response_due_at is not None
    assert ticket.resolution_due_at is not None
    assert (ticket.response_due_at - opened).total_seconds() == 30 * 60
    assert (ticket.resolution_due_at - opened).total_seconds() == 4 * 3600


def test_the_kind_can_be_corrected(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("#request")
    assert obeyed(specialist.gets("receipt"), "#request")
    assert thread.ticket.kind == "request"
    specialist.replies("#incident")
    assert obeyed(specialist.gets("receipt"), "#incident")
    assert thread.ticket.kind == "incident"
    requester.gets_nothing()


# ---------------------------------------------------------------- #resolve, #reopen


def test_resolve_twice_is_refused_and_the_words_stay_inside(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread, _ = resolved(requester, specialist)
    specialist.replies("#resolve\nAs I said, it is done.")
    assert specialist.gets("receipt").says("the ticket is resolved", "not sent to the requester", "As I said")
    requester.gets_nothing()
    assert thread.state == "resolved"


def test_reopen_takes_up_a_resolved_ticket(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread, question = resolved(requester, specialist)
    specialist.replies("#reopen")
    specialist.gets("receipt")
    requester.gets("reopened")
    clock.passes(hours=80)
    assert thread.state == "in_progress"
    requester.replies("Yes, it works again.", to=question)
    assert thread.state == "in_progress"


def test_reopen_takes_up_a_closed_ticket(requester: Correspondent, colleague: Correspondent) -> None:
    sam = Correspondent(requester.desk, "sam@corp.example", "Sam Sato")
    thread, _ = closed(requester, sam)
    colleague.replies("#reopen\nIt came back in the logs.", to=colleague.inbox[0])
    assert (thread.state, thread.ticket.owner) == ("in_progress", "tia@corp.example")
    assert requester.gets("relay_to_requester").says("It came back in the logs.")  # class A leaves first
    requester.gets("reopened")


def test_reopen_of_an_open_ticket_is_refused(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#reopen")
    assert specialist.gets("receipt").says("the ticket is in progress")
    assert thread.ticket.cycle == 0


# ---------------------------------------------------------------- #wait


def test_the_requester_is_reminded_twice_and_then_the_group_decides(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = waiting(requester, specialist)
    clock.passes(hours=25)
    assert requester.gets("reminder").says("Which version of the client do you use?")
    clock.passes(hours=24)
    assert requester.gets("reminder").says("second reminder")
    assert thread.state == "waiting"
    clock.passes(hours=24)
    requester.gets_nothing()
    assert specialist.gets("note_to_group").says("has not answered, in spite of reminders")
    assert (thread.state, thread.ticket.owner) == ("in_progress", "sam@corp.example")


def test_an_answer_ends_the_waiting(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread = waiting(requester, specialist)
    requester.replies("It is version 5.2.")
    assert specialist.gets("relay_to_group").says("version 5.2")
    assert (thread.state, thread.ticket.waiting_for) == ("in_progress", None)
    clock.passes(hours=100)
    requester.gets_nothing()


def test_a_no_ends_the_waiting_as_well(requester: Correspondent, specialist: Correspondent) -> None:
    thread = waiting(requester, specialist)
    requester.replies("No, it still does not work.")
    specialist.gets("relay_to_group")
    assert thread.state == "in_progress"


def test_an_answer_to_somebody_who_has_left_goes_to_the_group(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent
) -> None:
    thread = waiting(requester, specialist)
    thread.desk.loses("sam@corp.example")
    requester.replies("It is version 5.2.")
    assert colleague.inbox[-1].says("version 5.2")
    assert (thread.state, thread.ticket.owner) == ("assigned", None)


def test_a_colleague_cannot_close_it_but_is_heard(
    requester: Correspondent, specialist: Correspondent, bob: Correspondent
) -> None:
    thread = waiting(requester, specialist)
    bob.replies("It works again.", to=requester.inbox[-1])
    assert specialist.gets("relay_to_group").says("Bob Baker", "It works again.")
    assert thread.state == "in_progress"


def test_thanks_do_not_end_the_waiting(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread = waiting(requester, specialist)
    requester.replies("Thank you!")
    specialist.gets_nothing()
    assert thread.state == "waiting"
    clock.passes(hours=25)
    requester.gets("reminder")


def test_it_works_again_closes_a_waiting_ticket(requester: Correspondent, specialist: Correspondent) -> None:
    thread = waiting(requester, specialist)
    requester.replies("It works again, thank you!")
    requester.gets("closed")
    specialist.gets("note_to_group")
    assert thread.state == "closed"


def test_waiting_without_words_reminds_all_the_same(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    in_progress(requester, specialist)
    specialist.replies("#wait requester")
    requester.gets_nothing()
    clock.passes(hours=25)
    requester.gets("reminder")


def test_waiting_until_a_date_ends_on_its_morning(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#wait 2026-03-09")
    assert obeyed(specialist.gets("receipt"), "#wait 2026-03-09")
    clock.passes(days=6)
    assert thread.state == "waiting"
    requester.gets_nothing()
    clock.passes(days=1)
    assert specialist.gets("note_to_group").says("The time to wait is over")
    assert (thread.state, thread.ticket.waiting_until) == ("in_progress", None)


def test_what_the_requester_writes_does_not_end_a_wait_for_a_date(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#wait 3 days")
    specialist.gets("receipt")
    requester.replies("It happens on the train as well.")
    specialist.gets("relay_to_group")
    assert thread.state == "waiting"
    assert thread.ticket.waiting_until is not None
    assert thread.ticket.waiting_until.date() == date(2026, 3, 5)


@pytest.mark.parametrize(("whom", "hours"), [("vendor", 48), ("approval", 24)])
def test_waiting_for_others_comes_back_to_the_owner(
    requester: Correspondent, specialist: Correspondent, clock: Time, whom: str, hours: int
) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies(f"#wait {whom}")
    specialist.gets("receipt")
    clock.passes(hours=hours - 1)
    assert (thread.state, thread.ticket.waiting_for) == ("waiting", whom)
    clock.passes(hours=2)
    specialist.gets("note_to_group")
    assert thread.state == "in_progress"
    requester.gets_nothing()


def test_a_new_wait_replaces_the_old_one(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread = waiting(requester, specialist)
    specialist.replies("#wait 2026-03-20")
    clock.passes(days=5)
    requester.gets_nothing()  # nobody is reminded any more
    assert thread.state == "waiting"


def test_a_waiting_ticket_can_be_resolved(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread = waiting(requester, specialist)
    specialist.replies("#resolve\nI found the version myself.")
    requester.gets("request_to_confirm")
    clock.passes(hours=30)
    requester.gets_nothing()
    assert thread.state == "resolved"


def test_waiting_for_a_day_that_is_over_is_an_error(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#wait 2020-01-01")
    assert specialist.gets("receipt").says("2020-01-01 is not in the future")
    assert thread.state == "in_progress"


def test_a_specialists_word_leaves_a_waiting_ticket_waiting(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread = waiting(requester, specialist)
    specialist.replies("You find it in the menu Help.")
    requester.gets("relay_to_requester")
    assert thread.state == "waiting"


# ---------------------------------------------------------------- #undo


def test_undo_stops_a_relay_that_has_not_left(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread = in_progress(requester, specialist)
    hold(thread.desk)
    specialist.replies("Your manager says you are lazy.")
    specialist.replies("#undo")
    assert obeyed(specialist.gets("receipt"), "#undo")
    clock.passes(hours=1)
    requester.gets_nothing()


def test_after_the_hold_undo_comes_too_late(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    thread = in_progress(requester, specialist)
    hold(thread.desk)
    specialist.replies("Please restart it once more.")
    clock.passes(seconds=40)
    requester.gets("relay_to_requester")
    specialist.replies("#undo")
    assert specialist.gets("receipt").says("not done", "nothing waits to leave")


def test_undo_stops_a_request_to_confirm_and_takes_the_ticket_back(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = in_progress(requester, specialist)
    hold(thread.desk)
    specialist.replies("#resolve\nIt works again.")
    specialist.gets("receipt")
    specialist.replies("#undo")
    assert obeyed(specialist.gets("receipt"), "#undo")
    assert thread.state == "in_progress"
    clock.passes(days=10)
    requester.gets_nothing()
    assert thread.state == "in_progress"


def test_undo_stops_ones_own_words_before_a_colleagues(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent, clock: Time
) -> None:
    thread = in_progress(requester, specialist)
    hold(thread.desk)
    specialist.replies("Please restart it once more.")
    colleague.replies("Please buy a new one.", to=colleague.inbox[0])
    colleague.replies("#undo", to=colleague.inbox[0])
    clock.passes(minutes=1)
    assert requester.gets("relay_to_requester").says("once more")
    requester.gets_nothing()


def test_a_colleague_can_stop_words_that_were_not_really_theirs(
    requester: Correspondent, specialist: Correspondent, colleague: Correspondent, clock: Time
) -> None:
    thread = in_progress(requester, specialist)
    hold(thread.desk)
    specialist.replies("Please send me your password.")
    colleague.replies("#undo", to=colleague.inbox[0])
    clock.passes(minutes=1)
    requester.gets_nothing()


def test_a_reminder_does_not_repeat_what_was_undone(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = in_progress(requester, specialist)
    hold(thread.desk)
    specialist.replies("Your manager says you are lazy.")
    specialist.replies("#undo")
    specialist.replies("#wait requester")
    clock.passes(hours=25)
    reminder = requester.gets("reminder")
    assert reminder.says("Please restart the client")
    assert not reminder.says("lazy")


def test_undo_of_a_request_to_wait_goes_on(requester: Correspondent, specialist: Correspondent, clock: Time) -> None:
    """The question never left, so nobody waits for its answer."""
    thread = in_progress(requester, specialist)
    hold(thread.desk)
    specialist.replies("#wait requester\nWhich version do you use?")
    specialist.replies("#undo")
    clock.passes(days=10)
    requester.gets_nothing()
    assert thread.state == "in_progress"


def test_the_most_urgent_mail_is_not_held(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#priority P1")
    hold(thread.desk)
    specialist.replies("Please restart it once more.")
    requester.gets("relay_to_requester")


# ---------------------------------------------------------------- what is no command


@pytest.mark.parametrize(
    "line", ["#reslove", "#assign netwrok", "#wait someday", "#priority high", "#claim now", "# resolve"]
)
def test_a_mistyped_command_makes_the_mail_internal(
    requester: Correspondent, specialist: Correspondent, line: str
) -> None:
    thread = in_progress(requester, specialist)
    before = thread.ticket
    specialist.replies(f"{line}\nIt works again, I hope.")
    assert specialist.gets("receipt").says(line, "not done", "It works again, I hope.")
    requester.gets_nothing()
    assert (thread.ticket.state, thread.ticket.owner) == (before.state, before.owner)


def test_one_bad_line_stops_the_good_ones(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("#priority P1\n#reslove\nIt works again.")
    assert specialist.gets("receipt").says("did you mean #resolve?", "another line was not understood")
    requester.gets_nothing()
    assert thread.ticket.priority == "P4"


def test_a_command_below_the_first_word_is_refused(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("It works again.\n\n#resolve")
    assert specialist.gets("receipt").says("commands stand above the first word")
    requester.gets_nothing()
    assert thread.state == "in_progress"


def test_a_command_in_quoted_text_is_none(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("Have you tried again?\n\n> #resolve\n> #assign infrastructure")
    requester.gets("relay_to_requester")
    assert (thread.state, thread.ticket.group) == ("in_progress", "network")


def test_a_command_in_the_signature_is_none(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    specialist.replies("Have you tried again?\n\n-- \nSam\n#resolve is my motto")
    assert not requester.gets("relay_to_requester").says("motto")
    assert thread.state == "in_progress"


def test_a_line_that_the_desk_itself_wrote_is_no_command(requester: Correspondent, specialist: Correspondent) -> None:
    """A mail program that quotes without marks pastes the help of the hand-over above the specialist's words."""
    thread = handed_over(requester, specialist)
    lines = [line for line in specialist.inbox[-1].text.splitlines() if line.startswith("#claim")]
    specialist.replies(f"{lines[0]}\nI will have a look.")
    assert thread.state == "assigned"
    requester.gets_nothing()
    assert specialist.gets("receipt").says("may be a quotation")


def test_a_requester_commands_nothing(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    requester.replies("#priority P1\nThis is urgent!")
    assert specialist.gets("relay_to_group").says("#priority P1", "This is urgent!")
    assert thread.ticket.priority == "P4"


def test_commands_come_by_way_of_the_list_as_well(
    requester: Correspondent, specialist: Correspondent, mailing_list: MailingList
) -> None:
    thread = in_progress(requester, specialist)
    handed = specialist.inbox[0]
    mailing_list.carries(
        specialist.composes(f"Re: {handed.subject}", "#resolve\nIt works.", to=mailing_list.address, answers=handed)
    )
    assert not requester.gets("request_to_confirm").says("unsubscribe")
    assert thread.state == "resolved"


def test_several_commands_are_obeyed_in_order(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    specialist.replies("#claim\n#priority P2\n#wait vendor\nWe have asked the maker of the gateway.")
    assert obeyed(specialist.inbox[-1], "#claim", "#priority P2", "#wait vendor")
    assert requester.gets("relay_to_requester").says("We have asked the maker")
    assert (thread.state, thread.ticket.priority) == ("waiting", "P2")


def test_when_one_command_is_refused_the_words_stay_inside(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = resolved(requester, specialist)
    specialist.replies("#priority P2\n#wait vendor\nThe maker says it was the power supply.")
    assert specialist.gets("receipt").says("#priority P2", "not done", "the ticket is resolved", "The maker says")
    requester.gets_nothing()
    assert (thread.state, thread.ticket.priority) == ("resolved", "P2")
