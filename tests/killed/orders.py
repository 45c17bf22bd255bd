"""The interpreter that forks desks (`nest.py`), as tests speak to it: a line of JSON each way."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

ANSWER_SECONDS = 40.0


class Nest:
    """A child process that dies with its parent; what it has to complain of goes to `output`."""

    def __init__(self, output: Path) -> None:
        self._output = output
        with output.open("ab") as errors:
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", sys.executable, "-c", "from tests.killed.nest import main; main()"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def order(self, do: str, **more: Any) -> Any:
        """The answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], ANSWER_SECONDS)[0]:
            raise TimeoutError(f"{do} {more}: no answer\n{self._output.read_text()[-3000:]}")
        if not (answer := self._process.stdout.readline()):
            raise RuntimeError(f"{do} {more}: the nest is dead\n{self._output.read_text()[-3000:]}")
        return json.loads(answer)

    def close(self) -> None:
        """End it, and with it all its desks."""
        self._process.kill()
        self._process.wait()
