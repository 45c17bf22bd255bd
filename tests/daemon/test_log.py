"""One line an event, whatever strangers write."""

from __future__ import annotations

import errno
import io
import logging

import pytest

from mailbot.daemon.log import LOGGER, crash, line, log, problem_of, start_logging
from mailbot.store.failures import DatabaseUnavailable, DiskFull
from mailbot.transport.mailbox import MailboxUnavailable
from mailbot.transport.postman import DeliveryFailed, Phase


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("hand_over", "hand_over"),
        (17, "17"),
        ("two words", '"two words"'),
        ('say "yes"', '"say \\"yes\\""'),
        ("a\nlevel=error event=forged", '"a\\u000alevel=error event=forged"'),
        ("\x1b[31mred", '"\\u001b[31mred"'),
        ("left\u202eright", '"left\\u202eright"'),
        ("\udc80", '"\\udc80"'),
    ],
)
def test_a_value_cannot_leave_its_line(value: object, shown: str) -> None:
    assert line("event", x=value) == f"level=info event=event x={shown}"


def test_fields_without_a_value_are_left_out() -> None:
    assert line("sent", ticket=None, reply="", outbox=3) == "level=info event=sent outbox=3"


def test_long_values_are_cut() -> None:
    assert len(line("event", x="y" * 5_000)) < 400


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DatabaseUnavailable("database is locked"), '"database is locked"'),
        (DiskFull("database or disk is full"), '"database or disk is full"'),
        (DatabaseUnavailable("away\nlevel=info event=forged"), "away"),
        (OSError(errno.ENOSPC, "No space left on device", "mail"), '"No space left on device"'),
        (MailboxUnavailable("\x1b[31mred" + "y" * 900, temporary=True), '" [31mred' + "y" * 192 + '"'),
        (DeliveryFailed("451 later", permanent=False, phase=Phase.RCPT), '"451 later"'),
    ],
)
def test_what_holds_no_mail_is_told_with_its_reason(
    error: Exception, reason: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LOGGER, "propagate", True)
    crash("loop_failed", error, loop="intake")
    assert caplog.messages == [
        f"level=error event=loop_failed loop=intake error={type(error).__name__} reason={reason}"
    ]


def test_a_problem_that_may_hold_mail_is_only_its_kind() -> None:
    assert problem_of(ValueError("the secret of somebody's mail")) == "ValueError"
    assert problem_of(DatabaseUnavailable("database is locked")) == "DatabaseUnavailable: database is locked"
    assert problem_of(DiskFull()) == "DiskFull"


def test_a_crash_names_kind_and_place_but_no_values() -> None:
    stream = io.StringIO()
    handlers, propagate, level = LOGGER.handlers[:], LOGGER.propagate, LOGGER.level
    start_logging(stream)
    try:
        raise ValueError("the secret of somebody's mail")
    except ValueError as error:
        crash("row_failed", error, inbox=3)
        log("sent", logging.DEBUG)
    finally:
        LOGGER.handlers[:], LOGGER.propagate = handlers, propagate
        LOGGER.setLevel(level)
    assert stream.getvalue().startswith("level=error event=row_failed inbox=3 error=ValueError at=test_log.py:")
    assert "secret" not in stream.getvalue()
    assert "sent" not in stream.getvalue()
