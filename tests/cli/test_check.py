"""`mailbot check` reads the texts of mails with the rest of the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Type


@pytest.fixture
def made(types: Type, tmp_path: Path) -> Path:
    """A configuration with texts of its own, sound as it is."""
    folder = tmp_path / "new"
    assert types("init", folder).code == 0
    return folder


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_a_text_that_cannot_be_written_is_an_error(types: Type, made: Path) -> None:
    change(made / "templates/de/_remarks.j2", "macro not_held(", "macro not_helt(")
    typed = types("--config", made, "check")
    assert typed.code == 1
    assert 'templates/de/_remarks.j2: no sentence for "not_held"' in typed.err


def test_a_missing_translation_of_a_help_line_is_a_warning(types: Type, made: Path) -> None:
    change(made / "templates/de/_phrases.j2", '"claim": ', '"klaim": ')
    typed = types("--config", made, "check")
    assert typed.code == 0
    assert 'warning: no help line for the command "#claim"' in typed.err
    assert types("--config", made, "check", "--strict").code == 1
