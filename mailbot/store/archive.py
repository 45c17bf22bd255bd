"""A backup as one file: a gzipped tar (mode 0600) of the database, the configuration with its keys, and a manifest.

    manifest.json       format, version of mailbot, schema, time, and the SHA-256 of every other member
    database.sqlite3    a copy of the database
    config/...          the files of the configuration folder

Written beside its name and moved there when it is whole and on the disk; read with every hash compared.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from mailbot.store.copies import Progress, flush

FORMAT = 1
MANIFEST, DATABASE, CONFIG = "manifest.json", "database.sqlite3", "config/"
CHUNK_BYTES = 1024 * 1024
LARGEST_CONFIG_BYTES = 64 * CHUNK_BYTES


class ArchiveDamaged(Exception):
    """The file is no backup of mailbot, or not what was written; the message says where."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself; `hashes` are those of all other members, by name."""

    version: str
    schema: str
    made_at: datetime
    hashes: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of the configuration folder; its mode says who may read it."""

    content: bytes = field(repr=False)
    mode: int = 0o600


Place = Callable[[Mapping[str, KeptFile]], Path]
"""Says where the database is to be unpacked, once the configuration that came with it is known."""


def write_archive(
    file: Path, database: Path, config: Mapping[str, KeptFile], manifest: Manifest, progress: Progress
) -> Manifest:
    """Write the backup; `config` holds files by their name below the configuration folder."""
    contents = {CONFIG + name: kept for name, kept in config.items()}
    hashes = {name: hashlib.sha256(kept.content).hexdigest() for name, kept in contents.items()}
    whole = Manifest(manifest.version, manifest.schema, manifest.made_at, hashes | {DATABASE: _hash_of(database)})
    said = json.dumps(asdict(whole) | {"made_at": whole.made_at.isoformat()}, indent=1, sort_keys=True).encode()
    with _replaced(file) as out, tarfile.open(fileobj=out, mode="w:gz", compresslevel=6) as tar:
        for name, kept in {MANIFEST: KeptFile(said), **contents}.items():
            tar.addfile(_member(name, len(kept.content), whole.made_at, kept.mode), io.BytesIO(kept.content))
        size = database.stat().st_size
        with database.open("rb") as copy:
            tar.addfile(_member(DATABASE, size, whole.made_at), _Watched(copy, size, progress))
    return whole


def read_archive(file: Path, place: Place, progress: Progress) -> tuple[Manifest, dict[str, KeptFile]]:
    """Unpack the database to a new file and give the configuration; ArchiveDamaged unless every hash is right."""
    hashes: dict[str, str] = {}
    config: dict[str, KeptFile] = {}
    said = b""
    size = file.stat().st_size
    try:
        with file.open("rb") as raw, tarfile.open(fileobj=_Watched(raw, size, progress), mode="r|gz") as tar:  # type: ignore[call-overload]  # the same
            for member in tar:
                _check_name(member)
                source = tar.extractfile(member)
                assert source is not None, "it is a regular file"
                if member.name == DATABASE:  # the last one: nothing is done with a configuration that is damaged
                    _compare(file, hashes, _read_manifest(file, said), without=DATABASE)
                    hashes[DATABASE] = _unpack(source, place(config))
                elif member.name == MANIFEST:
                    said = source.read()
                else:
                    kept = KeptFile(source.read(), member.mode & 0o777)
                    hashes[member.name] = hashlib.sha256(kept.content).hexdigest()
                    config[member.name.removeprefix(CONFIG)] = kept
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the disk, not of the archive
        raise ArchiveDamaged(f"{file} is no whole archive: {error}") from error
    manifest = _read_manifest(file, said)
    _compare(file, hashes, manifest)
    return manifest, config


class _Watched:
    """A file that tells how far it was read."""

    def __init__(self, file: IO[bytes], size_bytes: int, progress: Progress) -> None:
        self._file, self._size_bytes, self._progress = file, size_bytes, progress

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self._file.read(size)
        self._progress(self._file.tell(), self._size_bytes)
        return chunk


@contextmanager
def _replaced(file: Path) -> Iterator[IO[bytes]]:
    """A new file for its owner alone, which takes the name when it is whole and on the disk."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # mode 0600
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
        flush(file.parent)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _member(name: str, size_bytes: int, made_at: datetime, mode: int = 0o600) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size_bytes, mode, int(made_at.timestamp())
    return member


def _check_name(member: tarfile.TarInfo) -> None:
    """Nothing but regular files, inside; what is named otherwise was not written by us."""
    path = PurePosixPath(member.name)
    inside = not path.is_absolute() and ".." not in path.parts
    ours = member.name in (MANIFEST, DATABASE) or (member.name.startswith(CONFIG) and inside)
    if not member.isfile() or not ours or (member.name != DATABASE and member.size > LARGEST_CONFIG_BYTES):
        raise ArchiveDamaged(f"{member.name!r} does not belong into a backup")


def _unpack(source: IO[bytes], target: Path) -> str:
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        while chunk := source.read(CHUNK_BYTES):
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _hash_of(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _compare(file: Path, hashes: Mapping[str, str], manifest: Manifest, without: str = "") -> None:
    names = {DATABASE, *hashes, *manifest.hashes} - {without}
    wrong = sorted(name for name in names if hashes.get(name) != manifest.hashes.get(name))
    if wrong or not manifest.hashes.get(DATABASE):
        raise ArchiveDamaged(f"{file}: {', '.join(wrong) or DATABASE} is not what the manifest says")


def _read_manifest(file: Path, raw: bytes) -> Manifest:
    try:
        said = json.loads(raw)
        manifest = Manifest(**said | {"made_at": datetime.fromisoformat(said["made_at"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ArchiveDamaged(f"{file} has no manifest that can be read") from error
    if manifest.format != FORMAT:
        raise ArchiveDamaged(f"{file} has the format {manifest.format}, and this mailbot reads {FORMAT}")
    return manifest
