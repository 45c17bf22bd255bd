"""`people.csv`: the organisation's directory, exported from wherever it is kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping

from mailbot.config.files import Files, decode
from mailbot.config.findings import Finding, Severity, did_you_mean
from mailbot.desk.people import Person
from mailbot.mail.addresses import is_plain_address
from mailbot.mail.model import ascii_fold

FILE = "people.csv"
COLUMNS = ("address", "same_as", "name", "phone", "department", "site", "language", "vip", "manager", "title")
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": False}


def read_people(files: Files, languages: Collection[str], found: list[Finding]) -> dict[str, Person]:
    """Everybody, by each of their addresses; there may be no such file."""
    if FILE not in files.raw:
        return {}
    shown = files.shown(FILE)
    text = decode(files.raw[FILE], shown, found)
    if text is None:
        return {}
    people: dict[str, Person] = {}
    lines: dict[str, int] = {}
    for line, row in _rows(text, shown, found):
        person = _person(row, line, shown, found)
        if person is None:
            continue
        if person.language and languages and person.language not in languages:
            message = f'{person.address}: the desk does not write "{person.language}"'
            found.append(Finding(shown, line, "language", message, did_you_mean(person.language, languages)))
        for address in (person.address, *person.same_as):
            if address in people:
                message = f"{address} stands here a second time, first for {people[address].address}"
                found.append(Finding(shown, line, "address", message, "every address belongs to one person"))
            people.setdefault(address, person)
            lines.setdefault(address, line)
    found.extend(_strangers(people, lines, shown))
    return people


def _strangers(people: Mapping[str, Person], lines: Mapping[str, int], shown: str) -> Iterator[Finding]:
    """Managers who are not in the directory: the desk knows nothing of those who approve."""
    for address, person in people.items():
        if address == person.address and person.manager and person.manager not in people:
            message = f"{person.manager}, manager of {address}, has no row"
            yield Finding(shown, lines[address], "manager", message, severity=Severity.WARNING)


def _rows(text: str, shown: str, found: list[Finding]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line, values by column) of each row that has as many values as the header."""
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        if not _is_header(header, shown, found):
            return
        for row in reader:
            if not any(value.strip() for value in row) or row[0].startswith("#"):
                continue
            if len(row) != len(header):
                message = f"has {len(row)} values for {len(header)} columns"
                found.append(Finding(shown, reader.line_num, "", message, 'put values with commas in "quotes"'))
                continue
            yield reader.line_num, dict(zip(header, (value.strip() for value in row), strict=True))
    except csv.Error as error:
        found.append(Finding(shown, reader.line_num, "", f"not valid CSV: {error}"))


def _is_header(header: list[str], shown: str, found: list[Finding]) -> bool:
    before = len(found)
    if "address" not in header:
        found.append(Finding(shown, 1, "", 'the first line names no column "address"', "columns: " + ",".join(COLUMNS)))
    for column in header:
        if column not in COLUMNS:
            found.append(Finding(shown, 1, column, f'unknown column "{column}"', did_you_mean(column, COLUMNS)))
    return len(found) == before


def _person(row: Mapping[str, str], line: int, shown: str, found: list[Finding]) -> Person | None:
    before = len(found)
    same_as = tuple(ascii_fold(address) for address in row.get("same_as", "").replace(";", " ").split())
    manager = ascii_fold(row.get("manager", ""))
    for address in (ascii_fold(row["address"]), *same_as, *([manager] if manager else [])):
        if not is_plain_address(address):
            found.append(Finding(shown, line, "address", f'not a mail address: "{address}"'))
    vip = row.get("vip", "").lower()
    if vip not in _YES:
        found.append(Finding(shown, line, "vip", f'vip is yes or no, not "{vip}"'))
    if len(found) > before:
        return None
    texts = {name: row.get(name, "") for name in ("name", "phone", "department", "site", "language", "title")}
    return Person(
        address=ascii_fold(row["address"]),
        same_as=same_as,
        manager=manager,
        vip=_YES[vip],
        source="directory",
        **texts,
    )
