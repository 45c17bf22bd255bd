"""What all tests share: how Hypothesis searches, and where the material of other people's mail lies."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
IN_CI = os.environ.get("CI") == "true"

pytest_plugins = ["tests.servers.fixtures"]

# No deadlines: a machine that is busy must not turn a property red. In CI the search is the same every time.
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if IN_CI else "dev"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of corpus, data and samples: $MAILBOT_SHARED, else `shared` beside the repository.

    Where it is absent the test is skipped by name. In CI that would hide a broken checkout, so it fails there unless
    MAILBOT_SHARED=none says that the absence is known.
    """
    named = os.environ.get("MAILBOT_SHARED", "")
    folder = Path(named) if named else ROOT.parent / "shared"
    if named != "none" and folder.is_dir():
        return folder
    if IN_CI and named != "none":
        pytest.fail(f"no material folder at {folder}: set MAILBOT_SHARED to it, or to none")
    pytest.skip(reason="the material folder is not here: name it in MAILBOT_SHARED")
