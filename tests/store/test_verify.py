"""Verify: a healthy database has no finding, and each planted corruption is found by the check it breaks (test 20)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.ticket import State, WaitingFor
from mailbot.store.database import MEMORY, Database
from mailbot.store.inbox import IMPORTED
from mailbot.store.rows import DecisionRecord
from mailbot.store.states import OutboxState
from mailbot.store.unit_of_work import Work
from mailbot.store.verify import INVARIANTS, Promise, examine, verify
from tests.conversations.desk import Desk
from tests.servers.postgres import Postgres
from tests.store.conftest import BOTH, driver_connection
from tests.store.healthy import NOTE, Rows, fill, play, rows_of
from tests.store.material import DONE, NOW, claimed, opened

UNCLAIMED = Arm(DeadlineKind.UNCLAIMED)

# ---------------------------------------------------------------- a healthy database, and a transaction to spoil it in


@pytest.fixture(scope="session")
def story() -> Rows:
    """A conversation with one of everything."""
    desk = Desk()
    play(desk)
    rows = rows_of(desk.database)
    desk.close()
    return rows


@pytest.fixture(scope="module", params=BOTH)
def healthy(request: pytest.FixtureRequest, story: Rows) -> Iterator[Database]:
    """The story in a database of either kind, in which no key guards anything: a broken disk asks none."""
    if request.param == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        database = Database.open(postgres.url(postgres.new_database()))
        database.upgrade()
        with database.write() as work:
            work.connection.execute(text(_DROP_GUARDS))
    else:
        database = Database.open(MEMORY)
        request.getfixturevalue("newest").backup(driver_connection(database))
        driver_connection(database).execute("PRAGMA foreign_keys = OFF")
    fill(database, story)
    yield database
    database.close()


@pytest.fixture
def work(healthy: Database) -> Iterator[Work]:
    """A transaction to spoil; it is rolled back."""
    with healthy.rehearse() as work:
        yield work


_DROP_GUARDS = """
DO $$ DECLARE guard record; BEGIN
  FOR guard IN SELECT conrelid::regclass AS name, conname FROM pg_constraint
    WHERE contype IN ('c', 'f', 'u') AND connamespace = current_schema()::regnamespace
    ORDER BY contype = 'f' DESC
  LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', guard.name, guard.conname); END LOOP;
END $$
"""


def spoil(work: Work, *statements: str) -> None:
    """Change rows behind the back of the store; SQLite lets go of its CHECKs and unique keys meanwhile."""
    sqlite = work.connection.dialect.name == "sqlite"
    if sqlite:
        work.connection.execute(text("PRAGMA ignore_check_constraints = 1"))
    for statement in statements:
        table = statement.removeprefix(WITHOUT_KEYS)
        if table == statement:
            work.connection.execute(text(statement))
        elif sqlite:
            for step in ("CREATE TABLE loose AS SELECT * FROM {}", "DROP TABLE {}", "ALTER TABLE loose RENAME TO {}"):
                work.connection.execute(text(step.format(table)))
    if sqlite:
        work.connection.execute(text("PRAGMA ignore_check_constraints = 0"))


WITHOUT_KEYS = "without keys: "


def found_in(work: Work) -> set[str]:
    return {finding.invariant for finding in verify(work)}


# ---------------------------------------------------------------- corruptions

Planted = tuple[str, str, *tuple[str, ...]]  # the check, where it finds it, and the statements that break it
TWICE = "INSERT INTO {0} SELECT * FROM {0} WHERE {1}"
STRANGER = "UPDATE inbox SET evidence = (SELECT evidence FROM inbox WHERE id = 15) WHERE id = {0}"
WITHOUT_AUTHENTICATION = '{"sender": "unknown", "token": "ok", "role": "specialist"}'

I1: tuple[Planted, ...] = (
    (
        "every_message_has_one_row",
        "inbox 15",
        f"{WITHOUT_KEYS}inbox",
        "UPDATE inbox SET uid = 14 WHERE id = 15",
    ),
    ("every_mail_in_kept_its_bytes", "inbox 3", "UPDATE inbox SET raw_hash = 'another' WHERE id = 3"),
    (
        "every_mail_in_kept_its_bytes",
        "inbox 3",
        "UPDATE inbox SET raw = (SELECT raw FROM inbox WHERE id = 2) WHERE id = 3",
    ),
    (
        "every_mail_in_kept_its_bytes",
        "inbox 15",
        "UPDATE inbox SET state = 'received', done_at = NULL, raw = NULL WHERE id = 15",
    ),
    ("every_disposition_has_a_reason", "inbox 20", "UPDATE inbox SET reason = '' WHERE id = 20"),
    ("every_disposition_has_its_time", "inbox 20", "UPDATE inbox SET done_at = NULL WHERE id = 20"),
    ("every_disposition_has_its_time", "inbox 15", "UPDATE inbox SET state = 'received' WHERE id = 15"),
    ("every_attempt_is_counted", "inbox 20", "UPDATE inbox SET attempts = 0 WHERE id = 20"),
    ("every_attempt_is_counted", "inbox 20", "UPDATE inbox SET attempts = 4 WHERE id = 20"),
    ("every_duplicate_names_its_original", "inbox 14", "UPDATE inbox SET duplicate_of = NULL WHERE id = 14"),
    ("every_duplicate_names_its_original", "inbox 14", "UPDATE inbox SET duplicate_of = 14 WHERE id = 14"),
)
I2: tuple[Planted, ...] = (
    ("every_done_mail_has_a_decision", "inbox 4", "DELETE FROM decisions WHERE inbox_id = 4"),
    (
        "no_mail_is_decided_twice",
        "inbox 4",
        "INSERT INTO decisions SELECT 1000, inbox_id, ticket, deadline, event, disposition, reasons, config_hash, at "
        "FROM decisions WHERE inbox_id = 4",
    ),
    (
        "every_decision_is_of_a_done_mail",
        "inbox 1",
        "UPDATE inbox SET state = 'received', done_at = NULL WHERE id = 1",
    ),
    ("no_mail_opens_two_tickets", "inbox 1", "UPDATE entries SET inbox_id = 1 WHERE id = 6"),
    ("nothing_is_said_twice", "ticket 1", "UPDATE entries SET inbox_id = 2, what = 'words' WHERE id = 3"),
    ("nothing_is_written_twice", "outbox 13", "UPDATE outbox SET inbox_id = 6 WHERE id = 13"),
    ("nothing_is_written_twice", "outbox 9", "UPDATE outbox SET inbox_id = 1, ticket = 1 WHERE id = 9"),
    (
        "every_mail_out_is_there_once",
        "outbox 3",
        f"{WITHOUT_KEYS}outbox",
        "UPDATE outbox SET raw = (SELECT raw FROM outbox WHERE id = 1), "
        "message_id = (SELECT message_id FROM outbox WHERE id = 1) WHERE id = 3",
    ),
    (
        "every_deadline_is_there_once",
        "ticket 5",
        f"{WITHOUT_KEYS}deadlines",
        "UPDATE deadlines SET step = 0 WHERE ticket = 5 AND kind = 'unclaimed' AND step = 1",
    ),
    (
        "every_deadline_that_came_was_decided",
        "deadlines",
        "DELETE FROM decisions WHERE deadline = 'unclaimed/1/0'",
    ),
    ("every_number_is_given_once", "counter ticket", "UPDATE counters SET next = 3 WHERE name = 'ticket'"),
    ("every_number_is_given_once", "counter outbox", "DELETE FROM counters WHERE name = 'outbox'"),
)
I3: tuple[Planted, ...] = (
    (
        "no_class_b_mail_is_tried_in_doubt",
        "outbox 45",
        "UPDATE outbox SET state = 'unknown', unknown_at = created_at WHERE id = 45",
    ),
    ("no_class_b_mail_is_tried_in_doubt", "outbox 45", "UPDATE outbox SET unknown_count = 1 WHERE id = 45"),
    ("no_class_b_mail_is_tried_in_doubt", "outbox 41", "UPDATE outbox SET unknown_count = 2 WHERE id = 41"),
    ("no_doubt_is_tried_more_than_three_times", "outbox 42", "UPDATE outbox SET unknown_count = 4 WHERE id = 42"),
    ("no_doubt_is_tried_more_than_three_times", "outbox 8", "UPDATE outbox SET unknown_count = 5 WHERE id = 8"),
    ("every_sent_mail_has_its_proof", "outbox 3", "UPDATE outbox SET smtp_reply = '' WHERE id = 3"),
    ("every_sent_mail_has_its_proof", "outbox 3", "UPDATE outbox SET sent_at = NULL WHERE id = 3"),
    ("every_sent_mail_has_its_proof", "outbox 3", "UPDATE outbox SET phase = 'connect' WHERE id = 3"),
    ("every_mail_out_kept_its_bytes", "outbox 44", "UPDATE outbox SET raw = NULL WHERE id = 44"),
    (
        "every_mail_out_kept_its_bytes",
        "outbox 8",
        "UPDATE outbox SET raw = (SELECT raw FROM outbox WHERE id = 4) WHERE id = 8",
    ),
    (
        "every_sent_mail_started_its_clock",
        "outbox 5",
        "DELETE FROM deadlines WHERE ticket = 1 AND kind = 'auto_close'",
    ),
)
I4_I5: tuple[Planted, ...] = (
    (
        "no_note_is_in_a_mail_to_the_requester",
        "outbox 11",
        "UPDATE entries SET visibility = 'internal' WHERE id = 7",
    ),
    (
        "no_message_id_is_in_two_threads",
        "ticket 1",
        "INSERT INTO chains (ticket, side, position, message_id) SELECT ticket, 'group', 99, message_id FROM chains "
        "WHERE ticket = 1 AND side = 'requester' AND position = 1",
    ),
    ("no_automatic_chain_is_long", "outbox 26", "UPDATE outbox SET class = 'B' WHERE id IN (25, 26)"),
)
I6: tuple[Planted, ...] = (
    ("every_open_ticket_has_a_group", "ticket 2", "UPDATE tickets SET \"group\" = '' WHERE number = 2"),
    ("every_ticket_in_progress_has_an_owner", "ticket 5", "UPDATE tickets SET owner = NULL WHERE number = 5"),
    ("every_open_ticket_has_due_dates", "ticket 2", "UPDATE tickets SET resolution_due_at = NULL WHERE number = 2"),
    ("every_open_ticket_has_due_dates", "ticket 8", "UPDATE tickets SET response_due_at = NULL WHERE number = 8"),
    ("every_assigned_ticket_is_watched", "ticket 8", "DELETE FROM deadlines WHERE ticket = 8"),
    ("every_assigned_ticket_is_watched", "ticket 8", "UPDATE deadlines SET state = 'cancelled' WHERE ticket = 8"),
    ("every_assigned_ticket_is_watched", "ticket 8", "UPDATE deadlines SET kind = 'reminder' WHERE ticket = 8"),
    ("every_silence_ends", "ticket 3", "UPDATE deadlines SET state = 'cancelled' WHERE ticket = 3"),
    ("every_silence_ends", "ticket 2", "UPDATE deadlines SET state = 'cancelled' WHERE ticket = 2"),
    ("every_silence_ends", "ticket 4", "UPDATE deadlines SET state = 'cancelled' WHERE ticket = 4"),
)
I7: tuple[Planted, ...] = (
    ("every_state_is_named", "inbox 15", "UPDATE inbox SET state = 'limbo' WHERE id = 15"),
    ("every_state_is_named", "outbox 8", "UPDATE outbox SET state = 'limbo' WHERE id = 8"),
    ("every_state_is_named", "deadlines 1", "UPDATE deadlines SET state = 'limbo' WHERE id = 1"),
    ("every_state_is_named", "ticket 6", "UPDATE tickets SET state = 'limbo' WHERE number = 6"),
    ("every_state_is_named", "outbox 44", "UPDATE outbox SET phase = 'limbo' WHERE id = 44"),
    ("every_state_is_named", "ticket 6", "UPDATE tickets SET priority = 'P9' WHERE number = 6"),
    ("every_claim_has_a_lease", "inbox 15", "UPDATE inbox SET state = 'claimed', done_at = NULL WHERE id = 15"),
    ("every_claim_has_a_lease", "outbox 8", "UPDATE outbox SET lease_until = created_at WHERE id = 8"),
    ("every_mail_in_fits_its_state", "inbox 15", "UPDATE inbox SET duplicate_of = 1 WHERE id = 15"),
    (
        "every_mail_in_fits_its_state",
        "inbox 15",
        "UPDATE inbox SET state = 'claimed', holder = '', lease_until = done_at, done_at = NULL WHERE id = 15",
    ),
    ("every_mail_out_fits_its_state", "outbox 44", "UPDATE outbox SET phase = 'data' WHERE id = 44"),
    ("every_mail_out_fits_its_state", "outbox 42", "UPDATE outbox SET unknown_at = NULL WHERE id = 42"),
    (
        "every_mail_out_fits_its_state",
        "outbox 44",
        "UPDATE outbox SET state = 'sending', lease_until = created_at WHERE id = 44",
    ),
    ("every_deadline_fits_its_state", "deadlines", "UPDATE deadlines SET fired_at = NULL WHERE state = 'fired'"),
    ("every_deadline_fits_its_state", "deadlines", "UPDATE deadlines SET fired_at = due_at WHERE ticket = 3"),
    ("every_waiting_ticket_says_for_whom", "ticket 2", "UPDATE tickets SET waiting_for = NULL WHERE number = 2"),
    ("every_cancelled_ticket_says_why", "ticket 6", "UPDATE tickets SET cancel_reason = NULL WHERE number = 6"),
    ("every_cancelled_ticket_says_why", "ticket 6", "UPDATE tickets SET former_state = NULL WHERE number = 6"),
    ("every_cancelled_ticket_says_why", "ticket 6", "UPDATE tickets SET cancel_reason = 'merged' WHERE number = 6"),
    ("every_ended_ticket_has_its_time", "ticket 1", "UPDATE tickets SET closed_at = NULL WHERE number = 1"),
    ("every_ended_ticket_has_its_time", "ticket 4", "UPDATE tickets SET resolved_at = NULL WHERE number = 4"),
    ("every_reference_leads_somewhere", "outbox 8", "UPDATE outbox SET ticket = 99 WHERE id = 8"),
    ("every_reference_leads_somewhere", "ticket 8", "UPDATE tickets SET follows = 99 WHERE number = 8"),
    ("every_reference_leads_somewhere", "entries 4", "UPDATE entries SET outbox_id = 999 WHERE id = 4"),
)
I8: tuple[Planted, ...] = (
    ("every_specialist_was_shown_to_be_one", "inbox 2", STRANGER.format(2)),
    ("every_specialist_was_shown_to_be_one", "inbox 2", "UPDATE inbox SET evidence = NULL WHERE id = 2"),
    (
        "every_risky_command_was_authenticated",
        "inbox 7",
        f"UPDATE inbox SET evidence = '{WITHOUT_AUTHENTICATION}' WHERE id = 7",
        """UPDATE decisions SET reasons = '[["#assign eve@elsewhere.example", "taken"]]' WHERE inbox_id = 7""",
    ),
    ("every_requester_was_shown_to_be_one", "inbox 4", STRANGER.format(4)),
    ("every_release_is_audited", "inbox 16", "DELETE FROM audit WHERE verb = 'release'"),
    ("every_release_is_audited", "inbox 18", "UPDATE audit SET what = 'inbox 19' WHERE what = 'inbox 18'"),
)
PLANTED = (*I1, *I2, *I3, *I4_I5, *I6, *I7, *I8)


def test_a_desk_in_the_middle_of_its_day_has_no_finding(healthy: Database) -> None:
    with healthy.read() as work:
        assert verify(work) == []


@pytest.mark.parametrize("planted", PLANTED, ids=[f"{number}-{one[0]}" for number, one in enumerate(PLANTED)])
def test_a_planted_corruption_is_found_where_it_is_and_by_nothing_else(planted: Planted, work: Work) -> None:
    name, where, *statements = planted
    spoil(work, *statements)
    found = verify(work)
    assert {finding.invariant for finding in found} == {name}
    assert any(finding.where == where or finding.where.partition(" ")[0] == where for finding in found)
    assert all(finding.remedy and finding.promise in set(Promise) for finding in found)


def test_each_check_is_tried_and_each_promise_has_one() -> None:
    assert {name for name, *_ in PLANTED} == {check.name for check in INVARIANTS}
    assert {check.promise for check in INVARIANTS} == set(Promise)


def test_rows_that_vanish_leave_traces(work: Work) -> None:
    spoil(work, "DELETE FROM inbox WHERE id = 3", "DELETE FROM tickets WHERE number = 6")
    assert found_in(work) == {"every_decision_is_of_a_done_mail", "every_reference_leads_somewhere"}


def test_a_note_is_found_wherever_it_hides_in_the_bytes(work: Work) -> None:
    row = work.connection.execute(text("SELECT raw FROM outbox WHERE id = 14")).scalar_one()
    hidden = b"--x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b64encode(f"<p>{NOTE}</p>".encode()) + b"\r\n--x--"
    id_line = next(line for line in bytes(row).split(b"\r\n") if line.lower().startswith(b"message-id"))
    raw = id_line + b"\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n" + hidden
    later = {"raw": raw}
    work.connection.execute(
        text(
            "UPDATE outbox SET raw = :raw, side = 'requester', inbox_id = NULL, "
            "created_at = (SELECT max(created_at) FROM outbox) WHERE id = 14"
        ),
        later,
    )
    assert [(one.invariant, one.where) for one in verify(work)] == [
        ("no_note_is_in_a_mail_to_the_requester", "outbox 14")
    ]


def test_a_note_that_came_after_the_mail_may_quote_it(work: Work) -> None:
    spoil(
        work,
        "UPDATE entries SET text = (SELECT text FROM entries WHERE id = 7) WHERE id = 10",
        "UPDATE entries SET inbox_id = 8 WHERE id = 10",
    )
    assert verify(work) == []


def test_what_cannot_even_be_read_is_a_finding(work: Work) -> None:
    spoil(work, """UPDATE outbox SET arms = '["no", "arm"]' WHERE id = 5""")
    (finding,) = verify(work)
    assert (finding.invariant, finding.where) == ("every_sent_mail_started_its_clock", "outbox")
    assert "cannot be read" in finding.what


@pytest.mark.parametrize("state", [OutboxState.FAILED, OutboxState.PARKED, OutboxState.UNKNOWN, OutboxState.STOPPED])
def test_a_mail_that_somebody_was_told_of_still_ends_the_silence(state: OutboxState, work: Work) -> None:
    spoil(
        work,
        "DELETE FROM deadlines WHERE ticket = 4 AND kind = 'auto_close'",
        f"UPDATE outbox SET state = '{state}', unknown_at = created_at WHERE id = 21",  # "is it solved?"
    )
    assert verify(work) == []


def test_admins_may_allow_longer_chains(work: Work) -> None:
    spoil(work, "UPDATE outbox SET class = 'B' WHERE id IN (25, 26)")
    found = [finding for one in examine(work, automatic_in_a_row=3) for finding in one.findings]
    assert found == []


def test_what_was_looked_at_is_counted(healthy: Database, story: Rows) -> None:
    with healthy.read() as work:
        examined = list(examine(work))
    assert [one.check.name for one in examined] == [check.name for check in INVARIANTS]
    assert all(one.rows == len(story[one.check.table.name]) for one in examined)
    assert all(one.check.meaning.endswith(".") and not one.findings for one in examined)


def test_imported_tickets_need_no_deadline(work: Work) -> None:
    opened(work, 100, state=State.WAITING, waiting_for=WaitingFor.DATE)
    row = claimed(work, 900, account=IMPORTED)
    work.inbox.finish(row, DONE, NOW, ticket=100)
    work.audit.decision(DecisionRecord("request_received", NOW, "abc", (), inbox_id=row.id, ticket=100))
    work.connection.execute(text("UPDATE counters SET next = 101 WHERE name = 'ticket'"))
    assert verify(work) == []
