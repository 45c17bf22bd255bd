"""What a desk under test logs as a fault of its own, which no weather, crash or disk explains."""

import logging

OURS = ("row_failed", "deadline_failed")


class Faults(logging.Handler):
    """Keeps those lines; nothing is written, for where calls are counted standard error would be one."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if any(f"event={name}" in line for name in OURS):
            self.lines.append(line)
