"""The demo tells its whole story, as `make demo` does."""

from __future__ import annotations

import subprocess
import sys


def test_the_demo_tells_the_story_to_its_end() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "mailbot", "demo"], capture_output=True, text=True, timeout=120, check=False
    )
    assert played.returncode == 0, played.stderr[-3000:]
    assert "The story is told." in played.stderr
    for state in ("closed", "waiting", "resolved"):
        assert f" {state} ─╯" in played.stderr
