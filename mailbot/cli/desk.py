"""Opening the desk that `--config` names, for verbs that look into it or change it beside the daemon."""

from __future__ import annotations

import argparse
import getpass
from datetime import UTC, datetime

from mailbot.app import App, build
from mailbot.config.locate import find_config


def open_desk(arguments: argparse.Namespace, *, last_good: bool = False) -> App:
    """The desk of the configuration; raises ConfigError with everything that is wrong.

    With `last_good` that of its last good files, for verbs that only look into the database: a slip in a rule must not
    hide the tickets from whoever is called because of it.
    """
    return build(find_config(arguments.config), last_good=last_good)


def now() -> datetime:
    """The clock of the command line."""
    return datetime.now(UTC)


def who() -> str:
    """Who does it, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "unknown"
