"""Tickets: saved over the version they were read with and along their table; words, files and threads come back."""

from dataclasses import replace
from hashlib import sha256

import pytest
from sqlalchemy.exc import IntegrityError

from mailbot.desk.ticket import MOVES, AttachmentRef, Joined, Participant, Side, State, Visibility
from mailbot.store.database import Database
from mailbot.store.moves import Conflict, IllegalMove
from mailbot.store.unit_of_work import Work
from tests.store.material import ANN, CARL, HOUR, NOW, a_ticket, opened, queued, received, said

LOGO = b"\x89PNG logo"
LOGO_HASH = sha256(LOGO).hexdigest()
LOGO_REF = AttachmentRef(LOGO_HASH, "logo.png", "image/png", len(LOGO), inline=True, content_id="logo@x")


def test_numbers_are_given_in_order_and_stay_until_they_are_used(work: Work) -> None:
    assert (work.tickets.next_number(), work.tickets.next_number()) == (1, 1)
    work.tickets.save(a_ticket(1), NOW)
    assert work.tickets.next_number() == 2


def test_a_number_is_free_again_when_its_savepoint_was_undone(database: Database) -> None:
    with database.write() as work:
        with pytest.raises(ZeroDivisionError), work.savepoint():
            fail_after_opening(work)
        assert work.tickets.get(1) is None
        assert work.tickets.next_number() == 1
        opened(work, 1)
    with database.read() as work:
        assert work.tickets.get(1) is not None


def fail_after_opening(work: Work) -> None:
    opened(work, work.tickets.next_number())
    raise ZeroDivisionError


def test_each_save_is_a_new_version_with_its_time(work: Work) -> None:
    first = work.tickets.save(a_ticket(), NOW)
    second = work.tickets.save(replace(first, owner=CARL, state=State.IN_PROGRESS), NOW + HOUR)
    assert (first.version, second.version, second.changed_at) == (1, 2, NOW + HOUR)
    assert work.tickets.get(1) == second


def test_who_saves_over_another_version_must_decide_again(work: Work) -> None:
    first = opened(work)
    work.tickets.save(replace(first, subject="one"), NOW)
    with pytest.raises(Conflict):
        work.tickets.save(replace(first, subject="other"), NOW)


@pytest.mark.parametrize("before", list(State))
@pytest.mark.parametrize("after", list(State))
def test_a_ticket_is_saved_only_along_its_table(before: State, after: State, work: Work) -> None:
    ticket = opened(work)
    for state in () if before is State.ASSIGNED else (before,):
        ticket = work.tickets.save(replace(ticket, state=state, owner=CARL), NOW)
    if before is after or after in MOVES[before]:
        assert work.tickets.save(replace(ticket, state=after), NOW).state is after
    else:
        with pytest.raises(IllegalMove):
            work.tickets.save(replace(ticket, state=after), NOW)


@pytest.mark.parametrize("state", [State.IN_PROGRESS, State.RESOLVED, State.CLOSED, State.CANCELLED])
def test_no_ticket_begins_in_the_middle_of_its_life(state: State, work: Work) -> None:
    with pytest.raises(IllegalMove):
        work.tickets.save(a_ticket(state=state), NOW)


def test_facts_are_those_of_the_last_save(work: Work) -> None:
    ticket = work.tickets.save(a_ticket(facts={"host": "pr-7", "room": "5"}), NOW)
    work.tickets.save(replace(ticket, facts={"host": "pr-8"}), NOW)
    found = work.tickets.get(1)
    assert found is not None
    assert found.facts == {"host": "pr-8"}


def test_mail_to_a_merged_ticket_goes_to_the_one_that_survived(work: Work) -> None:
    for number in (1, 2, 3):
        opened(work, number)
    for number, into in ((1, 2), (2, 3)):
        ticket = work.tickets.get(number)
        assert ticket is not None
        work.tickets.save(replace(ticket, state=State.CANCELLED, merged_into=into), NOW)
    survivor = work.tickets.survivor(1)
    assert survivor is not None
    assert survivor.number == 3
    assert work.tickets.survivor(99) is None


def test_a_circle_of_merges_ends(work: Work) -> None:
    for number, into in ((1, 2), (2, 1)):
        opened(work, number)
        work.tickets.save(replace(a_ticket(number), version=1, merged_into=into if number == 2 else None), NOW)
    one = work.tickets.get(1)
    assert one is not None
    work.tickets.save(replace(one, merged_into=2), NOW)
    assert work.tickets.survivor(1) is not None


def test_words_come_back_in_their_order_with_their_files(work: Work) -> None:
    opened(work)
    inbox_id = received(work)
    work.tickets.store_attachments([(LOGO_HASH, "image/png", LOGO), (LOGO_HASH, "image/png", LOGO)], NOW)
    words = (said("It jams.", attachments=(LOGO_REF,)), said("Still.", at=NOW - HOUR))
    note = said("Drum?", side=Side.GROUP, visibility=Visibility.INTERNAL, author=CARL, what="note")
    work.tickets.add_entries(1, words, message_id="a@x", inbox_id=inbox_id)
    work.tickets.add_entries(1, (note,))
    assert work.tickets.entries(1) == (*words, note)
    assert work.tickets.attachment_content(LOGO_HASH) == LOGO
    assert work.tickets.attachment_content("0" * 64) is None


def test_words_may_not_name_a_file_that_is_not_kept(work: Work) -> None:
    opened(work)
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
        work.tickets.add_entries(1, (said("See below.", attachments=(LOGO_REF,)),))


def test_who_takes_part_already_stays_as_they_are(work: Work) -> None:
    opened(work)
    bob = Participant("bob@corp.example", "Bob", Side.REQUESTER, Joined.COLLEAGUE)
    work.tickets.add_participants(1, (bob,), NOW)
    work.tickets.add_participants(1, (replace(bob, joined=Joined.ACCEPTED), replace(bob, side=Side.GROUP)), NOW + HOUR)
    assert work.tickets.participants(1) == (bob, replace(bob, side=Side.GROUP))


def test_each_side_has_its_own_thread(work: Work) -> None:
    opened(work)
    for message_id in ("one@x", "two@x", "one@x"):
        work.tickets.extend_chain(1, Side.REQUESTER, message_id)
    work.tickets.extend_chain(1, Side.GROUP, "three@x")
    assert work.tickets.chain(1, Side.REQUESTER) == ("one@x", "two@x")
    assert work.tickets.chain(1, Side.GROUP) == ("three@x",)


@pytest.mark.parametrize("message_id", ["", "x" * 999])
def test_a_message_id_that_no_header_could_hold_joins_no_thread(message_id: str, work: Work) -> None:
    opened(work)
    work.tickets.extend_chain(1, Side.REQUESTER, message_id)
    assert work.tickets.chain(1, Side.REQUESTER) == ()


def test_people_find_tickets_by_what_they_know(work: Work) -> None:
    opened(work, 1)
    opened(work, 2, group="network")
    opened(work, 3, state=State.CLOSED)
    opened(work, 4, requester="bob@corp.example")
    assert [ticket.number for ticket in work.tickets.find()] == [4, 3, 2, 1]
    assert [ticket.number for ticket in work.tickets.find(states=[State.CLOSED])] == [3]
    assert [ticket.number for ticket in work.tickets.find(group="network")] == [2]
    assert [ticket.number for ticket in work.tickets.find(requester=ANN, limit=2)] == [3, 2]


def test_the_whole_story_of_a_ticket_is_read_in_one_go(work: Work) -> None:
    ticket = opened(work)
    work.tickets.add_entries(1, (said("It jams."),))
    queued(work, ticket=1)
    queued(work, ticket=None)
    history = work.history(1)
    assert history is not None
    assert (history.ticket, [entry.text for entry in history.entries]) == (ticket, ["It jams."])
    assert [mail.id for mail in history.mails_out] == [1]
    assert work.history(2) is None
