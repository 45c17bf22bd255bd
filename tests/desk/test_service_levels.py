"""Business time on the wall clock of an office, counted between instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.desk.policy import ServiceLevels, Target
from mailbot.desk.service_levels import ALWAYS, Always, BusinessHours, due_times
from mailbot.triage.assessment import Priority

BERLIN = ZoneInfo("Europe/Berlin")
DAY = ((time(9), time(17)),)
OFFICE = BusinessHours(BERLIN, dict.fromkeys(range(5), DAY))
HAMBURG = BusinessHours(BERLIN, dict.fromkeys(range(5), DAY), frozenset({date(2026, 6, 5)}), "DE", "HH")
NIGHTS = BusinessHours(BERLIN, dict.fromkeys(range(7), ((time(22), time(6)),)))
AROUND = BusinessHours(BERLIN, dict.fromkeys(range(7), ((time(0), time(0)),)))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "due"),
    [
        (OFFICE, "2026-03-02 10:00", 4, "2026-03-02 14:00"),  # within a day
        (OFFICE, "2026-03-02 16:00", 2, "2026-03-03 10:00"),  # over the evening
        (OFFICE, "2026-03-06 16:00", 2, "2026-03-09 10:00"),  # over the weekend
        (OFFICE, "2026-03-07 12:00", 1, "2026-03-09 10:00"),  # from a weekend
        (OFFICE, "2026-03-02 07:00", 8, "2026-03-02 17:00"),  # a whole day ends with it
        (OFFICE, "2026-03-02 07:00", 0, "2026-03-02 07:00"),
        (OFFICE, "2026-03-27 16:00", 2, "2026-03-30 10:00"),  # clocks change on the Sunday between
        (HAMBURG, "2026-04-30 16:00", 2, "2026-05-04 10:00"),  # 1 May is a holiday
        (HAMBURG, "2026-06-04 16:00", 2, "2026-06-08 10:00"),  # a day off by date
        (HAMBURG, "2026-12-31 16:00", 2, "2027-01-04 10:00"),  # New Year
        (NIGHTS, "2026-03-02 12:00", 1, "2026-03-02 23:00"),
        (NIGHTS, "2026-03-02 04:00", 3, "2026-03-02 23:00"),  # yesterday's night is still open
        (NIGHTS, "2026-03-28 22:00", 7, "2026-03-29 06:00"),  # 02:00 to 03:00 does not exist
        (NIGHTS, "2026-10-24 22:00", 9, "2026-10-25 06:00"),  # 02:00 to 03:00 comes twice
        (AROUND, "2026-03-28 12:00", 24, "2026-03-29 13:00"),
        (AROUND, "2026-10-24 12:00", 24, "2026-10-25 11:00"),
    ],
)
def test_business_time_passes_only_in_opening_hours(calendar: BusinessHours, start: str, hours: int, due: str) -> None:
    assert calendar.add(berlin(start), timedelta(hours=hours)) == berlin(due).astimezone(UTC)


def test_an_edge_in_the_hour_that_is_skipped_lies_where_the_clock_jumps() -> None:
    odd = BusinessHours(BERLIN, {6: ((time(1), time(2, 30)), (time(2, 30), time(4)))})
    assert odd.elapsed(berlin("2026-03-29 00:00"), berlin("2026-03-29 12:00")) == timedelta(hours=2)
    assert odd.add(berlin("2026-03-29 00:00"), timedelta(minutes=90)) == berlin("2026-03-29 03:30").astimezone(UTC)


def test_spans_that_overlap_count_once() -> None:
    twice = BusinessHours(BERLIN, {0: ((time(9), time(12)), (time(10), time(11)), (time(11), time(13)))})
    assert twice.elapsed(berlin("2026-03-02 00:00"), berlin("2026-03-03 00:00")) == timedelta(hours=4)


def test_the_answer_is_an_instant_in_utc() -> None:
    assert OFFICE.add(berlin("2026-03-02 10:00"), timedelta(hours=1)).tzinfo is UTC
    assert ALWAYS.add(berlin("2026-03-28 12:00"), timedelta(hours=24)) == berlin("2026-03-29 13:00").astimezone(UTC)


def test_a_calendar_that_never_opens_is_a_mistake_and_no_endless_walk() -> None:
    with pytest.raises(AssertionError):
        BusinessHours(BERLIN, {0: ()})
    closed = BusinessHours(BERLIN, {0: DAY}, frozenset(date(2026, 1, 5) + timedelta(weeks=n) for n in range(600)))
    with pytest.raises(ValueError, match="ten years"):
        closed.add(berlin("2026-03-02 10:00"), timedelta(hours=1))


def test_a_long_time_is_counted_to_its_end() -> None:
    years = BusinessHours(BERLIN, {0: DAY})
    mondays = 52 * 12
    start = berlin("2026-03-02 00:00")
    assert years.elapsed(start, start + timedelta(weeks=mondays)) == timedelta(hours=8 * mondays)


def test_nothing_has_passed_before_the_start() -> None:
    assert OFFICE.elapsed(berlin("2026-03-03 12:00"), berlin("2026-03-02 12:00")) == timedelta()
    assert Always().elapsed(berlin("2026-03-03 12:00"), berlin("2026-03-02 12:00")) == timedelta()
    assert Always().elapsed(berlin("2026-03-02 12:00"), berlin("2026-03-02 13:00")) == timedelta(hours=1)


MOMENTS = st.integers(0, 365 * 86_400).map(
    lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
SPANS = st.timedeltas(timedelta(), timedelta(hours=80))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([OFFICE, HAMBURG, NIGHTS, AROUND]), MOMENTS, SPANS)
def test_the_time_that_has_passed_when_a_ticket_is_due_is_the_agreed_time(
    calendar: BusinessHours, start: datetime, business: timedelta
) -> None:
    assert calendar.elapsed(start, calendar.add(start, business)) == business


@pytest.mark.parametrize("night", [datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)])
@settings(max_examples=30, deadline=None)
@given(st.integers(0, 96), st.integers(0, 288))
def test_every_quarter_of_an_hour_that_counts_shows_an_open_hour_on_the_wall(
    night: datetime, skip: int, n: int
) -> None:
    start = night + timedelta(minutes=15 * skip)
    quarters = [(start + timedelta(minutes=15 * number)).astimezone(BERLIN) for number in range(n)]
    counted = [quarter for quarter in quarters if not 6 <= quarter.hour < 22]
    assert NIGHTS.elapsed(start, start + timedelta(minutes=15 * n)) == timedelta(minutes=15 * len(counted))


def test_a_ticket_is_due_by_the_targets_of_its_priority() -> None:
    levels = ServiceLevels(OFFICE, {Priority.P1: Target(timedelta(hours=1), timedelta(hours=8))})
    response, resolution = due_times(Priority.P1, berlin("2026-03-02 16:30"), levels)
    assert response == berlin("2026-03-03 09:30").astimezone(UTC)
    assert resolution == berlin("2026-03-03 16:30").astimezone(UTC)
