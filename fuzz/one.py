"""`python -m fuzz.one TARGET [libFuzzer options]`: one target until it is told to stop or finds something."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["mailbot"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Hand the process to libFuzzer."""
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
