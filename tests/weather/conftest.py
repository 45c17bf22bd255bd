"""Weather is made for the daemon of the stories, or for one that runs (`station.py`)."""

from __future__ import annotations

import pytest

from tests.daemon.conftest import ann, desk
from tests.weather.station import FULL

__all__ = ["ann", "desk"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The line of `make weather`."""
    if FULL:
        counts = {name: len(terminalreporter.stats.get(name, ())) for name in ("passed", "failed", "error", "skipped")}
        broken = counts["failed"] + counts["error"]
        verdict = f"{counts['passed']} faults survived, {broken} not, {counts['skipped']} not tried"
        terminalreporter.write_line(f"weather: {verdict}", green=not broken, red=bool(broken))
