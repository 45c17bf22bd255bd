"""Mail from files through the way of every mail: `mailbot import`.

One file is one message, whatever its name; only on request is a file taken for an mbox. Without `live` nothing leaves
and no clock starts: outgoing rows are `cancelled: import`. The rows go into the inbox like any other, under the
account `import`, which no daemon works on; a file that comes again is a duplicate, so an import that broke off is
simply repeated.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mailbot.daemon.parts import Parts
from mailbot.daemon.processing import QUIET_FOLDER, ROWS_A_TURN, Processing
from mailbot.store.inbox import IMPORTED
from mailbot.store.states import InboxState
from mailbot.transport.mailbox import excerpt_raw

LIVE_FOLDER = "live"
VALIDITY = 1
_FROM_LINE = re.compile(rb"(?:\A|(?<=\n))From [^\r\n]*\r?\n")
_PARTICULARS = re.compile(r":? of inbox row \d+|: \S+@\S+")
_QUOTED_FROM = re.compile(rb"(?m)^>(>*From )")

Progress = Callable[[int, int], None]
"""Called with (messages done, messages in all)."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One disposition a message: `dispositions` counts them, `unread` names files that could not be read, and why."""

    files: int
    messages: int
    dispositions: Mapping[str, int]
    already_known: int  # among them duplicates of what came before
    unread: tuple[tuple[str, str], ...]
    live: bool


@dataclass(slots=True)
class _Taken:
    """What was found on disk."""

    files: int = 0
    rows: list[int] = field(default_factory=list)
    unread: list[tuple[str, str]] = field(default_factory=list)


def import_mails(
    parts: Parts, paths: Iterable[Path], *, live: bool = False, mbox: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Take in files, folders and Maildirs; ends when every message has its disposition."""
    folder = LIVE_FOLDER if live else QUIET_FOLDER
    taken = _take_in(parts, paths, folder, mbox)
    dispositions = _work_on(parts, taken.rows, progress or (lambda done, total: None))
    known = sum(count for disposition, count in dispositions.items() if disposition.startswith(InboxState.DUPLICATE))
    return ImportReport(taken.files, len(taken.rows), _merged(dispositions), known, tuple(taken.unread), live)


def files_in(path: Path) -> Iterator[Path]:
    """The file, or every file below the folder, in order of their names; a Maildir's `tmp` and dot files stay out."""
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if not (name == "tmp" and {"cur", "new"} & set(names)))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def split_mbox(raw: bytes) -> tuple[bytes, ...]:
    """The messages of an mbox file (RFC 4155), with quoted From lines restored (mboxrd)."""
    lines = [found.span() for found in _FROM_LINE.finditer(raw)]
    ends = [start for start, _ in lines[1:]] + [len(raw)]
    return tuple(_QUOTED_FROM.sub(rb"\1", raw[begin:end]) for (_, begin), end in zip(lines, ends, strict=False))


def _take_in(parts: Parts, paths: Iterable[Path], folder: str, mbox: bool) -> _Taken:
    taken = _Taken()
    with parts.database.read() as work:
        uid = max(work.inbox.known_uids(IMPORTED, folder, VALIDITY), default=0)
    for path in (file for given in paths for file in files_in(given)):
        taken.files += 1
        try:
            raw, arrived_at = path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError as error:
            taken.unread.append((str(path), error.strerror or type(error).__name__))
            continue
        messages = split_mbox(raw) if mbox else (raw,)
        if not messages:
            taken.unread.append((str(path), "not an mbox file: no line begins with 'From '"))
        taken.rows += _receive(parts, messages, folder, uid, arrived_at)
        uid += len(messages)
    return taken


def _receive(parts: Parts, messages: Sequence[bytes], folder: str, uid: int, arrived_at: datetime) -> list[int]:
    now, limit_bytes = parts.clock(), parts.snapshot.policy.limits.message_bytes
    rows: list[int] = []
    with parts.database.write() as work:
        for offset, raw in enumerate(messages, start=1):
            large = len(raw) > limit_bytes
            kept = excerpt_raw(raw) if large else raw
            row = work.inbox.receive(
                IMPORTED, folder, VALIDITY, uid + offset, kept, min(arrived_at, now), len(raw), large, now
            )
            assert row is not None, "its UID is new"
            rows.append(row)
    return rows


def _work_on(parts: Parts, rows: Sequence[int], progress: Progress) -> Mapping[str, int]:
    """Until each row has its one disposition; a row that fails is tried again and at last set aside."""
    processing = Processing(parts)
    dispositions: Counter[str] = Counter()
    waiting = list(rows)
    progress(0, len(rows))
    while waiting:
        batch, waiting = waiting[:ROWS_A_TURN], waiting[ROWS_A_TURN:]
        processing.turn(parts.clock(), only=batch)
        done = _dispositions(parts, batch)
        dispositions.update(done.values())
        waiting = [row for row in batch if row not in done] + waiting
        progress(len(rows) - len(waiting), len(rows))
    return dispositions


def _merged(dispositions: Mapping[str, int]) -> Mapping[str, int]:
    """Numbers of rows and addresses in reasons are left out, so that the table stays a table."""
    merged: Counter[str] = Counter()
    for disposition, count in dispositions.items():
        merged[_PARTICULARS.sub("", disposition)] += count
    return dict(merged.most_common())


def _dispositions(parts: Parts, rows: Sequence[int]) -> dict[int, str]:
    """What has become of these rows, as far as they are done."""
    with parts.database.read() as work:
        found = [row for row in map(work.inbox.row, rows) if row is not None]
    moving = (InboxState.RECEIVED, InboxState.CLAIMED)
    return {row.id: f"{row.state}: {row.reason}".rstrip(": ") for row in found if row.state not in moving}
