"""The last good files: what is kept, for whom it counts, and that it is found although mailbot.toml is broken."""

import stat
from pathlib import Path

import pytest

from mailbot.config.findings import ConfigError
from mailbot.config.last_good import find_last_good, keep_last_good, load_or_last_good
from mailbot.config.load import load
from mailbot.transport.security import reveal
from tests.config.conftest import edit

BROKEN = "this is not TOML"


@pytest.fixture(autouse=True)
def _no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def kept(sound: Path) -> Path:
    """The copy of a configuration that was sound until now."""
    keep_last_good(load(sound))
    return sound.parent / "state" / "last-good" / "current"


def test_what_the_hash_covers_is_kept_for_the_owner_only_and_no_keys(sound: Path) -> None:
    copy = kept(sound)
    names = {path.relative_to(copy.resolve()).as_posix() for path in copy.resolve().rglob("*") if path.is_file()}
    assert names == {name for name, _ in load(sound).files} | {".folder"}
    assert "keys.toml" not in names
    for path in (copy.parent, copy.resolve(), *(path for path in copy.resolve().rglob("*"))):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_broken_folder_is_replaced_by_what_was_kept_and_says_everything_that_is_wrong(sound: Path) -> None:
    before = load(sound)
    kept(sound)
    (sound / "routing.toml").write_text(BROKEN)
    (sound / "service_levels.toml").write_text(BROKEN)
    start = load_or_last_good(sound)
    assert start.snapshot.hash == before.hash
    assert start.snapshot.folder == sound
    assert {finding.file for finding in start.refused} >= {"config/routing.toml", "config/service_levels.toml"}


def test_a_sound_folder_needs_nothing_that_was_kept(sound: Path) -> None:
    kept(sound)
    edit(sound / "mailbot.toml", "[trust]", "[limits]\naddress_per_hour = 1\n\n[trust]")
    start = load_or_last_good(sound)
    assert start.refused == ()
    assert start.snapshot.policy.limits.address_per_hour == 1


def test_without_a_last_good_one_the_findings_stop_it(sound: Path) -> None:
    (sound / "routing.toml").write_text(BROKEN)
    with pytest.raises(ConfigError, match=r"routing\.toml:1: not valid TOML"):
        load_or_last_good(sound)


def test_missing_keys_stop_it_whatever_was_kept(sound: Path) -> None:
    kept(sound)
    (sound / "keys.toml").unlink()
    with pytest.raises(ConfigError, match=r"keys\.toml: is missing") as stopped:
        load_or_last_good(sound)
    assert "the last good configuration cannot be used either" in str(stopped.value)


@pytest.mark.parametrize(
    "broken",
    [
        '[database]\nstate_folder = "data"\n[trust\n',
        "state_folder = 'data' # and nothing else is left\n= = =",
        'database = { state_folder = "data" ',
    ],
)
def test_the_state_folder_is_known_from_its_line_however_broken_the_rest_is(sound: Path, broken: str) -> None:
    edit(sound / "mailbot.toml", "[trust]", '[database]\nstate_folder = "data"\n\n[trust]')
    keep_last_good(load(sound))
    (sound / "mailbot.toml").write_text(broken)
    assert load_or_last_good(sound).snapshot.state_folder == sound / "data"


def test_else_it_is_that_of_systemd_or_the_one_beside_the_folder(sound: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(sound)
    (sound / "mailbot.toml").write_bytes(b"\xff\xfe\x00")
    assert find_last_good(sound) is not None
    monkeypatch.setenv("STATE_DIRECTORY", str(sound.parent / "elsewhere"))
    assert find_last_good(sound) is None


def test_secrets_and_paths_are_those_of_the_real_folder(sound: Path) -> None:
    secret = sound / "smtp-password"
    secret.touch(mode=0o600)
    secret.write_text("first")
    edit(
        sound / "mailbot.toml",
        "[smtp]",
        '[smtp]\nuser = "desk"\npassword = { file = "smtp-password" }\nca_file = "ca.pem"',
    )
    copy = kept(sound)
    assert not (copy / "smtp-password").exists()
    secret.write_text("changed since")
    (sound / "routing.toml").write_text(BROKEN)
    snapshot = load_or_last_good(sound).snapshot
    assert reveal(snapshot.smtp.password) == "changed since"
    assert snapshot.smtp.ca_file == str(sound / "ca.pem")
    assert snapshot.state_folder == sound.parent / "state"


def test_a_damaged_copy_is_none(sound: Path) -> None:
    copy = kept(sound)
    assert find_last_good(sound) is not None
    with (copy / "routing.toml").open("a") as file:
        file.write("# somebody was here\n")
    assert find_last_good(sound) is None


def test_the_copy_of_another_folder_is_none(sound: Path) -> None:
    kept(sound)
    other = sound.rename(sound.with_name("other"))
    assert find_last_good(other) is None


def test_the_newest_takes_the_place_of_the_one_before(sound: Path) -> None:
    copy = kept(sound)
    first = copy.resolve()
    keep_last_good(load(sound))
    assert copy.resolve() == first, "nothing new, nothing written"
    edit(sound / "mailbot.toml", "[trust]", "[limits]\naddress_per_hour = 1\n\n[trust]")
    keep_last_good(load(sound))
    assert {path.name for path in copy.parent.iterdir()} == {"current", copy.resolve().name}
    found = find_last_good(sound)
    assert found is not None
    assert found.hash == load(sound).hash


def test_errors_come_before_warnings_in_the_words_of_the_error(sound: Path) -> None:
    (sound / "aaa.toml").write_text("")  # a warning: nobody reads it
    (sound / "routing.toml").write_text(BROKEN)
    with pytest.raises(ConfigError) as refused:
        load(sound)
    lines = str(refused.value).splitlines()
    assert "routing.toml" in lines[0]
    assert any("aaa.toml: warning" in line for line in lines[1:])
