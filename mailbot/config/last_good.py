"""The last configuration without errors: what the daemon starts on while the files in the folder have some.

    STATE/last-good/HASH-…/    the files that the hash covers, mode 0700; no keys, no templates, no files of secrets
    STATE/last-good/current    a link to one of them, swapped in one step: `diff -r config STATE/last-good/current`

A copy counts only for the folder that it was made of, and only if it still has its hash. mailbot.toml names the state
folder and may be the very file that is broken: a line `state_folder = "…"` in it counts however broken the rest is,
then the default ($STATE_DIRECTORY, else ../state).
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mailbot.config.build_desk import find_state_folder
from mailbot.config.desk_file import DatabaseTable
from mailbot.config.files import Files, hash_of, read_once
from mailbot.config.findings import ConfigError, Finding
from mailbot.config.load import load
from mailbot.config.locate import MAIN_FILE
from mailbot.config.snapshot import Snapshot

FOLDER_NAME = "last-good"
CURRENT = "current"
ORIGIN = ".folder"  # beside the files: which folder they were copied from
_NAMED = re.compile(r"""^[^#\n]*?\bstate_folder\s*=\s*["']([^"'\n\0]+)["']""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Start:
    """What a daemon starts with; `refused` is what is wrong with the folder where this is its last good state."""

    snapshot: Snapshot
    refused: tuple[Finding, ...] = ()


def load_or_last_good(folder: Path) -> Start:
    """The configuration of the folder, else its last good one; raises ConfigError with the findings without one."""
    try:
        return Start(load(folder))
    except ConfigError as error:
        broken = error
    files = find_last_good(folder)
    if files is None:
        raise broken
    try:
        return Start(load(folder, files=files), broken.findings)
    except ConfigError as error:
        message, first = "the last good configuration cannot be used either", str(error).partition("\n")[0]
        raise ConfigError([*broken.findings, Finding(str(folder), 0, "", f"{message}: {first}")]) from None


def keep_last_good(snapshot: Snapshot) -> None:
    """Copy the files of a snapshot that was loaded; what was kept before goes last. Raises OSError."""
    known = _read(snapshot.state_folder, snapshot.folder)
    if known is not None and known.hash == snapshot.hash:
        return
    home = snapshot.state_folder / FOLDER_NAME
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)  # mailbot.toml may hold a password after all
    made = Path(tempfile.mkdtemp(prefix=f"{snapshot.hash}-", dir=home))
    for name, content in snapshot.files:
        _write(made / name, content)
    _write(made / ORIGIN, os.fsencode(snapshot.folder.absolute()))
    _swap(home, made.name)
    _remove_others(home, made.name)


def find_last_good(folder: Path) -> Files | None:
    """The files of that folder when it had no errors, intact."""
    found = (_read(state_folder, folder) for state_folder in _state_folders(folder))
    return next((files for files in found if files is not None), None)


def _state_folders(folder: Path) -> Iterator[Path]:
    try:
        text = (folder / MAIN_FILE).read_bytes().decode("utf-8", "replace")
    except OSError:
        text = ""
    for named in _NAMED.findall(text):
        yield find_state_folder(DatabaseTable(state_folder=named), folder)
    yield find_state_folder(DatabaseTable(), folder)


def _read(state_folder: Path, folder: Path) -> Files | None:
    try:
        kept = (state_folder / FOLDER_NAME / CURRENT).resolve(strict=True)
        origin, raw = (kept / ORIGIN).read_bytes(), read_once(kept)
    except (OSError, ConfigError):
        return None
    files = Files(folder, raw, hash_of(raw))
    intact = kept.name.startswith(f"{files.hash}-")
    return files if intact and origin == os.fsencode(folder.absolute()) else None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _swap(home: Path, name: str) -> None:
    """From here on the new copy counts, and before it the old one: there is no moment between."""
    fresh = home / f".{CURRENT}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(name)
    fresh.replace(home / CURRENT)


def _remove_others(home: Path, name: str) -> None:
    for path in home.iterdir():
        if path.name not in (name, CURRENT):
            shutil.rmtree(path, ignore_errors=True)
