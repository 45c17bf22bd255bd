"""Files that hold a mail each: what `parse`, `explain` and `import` are given."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path


def mail_files(paths: Iterable[str]) -> Iterator[Path]:
    """The files, and all files in the folders (recursively, sorted, any name but hidden ones)."""
    for name in paths:
        path = Path(name)
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        elif path.exists():
            yield path
        else:
            raise FileNotFoundError(2, "not there", name)


def read_mail(name: str) -> bytes:
    """The bytes of a file, or of stdin for `-`."""
    return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
