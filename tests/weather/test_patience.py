"""How long it takes until a dead line is noticed, by the settings that production uses."""

from __future__ import annotations

from mailbot.config.desk_file import MailboxTable, SmtpTable
from mailbot.config.limits_file import IntervalsTable
from mailbot.daemon import delivery, intake
from mailbot.daemon.parts import Parts
from mailbot.store import postgres
from mailbot.transport.imap import ImapSettings
from mailbot.transport.smtp import SmtpSettings

IMAP = ImapSettings("support", "mail.corp.example", "desk", "secret")
SMTP = SmtpSettings("mail.corp.example")
FIRST_PAUSE_SECONDS = 5.0  # at most: full jitter
LOOK_SECONDS = 5.0  # how often a loop that pauses looks whether the pause is over


def test_a_mailbox_behind_a_dead_line_is_connected_again_within_90_seconds() -> None:
    again = FIRST_PAUSE_SECONDS + LOOK_SECONDS + IMAP.connect_timeout_seconds
    quiet = IMAP.idle_seconds + IMAP.probe_timeout_seconds
    assert quiet + again <= 90, "in IDLE, until DONE is not answered"
    assert IMAP.read_timeout_seconds + again <= 90, "in SELECT, FETCH, MOVE"
    poll_seconds = IntervalsTable().mailbox_poll_seconds
    # Without IDLE nothing is said until the next poll, which begins with a probe and connects at once.
    assert poll_seconds + IMAP.probe_timeout_seconds + IMAP.connect_timeout_seconds <= 90


def test_the_first_pause_and_its_growth_are_what_was_promised() -> None:
    longest = [Parts.backoff(_sure(), failures, 5, 900).total_seconds() for failures in range(1, 10)]
    assert longest == [5, 10, 20, 40, 80, 160, 320, 640, 900]
    assert intake.PERSON_NEEDED_WAIT.total_seconds() == 900


def _sure() -> Parts:
    """Parts whose chance is always the worst."""

    class Sure:
        chance = staticmethod(lambda: 1.0)

    return Sure()  # type: ignore[return-value]  # all that `backoff` asks for


def test_a_delivery_ends_before_its_lease_and_before_the_watchdog_wonders() -> None:
    longest = SMTP.approach_timeout_seconds + SMTP.command_timeout_seconds + SMTP.data_timeout_seconds
    assert SMTP.kept_timeout_seconds + SMTP.connect_timeout_seconds <= 90, "a kept connection that is dead"
    assert longest <= delivery.LONGEST_DELIVERY_SECONDS <= delivery.LEASE_SECONDS
    assert SMTP.data_timeout_seconds >= 600, "RFC 5321 section 4.5.3.2.6"


def test_a_database_that_vanished_is_noticed_within_90_seconds() -> None:
    settings = postgres._CONNECT
    keepalive = settings["keepalives_idle"] + settings["keepalives_interval"] * settings["keepalives_count"]
    assert keepalive + settings["connect_timeout"] <= 90
    assert settings["tcp_user_timeout"] / 1_000 + settings["connect_timeout"] <= 90
    assert postgres.STATEMENT_SECONDS <= 90


def test_the_defaults_of_the_files_are_those_of_the_transports() -> None:
    for table, settings in ((MailboxTable, IMAP), (SmtpTable, SMTP)):
        for name, field in table.model_fields.items():
            if name.endswith("timeout_seconds"):
                assert field.default == getattr(settings, name), name
