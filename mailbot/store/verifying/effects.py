"""I2: what a mail or a deadline does, it does once. Decisions are the journal of it, and their keys are looked at here.

A mail that is carried out leaves one decision that says `done`; its words stand once on a ticket, and what it makes the
desk write is written once for each recipient.
"""

from __future__ import annotations

from sqlalchemy import Connection, Integer, String, cast, exists, func, not_, or_, select

from mailbot.desk.outgoing import Cause, MailClass, OutgoingKind
from mailbot.store import counters, tables
from mailbot.store.states import DeadlineState, InboxState
from mailbot.store.verifying.checks import Breaches, Promise, invariant, is_one_of, place, rows_where, word

_INBOX = tables.inbox
_OUTBOX = tables.outbox
_DEADLINES = tables.deadlines
_DECISIONS = tables.decisions
_ENTRIES = tables.entries
_ONCE_A_MAIL = (OutgoingKind.RELAY_TO_REQUESTER, OutgoingKind.RELAY_TO_GROUP, OutgoingKind.REQUEST_TO_CONFIRM)
_SAYS_DONE = _DECISIONS.c.disposition.startswith("done")
_TICKET = "mailbot tickets show TICKET --why"


@invariant(Promise.EFFECTS_ONCE, _INBOX, "mailbot inbox show ROW")
def every_done_mail_has_a_decision(connection: Connection) -> Breaches:
    """What a mail did can be explained."""
    decided = exists().where(_DECISIONS.c.inbox_id == _INBOX.c.id)
    done = is_one_of(_INBOX.c.state, InboxState.DONE)
    yield from rows_where(connection, _INBOX, done & not_(decided), "done without a decision")


@invariant(Promise.EFFECTS_ONCE, _DECISIONS, "mailbot inbox show ROW")
def no_mail_is_decided_twice(connection: Connection) -> Breaches:
    """Two workers on one mail would do everything twice."""
    row = _DECISIONS.c.inbox_id
    done = select(row, func.count()).where(_SAYS_DONE, row.is_not(None)).group_by(row).having(func.count() > 1)
    for inbox_id, times in connection.execute(done):
        yield place(_INBOX, inbox_id), f"was carried out {times} times"


@invariant(Promise.EFFECTS_ONCE, _DECISIONS, "the row is lost: mailbot restore brings the last backup")
def every_decision_is_of_a_done_mail(connection: Connection) -> Breaches:
    """A mail that was carried out is done for ever: its row is neither lost nor read once more."""
    done = exists().where(_INBOX.c.id == _DECISIONS.c.inbox_id, is_one_of(_INBOX.c.state, InboxState.DONE))
    undone = _DECISIONS.c.inbox_id.is_not(None) & _SAYS_DONE & not_(done)
    for (inbox_id,) in connection.execute(select(_DECISIONS.c.inbox_id).where(undone).order_by(_DECISIONS.c.id)):
        yield place(_INBOX, inbox_id), "was carried out, and is not done"


@invariant(Promise.EFFECTS_ONCE, tables.tickets, _TICKET)
def no_mail_opens_two_tickets(connection: Connection) -> Breaches:
    """One mail is one matter: the first words of a ticket open no other."""
    first = select(func.min(_ENTRIES.c.id)).group_by(_ENTRIES.c.ticket)
    row = _ENTRIES.c.inbox_id
    opened = select(row, func.count()).where(_ENTRIES.c.id.in_(first), row.is_not(None)).group_by(row)
    for inbox_id, tickets in connection.execute(opened.having(func.count() > 1)):
        yield place(_INBOX, inbox_id), f"opened {tickets} tickets"


@invariant(Promise.EFFECTS_ONCE, _ENTRIES, _TICKET)
def nothing_is_said_twice(connection: Connection) -> Breaches:
    """A mail is one entry of a kind on a ticket; of notes it may hold several."""
    key = (_ENTRIES.c.ticket, _ENTRIES.c.inbox_id, _ENTRIES.c.what)
    said = select(*key).where(_ENTRIES.c.inbox_id.is_not(None), _ENTRIES.c.what != "note")
    for ticket, inbox_id, what in connection.execute(said.group_by(*key).having(func.count() > 1)):
        yield place(tables.tickets, ticket), f"{what} of inbox {inbox_id} stand there twice"


@invariant(Promise.EFFECTS_ONCE, _OUTBOX, "mailbot outbox show ROW: cancel it, if it has not left yet")
def nothing_is_written_twice(connection: Connection) -> Breaches:
    """A mail makes the desk answer, and pass its words on, once for each recipient."""
    answer = (word(_OUTBOX.c["class"]) == MailClass.B.value) & (word(_OUTBOX.c.cause) == Cause.MAIL.value)
    once = or_(answer, _OUTBOX.c.kind.in_([kind.value for kind in _ONCE_A_MAIL]))
    key = (_OUTBOX.c.inbox_id, _OUTBOX.c.ticket, _OUTBOX.c.kind, _OUTBOX.c.recipient)
    twice = select(func.max(_OUTBOX.c.id), *key).where(once, _OUTBOX.c.inbox_id.is_not(None)).group_by(*key)
    for outbox_id, inbox_id, _, kind, recipient in connection.execute(twice.having(func.count() > 1)):
        yield place(_OUTBOX, outbox_id), f"a second {kind} to {recipient} because of inbox {inbox_id}"


@invariant(Promise.EFFECTS_ONCE, _OUTBOX, "mailbot outbox show ROW")
def every_mail_out_is_there_once(connection: Connection) -> Breaches:
    """The Message-ID is the key of a mail that leaves."""
    last = func.max(_OUTBOX.c.id)
    twice = select(_OUTBOX.c.message_id, last).group_by(_OUTBOX.c.message_id).having(func.count() > 1)
    for message_id, outbox_id in connection.execute(twice):
        yield place(_OUTBOX, outbox_id), f"another row has its Message-ID {message_id}"


@invariant(Promise.EFFECTS_ONCE, _DEADLINES, _TICKET)
def every_deadline_is_there_once(connection: Connection) -> Breaches:
    """An escalation happens once."""
    key = (_DEADLINES.c.ticket, word(_DEADLINES.c.kind), _DEADLINES.c.step, _DEADLINES.c.cycle)
    for row in connection.execute(select(*key).group_by(*key).having(func.count() > 1)):
        yield place(tables.tickets, row[0]), f"deadline {row[1]}/{row[2]}/{row[3]} is there twice"


@invariant(Promise.EFFECTS_ONCE, _DEADLINES, _TICKET)
def every_deadline_that_came_was_decided(connection: Connection) -> Breaches:
    """A deadline fires together with what it causes."""
    step, cycle = (cast(cast(column, Integer), String) for column in (_DEADLINES.c.step, _DEADLINES.c.cycle))
    name = word(_DEADLINES.c.kind) + "/" + step + "/" + cycle
    decided = exists().where(_DECISIONS.c.ticket == _DEADLINES.c.ticket, _DECISIONS.c.deadline == name)
    where = is_one_of(_DEADLINES.c.state, DeadlineState.FIRED) & not_(decided)
    yield from rows_where(connection, _DEADLINES, where, "fired, and nothing was decided")


@invariant(Promise.EFFECTS_ONCE, tables.counters, "mailbot restore brings the last backup; its counters are ahead")
def every_number_is_given_once(connection: Connection) -> Breaches:
    """The counters are ahead of what they gave out."""
    for name, column in ((counters.TICKET, tables.tickets.c.number), (counters.OUTBOX, _OUTBOX.c.id)):
        highest = connection.execute(select(func.max(column))).scalar() or 0
        counter = select(tables.counters.c.next).where(tables.counters.c.name == name)
        upcoming = connection.execute(counter).scalar() or 1
        if upcoming <= highest:
            yield f"counter {name}", f"the next would be {upcoming}, but {highest} is given"


CHECKS = (
    every_done_mail_has_a_decision,
    no_mail_is_decided_twice,
    every_decision_is_of_a_done_mail,
    no_mail_opens_two_tickets,
    nothing_is_said_twice,
    nothing_is_written_twice,
    every_mail_out_is_there_once,
    every_deadline_is_there_once,
    every_deadline_that_came_was_decided,
    every_number_is_given_once,
)
