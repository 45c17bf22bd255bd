"""`mailbot init` and `mailbot keys new`: from nothing to a configuration that can be edited."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from mailbot.cli.console import Console
from mailbot.config.keys import new_keys
from mailbot.config.locate import find_config, packaged


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`init [FOLDER]`, `keys new`."""
    if parser.prog.endswith(" init"):
        parser.add_argument("folder", nargs="?", type=Path, help="where to write it (default: --config, else ./config)")
    else:
        parser.add_argument("action", choices=("new",), help="new: a fresh key signs, the one before stays live")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Write the example configuration with its templates, or new keys."""
    if arguments.verb == "keys":
        return _new_keys(find_config(arguments.config), console)
    folder = arguments.folder or Path(arguments.config or "config")
    if folder.exists() and any(folder.iterdir()):
        console.complain(f"{folder} is not empty; name a new folder: mailbot init FOLDER")
        return 2
    shutil.copytree(packaged("config"), folder, dirs_exist_ok=True)
    shutil.copytree(packaged("templates"), folder / "templates")
    console.say(f"wrote {folder}: edit mailbot.toml first, then routing.toml and people.csv")
    _new_keys(folder, console)
    console.say(f"next: mailbot --config {folder} check")
    return 0


def _new_keys(folder: Path, console: Console) -> int:
    path = new_keys(folder)
    console.say(f"{path}: a new key signs from now on; keep this file with your backups")
    if console.as_json:
        console.record({"file": str(path)})
    return 0
