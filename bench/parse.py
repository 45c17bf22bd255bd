"""`python -m bench.parse [FOLDER]`: mails a second on one core, beside the standard library in the same run.

What is measured is all that `mailbot parse` prints of a mail: `parse`, the record, its JSON. The other side is
`email` with `policy.default`: text and every attachment decoded, as JSON, too; once with every header (as `Mail` holds
them), and once with those only that the record needs. All take turns over the same mails, block by block, so that a
busy machine slows them alike; figures of CPU time, medians of the rounds. Files of any name are mails; the 100 largest
are left out, because a few attachments would outweigh all else. Without a folder the mails are made here.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from bench.made import make_mails
from bench.standard import read_fields, read_whole
from mailbot.mail.describe import as_record
from mailbot.mail.parse import parse

_ROUNDS = 5
_BLOCK_MAILS = 100
_LARGEST_LEFT_OUT = 100


def main() -> None:
    """Measure and print the table."""
    mails = _mails_of(Path(sys.argv[1])) if len(sys.argv) > 1 else make_mails(1_000)
    sides = {"mailbot": read_with_mailbot, "policy.default, whole": read_whole, "policy.default, lean": read_fields}
    rounds = [_round(mails, sides) for _ in range(_ROUNDS + 1)][1:]  # the first one warms up
    print(f"{len(mails)} mails, {sum(map(len, mails)) / 1e6:.1f} MB, median of {_ROUNDS} rounds, one process")
    for name in sides:
        cpu, wall = (statistics.median(one[name][place] for one in rounds) for place in (0, 1))
        ratio = statistics.median(one[name][0] / one["mailbot"][0] for one in rounds)
        speed = f"{len(mails) / cpu:7.0f} mails/s of CPU {len(mails) / wall:7.0f} by the clock"
        print(f"{name:22} {speed}   mailbot is {ratio:.2f} x")
    print(f"could not be read: {_failures(mails)} mails by policy.default, none by mailbot")


def read_with_mailbot(raw: bytes) -> str:
    """The JSON line of a mail."""
    return json.dumps(as_record(parse(raw), "x", 0.0), ensure_ascii=False)


def _mails_of(folder: Path) -> list[bytes]:
    files = sorted((file for file in folder.rglob("*") if file.is_file()), key=lambda file: file.stat().st_size)
    return [file.read_bytes() for file in sorted(files[:-_LARGEST_LEFT_OUT])]


def _round(mails: list[bytes], sides: Mapping[str, Callable[[bytes], str]]) -> dict[str, tuple[float, float]]:
    """(CPU seconds, seconds by the clock) of each side."""
    spent = dict.fromkeys(sides, (0.0, 0.0))
    for start in range(0, len(mails), _BLOCK_MAILS):
        for name, read in sides.items():
            cpu, wall = _time(read, mails[start : start + _BLOCK_MAILS])
            spent[name] = (spent[name][0] + cpu, spent[name][1] + wall)
    return spent


def _time(read: Callable[[bytes], str], mails: Iterable[bytes]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    for raw in mails:
        with suppress(Exception):  # what the other side cannot read is counted apart, and its time counts
            read(raw)
    return time.process_time() - cpu, time.perf_counter() - wall


def _failures(mails: Iterable[bytes]) -> int:
    failed = 0
    for raw in mails:
        try:
            read_whole(raw)
        except Exception:
            failed += 1
    return failed


if __name__ == "__main__":
    main()
