"""`keys.toml`: the secrets that sign the desk's tokens. It belongs to the backup, and to nobody else's eyes (mode 0600)."""

from __future__ import annotations

from pathlib import Path

from mailbot.mail.keyring import Keyring


def new_keys(folder: Path) -> Path:
    """Write `keys.toml` with a fresh key in front; the keys before it stay live behind it. Returns the file."""
    raise NotImplementedError


def read_keys(folder: Path) -> Keyring:
    """The live keys; raises ConfigError if the file is missing, readable by others or damaged."""
    raise NotImplementedError
