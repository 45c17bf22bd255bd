"""Other people's mail: every file reads without a step that failed, and reading it again gives the same."""

from pathlib import Path

from mailbot.mail.parse import parse


def test_every_mail_of_the_corpus_is_read(shared: Path) -> None:
    folders = [
        folder for folder in sorted((shared / "corpus").iterdir()) if folder.is_dir() and folder.name != "expected"
    ]
    files = [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    assert len(files) > 2_000
    failed = [
        (file.name, defect)
        for file in files
        for defect in parse(file.read_bytes()).defects
        if defect.startswith("unreadable:")
    ]
    assert failed == []
