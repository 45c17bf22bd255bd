"""`mailbot verify`: the invariants I1-I8 over the database, read-only, beside a daemon or over a copy.

A row of the table is a promise with the checks that stand for it; a finding says where it is broken and what helps.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from mailbot.cli.console import Console
from mailbot.config.last_good import load_or_last_good
from mailbot.config.locate import find_config
from mailbot.store.looking import look_into
from mailbot.store.unit_of_work import Work
from mailbot.store.verify import AUTOMATIC_IN_A_ROW, Examined, Finding, Promise, examine

PROMISES: Mapping[Promise, str] = {
    Promise.ONE_DISPOSITION: "every mail has one row and comes to one disposition",
    Promise.EFFECTS_ONCE: "what a mail or a deadline does, it does once",
    Promise.DELIVERY: "class A leaves at least once, class B at most once, in the same bytes",
    Promise.WALL: "no internal note reaches a requester",
    Promise.SHORT_CHAINS: "at most two automatic mails in a row",
    Promise.CARE: "no open ticket without group, owner, dates and a clock",
    Promise.LEGAL_STATES: "every row stands in a legal state",
    Promise.RIGHTS: "nothing privileged without token and authentication",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--database`: another one than that of the configuration."""
    parser.add_argument(
        "--database", metavar="URL", help="look into this database instead: an SQLite file, or a URL as [database] has"
    )
    parser.add_argument("--checks", action="store_true", help="show every single check, and not its promise alone")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Print what was looked at and what breaks it; 1 if anything does."""
    with _open(arguments) as (work, in_a_row):
        examined = list(examine(work, in_a_row))
    findings = [finding for one in examined for finding in one.findings]
    if console.as_json:
        for one in examined:
            console.record(_as_record(one))
    else:
        columns = ("", "promise", "checks", "rows", "findings")
        console.table(columns, _by_check(examined) if arguments.checks else _by_promise(examined))
        _tell(findings, console)
    return 1 if findings else 0


@contextmanager
def _open(arguments: argparse.Namespace) -> Iterator[tuple[Work, int]]:
    """One view of the database, and how many automatic mails in a row the configuration allows."""
    where, in_a_row = arguments.database, AUTOMATIC_IN_A_ROW
    if where is None:
        snapshot = load_or_last_good(find_config(arguments.config)).snapshot
        where, in_a_row = snapshot.database_url, snapshot.policy.limits.automatic_in_a_row
    with look_into(where) as database, database.read() as work:
        yield work, in_a_row


def _by_promise(examined: Sequence[Examined]) -> Iterator[tuple[object, ...]]:
    for promise in Promise:
        of_it = [one for one in examined if one.check.promise is promise]
        tables = {one.check.table.name: one.rows for one in of_it}
        shown = ", ".join(f"{rows} {name}" for name, rows in tables.items())
        yield promise, PROMISES[promise], len(of_it), shown, sum(len(one.findings) for one in of_it)


def _by_check(examined: Sequence[Examined]) -> Iterator[tuple[object, ...]]:
    for one in examined:
        check = one.check
        yield check.promise, check.name, check.meaning, f"{one.rows} {check.table.name}", len(one.findings)


def _as_record(one: Examined) -> Mapping[str, object]:
    check = one.check
    told = {"promise": check.promise, "invariant": check.name, "meaning": check.meaning}
    return told | {"table": check.table.name, "rows": one.rows, "findings": one.findings}


def _tell(findings: Sequence[Finding], console: Console) -> None:
    for finding in findings:
        console.complain(f"{finding.promise} {finding.invariant}: {finding.where}: {finding.what}")
        console.say(f"   → {finding.remedy}", "yellow")
    if not findings:
        console.say("every invariant holds", "green")
