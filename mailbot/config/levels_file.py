"""`service_levels.toml`: business hours, the priority matrix, what is promised, and how long the desk waits."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from mailbot.config.desk_file import Zone
from mailbot.config.kinds import Duration, Name, OneOrMany, Phrase, Table, read_duration
from mailbot.triage.assessment import Priority

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _hours(value: object) -> object:
    """ "08:00-17:30" as two times; hours that end before they begin end on the next day."""
    if not isinstance(value, str):
        return value
    start, end = (part.strip() for part in f"{value}-".split("-")[:2])
    try:
        begins, ends = time.fromisoformat(start), time.fromisoformat("00:00" if end == "24:00" else end)
    except ValueError:
        raise ValueError(f'not hours: {value!r} (such as "08:00-17:30")') from None
    return begins, ends


Hours = Annotated[tuple[time, time], BeforeValidator(_hours)]


class CalendarTable(Table):
    """[[calendars]]"""

    name: Name = Field(description="name by which it is chosen")
    always: bool = Field(False, description="every hour of every day")
    timezone: Zone | None = Field(None, description="IANA time zone of the hours; default: that of the desk")
    hours: dict[Weekday, Annotated[tuple[Hours, ...], OneOrMany]] = Field(
        default_factory=dict, description='when people work: mon = "08:00-17:00", or several spans'
    )
    holidays: str | None = Field(None, description='public holidays of a country or region: "DE", "DE-HH"')
    closed: tuple[date, ...] = Field((), description="other days without work")

    @model_validator(mode="after")
    def _hours_or_always(self) -> CalendarTable:
        if self.always == bool(self.hours):
            raise ValueError("needs either always = true or hours, and not both")
        return self


class UrgencyRow(Table):
    """One row of the matrix: the priorities of one impact, by urgency."""

    high: Priority = Field(description="priority where the urgency is high")
    medium: Priority = Field(description="priority where the urgency is medium")
    low: Priority = Field(description="priority where the urgency is low")


class MatrixTable(Table):
    """[matrix]: impact × urgency → priority"""

    high: UrgencyRow = Field(description="impact high: everybody, or customers")
    medium: UrgencyRow = Field(description="impact medium: a team, a site, a shared resource")
    low: UrgencyRow = Field(description="impact low: one person")


class TargetTable(Table):
    """One priority's promise."""

    response: Duration = Field(description="business time until a specialist reacts")
    resolution: Duration = Field(description="business time until it is resolved")

    @model_validator(mode="after")
    def _in_order(self) -> TargetTable:
        if self.response > self.resolution:
            raise ValueError("response must not be later than resolution")
        return self


class TargetsTable(Table):
    """[targets]"""

    P1: TargetTable = Field(description="promise of P1")
    P2: TargetTable = Field(description="promise of P2")
    P3: TargetTable = Field(description="promise of P3")
    P4: TargetTable = Field(description="promise of P4")


class WaitsTable(Table):
    """[waits]: in business time"""

    remind_after: Duration = Field(read_duration("16h"), description="silence of the requester before a reminder")
    reminders: int = Field(2, ge=0, le=10, description="how often the requester is reminded")
    close_resolved_after: Duration = Field(read_duration("40h"), description="silence after which resolved is closed")
    answered_verdict_after: Duration = Field(read_duration("4h"), description="silence after an FAQ answer")
    silence_resolves: bool = Field(False, description="silence after an FAQ answer resolves instead of handing over")
    approval_after: Duration = Field(read_duration("16h"), description="how long an approval may take")
    held_after: Duration = Field(read_duration("4h"), description="how long mail is held before admins are told")
    reopen_days: int = Field(14, ge=0, description="days in which an answer reopens a closed ticket")


class LevelsFile(Table):
    """service_levels.toml"""

    calendar: Name = Field(description="the calendar that promises and waits count in")
    calendars: tuple[CalendarTable, ...] = Field(min_length=1)
    matrix: MatrixTable
    targets: TargetsTable
    waits: WaitsTable = WaitsTable()


class WordsFile(Table):
    """words.<language>.toml"""

    disruption: tuple[Phrase, ...] = Field((), description="something is broken")
    no_disruption: tuple[Phrase, ...] = Field((), description="nothing is broken")
    request: tuple[Phrase, ...] = Field((), description="something is wanted")
    question: tuple[Phrase, ...] = Field((), description="somebody wants to know something")
    urgent: tuple[Phrase, ...] = Field((), description="it cannot wait")
    not_urgent: tuple[Phrase, ...] = Field((), description="it can wait")
    many_affected: tuple[Phrase, ...] = Field((), description="a team or a site is affected")
    everyone_affected: tuple[Phrase, ...] = Field((), description="the whole organisation or customers are affected")
    already_tried: tuple[Phrase, ...] = Field((), description="the usual answer has been tried: no FAQ answer")
    work_order: tuple[Phrase, ...] = Field((), description="somebody must do something: no FAQ answer")
    confirmed: tuple[Phrase, ...] = Field((), description="a reply that says it is solved")
    rejected: tuple[Phrase, ...] = Field((), description="a reply that says it is not solved")
    thanks: tuple[Phrase, ...] = Field((), description="mere courtesy")
    doubt: tuple[Phrase, ...] = Field((), description="a reply that is not sure (will test, if it works)")
    negation: tuple[Phrase, ...] = Field((), description="words that turn a statement round")
    contrast: tuple[Phrase, ...] = Field(
        (), description="words that take back half of a statement (but, another thing)"
    )
    out_of_office: tuple[Phrase, ...] = Field((), description="absence notes")


class FaqFront(Table):
    """What stands between the +++ lines of an FAQ entry."""

    id: Name = Field(description="name of the entry; never change it, outcomes are counted by it")
    title: str = Field(min_length=1, description="what the entry answers, in a line")
    questions: tuple[str, ...] = Field(min_length=1, description="the ways in which people ask; more are better")
    language: str = Field(pattern="^[a-z]{2}$", description="language of the entry")
    services: tuple[Name, ...] = Field((), description="services that it belongs to")
    automatic: bool = Field(False, description="the desk may send it by itself (with faq.mode answer)")
