"""The unit file: understood by systemd as a whole, hardened, and at one with the code about times."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailbot.config.files import KEYS_FILE
from mailbot.config.locate import packaged
from mailbot.daemon.announcing import PATIENCE_SECONDS
from mailbot.daemon.supervise import JOIN_SECONDS
from tests.servers.bench import IN_CI

UNIT = packaged("systemd") / "mailbot.service"
EXPOSURE_TENTHS = 15


@pytest.fixture
def analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        assert not IN_CI, "needs systemd-analyze"
        pytest.skip(reason="systemd-analyze is not here")
    return found


def settings(section: str) -> dict[str, list[str]]:
    """Every assignment of a section."""
    found: dict[str, list[str]] = {}
    current = ""
    for line in UNIT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = line.strip("[]")
        elif current == section and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def complaints(analyze: str, unit: Path) -> list[str]:
    """What systemd has to say about our unit; it exits 0 even about keys that it does not know."""
    told = subprocess.run([analyze, "verify", unit], check=False, capture_output=True, text=True, timeout=60)
    return [line for line in (told.stdout + told.stderr).splitlines() if unit.name in line]


def runnable(folder: Path, change: tuple[str, str] = ("", "")) -> Path:
    """The unit with a program that exists here."""
    text = UNIT.read_text(encoding="utf-8").replace("/opt/mailbot/bin/mailbot run", sys.executable)
    path = folder / UNIT.name
    path.write_text(text.replace(*change), encoding="utf-8")
    return path


def test_systemd_knows_every_word_of_it(analyze: str, tmp_path: Path) -> None:
    assert complaints(analyze, runnable(tmp_path)) == []


def test_a_word_that_systemd_does_not_know_would_be_seen(analyze: str, tmp_path: Path) -> None:
    misspelt = runnable(tmp_path, ("WatchdogSec=", "WatchDogSecond="))
    assert any("WatchDogSecond" in line for line in complaints(analyze, misspelt))


@pytest.mark.parametrize(("taken_away", "passes"), [("\n", True), ("CapabilityBoundingSet=\n", False)])
def test_it_is_hardened_to_the_agreed_measure(analyze: str, tmp_path: Path, taken_away: str, passes: bool) -> None:
    unit = runnable(tmp_path, (taken_away, "\n"))
    command = [analyze, "security", "--offline=true", f"--threshold={EXPOSURE_TENTHS}", "--no-pager", str(unit)]
    told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (told.returncode == 0) is passes, told.stdout.splitlines()[-1]


def test_the_times_of_the_code_fit_into_those_of_the_unit() -> None:
    service = settings("Service")
    assert JOIN_SECONDS < seconds(service["TimeoutStopSec"]) <= 120
    assert seconds(service["TimeoutStartSec"]) > PATIENCE_SECONDS
    assert seconds(service["WatchdogSec"]) == 120


def test_the_limit_of_starts_can_be_reached_and_is_not_reached_within_minutes() -> None:
    unit, pause_seconds = settings("Unit"), seconds(settings("Service")["RestartSec"])
    starts, within_seconds = int(unit["StartLimitBurst"][0]), int(unit["StartLimitIntervalSec"][0][:-3]) * 60
    assert unit["StartLimitIntervalSec"][0].endswith("min")
    assert 20 * 60 < starts * pause_seconds < within_seconds, "longer than a restart of the database; not for ever"


def test_keys_are_a_credential_and_nothing_checks_the_files_before_the_start() -> None:
    service = settings("Service")
    assert f"{KEYS_FILE}:/etc/mailbot/{KEYS_FILE}" in service["LoadCredential"]
    assert "ExecStartPre" not in service, "with errors in the files the last good ones are used"


def seconds(values: list[str]) -> float:
    assert len(values) == 1
    assert values[0].endswith("s")
    return float(values[0][:-1])
