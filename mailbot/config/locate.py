"""Where the configuration lies, and where the examples and templates that travel with mailbot lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from mailbot.config.findings import ConfigError, Finding

ENVIRONMENT_NAME = "MAILBOT_CONFIG"
SYSTEM_FOLDER = Path("/etc/mailbot")
MAIN_FILE = "mailbot.toml"

_PACKAGE = Path(__file__).resolve().parents[1]


def find_config(option: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of `--config`, else `$MAILBOT_CONFIG`, `./config`, `/etc/mailbot`; else raises ConfigError.

    A folder that was named must exist; the last two are looked for.
    """
    named = option or environment.get(ENVIRONMENT_NAME)
    if named:
        return _named(Path(named), "--config" if option else f"${ENVIRONMENT_NAME}")
    for folder in (Path("config"), SYSTEM_FOLDER):
        if (folder / MAIN_FILE).is_file():
            return folder
    message = f"no configuration: neither ./config nor {SYSTEM_FOLDER} holds a {MAIN_FILE}"
    raise ConfigError([Finding("config", 0, "", message, "name a folder with --config, or make one: mailbot init")])


def _named(folder: Path, by: str) -> Path:
    if (folder / MAIN_FILE).is_file():
        return folder
    message = f"{by} names a folder without a {MAIN_FILE}"
    raise ConfigError([Finding(str(folder), 0, "", message, f"make one: mailbot --config {folder} init")])


def packaged(name: str) -> Path:
    """A folder of data that travels with mailbot ("config", "templates", "systemd"): in the wheel, or of the clone."""
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"mailbot came without its folder {name!r}: install it anew")


def find_templates(folder: Path) -> Path:
    """The texts of mails: the configuration's own folder of them, else those that travel with mailbot."""
    own = folder / "templates"
    return own if own.is_dir() else packaged("templates")
