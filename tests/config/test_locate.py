"""Which folder counts, and where the data of the installation lies."""

from pathlib import Path

import pytest

from mailbot.config.findings import ConfigError
from mailbot.config.locate import find_config, packaged


def test_the_option_comes_before_the_environment_and_that_before_the_folder_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {name: tmp_path / name for name in ("option", "environment", "config")}
    for folder in folders.values():
        folder.mkdir()
        (folder / "mailbot.toml").touch()
    monkeypatch.chdir(tmp_path)
    environment = {"MAILBOT_CONFIG": str(folders["environment"])}
    assert find_config(folders["option"], environment) == folders["option"]
    assert find_config(None, environment) == folders["environment"]
    assert find_config(None, {}) == Path("config")


def test_a_named_folder_must_hold_a_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--config names a folder without a mailbot\.toml; make one: mailbot"):
        find_config(tmp_path, {})
    with pytest.raises(ConfigError, match=r"\$MAILBOT_CONFIG names a folder"):
        find_config(None, {"MAILBOT_CONFIG": str(tmp_path)})


def test_nothing_anywhere_says_how_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mailbot.config.locate.SYSTEM_FOLDER", tmp_path / "etc")
    with pytest.raises(ConfigError, match="mailbot init"):
        find_config(None, {})


def test_the_example_travels_with_the_program() -> None:
    assert (packaged("config") / "routing.toml").is_file()
    with pytest.raises(FileNotFoundError, match="came without its folder"):
        packaged("recipes")
