"""What was learnt of people: the directory knows more, and stays in the configuration."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from mailbot.desk.people import Person


class People:
    """The people inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, address: str) -> Person | None:
        """What was learnt of this (folded) address."""
        raise NotImplementedError

    def save(self, person: Person, now: datetime) -> None:
        """Record or refresh: a weaker source fills gaps, a stronger or equal one overwrites."""
        raise NotImplementedError

    def list(self, limit: int = 1000) -> list[Person]:
        """Everybody, by address."""
        raise NotImplementedError
