"""What cannot run here is skipped by name, and in CI it is a failure."""

import os

import pytest

from tests.servers import bench


def test_a_server_that_is_missing_is_skipped_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "IN_CI", False)
    with pytest.raises(pytest.skip.Exception, match="needs dovecot: make servers"):
        bench.needs("dovecot", present=False)


def test_in_ci_a_server_that_is_missing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "IN_CI", True)
    with pytest.raises(pytest.fail.Exception, match="needs dovecot: make servers"):
        bench.needs("dovecot", present=False)


def test_a_server_for_root_is_skipped_for_everybody_else_even_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "IN_CI", True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(pytest.skip.Exception, match="postfix needs root"):
        bench.needs("postfix", present=True, root=True)
