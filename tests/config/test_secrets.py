"""Where passwords may lie, and that an open one is refused."""

from pathlib import Path

import pytest

from mailbot.config.load import ConfigError, load
from mailbot.config.secrets import Secret, SecretExposed, SecretMissing
from mailbot.transport.security import reveal
from tests.config.conftest import edit


def test_a_secret_is_read_from_the_environment_at_each_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Secret.model_validate({"env": "DESK_PASSWORD"}).reader(tmp_path)
    monkeypatch.setenv("DESK_PASSWORD", "one")
    assert reveal(reader) == "one"
    monkeypatch.setenv("DESK_PASSWORD", "two")
    assert reveal(reader) == "two"
    monkeypatch.delenv("DESK_PASSWORD")
    with pytest.raises(SecretMissing, match="DESK_PASSWORD is not set"):
        reveal(reader)


def test_a_systemd_credential_is_a_file_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret.model_validate({"credential": "imap"})
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert "no systemd credentials here" in str(secret.problem(tmp_path))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    (tmp_path / "imap").write_text("s3cret\n")
    assert secret.read(tmp_path) == "s3cret"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    file = tmp_path / "imap"
    file.write_text("s3cret\n")
    file.chmod(mode)
    secret = Secret.model_validate({"file": "imap"})
    with pytest.raises(SecretExposed, match="others could read it"):
        secret.read(tmp_path)
    file.chmod(0o600)
    assert secret.read(tmp_path) == "s3cret"


def test_an_open_file_is_an_error_of_the_configuration(sound: Path) -> None:
    edit(sound / "mailbot.toml", '"not a real one"', '{ file = "imap" }')
    (sound / "imap").write_text("s3cret")
    (sound / "imap").chmod(0o644)
    with pytest.raises(ConfigError, match=r'mailbot\.toml:16: mailbox "help": password: .*/imap has mode 0644'):
        load(sound)


def test_a_command_yields_its_output_and_its_failure_tells_nothing(tmp_path: Path) -> None:
    assert Secret.model_validate({"command": ["printf", "s3cret\n"]}).read(tmp_path) == "s3cret"
    with pytest.raises(SecretMissing) as raised:
        Secret.model_validate({"command": ["sh", "-c", "echo s3cret; exit 1"]}).read(tmp_path)
    assert "s3cret" not in str(raised.value)


def test_a_secret_stays_out_of_what_is_printed(sound: Path) -> None:
    snapshot = load(sound)
    assert "not a real one" not in repr(snapshot)
    assert repr(snapshot.keyring.signer.secret) not in repr(snapshot)
    assert "s3cret" not in repr(Secret.model_validate("s3cret"))
