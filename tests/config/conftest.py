"""Configurations to try things on: the small sound one, and the example that travels with mailbot."""

import shutil
from pathlib import Path

import pytest

from mailbot.config.keys import new_keys
from mailbot.config.locate import packaged

BAD_CONFIGS = Path(__file__).resolve().parents[1] / "bad_configs"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A copy of the smallest configuration without any finding."""
    folder = tmp_path / "config"
    shutil.copytree(BAD_CONFIGS / "_sound", folder)
    new_keys(folder)
    return folder


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the example, with keys and the passwords that it expects in the environment."""
    folder = tmp_path / "config"
    shutil.copytree(packaged("config"), folder, ignore=shutil.ignore_patterns("keys.toml"))
    new_keys(folder)
    for name in ("MAILBOT_IMAP_PASSWORD", "MAILBOT_SMTP_PASSWORD"):
        monkeypatch.setenv(name, "not a real one")
    return folder


def edit(path: Path, before: str, after: str) -> None:
    """Replace what stands there once."""
    text = path.read_text("utf-8")
    assert text.count(before) == 1, f"{before!r} stands {text.count(before)} times in {path.name}"
    path.write_text(text.replace(before, after), "utf-8")
