"""The keys: made with one command, replaced without losing a thread, for the owner's eyes only."""

import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailbot.config.findings import ConfigError
from mailbot.config.keys import keys_made, new_keys, read_keys
from mailbot.mail.tokens import Role, read_token, sign_address

EXPIRES = date(2027, 1, 1)


def test_a_first_file_holds_two_keys_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = new_keys(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(read_keys(tmp_path).keys) == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["keys.toml"]


def test_a_new_key_signs_and_the_older_ones_still_verify(tmp_path: Path) -> None:
    new_keys(tmp_path)
    before = read_keys(tmp_path)
    token = sign_address(before, 7, Role.REQUESTER, "ann@corp.example", EXPIRES)
    new_keys(tmp_path)
    after = read_keys(tmp_path)
    assert after.keys[1:] == before.keys
    assert after.signer not in before.keys
    reading = read_token(token, after)
    assert reading is not None
    assert reading.token is not None


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602])
def test_keys_that_others_can_reach_are_refused(mode: int, tmp_path: Path) -> None:
    new_keys(tmp_path).chmod(mode)
    with pytest.raises(ConfigError, match="others could read it"):
        read_keys(tmp_path)


def test_damaged_keys_are_refused_without_showing_them(tmp_path: Path) -> None:
    path = new_keys(tmp_path)
    secret = read_keys(tmp_path).signer.secret.hex()
    path.write_text(path.read_text().replace(secret, secret[:-1] + "x"))
    with pytest.raises(ConfigError, match=r"keys\.toml:6: .*damaged; restore the file from the backup") as raised:
        read_keys(tmp_path)
    assert secret[:20] not in str(raised.value)
    with pytest.raises(ConfigError):
        new_keys(tmp_path)


def test_two_keys_of_one_id_are_refused(tmp_path: Path) -> None:
    path = new_keys(tmp_path)
    first, second = (key.id for key in read_keys(tmp_path).keys)
    path.write_text(path.read_text().replace(f'id = "{first}"', f'id = "{second}"'))
    with pytest.raises(ConfigError, match="two keys have the id"):
        read_keys(tmp_path)


def test_a_service_reads_them_as_a_credential_of_systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials, config = tmp_path / "credentials", tmp_path / "config"
    for folder in (credentials, config):
        folder.mkdir()
    new_keys(credentials).chmod(0o440)  # what an access list of systemd looks like
    new_keys(config)
    own = read_keys(config)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert read_keys(config) != own
    (credentials / "keys.toml").unlink()
    assert read_keys(config) == own


def test_it_is_known_when_each_key_was_made(tmp_path: Path) -> None:
    path = new_keys(tmp_path)
    today = datetime.now(UTC).date()
    assert all(made is not None and abs(made.date() - today).days <= 1 for made in keys_made(tmp_path))
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("made")))
    assert keys_made(tmp_path) == (None, None)
