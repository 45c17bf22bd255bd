"""`keys.toml`: the secrets that sign the desk's tokens. Part of the backup, for nobody else's eyes (mode 0600).

Losing it costs clicks, not tickets: answers with a token of an unknown key are held. Keep two keys and more live, for a
token lives as long as `tokens.lifetime_days`. A service without rights reads it as the credential "keys.toml" of
systemd (LoadCredential), where root alone may read the file itself.
"""

from __future__ import annotations

import os
import secrets
import tomllib
from datetime import UTC, datetime
from pathlib import Path

from pydantic import Field

from mailbot.config.files import KEYS_FILE, decode, read_toml
from mailbot.config.findings import ConfigError, Finding
from mailbot.config.kinds import Table
from mailbot.config.secrets import SecretMissing, refuse_readable
from mailbot.config.validate import validate
from mailbot.mail.keyring import ALPHABET, Key, Keyring

KEY_BYTES = 32
UNREADABLE = "run mailbot as the owner of the file, or give it to the service: LoadCredential=keys.toml:…"
HEAD = """\
# The keys of this desk. The first signs, all of them are believed. Keep this file secret (mode 0600) and in the backup.
# Made by `mailbot keys new`, which puts a new key in front and leaves the older ones live.
"""


class KeyTable(Table):
    """[[keys]]"""

    id: str = Field(pattern="^[a-z2-7]$", description="one letter that tokens name the key by")
    secret: str = Field(pattern="^[0-9a-f]{64}$", repr=False, description="32 bytes in hexadecimal")
    made: datetime | None = Field(None, description="when it was made")


class KeysFile(Table):
    """keys.toml"""

    keys: tuple[KeyTable, ...] = Field(min_length=1)


def new_keys(folder: Path) -> Path:
    """Write `keys.toml` with a fresh key in front; the keys before it stay live behind it. Returns the file.

    A first file gets two keys, so that the second is in every backup before it is needed.
    """
    path = folder / KEYS_FILE
    before = _read(path, folder) if path.exists() else ()
    made = datetime.now(UTC).replace(microsecond=0)
    keys = list(before)
    for _ in range(1 if before else 2):
        id_ = next((letter for letter in ALPHABET if letter not in {key.id for key in keys}), None)
        if id_ is None:
            raise ConfigError([Finding(str(path), 0, "", "all 32 key ids are in use", "remove the oldest key")])
        keys.insert(0, KeyTable(id=id_, secret=secrets.token_hex(KEY_BYTES), made=made))
    _write(path, HEAD + "".join(map(_written, keys)))
    return path


def read_keys(folder: Path) -> Keyring:
    """The live keys; raises ConfigError if the file is missing, readable by others or damaged."""
    return Keyring(tuple(Key(key.id, bytes.fromhex(key.secret)) for key in _live(folder)))


def keys_made(folder: Path) -> tuple[datetime | None, ...]:
    """When each live key was made, the signing one first; raises ConfigError as `read_keys` does."""
    return tuple(key.made for key in _live(folder))


def keys_file(folder: Path) -> Path:
    """The file that `read_keys` reads: as systemd shows it to the service, else in the folder."""
    return _credential() or folder / KEYS_FILE


def _live(folder: Path) -> tuple[KeyTable, ...]:
    path = keys_file(folder)
    if not path.exists():
        remedy = f"make it: mailbot --config {folder} keys new"
        raise ConfigError([Finding(f"{folder.name}/{KEYS_FILE}", 0, "", "is missing", remedy)])
    return _read(path, folder)


def _credential() -> Path | None:
    """The file as systemd shows it to the service, if it does."""
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(credentials) / KEYS_FILE if credentials else None
    return path if path and path.exists() else None


def borrowed_keys() -> Keyring:
    """A keyring for looking at mail without a desk: no token ever verifies with it."""
    return Keyring((Key("a", secrets.token_bytes(KEY_BYTES)),))


def _read(path: Path, folder: Path) -> tuple[KeyTable, ...]:
    shown = f"{folder.name}/{KEYS_FILE}"
    found: list[Finding] = []
    try:
        if path != _credential():  # systemd shows a file that it guards itself with modes of its own
            refuse_readable(path)
    except SecretMissing as error:
        found.append(Finding(shown, 0, "", str(error)))
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigError([Finding(shown, 0, "", f"cannot be read: {error.strerror}", UNREADABLE)]) from None
    text = decode(raw, shown, found)
    document = read_toml(text, shown, found) if text is not None else None
    model = validate(document, KeysFile, found) if document is not None else None
    ids = [key.id for key in model.keys] if model else []
    found += [Finding(shown, 0, "", f'two keys have the id "{id_}"') for id_ in sorted(set(ids)) if ids.count(id_) > 1]
    if found or model is None:
        raise ConfigError(_without_secrets(found))
    return model.keys


def _without_secrets(found: list[Finding]) -> list[Finding]:
    """What is wrong with a secret is said without the secret."""
    remedy = "restore the file from the backup"
    return [
        Finding(one.file, one.line, one.key, "the secret is damaged", remedy) if one.key.endswith("secret") else one
        for one in found
    ]


def _written(key: KeyTable) -> str:
    made = f"made = {key.made.isoformat()}\n" if key.made else ""
    return f'\n[[keys]]\nid = "{key.id}"\nsecret = "{key.secret}"\n{made}'


def _write(path: Path, text: str) -> None:
    """Never readable by others and never half: a new file takes the place of the old one."""
    tomllib.loads(text)
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
