"""Parsing where it cannot hurt: in one child process that may be killed at any time.

Promise: `parse` always comes back, within about 40 seconds, whatever the bytes. A child that dies or hangs is
replaced and the mail is tried once more, alone in a fresh one, before the problem is told. A child is recycled after
1,000 mails or when it has grown beyond 150 MB.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from mailbot.daemon.reading import Reading, prepare_child, read, read_limited, verify_limited
from mailbot.mail.dkim import DkimResult, DkimVerdict, verify
from mailbot.mail.model import Mail, Recognition

WALL_SECONDS = 20
MAILS_A_CHILD = 1_000
GROWN_BYTES = 150 * 1024**2

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A mail, or why there is none; `dkim_names` are the DNS names that its signatures speak of."""

    mail: Mail | None
    problem: str = ""
    dkim_names: tuple[str, ...] = ()


class Parser(Protocol):
    """What processing needs: bytes in, a mail or a problem out, never an exception."""

    def parse(self, raw: bytes, recognition: Recognition) -> Parsed:
        """The mail that these bytes hold."""
        ...

    def verify(self, raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
        """What the signatures of these bytes prove, given the answers of DNS."""
        ...

    def close(self) -> None:
        """End the child; may be repeated, and the next `parse` starts another."""
        ...


class InProcessParser:
    """For tests and short errands over trusted files."""

    def parse(self, raw: bytes, recognition: Recognition) -> Parsed:
        """The mail that these bytes hold."""
        try:
            reading = read(raw, recognition)
        except Exception as error:
            return Parsed(None, f"parser failed ({type(error).__name__})")
        return Parsed(reading.mail, dkim_names=reading.dkim_names)

    def verify(self, raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
        """What the signatures of these bytes prove."""
        return verify(raw, answers, from_domain)

    def close(self) -> None:
        """Nothing to end."""


class ChildParser:
    """The parser of the daemon. Used by one thread at a time."""

    def __init__(
        self,
        wall_seconds: float = WALL_SECONDS,
        *,
        reader: Callable[[bytes, Recognition], Reading] = read_limited,
        grown_bytes: int = GROWN_BYTES,
    ) -> None:
        self._wall_seconds = wall_seconds
        self._reader = reader
        self._grown_bytes = grown_bytes
        self._pool: ProcessPool | None = None

    def parse(self, raw: bytes, recognition: Recognition) -> Parsed:
        """The mail that these bytes hold; a problem is told after it happened twice."""
        reading, problem = self._try_twice(
            lambda pool: pool.schedule(self._reader, args=(raw, recognition), timeout=self._wall_seconds).result()
        )
        if reading is None:
            return Parsed(None, problem)
        if reading.peak_bytes > self._grown_bytes:
            self.close()
        return Parsed(reading.mail, dkim_names=reading.dkim_names)

    def verify(self, raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
        """What the signatures prove; bytes that kill the child prove nothing."""
        verdict, _ = self._try_twice(
            lambda pool: pool.schedule(
                verify_limited, args=(raw, dict(answers), from_domain), timeout=self._wall_seconds
            ).result()
        )
        return verdict or DkimVerdict(DkimResult.TEMPERROR)

    def close(self) -> None:
        """End the child."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it untyped
            self._pool.join()
            self._pool = None

    def _try_twice(self, task: Callable[[ProcessPool], _Value]) -> tuple[_Value | None, str]:
        problem = ""
        for _ in range(2):
            try:
                return task(self._running()), ""
            except FutureTimeout:
                problem = f"no end after {self._wall_seconds:g} s"
            except ProcessExpired as death:
                problem = f"parser died ({death.exitcode})"
            except Exception as error:
                problem = f"parser failed ({type(error).__name__})"
            self.close()  # a fresh child for the second try, and for the next mail
        return None, problem

    def _running(self) -> ProcessPool:
        if self._pool is None:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["mailbot.daemon.reading"])
            self._pool = ProcessPool(max_workers=1, max_tasks=MAILS_A_CHILD, initializer=prepare_child, context=context)
        return self._pool
