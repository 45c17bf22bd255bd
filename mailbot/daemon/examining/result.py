"""One line of the doctor: where, what, how it is, what was found, and what helps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """`ok`; `warn`: it works, and could work better or not for long; `FAIL`: it does not work."""

    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Result:
    """What one examination found; `unreachable` where something could not be asked at all."""

    state: State
    where: str
    what: str
    found: str
    remedy: str = ""
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What is examined: makes its results."""

    where: str

    def ok(self, what: str, found: str) -> Result:
        """Nothing to do."""
        return Result(State.OK, self.where, what, found)

    def warn(self, what: str, found: str, remedy: str) -> Result:
        """It works, but."""
        return Result(State.WARN, self.where, what, found, remedy)

    def fail(self, what: str, found: str, remedy: str, *, unreachable: bool = False) -> Result:
        """It does not work."""
        return Result(State.FAIL, self.where, what, found, remedy, unreachable)
