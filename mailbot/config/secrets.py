"""Passwords and tokens: never in the files themselves unless an admin insists, but named where they lie.

    password = { credential = "imap" }              # systemd: LoadCredential=imap:…
    password = { env = "MAILBOT_IMAP_PASSWORD" }
    password = { file = "/etc/mailbot/imap" }       # mode 0600: refused if group or others may read it
    password = { command = ["pass", "show", "it/imap"] }

They are read at each login, so that a rotated one needs no restart.
"""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from mailbot.config.kinds import Table

COMMAND_SECONDS = 30


class SecretMissing(ValueError):
    """A secret is not where the configuration says that it is."""


class SecretExposed(SecretMissing):
    """A file with a secret can be read by others."""


class Secret(Table):
    """Exactly one place; a plain text counts as the secret itself."""

    text: str | None = Field(None, repr=False)
    credential: str | None = Field(None, description="name of a systemd credential, in $CREDENTIALS_DIRECTORY")
    env: str | None = Field(None, description="name of an environment variable")
    file: str | None = Field(None, description="a file of mode 0600; a relative path counts from the config folder")
    command: tuple[str, ...] | None = Field(None, description="a program and its arguments; its output is the secret")

    @model_validator(mode="before")
    @classmethod
    def _accept(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"text": value}
        places = ("credential", "env", "file", "command")
        if not isinstance(value, dict) or sum(place in value for place in places) != 1:
            raise ValueError("a secret is one of { credential = … }, { env = … }, { file = … }, { command = […] }")
        return value

    def reader(self, folder: Path) -> str | Callable[[], str]:
        """The text, or what reads it at each login."""
        if self.text is not None:
            return self.text
        return lambda: self.read(folder)

    def read(self, folder: Path) -> str:
        """The secret as it is now; raises SecretMissing."""
        if self.credential is not None:
            return _read_file(_credential(self.credential))
        if self.env is not None:
            if self.env not in os.environ:
                raise SecretMissing(f"the environment variable {self.env} is not set")
            return os.environ[self.env]
        if self.file is not None:
            refuse_readable(folder / self.file)
            return _read_file(folder / self.file)
        if self.command is not None:
            return _run(self.command)
        return self.text or ""

    def problem(self, folder: Path) -> SecretMissing | None:
        """Why the secret cannot be read here and now, if so; commands are not run for that."""
        try:
            if self.command is None:
                self.read(folder)
        except SecretMissing as error:
            return error
        return None


def refuse_readable(path: Path) -> None:
    """Raise SecretMissing if others than the owner may read or write the file."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise SecretMissing(f"{path}: {error.strerror}") from None
    if mode & 0o077:
        raise SecretExposed(f"{path} has mode {mode:04o}: others could read it (chmod 600)")


def _credential(name: str) -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise SecretMissing(f"no systemd credentials here, so none named {name} ($CREDENTIALS_DIRECTORY is not set)")
    return Path(folder) / name


def _read_file(path: Path) -> str:
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeError) as error:
        raise SecretMissing(f"{path}: {getattr(error, 'strerror', None) or 'is not UTF-8'}") from None


def _run(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=COMMAND_SECONDS, check=True, text=True)
    except (OSError, subprocess.SubprocessError, UnicodeError) as error:
        # The output is not shown: it may hold the secret.
        raise SecretMissing(f"the command {command[0]!r} failed: {type(error).__name__}") from None
    return done.stdout.rstrip("\r\n")
