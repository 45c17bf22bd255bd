"""`mailbot restore FILE`: go on from a backup, in an empty place. Nothing is deleted; nothing counts before the end.

The database is unpacked beside its place, checked, brought to the newest schema and marked (class B parked, every
folder to be read once more, numbers passed by); only then does it get its name. What `--force` replaces is put aside.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mailbot.cli.console import Console
from mailbot.cli.desk import now, open_desk, who
from mailbot.config.files import KEYS_FILE, PATTERNS, Files, hash_of
from mailbot.config.load import load
from mailbot.config.locate import ENVIRONMENT_NAME, find_config
from mailbot.store.archive import ArchiveDamaged, KeptFile, Manifest, read_archive
from mailbot.store.copies import CopyDamaged, check_sqlite, flush
from mailbot.store.daemon_claim import DaemonClaim
from mailbot.store.database import Database
from mailbot.store.sqlite import sqlite_file

DATABASE_FILES = ("", "-wal", "-shm")


class Refused(Exception):
    """The restore would destroy something, or could not be right; the message says what to do."""


@dataclass(slots=True)
class Target:
    """Where the desk of the archive lives."""

    folder: Path  # of its configuration
    stamp: str  # names what is put aside
    force: bool
    database: Path = Path()
    state_folder: Path = Path()

    @property
    def staged(self) -> Path:
        """Where the database is made ready."""
        return self.database.with_name(f".{self.database.name}.restoring")

    @property
    def lock(self) -> Path:
        """Held by the daemon of this place."""
        return self.database.with_name(f"{self.database.name}.lock")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`restore FILE [--force]`, `restore --mark-only`."""
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="an archive of `mailbot backup`")
    parser.add_argument("--force", action="store_true", help="also over a desk that is there (its files are put aside)")
    parser.add_argument(
        "--mark-only", action="store_true", help="the database was restored by other means (pg_restore)"
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Unpack, check, mark, and put in place."""
    if arguments.mark_only is (arguments.file is not None):
        console.complain("which backup? mailbot restore FILE (or --mark-only after pg_restore)")
        return 2
    if arguments.mark_only:
        return _mark_only(arguments, console)
    target = Target(_folder(arguments.config), f"{now():%Y%m%dT%H%M%SZ}", arguments.force)
    try:
        manifest, parked = _restore(arguments.file, target, console)
    except (Refused, ArchiveDamaged, CopyDamaged) as refusal:
        console.complain(f"nothing was restored: {refusal}")
        return 1
    if console.as_json:
        console.record({"made_at": manifest.made_at, "parked": parked, "database": target.database})
    console.say(f"{target.database}: as it was at {manifest.made_at.astimezone():%Y-%m-%d %H:%M}", "green")
    for aside in sorted(target.database.parent.glob(f"{target.database.name}.before-{target.stamp}")):
        console.say(f"the database that was there is kept as {aside}")
    _tell(parked, console)
    console.say(f"next: mailbot --config {target.folder} check, then start the daemon")
    return 0


def _tell(parked: int, console: Console) -> None:
    console.say(f"{parked} automatic mails are parked, for they may have left before: mailbot outbox list")
    console.say("every mailbox and its archive folder are read once more at the first start")


def _mark_only(arguments: argparse.Namespace, console: Console) -> int:
    with open_desk(arguments, last_good=True) as desk:
        desk.database.claim_daemon("mailbot restore")
        with desk.database.write() as work:
            if not arguments.force and (alive := work.leases.living_daemons(desk.database.now())):
                console.complain(f"nothing was marked: {', '.join(alive)} works on this database; stop it first")
                console.say("where it is stopped, or was restored along: again in a minute, or with --force")
                return 1
            newest = work.inbox.lines(limit=1)
            made_at = min(newest[0].received_at, now()) if newest else now()
            parked = work.restores.mark(who(), "by other means", made_at, now())
    _tell(parked, console)
    return 0


def _folder(option: str | None) -> Path:
    """The configuration folder, which need not be there yet where it is named."""
    named = option or os.environ.get(ENVIRONMENT_NAME)
    return Path(named) if named else find_config()


def _restore(file: Path, target: Target, console: Console) -> tuple[Manifest, int]:
    claim: list[DaemonClaim] = []

    def place(config: Mapping[str, KeptFile]) -> Path:
        _find_place(target, config)
        claim.append(DaemonClaim(target.lock))
        claim[0].take("mailbot restore")
        _clear(target)
        return target.staged

    try:
        with console.progress("unpacking (bytes)") as progress:
            manifest, config = read_archive(file, place, progress)
        parked = _make_ready(target.staged, manifest, file)
        _put_config(target, config)
        _put_database(target)
        return manifest, parked
    finally:
        if claim:
            _clear(target)
            claim[0].release()


def _find_place(target: Target, config: Mapping[str, KeptFile]) -> None:
    """From the configuration in the archive; Refused where something is there."""
    raw = {name: kept.content for name, kept in config.items() if name != KEYS_FILE and _counts(name)}
    snapshot = load(target.folder, keys_needed=False, files=Files(target.folder, raw, hash_of(raw)))
    database = sqlite_file(snapshot.database_url)
    if database is None:
        raise Refused("its configuration names a PostgreSQL database: [database] must name the place of an SQLite file")
    target.database, target.state_folder = database, snapshot.state_folder
    if not target.force:
        _refuse_what_is_there(target, config)
    for folder in {database.parent, snapshot.state_folder}:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _refuse_what_is_there(target: Target, config: Mapping[str, KeptFile]) -> None:
    ours = {target.lock, target.staged}
    there = target.state_folder.iterdir() if target.state_folder.is_dir() else iter(())
    if target.database.exists() or any(path not in ours for path in there):
        remedy = "--force puts its database aside and restores over it"
        raise Refused(f"{target.state_folder} is not empty; {remedy}")
    if changed := list(_differing(target.folder, config)):
        remedy = "--force puts such files aside; or name a new folder with --config"
        raise Refused(f"{changed[0]} and {len(changed) - 1} more files are not those of the backup; {remedy}")


def _differing(folder: Path, config: Mapping[str, KeptFile]) -> Iterator[Path]:
    for name, kept in config.items():
        path = folder / name
        if path.exists() and path.read_bytes() != kept.content:
            yield path


def _counts(name: str) -> bool:
    """Whether a configuration reads this file."""
    path = PurePosixPath(name)
    return any(len(path.parts) == len(PurePosixPath(one).parts) and path.match(one) for one in PATTERNS)


def _make_ready(staged: Path, manifest: Manifest, file: Path) -> int:
    """A sound database of a schema that we know, marked as restored; how many mails were parked."""
    check_sqlite(staged)
    database = Database.open(f"sqlite:///{staged}")
    try:
        schema, newest = database.schema_versions()
        if schema is None or newest is None or schema != manifest.schema or schema > newest:
            raise Refused(f"its database has schema {schema} (mailbot {manifest.version}); this one knows {newest}")
        database.upgrade()
        with database.write() as work:
            return work.restores.mark(who(), file.name, manifest.made_at, now())
    finally:
        database.close()


def _put_config(target: Target, config: Mapping[str, KeptFile]) -> None:
    for path in _differing(target.folder, config):
        path.rename(path.with_name(f"{path.name}.before-{target.stamp}"))
    for name, kept in config.items():
        path = target.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                os.fchmod(out.fileno(), kept.mode)
                out.write(kept.content)
                out.flush()
                os.fsync(out.fileno())


def _put_database(target: Target) -> None:
    """The last step: from here on the desk is restored. A service of another user owns its folder, and so its file."""
    for end in DATABASE_FILES:
        there = target.database.with_name(target.database.name + end)
        if there.exists():
            there.rename(there.with_name(f"{target.database.name}.before-{target.stamp}{end}"))
    if os.geteuid() == 0:
        owner = target.database.parent.stat()
        os.chown(target.staged, owner.st_uid, owner.st_gid)
        os.chown(target.lock, owner.st_uid, owner.st_gid)
    flush(target.staged)
    target.staged.replace(target.database)
    flush(target.database.parent)


def _clear(target: Target) -> None:
    """Nothing is left of an attempt that did not end."""
    for end in (*DATABASE_FILES, ".lock"):
        target.staged.with_name(target.staged.name + end).unlink(missing_ok=True)
