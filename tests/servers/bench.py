"""Whether a server can run here. What cannot is skipped by name; in CI a package that is missing is a failure.

A bench that quietly skips everything proves nothing, and CI is where nobody would notice.
"""

import os
import shutil

import pytest

IN_CI = os.environ.get("CI") == "true"

# Servers lie where the PATH of ordinary users does not look.
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


def needs(name: str, *, present: bool, root: bool = False) -> None:
    """Skip a test whose server cannot run: not installed, or (never a failure) only for root."""
    if root and os.geteuid() != 0:
        pytest.skip(reason=f"{name} needs root")
    if present and is_installed("setpriv"):
        return
    if IN_CI:
        pytest.fail(f"needs {name}: make servers")
    pytest.skip(reason=f"needs {name}: make servers")


def is_installed(program: str) -> bool:
    """Whether there is such a program."""
    return shutil.which(program, path=PATH) is not None
