"""What somebody does who has seen an address, a Message-ID or a key that was not meant for them."""

from __future__ import annotations

from dataclasses import replace

from mailbot.desk.policy import Policy
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent, Monitoring
from tests.conversations.scenes import handed_over, in_progress, resolved


def test_a_machine_without_headers_that_answers_the_return_path_gets_nothing_and_opens_nothing(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    letter = requester.inbox[-1]
    for writer in (requester, stranger):
        absent = writer.writes("I am on holiday", "Please write to Bob.", to=letter.envelope.mail_from)
        assert absent.number == thread.number
        writer.gets_nothing()
    assert len(requester.desk.tickets()) == 1
    assert thread.state == "in_progress"
    specialist.gets_nothing()


def test_no_monitoring_system_recovers_the_alert_of_another(monitoring: Monitoring) -> None:
    desk = monitoring.desk

    def with_a_second_source(policy: Policy) -> Policy:
        other = replace(policy.alerts[0], name="Backup", senders=("backup-monitor@corp.example",))
        return replace(policy, alerts=(*policy.alerts, other))

    desk.decides(with_a_second_source)
    alert = monitoring.reports("db1/disk")
    other = Monitoring(desk, "backup-monitor@corp.example")
    assert other.recovers("db1/disk").disposition == "ignored: recovery without an open alert"
    assert alert.state == "assigned"
    assert other.reports("db1/disk").number != alert.number
    assert monitoring.recovers("db1/disk").number == alert.number
    assert alert.state == "resolved"


def test_a_name_that_looks_like_the_monitoring_system_recovers_nothing(desk: Desk, monitoring: Monitoring) -> None:
    alert = monitoring.reports("db1/disk")
    eve = Correspondent(desk, "eve@elsewhere.example", "Icinga icinga.monitor.corp.example", authenticated=False)
    eve.writes("RECOVERY: db1/disk is OK", "db1/disk is OK.")
    assert alert.state == "assigned"


def test_the_link_of_a_request_to_confirm_is_worth_nothing_in_other_hands(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    thread, question = resolved(requester, specialist)
    stranger.clicks(question, 0, "Yes, it is solved.")
    specialist.clicks(question, 0, "Yes, it is solved.")
    forger = Correspondent(requester.desk, requester.address, requester.name, authenticated=False)
    forger.clicks(question, 0, "Yes, it is solved.")
    assert thread.state == "resolved"
    requester.clicks(question, 0, "Yes, it is solved.")
    assert thread.state == "closed"


def test_the_token_of_the_group_gives_nobody_outside_of_it_a_command(
    requester: Correspondent, specialist: Correspondent, stranger: Correspondent
) -> None:
    thread = handed_over(requester, specialist)
    handed = specialist.inbox[-1]
    forger = Correspondent(requester.desk, specialist.address, specialist.name, authenticated=False)
    for writer in (requester, stranger, forger):
        assert writer.replies("#resolve\nDone.", to=handed).row.state == "held"
    requester.replies("#resolve\nWhen will somebody look at it?", to=requester.inbox[-1])
    assert thread.state == "assigned"
    assert specialist.inbox[-1].kind == "relay_to_group"
