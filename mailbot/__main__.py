"""`mailbot` and `python -m mailbot`: hands the command line to the verb that it names."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code: 0 done, 1 findings, 2 usage, 3 cannot reach something."""
    from mailbot.cli.command_line import run  # `python -m mailbot` in a parser child must import nothing

    return run(sys.argv[1:] if arguments is None else list(arguments))


if __name__ == "__main__":
    sys.exit(main())
