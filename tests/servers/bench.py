"""Whether a server can run here. What cannot is skipped by name; in CI a package that is missing is a failure.

A bench that quietly skips everything proves nothing, and CI is where nobody would notice.
"""

import os
import shutil

import pytest

IN_CI = os.environ.get("CI") == "true"


def needs(name: str, *, present: bool, root: bool = False) -> None:
    """Skip a test whose server cannot run: not installed, or (never a failure) only for root."""
    if root and os.geteuid() != 0:
        pytest.skip(reason=f"{name} needs root")
    if present and shutil.which("setpriv"):
        return
    if IN_CI:
        pytest.fail(f"needs {name}: make servers")
    pytest.skip(reason=f"needs {name}: make servers")
