"""What has been played already, on disk: a run of hours goes on where it was broken off.

The file is named by a hash of everything that decides what a run comes to. A changed tree starts anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from tests.crash.runs import Result

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "crash"
_DECIDES = ("mailbot", "templates", "config", "tests/crash", "tests/conversations", "requirements/lock.txt")


def tree_hash() -> str:
    """The product, its words and this folder as they are on the disk."""
    digest = sha256()
    for file in sorted(_files()):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _files() -> Iterator[Path]:
    for name in _DECIDES:
        path = ROOT / name
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts and not file.name.endswith(".lock"):
                yield file


class Journal:
    """The results of this tree so far."""

    def __init__(self, name: str | None = None) -> None:
        self.file = FOLDER / f"{name or tree_hash()}.jsonl"
        self.results: dict[str, Result] = {}
        if self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                self._read(line)

    def _read(self, line: str) -> None:
        try:
            known = json.loads(line)
        except ValueError:
            return  # the last line, when the run was broken off in it
        self.results[known["name"]] = Result(**known | {"breaches": tuple(known["breaches"])})

    def note(self, result: Result) -> None:
        """Keep it; what was violated is played again next time."""
        self.results[result.name] = result
        if not result.breaches:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(result)) + "\n")
