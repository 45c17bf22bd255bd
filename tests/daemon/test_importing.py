"""Files through the way of every mail: one disposition each, nothing leaves, and again is no harm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailbot.daemon.importing import files_in, import_mails, split_mbox
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent


@pytest.fixture
def folder(tmp_path: Path, ann: Correspondent) -> Path:
    """Three mails of any name, and something that is none."""
    texts = {"1.eml": "The tunnel does not work.", "sub/old mail": "The server does not work.", "x.txt": "Hello?"}
    for name, text in texts.items():
        path = tmp_path / "mails" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(ann.composes(f"About {name}", text).as_bytes())
    (tmp_path / "mails" / "noise").write_bytes(bytes(range(256)) * 4)
    return tmp_path / "mails"


def test_every_file_has_one_disposition_and_nothing_leaves(desk: Desk, folder: Path) -> None:
    steps: list[tuple[int, int]] = []
    report = import_mails(desk.parts, [folder], progress=lambda done, total: steps.append((done, total)))
    assert (report.files, report.messages, sum(report.dispositions.values())) == (4, 4, 4)
    assert report.dispositions["done: opened"] == 3
    assert steps[0] == (0, 4)
    assert steps[-1] == (4, 4)
    desk.settle()
    assert desk.postman.sent == []
    assert {(line.state, line.reason) for line in desk.mails_out()} == {("cancelled", "import")}
    assert all(desk.clocks(ticket.number) == [] for ticket in desk.tickets())


def test_with_live_it_is_mail_like_any_other(desk: Desk, folder: Path) -> None:
    report = import_mails(desk.parts, [folder / "1.eml"], live=True)
    assert report.live
    desk.settle()
    assert "network@lists.corp.example" in [envelope.rcpt_to for envelope in desk.postman.sent]


def test_an_import_that_is_repeated_opens_nothing_twice(desk: Desk, folder: Path) -> None:
    import_mails(desk.parts, [folder])
    report = import_mails(desk.parts, [folder])
    assert report.already_known >= 3
    assert report.dispositions["duplicate"] >= 3
    assert len(desk.tickets()) == 3


def test_old_mail_and_many_tickets_are_no_reason_to_stop(
    desk: Desk, folder: Path, with_limits: Callable[..., None]
) -> None:
    with_limits(tickets_per_turn=0, backlog_hours=0)
    assert import_mails(desk.parts, [folder]).dispositions["done: opened"] == 3


def test_a_file_that_cannot_be_read_is_named(desk: Desk, tmp_path: Path) -> None:
    report = import_mails(desk.parts, [tmp_path / "missing.eml"])
    assert report.unread == ((str(tmp_path / "missing.eml"), "No such file or directory"),)
    assert report.messages == 0


def test_only_on_request_is_a_file_an_mbox(desk: Desk, tmp_path: Path, ann: Correspondent) -> None:
    mails = [ann.composes(f"Fault {number}", "The tunnel does not work.").as_bytes() for number in range(3)]
    box = tmp_path / "archive"
    box.write_bytes(b"".join(b"From ann@corp.example Mon Mar  2 09:00:00 2026\r\n" + mail + b"\r\n" for mail in mails))
    assert import_mails(desk.parts, [box], mbox=True).messages == 3
    assert import_mails(desk.parts, [box]).messages == 1


def test_quoted_from_lines_of_an_mbox_are_restored() -> None:
    raw = b"From a\nSubject: one\n\n>From the start\n>>From quoted\nFrom b\nSubject: two\n\ntext\n"
    assert split_mbox(raw) == (b"Subject: one\n\nFrom the start\n>From quoted\n", b"Subject: two\n\ntext\n")
    assert split_mbox(b"Subject: no mbox\n\ntext\n") == ()


def test_a_maildir_is_read_without_what_is_still_being_written(tmp_path: Path) -> None:
    for name in ("new/1", "cur/2:2,S", "tmp/3", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    assert [str(path.relative_to(tmp_path)) for path in files_in(tmp_path)] == ["cur/2:2,S", "new/1"]


def test_what_is_set_aside_during_an_import_troubles_no_admin(
    desk: Desk, folder: Path, with_limits: Callable[..., None]
) -> None:
    with_limits(message_bytes=100)
    assert import_mails(desk.parts, [folder]).dispositions == {"set_aside: too_big": 4}
    desk.settle()
    assert desk.postman.sent == []
