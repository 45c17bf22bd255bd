"""What was learnt of people: by specialists, or from signatures. The directory knows better and stays a file."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from mailbot.desk.people import Person
from mailbot.store import counters, tables
from mailbot.store.values import as_value, put

_PEOPLE = tables.people
_RANK = {"signature": 0, "specialist": 1, "directory": 2}


class People:
    """The people inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, address: str) -> Person | None:
        """What was learnt of this (folded) address."""
        row = self._connection.execute(select(_PEOPLE).where(_PEOPLE.c.address == address)).mappings().first()
        return None if row is None else as_value(Person, row, same_as=tuple(row["same_as"]))

    def save(self, person: Person, now: datetime) -> None:
        """Record or refresh: a weaker source fills gaps, a stronger or equal one overwrites."""
        counters.take_turn(self._connection)  # what is kept depends on what is known
        known = self.get(person.address)
        stronger = known is None or _RANK.get(person.source, 0) >= _RANK.get(known.source, 0)
        kept = person if known is None else completed(person, known) if stronger else completed(known, person)
        row: dict[str, Any] = {field.name: getattr(kept, field.name) for field in fields(Person)}
        row |= {"same_as": list(kept.same_as), "changed_at": now}
        put(self._connection, _PEOPLE, row, key="address")

    def everybody(self, limit: int = 1000) -> list[Person]:
        """Everybody of whom something was learnt, by address."""
        found = select(_PEOPLE).order_by(_PEOPLE.c.address).limit(limit)
        rows = self._connection.execute(found).mappings()
        return [as_value(Person, row, same_as=tuple(row["same_as"])) for row in rows]


def completed(person: Person, other: Person | None) -> Person:
    """The person, with what only the other record knows; address and source stay those of the person."""
    if other is None:
        return person
    known = {field.name: getattr(other, field.name) for field in fields(Person) if not getattr(person, field.name)}
    return replace(person, **known)
