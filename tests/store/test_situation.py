"""The situation: each kind of clue finds what it names, and nothing of another ticket comes along."""

from dataclasses import replace

from mailbot.desk.decision import Disposition, Outcome
from mailbot.desk.outgoing import MailClass
from mailbot.desk.people import Person
from mailbot.desk.situation import Clues, Situation
from mailbot.desk.ticket import AttachmentRef, Joined, Participant, Side, State
from mailbot.store.rows import Understood
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from tests.store.material import ANN, CARL, HOUR, MINUTE, NOW, claimed, finished, opened, queued, said, sending

STRANGER = Clues(sender="stranger@example.net")
BOB = Participant("bob@corp.example", "Bob", Side.REQUESTER, Joined.COLLEAGUE)


def test_a_stranger_finds_an_empty_desk(work: Work) -> None:
    opened(work)
    assert work.situation(STRANGER, NOW) == Situation(now=NOW, next_number=2)


def test_a_named_ticket_comes_with_all_that_belongs_to_it(work: Work) -> None:
    opened(work, 1)
    opened(work, 2)
    for number in (1, 2):
        work.tickets.add_entries(number, (said(f"words {number}"),))
        work.tickets.extend_chain(number, Side.GROUP, f"g{number}@x")
    work.tickets.add_participants(1, (BOB,), NOW)
    situation = work.situation(Clues(sender=ANN, ticket=1), NOW, inbox_id=None, account="support", internal_date=NOW)
    assert situation.ticket == work.tickets.get(1)
    assert [entry.text for entry in situation.entries] == ["words 1"]
    assert situation.participants == (BOB,)
    assert situation.chains[Side.GROUP] == ("g1@x",)
    assert (situation.account, situation.internal_date) == ("support", NOW)


def test_a_merged_ticket_leads_to_its_survivor(work: Work) -> None:
    opened(work, 2)
    opened(work, 1, state=State.CANCELLED, merged_into=2)
    situation = work.situation(Clues(sender=ANN, ticket=1), NOW)
    assert situation.ticket is not None
    assert situation.ticket.number == 2


def test_a_ticket_that_never_was_is_no_ticket(work: Work) -> None:
    assert work.situation(Clues(sender=ANN, ticket=77), NOW).ticket is None


def test_an_envelope_address_of_ours_leads_to_the_mail_and_its_ticket(work: Work) -> None:
    opened(work)
    mail_id = queued(work, ticket=1, author=CARL)
    situation = work.situation(Clues(sender="", outbox_id=mail_id), NOW)
    assert situation.our_mail is not None
    assert (situation.our_mail.id, situation.our_mail.recipient, situation.our_mail.author) == (mail_id, ANN, CARL)
    assert situation.ticket is not None
    assert situation.ticket.number == 1


def test_references_lead_to_the_ticket_whose_thread_the_mail_continues(work: Work) -> None:
    opened(work, 1)
    opened(work, 2)
    work.tickets.extend_chain(1, Side.REQUESTER, "old@x")
    work.tickets.extend_chain(2, Side.REQUESTER, "new@x")
    situation = work.situation(Clues(sender=ANN, references=("old@x", "new@x", "foreign@y")), NOW)
    assert situation.ticket is not None
    assert situation.ticket.number == 2
    assert situation.references_known


def test_references_into_a_merged_ticket_vouch_for_its_survivor(work: Work) -> None:
    opened(work, 2)
    opened(work, 1, state=State.CANCELLED, merged_into=2)
    work.tickets.extend_chain(1, Side.REQUESTER, "old@x")
    situation = work.situation(Clues(sender=ANN, references=("old@x",)), NOW)
    assert situation.ticket is not None
    assert (situation.ticket.number, situation.references_known) == (2, True)


def test_references_into_another_ticket_do_not_vouch_for_the_named_one(work: Work) -> None:
    opened(work, 1)
    opened(work, 2)
    work.tickets.extend_chain(2, Side.REQUESTER, "new@x")
    situation = work.situation(Clues(sender=ANN, ticket=1, references=("new@x",)), NOW)
    assert situation.ticket is not None
    assert situation.ticket.number == 1
    assert not situation.references_known


def test_an_alert_finds_the_open_ticket_of_its_key(work: Work) -> None:
    opened(work, 1, alert_key="host7", state=State.CLOSED)
    opened(work, 2, alert_key="host7")
    opened(work, 3, alert_key="host8")
    found = work.situation(Clues(sender="monitor@corp.example", alert_key="host7"), NOW).alert_ticket
    assert found is not None
    assert found.number == 2
    assert work.situation(Clues(sender="", alert_key="host9"), NOW).alert_ticket is None


def test_the_directory_knows_a_person_better_than_what_was_learnt(work: Work) -> None:
    work.people.save(Person(ANN, name="Annie", phone="123", source="signature"), NOW)
    directory = {ANN: Person(ANN, name="Ann Archer", source="directory")}
    person = work.situation(Clues(sender=ANN), NOW, directory=directory).person
    assert person == Person(ANN, name="Ann Archer", phone="123", source="directory")


def test_the_person_of_a_form_stands_for_its_sender(work: Work) -> None:
    work.people.save(Person(ANN, name="Ann"), NOW)
    person = work.situation(Clues(sender="form@corp.example", person=ANN), NOW).person
    assert person is not None
    assert person.name == "Ann"


def test_the_requester_of_the_ticket_is_known_besides_the_writer(work: Work) -> None:
    opened(work)
    work.people.save(Person(ANN, name="Ann"), NOW)
    situation = work.situation(Clues(sender=CARL, ticket=1), NOW)
    assert situation.person is None
    assert situation.requester == Person(ANN, name="Ann")


def test_only_what_has_not_left_can_be_undone(work: Work) -> None:
    opened(work)
    sending(work, ticket=1)
    waiting = queued(work, ticket=1, not_before=NOW + MINUTE)
    queued(work, ticket=1, state=OutboxState.CANCELLED)
    assert [mail.id for mail in work.situation(Clues(sender=CARL, ticket=1), NOW).pending] == [waiting]


def test_held_mail_of_the_ticket_is_shown_newest_first_and_without_the_mail_itself(work: Work) -> None:
    opened(work)
    held = Disposition(Outcome.HELD, "doubtful cut")
    first = finished(work, 1, disposition=held, ticket=1, understood=Understood(sender=CARL, subject="Re: Printer"))
    second = finished(work, 2, disposition=held, ticket=1)
    finished(work, 3, disposition=held, ticket=2)
    finished(work, 4, ticket=1)
    situation = work.situation(Clues(sender=CARL, ticket=1), NOW)
    assert [mail.id for mail in situation.held] == [second.id, first.id]
    assert (situation.held[1].sender, situation.held[1].reason) == (CARL, "doubtful cut")
    again = work.situation(Clues(sender=CARL, ticket=1), NOW, inbox_id=first.id)
    assert [mail.id for mail in again.held] == [second.id]


def test_what_mailbot_sent_into_the_thread_is_known_by_text_and_line(work: Work) -> None:
    opened(work, 1)
    opened(work, 2)
    sending(work, ticket=1, text="Hello Ann,\n\n  #resolve\n")
    sending(work, ticket=2, text="Another ticket")
    queued(work, ticket=1, text="Not yet read by anybody")
    situation = work.situation(Clues(sender=CARL, ticket=1), NOW)
    assert situation.sent_texts == ("Hello Ann,\n\n  #resolve\n",)
    assert situation.sent_lines == {"Hello Ann,", "#resolve"}


def test_the_open_tickets_of_the_sender_are_listed(work: Work) -> None:
    for number in (1, 2, 3):
        opened(work, number)
    opened(work, 4, state=State.CLOSED)
    opened(work, 5, requester=CARL)
    assert work.situation(Clues(sender=ANN), NOW).open_tickets == (1, 2, 3)
    assert work.situation(Clues(sender=""), NOW).open_tickets == ()


def test_a_picture_in_three_tickets_of_a_sender_is_a_logo(work: Work) -> None:
    work.tickets.store_attachments([("a" * 64, "image/png", b"logo"), ("b" * 64, "image/png", b"shot")], NOW)
    for number in (1, 2, 3):
        opened(work, number)
        shown = ("a", "b") if number < 3 else ("a",)
        refs = tuple(AttachmentRef(letter * 64, "x.png", "image/png", 4) for letter in shown)
        work.tickets.add_entries(number, (said("See below.", attachments=refs),))
    hashes = ("a" * 64, "b" * 64)
    assert work.situation(Clues(sender=ANN, attachment_hashes=hashes), NOW).logos == {"a" * 64}
    assert work.situation(Clues(sender=CARL, attachment_hashes=hashes), NOW).logos == frozenset()


def test_the_machine_mails_of_the_last_hour_are_counted_by_sender(work: Work) -> None:
    machine = Understood(sender="cron@corp.example", mail_class="machine")
    finished(work, 1, understood=machine, now=NOW - HOUR - MINUTE)
    finished(work, 2, understood=machine, now=NOW - MINUTE)
    own = finished(work, 3, understood=machine, now=NOW)
    finished(work, 4, understood=replace(machine, sender="other@corp.example"))
    finished(work, 5, understood=replace(machine, mail_class="human"))
    situation = work.situation(Clues(sender="cron@corp.example"), NOW, inbox_id=own.id)
    assert situation.machine_mails_last_hour == 1


def test_who_released_a_mail_is_told_with_it(work: Work) -> None:
    row = finished(work, disposition=Disposition(Outcome.HELD, "doubt"))
    other = claimed(work, 2)
    work.inbox.release(row.id, CARL, NOW)
    assert work.situation(Clues(sender=ANN), NOW, inbox_id=row.id).released_by == CARL
    assert work.situation(Clues(sender=ANN), NOW, inbox_id=other.id).released_by == ""


def test_class_b_mail_counts_as_sent_text_too(work: Work) -> None:
    opened(work)
    row = sending(work, ticket=1, class_=MailClass.B, text="We have your mail.")
    work.outbox.sent(row, "250", NOW)
    assert work.situation(Clues(sender=ANN, ticket=1), NOW).sent_lines == {"We have your mail."}
