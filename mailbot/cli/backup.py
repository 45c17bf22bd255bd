"""`mailbot backup FILE`: database, keys and configuration in one file, beside the running daemon."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from mailbot import __version__
from mailbot.app import App
from mailbot.cli.console import Console
from mailbot.cli.desk import now, open_desk
from mailbot.config.files import KEYS_FILE
from mailbot.config.keys import keys_file
from mailbot.config.locate import find_config
from mailbot.store.archive import LARGEST_CONFIG_BYTES, KeptFile, Manifest, write_archive
from mailbot.store.copies import copy_sqlite
from mailbot.store.sqlite import sqlite_file

ELSEWHERE = (
    "the database is PostgreSQL: back it up with pg_dump (and keep keys.toml and the configuration folder with it);"
    " after pg_restore, before a daemon starts: mailbot restore --mark-only"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`backup FILE`."""
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the archive to write (.tar.gz); replaced if it is there"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the archive; it has its name when it is whole."""
    file: Path = arguments.file.absolute()
    if not file.parent.is_dir():
        console.complain(f"the folder {file.parent} does not exist")
        return 2
    with open_desk(arguments, last_good=True) as desk:
        source = sqlite_file(desk.snapshot.database_url)
        if source is None:
            console.complain(ELSEWHERE)
            return 2
        config = _config(find_config(arguments.config), desk, file, console)
        made_at, schema = now(), desk.database.schema_versions()[0]
        manifest = Manifest(__version__, schema or "", made_at)
        with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            copy = Path(folder) / "copy"
            with console.progress("copying the database (pages)") as progress:
                copy_sqlite(source, copy, progress)
            with console.progress("writing the archive (bytes)") as progress:
                manifest = write_archive(file, copy, config, manifest, progress)
    if console.as_json:
        console.record({"file": str(file), "bytes": file.stat().st_size} | {"manifest": manifest})
    console.say(f"{file}: the database, {len(config)} files of the configuration, keys among them", "green")
    console.say("it holds mail and keys: keep it as safe as the desk itself. Rehearse the restore: see the README")
    return 0


def _config(folder: Path, desk: App, archive: Path, console: Console) -> dict[str, KeptFile]:
    """The files of the folder; where they have errors, those of the last good configuration in their place."""
    found = {}
    for path in _files(folder, desk.snapshot.state_folder):
        if path.absolute() != archive and path.stat().st_size <= LARGEST_CONFIG_BYTES:
            found[path.relative_to(folder).as_posix()] = KeptFile(path.read_bytes(), path.stat().st_mode & 0o777)
    if desk.refused:
        console.complain("the configuration has errors: its last good files are kept (mailbot check)")
        found |= {
            name: KeptFile(raw, found[name].mode if name in found else 0o600) for name, raw in desk.snapshot.files
        }
    found[KEYS_FILE] = KeptFile(keys_file(folder).read_bytes())
    return found


def _files(folder: Path, state_folder: Path) -> Iterator[Path]:
    """Everything below the folder but hidden files, the state, keys, and what a restore has put aside."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        aside = ".before-" in path.name or path.name == KEYS_FILE
        if path.is_file() and not hidden and not aside and not path.resolve().is_relative_to(state_folder):
            yield path
