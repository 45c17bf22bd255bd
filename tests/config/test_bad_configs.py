"""Each folder of tests/bad_configs is one kind of mistake: the file that differs, and what `mailbot check` says of it.

The folder is laid over `_sound`, which has no finding at all. `missing.txt` names files to take away.
"""

import shutil
from pathlib import Path

import pytest

from mailbot.config.load import ConfigError, Severity, check, load
from tests.config.conftest import BAD_CONFIGS

MISTAKES = sorted(folder.name for folder in BAD_CONFIGS.iterdir() if folder.is_dir() and folder.name != "_sound")


def lay(mistake: str, over: Path) -> None:
    shutil.copytree(BAD_CONFIGS / mistake, over, dirs_exist_ok=True)
    if (over / "missing.txt").exists():
        for name in (over / "missing.txt").read_text().split():
            (over / name).unlink()


def test_the_sound_configuration_has_no_finding(sound: Path) -> None:
    assert check(sound) == ()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_remedy(mistake: str, sound: Path) -> None:
    lay(mistake, sound)
    expected = (BAD_CONFIGS / mistake / "expected.txt").read_text("utf-8").splitlines()
    assert expected, "a mistake without a message would prove nothing"
    assert [str(finding) for finding in check(sound)] == expected


@pytest.mark.parametrize("mistake", MISTAKES)
def test_errors_keep_a_configuration_from_being_loaded_and_warnings_do_not(mistake: str, sound: Path) -> None:
    lay(mistake, sound)
    findings = check(sound)
    if any(finding.severity is Severity.ERROR for finding in findings):
        with pytest.raises(ConfigError) as raised:
            load(sound)
        assert raised.value.findings == findings
    else:
        assert load(sound).warnings == findings


def test_strict_makes_errors_of_warnings(sound: Path) -> None:
    lay("results_are_not_believed", sound)
    assert {finding.severity for finding in check(sound)} == {Severity.WARNING}
    assert {finding.severity for finding in check(sound, strict=True)} == {Severity.ERROR}


def test_a_folder_that_is_empty_names_every_missing_file(tmp_path: Path) -> None:
    files = {finding.file for finding in check(tmp_path)}
    names = ("mailbot.toml", "routing.toml", "service_levels.toml", "keys.toml")
    assert files == {f"{tmp_path.name}/{name}" for name in names}
