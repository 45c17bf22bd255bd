"""Machines write as well: they are counted, believed only as far as they go, and never answered."""

from __future__ import annotations

from tests.conversations.conftest import Time
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent, Monitoring
from tests.conversations.scenes import answered, closed, handed_over, in_progress, resolved, waiting


def machine_mail(desk: Desk) -> int:
    """How many mails went to monitoring."""
    return len(desk.post["icinga@monitor.corp.example"])


def test_an_alert_opens_a_ticket_for_the_group_of_its_service(desk: Desk, monitoring: Monitoring) -> None:
    thread = monitoring.reports("db01/disk")
    ida = Correspondent(desk, "ida@corp.example", "Ida Ide")
    assert ida.gets("hand_over").says("db01/disk is CRITICAL", "Servers and data")
    ticket = thread.ticket
    assert (ticket.kind, ticket.group, ticket.priority, ticket.alert_count) == ("incident", "infrastructure", "P2", 1)
    assert machine_mail(desk) == 0


def test_the_same_alert_again_is_counted(desk: Desk, monitoring: Monitoring, clock: Time) -> None:
    thread = monitoring.reports("db01/disk")
    clock.passes(minutes=5)
    again = monitoring.reports("db01/disk")
    clock.passes(minutes=5)
    monitoring.reports("db01/disk", state="WARNING")
    assert again.number == thread.number
    assert thread.ticket.alert_count == 3
    assert [letter.kind for letter in desk.post["ida@corp.example"]] == ["hand_over"]


def test_another_alert_is_another_ticket(desk: Desk, monitoring: Monitoring) -> None:
    first, second = monitoring.reports("db01/disk"), monitoring.reports("db02/disk")
    assert first.number != second.number


def test_recovery_resolves_the_alert_and_silence_closes_it(desk: Desk, monitoring: Monitoring, clock: Time) -> None:
    thread = monitoring.reports("db01/disk")
    clock.passes(minutes=10)
    monitoring.recovers("db01/disk")
    ida = Correspondent(desk, "ida@corp.example", "Ida Ide")
    ida.gets("hand_over")
    assert ida.gets("note_to_group").says("all is well again")
    assert thread.state == "resolved"
    clock.passes(hours=73)
    assert thread.state == "closed"
    assert machine_mail(desk) == 0


def test_an_alert_after_closing_opens_a_new_ticket(desk: Desk, monitoring: Monitoring, clock: Time) -> None:
    first = monitoring.reports("db01/disk")
    clock.passes(minutes=10)
    monitoring.recovers("db01/disk")
    clock.passes(hours=80)
    second = monitoring.reports("db01/disk")
    assert second.number != first.number
    assert second.state == "assigned"


def test_an_alert_that_comes_back_before_it_is_closed_needs_a_person_again(
    desk: Desk, monitoring: Monitoring, clock: Time
) -> None:
    thread = monitoring.reports("db01/disk")
    clock.passes(minutes=10)
    monitoring.recovers("db01/disk")
    assert thread.state == "resolved"
    clock.passes(minutes=10)
    monitoring.reports("db01/disk")
    assert [letter.kind for letter in desk.post["ida@corp.example"]] == ["hand_over", "note_to_group", "hand_over"]
    clock.passes(hours=100)
    assert thread.state == "assigned"


def test_an_alert_that_comes_back_goes_to_who_had_solved_it(desk: Desk, monitoring: Monitoring, clock: Time) -> None:
    thread = monitoring.reports("db01/disk")
    ida = Correspondent(desk, "ida@corp.example", "Ida Ide")
    ida.gets("hand_over")
    ida.replies("#resolve")
    ida.gets("receipt")
    clock.passes(minutes=10)
    monitoring.reports("db01/disk")
    assert ida.gets("note_to_group").says("The alert came again (2 times so far)")
    clock.passes(hours=100)
    assert (thread.state, thread.ticket.owner) == ("in_progress", "ida@corp.example")


def test_a_recovery_of_nothing_is_nothing(desk: Desk, monitoring: Monitoring) -> None:
    assert monitoring.recovers("db01/disk").row.state == "ignored"
    assert desk.tickets() == []


def test_what_a_specialist_replies_to_an_alert_is_kept_as_a_note(desk: Desk, monitoring: Monitoring) -> None:
    thread = monitoring.reports("db01/disk")
    ida = Correspondent(desk, "ida@corp.example", "Ida Ide")
    ida.gets("hand_over")
    ida.replies("I have cleaned the logs.")
    assert ida.gets("receipt").says("kept", "I have cleaned the logs.")
    assert thread.ticket.owner == "ida@corp.example"
    assert machine_mail(desk) == 0


def test_a_specialist_resolves_an_alert_and_no_machine_is_asked(
    desk: Desk, monitoring: Monitoring, clock: Time
) -> None:
    thread = monitoring.reports("db01/disk")
    ida = Correspondent(desk, "ida@corp.example", "Ida Ide")
    ida.gets("hand_over")
    ida.replies("#resolve\nThe disk is larger now.")
    ida.gets("receipt")
    assert thread.state == "resolved"
    clock.passes(hours=73)
    assert thread.state == "closed"
    assert machine_mail(desk) == 0


def test_a_waiting_alert_comes_back(desk: Desk, monitoring: Monitoring, clock: Time) -> None:
    thread = monitoring.reports("db01/disk")
    ida = Correspondent(desk, "ida@corp.example", "Ida Ide")
    ida.gets("hand_over")
    ida.replies("#wait vendor")
    clock.passes(hours=49)
    assert thread.state == "in_progress"


def test_nobody_waits_for_the_answer_of_a_machine(desk: Desk, monitoring: Monitoring) -> None:
    thread = monitoring.reports("db01/disk")
    ida = Correspondent(desk, "ida@corp.example", "Ida Ide")
    ida.gets("hand_over")
    ida.replies("#wait requester\nWhich version of the client do you use?")
    assert ida.gets("receipt").says("nobody reads there")
    assert (thread.state, machine_mail(desk)) == ("assigned", 0)


def test_nobody_else_is_an_alert_source(desk: Desk, stranger: Correspondent) -> None:
    thread = stranger.writes("PROBLEM: db01/disk is CRITICAL", "Says who?")
    assert thread.ticket.alert_key is None


# ---------------------------------------------------------------- forms and ignored machines


def form(desk: Desk, text: str) -> Correspondent:
    """The web form sends."""
    web = Correspondent(desk, "webform@www.corp.example", "Web form")
    web.writes("New message", text, headers={"Auto-Submitted": "auto-generated"})
    return web


FILLED_IN = "Name: Bob Baker\nE-mail: bob@corp.example\nMessage: The tunnel does not work, I am in room 12."


def test_the_person_named_in_a_form_is_the_requester(desk: Desk, bob: Correspondent, specialist: Correspondent) -> None:
    web = form(desk, FILLED_IN)
    assert bob.gets("acknowledgement").says("VPN and remote access")
    assert specialist.gets("hand_over").says("Bob Baker", "The tunnel does not work")
    assert desk.ticket(1).requester == "bob@corp.example"
    web.gets_nothing()


def test_who_was_named_in_a_form_goes_on_by_mail(desk: Desk, bob: Correspondent, specialist: Correspondent) -> None:
    form(desk, FILLED_IN)
    specialist.gets("hand_over")
    bob.replies("It is the same in room 14.", to=bob.gets("acknowledgement"))
    assert specialist.gets("relay_to_group").says("room 14")
    assert len(desk.tickets()) == 1


def test_a_form_without_a_person_is_held_for_an_admin(desk: Desk, admin: Correspondent) -> None:
    web = form(desk, "Message: The tunnel does not work.")
    assert desk.mails_in()[0].state == "held"
    admin.gets("alert_to_admins")
    web.gets_nothing()
    assert desk.tickets() == []


def test_a_form_that_names_the_desk_itself_writes_to_nobody(desk: Desk, admin: Correspondent) -> None:
    form(desk, "Name: X\nE-mail: support@corp.example\nMessage: Loop!")
    assert desk.mails_in()[0].state == "held"
    assert desk.post["support@corp.example"] == []


def test_an_ignored_machine_is_stored_and_nothing_else(desk: Desk) -> None:
    backup = Correspondent(desk, "backup@backup.corp.example", "Backup")
    thread = backup.writes("Backup of db01 failed", "It does not work.")
    assert thread.disposition == "ignored: source Backup reports"
    backup.gets_nothing()
    assert desk.tickets() == []


def test_a_machine_that_nobody_named_gets_a_ticket_and_no_answer(desk: Desk, specialist: Correspondent) -> None:
    printer = Correspondent(desk, "printer-3@devices.corp.example", "Printer 3")
    thread = printer.writes("Paper jam", "VPN tunnel of tray 2 failed.", headers={"Auto-Submitted": "auto-generated"})
    assert specialist.gets("hand_over").says("Paper jam")
    printer.gets_nothing()
    assert thread.state == "assigned"


def test_who_asks_for_silence_gets_no_automatic_answer(desk: Desk, specialist: Correspondent) -> None:
    shy = Correspondent(desk, "shop@partner.example", "Shop")
    shy.writes("VPN is down", "It does not work.", headers={"X-Auto-Response-Suppress": "All"})
    specialist.gets("hand_over")
    shy.gets_nothing()


def test_a_mail_without_a_way_back_gets_no_automatic_answer(desk: Desk, specialist: Correspondent) -> None:
    nobody = Correspondent(desk, "shop@partner.example", "Shop")
    nobody.writes("VPN is down", "It does not work.", headers={"Return-Path": "<>"})
    specialist.gets("hand_over")
    nobody.gets_nothing()


def test_a_blind_copy_gets_no_automatic_answer(desk: Desk, requester: Correspondent, specialist: Correspondent) -> None:
    requester.writes("VPN is down", "It does not work, I am in room 12.", to="boss@corp.example")
    specialist.gets("hand_over")
    requester.gets_nothing()


# ---------------------------------------------------------------- absence notes and loops


def away(person: Correspondent, on: int = -1) -> None:
    """Their mail program says that they are on holiday."""
    letter = person.inbox[on]
    person.sends(
        person.composes(
            f"Automatic reply: {letter.subject}",
            "I am out of the office until 20 March.",
            to=letter.answer_to,
            answers=letter,
            headers={"Auto-Submitted": "auto-replied", "Return-Path": "<>"},
        )
    )


def test_an_absence_note_closes_nothing_and_is_kept(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = resolved(requester, specialist)
    away(requester)
    requester.gets_nothing()
    specialist.gets_nothing()
    assert thread.state == "resolved"
    assert "out of the office" in thread.desk.entries(thread.number)[-1].text


def test_an_absence_note_leaves_a_closed_ticket_closed(requester: Correspondent, specialist: Correspondent) -> None:
    thread, _ = closed(requester, specialist)
    away(requester)
    specialist.gets_nothing()
    assert thread.state == "closed"


def test_an_absence_note_to_an_answer_is_not_the_verdict(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread, _ = answered(requester)
    away(requester)
    assert thread.state == "answered"
    clock.passes(hours=5)
    specialist.gets("hand_over")


def test_an_absence_note_troubles_no_specialist_at_work(requester: Correspondent, specialist: Correspondent) -> None:
    thread = in_progress(requester, specialist)
    away(requester)
    specialist.gets_nothing()
    assert thread.state == "in_progress"


def test_an_absence_note_does_not_end_the_waiting(
    requester: Correspondent, specialist: Correspondent, clock: Time
) -> None:
    thread = waiting(requester, specialist)
    away(requester)
    assert thread.state == "waiting"
    clock.passes(hours=25)
    requester.gets("reminder")


def test_an_absence_note_of_a_specialist_takes_no_ticket(requester: Correspondent, specialist: Correspondent) -> None:
    thread = handed_over(requester, specialist)
    away(specialist)
    assert (thread.state, thread.ticket.owner) == ("assigned", None)
    requester.gets_nothing()


def test_an_absence_note_out_of_the_blue_opens_nothing(desk: Desk, requester: Correspondent) -> None:
    thread = requester.writes("Out of office", "I am out of the office.", headers={"Auto-Submitted": "auto-replied"})
    assert thread.row.state == "ignored"
    assert desk.tickets() == []
    requester.gets_nothing()


def test_an_autoresponder_without_manners_gets_at_most_two_answers(desk: Desk, specialist: Correspondent) -> None:
    """It answers everything, marks nothing, and changes its words each time."""
    robot = Correspondent(desk, "robot@partner.example", "Rob Otter")
    robot.writes("VPN is down", "The tunnel does not work, I am in room 12.")
    for round_ in range(12):
        if len(robot.inbox) == round_:
            break
        robot.replies(f"Dear friend, we have received your message, case {4711 + round_}.", to=robot.inbox[-1])
    assert len(robot.inbox) <= 3


def test_two_desks_do_not_loop(desk: Desk) -> None:
    """Another desk acknowledges our acknowledgement, as a new case of its own each time."""
    other = Correspondent(desk, "help@other.example", "Other Desk")
    other.writes("VPN is down", "The tunnel does not work, I am in room 12.")
    for round_ in range(12):
        if len(other.inbox) == round_:
            break
        other.writes(f"[Case {round_}] We have received your mail", "Thank you. We will answer as soon as possible.")
    assert len(other.inbox) <= 4


def test_our_own_mail_is_never_a_ticket(desk: Desk, requester: Correspondent, specialist: Correspondent) -> None:
    handed_over(requester, specialist)
    desk.receives(b"Return-Path: <ann@corp.example>\r\n" + requester.inbox[-1].envelope.raw)
    assert desk.mails_in()[0].reason == "own mail"
    assert len(desk.tickets()) == 1


# ---------------------------------------------------------------- the same mail again


def test_the_same_bytes_act_once(desk: Desk, requester: Correspondent, specialist: Correspondent) -> None:
    mail = requester.composes("VPN is down", "The tunnel does not work, I am in room 12.")
    requester.sends(mail)
    requester.sends(mail)
    assert [row.state for row in desk.mails_in()] == ["duplicate", "done"]
    requester.gets("acknowledgement")
    requester.gets_nothing()
    specialist.gets("hand_over")
    specialist.gets_nothing()


def test_the_same_words_in_a_new_mail_are_new(desk: Desk, requester: Correspondent) -> None:
    requester.writes("VPN is down", "The tunnel does not work, I am in room 12.")
    requester.writes("VPN is down", "The tunnel does not work, I am in room 12.")
    assert len(desk.tickets()) == 2


def test_a_forgery_sent_first_does_not_swallow_the_genuine_mail(
    requester: Correspondent, specialist: Correspondent
) -> None:
    thread, question = resolved(requester, specialist)
    mail = requester.composes(f"Re: {question.subject}", "Yes, it works again.", to=question.answer_to)
    genuine = str(mail["Authentication-Results"])
    mail.replace_header("Authentication-Results", "mx.corp.example; dmarc=fail header.from=corp.example")
    requester.sends(mail)
    assert thread.state == "resolved"
    mail["Authentication-Results"] = genuine
    requester.sends(mail)
    assert thread.state == "closed"
