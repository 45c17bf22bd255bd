"""Whether somebody has edited the configuration: what its folder looks like, without what the desk itself writes."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

Look = frozenset[tuple[Path, int, int]]
"""Every file with its time of change (ns) and its size (bytes)."""


def look_of(folder: Path) -> Look:
    """What changes when somebody edits a file."""
    seen = set()
    for path in folder.resolve().rglob("*"):
        with suppress(OSError):  # editors write and remove files of their own
            state = path.stat()
            seen.add((path, state.st_mtime_ns, state.st_size))
    return frozenset(seen)


def without_own_files(look: Look, state_folder: Path) -> Look:
    """What the desk itself writes is no edit, wherever admins let it write."""
    inside = (state_folder, *state_folder.parents)
    return frozenset(one for one in look if not one[0].is_relative_to(state_folder) and one[0] not in inside)
