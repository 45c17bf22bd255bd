"""Mail of thirty years of clients: one disposition a file, nothing lost, nothing sent, no crash."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Type

EVERY = 9  # `make test` takes a sample; `mailbot import` over all of it is in the README


@pytest.fixture
def sample(shared: Path, tmp_path: Path) -> Path:
    """Every ninth mail of the corpus, and all hostile ones."""
    folder = tmp_path / "sample"
    folder.mkdir()
    corpus = shared / "corpus"
    mails = sorted(
        path for path in corpus.rglob("*") if path.is_file() and path.parent not in (corpus, corpus / "expected")
    )
    chosen = [path for number, path in enumerate(mails) if number % EVERY == 0 or "hostile" in str(path)]
    for number, path in enumerate(chosen):
        (folder / f"{number:04}").symlink_to(path)
    assert len(chosen) > 200
    return folder


def test_every_mail_of_the_corpus_has_one_disposition(types: Type, folder: Path, sample: Path) -> None:
    files = len(list(sample.iterdir()))
    typed = types("--config", folder, "--json", "import", sample)
    report = typed.records[0]
    assert typed.code == 0, typed.err[-2000:]
    assert report["files"] == report["messages"] == sum(report["dispositions"].values()) == files
    assert not [name for name in report["dispositions"] if name.startswith(("received", "claimed"))]
    sent = types("--config", folder, "--json", "outbox", "--all").records
    assert {mail["state"] for mail in sent} <= {"cancelled"}
    assert types("--config", folder, "verify").code == 0
