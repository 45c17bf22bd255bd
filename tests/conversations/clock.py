"""The clock of a story: it stands still until somebody lets time pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

STORY_BEGINS = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


class StoryClock:
    """What the daemon of a story reads."""

    def __init__(self) -> None:
        self.time = STORY_BEGINS

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def set(self, moment: datetime) -> None:
        self.time = max(self.time, moment)

    def step(self, gap: timedelta) -> None:
        self.time += gap
