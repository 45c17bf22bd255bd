"""The servers that take the desk's mail, and when each may be tried: [smtp], and [alert_smtp] for mail to admins.

A server that does not answer, or does not let us in, is left alone for a while: exponentially with full jitter, and a
flat quarter of an hour after it refused our login, because a login that is tried too often gets locked. The pause is
the server's, shared by all connections; what has failed on one route closes no other, so that an alert about the first
leaves by the second. Time is monotonic here: a clock that somebody turns must not keep mail for a day.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from mailbot.daemon.log import log, warn
from mailbot.daemon.parts import Parts
from mailbot.desk.ticket import Side
from mailbot.store.states import HealthState
from mailbot.transport.postman import DeliveryFailed, Phase, Postman

REFUSED_SECONDS = 900.0
FIRST_SECONDS, LONGEST_SECONDS = 5.0, 900.0
ALERT_AFTER_SECONDS = 900.0  # unreachable so long; a refused login is told at once
ALERT_EVERY_SECONDS = 3_600.0
HANG_UPS = 3  # one after the other are no accident
CLOSING = 421
MAIN, ALERT = "smtp", "alert_smtp"


@dataclass(slots=True)
class Route:
    """One server: whether it may be tried now, and what is wrong with it."""

    name: str
    open_postman: Callable[[], Postman]
    problem: str = ""
    needs_person: bool = False
    failures: int = 0
    failing_since: float = 0.0
    closed_until: float | None = None

    def is_open(self, monotonic: float) -> bool:
        """Whether its pause is over."""
        return self.closed_until is None or monotonic >= self.closed_until


@dataclass(slots=True)
class Connection:
    """One postman for each route, made when first needed."""

    postmen: dict[str, Postman] = field(default_factory=dict)

    def postman(self, route: Route) -> Postman:
        """Who carries mail on that route."""
        if route.name not in self.postmen:
            self.postmen[route.name] = route.open_postman()
        return self.postmen[route.name]

    async def close(self) -> None:
        """Say goodbye to the servers."""
        for postman in self.postmen.values():
            await postman.close()
        self.postmen.clear()


class Routes:
    """The routes of a desk."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.main = Route(MAIN, parts.postman)
        self.alert = Route(ALERT, parts.alert_postman) if parts.alert_postman is not None else None
        self._alerted_at: float | None = None
        self._alerted = False

    def sides(self) -> frozenset[Side]:
        """To whom mail may leave now."""
        if self.main.is_open(self._parts.monotonic()):
            return frozenset(Side)
        return frozenset({Side.ADMIN}) if self._alert_is_open() else frozenset()

    def choose(self, side: Side) -> Route:
        """Mail to admins takes its own route, unless that one is closed."""
        return self.alert if side is Side.ADMIN and self.alert is not None and self._alert_is_open() else self.main

    def note(self, route: Route, failure: DeliveryFailed | None) -> None:
        """What the last mail on a route says of its server (None: it was taken)."""
        if failure is None or (failure.phase is not Phase.CONNECT and failure.code not in (None, CLOSING)):
            self._works(route)
        elif failure.phase is Phase.CONNECT:
            self._fails(route, failure)
        elif not failure.permanent:
            self._hangs_up(route, failure)

    @property
    def problem(self) -> str:
        """Why mail cannot leave, or alerts cannot leave by their own route; "" where all is well."""
        routes = (self.main, self.alert)
        return "; ".join(_describe(route) for route in routes if route is not None and route.problem)

    @property
    def health(self) -> HealthState:
        """The worst of the routes."""
        troubled = [route for route in (self.main, self.alert) if route is not None and route.problem]
        if any(route.needs_person for route in troubled):
            return HealthState.NEEDS_PERSON
        return HealthState.RETRYING if troubled else HealthState.OK

    def alert_is_due(self) -> bool:
        """Whether admins must learn by the second route that the first is broken: once an outage, at most hourly."""
        now, main = self._parts.monotonic(), self.main
        if not main.problem or self._alerted or self.alert is None:
            return False
        long_enough = main.needs_person or now >= main.failing_since + ALERT_AFTER_SECONDS
        return long_enough and (self._alerted_at is None or now >= self._alerted_at + ALERT_EVERY_SECONDS)

    def alerted(self) -> None:
        """They have been told."""
        self._alerted, self._alerted_at = True, self._parts.monotonic()

    # ---------------------------------------------------------------- steps

    def _alert_is_open(self) -> bool:
        return self.alert is not None and self.alert.is_open(self._parts.monotonic())

    def _works(self, route: Route) -> None:
        if route.problem:
            log("smtp_available", route=route.name, after_failures=route.failures)
        if route is self.main:
            self._alerted = False
        route.failures, route.closed_until, route.problem, route.needs_person = 0, None, "", False

    def _fails(self, route: Route, failure: DeliveryFailed) -> None:
        if not route.problem:
            route.failing_since = self._parts.monotonic()
        route.problem, route.needs_person = failure.reason, failure.permanent
        wait = self._pause(route)
        again_in = f"{wait.total_seconds():.0f}s"
        warn("smtp_unavailable", route=route.name, reason=failure.reason, failures=route.failures, again_in=again_in)

    def _hangs_up(self, route: Route, failure: DeliveryFailed) -> None:
        """In the middle of a mail; perhaps that mail is to blame, but the next one does not follow at once."""
        route.needs_person = False  # it let us in
        if route.failures + 1 >= HANG_UPS:
            self._fails(route, failure)
        else:
            self._pause(route)

    def _pause(self, route: Route) -> timedelta:
        """Connections that fail together are one failure."""
        now = self._parts.monotonic()
        route.failures += route.is_open(now)
        wait = self._parts.backoff(route.failures, FIRST_SECONDS, LONGEST_SECONDS)
        if route.needs_person:
            wait = timedelta(seconds=REFUSED_SECONDS)
        route.closed_until = max(route.closed_until or 0.0, now + wait.total_seconds())
        return wait


def _describe(route: Route) -> str:
    return route.problem if route.name == MAIN else f"[{route.name}] {route.problem}"
