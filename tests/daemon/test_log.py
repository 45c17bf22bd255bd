"""One line an event, whatever strangers write."""

from __future__ import annotations

import io
import logging

import pytest

from mailbot.daemon.log import LOGGER, crash, line, log, start_logging


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
