"""`mailbot backup` and `restore`: beside a working desk, into an empty place, and nothing lost or sent twice."""

from __future__ import annotations

import gzip
import io
import json
import stat
import tarfile
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailbot.app import build
from mailbot.daemon.supervise import turn_once
from mailbot.store.leases import daemon_lease
from mailbot.store.restores import PERHAPS_SENT
from mailbot.store.rows import OutboxLine
from mailbot.store.states import OutboxState
from mailbot.store.verify import verify
from tests.cli.conftest import Type, letter
from tests.fakes.transport import MemoryPostman


def arrives(folder: Path, subject: str) -> None:
    """Mail that came just now."""
    (folder.parent / "mail" / "new" / subject.replace(" ", "-")).write_bytes(letter(subject))


def works(folder: Path, postman: MemoryPostman | None = None) -> None:
    """One turn of the daemon of that folder; without a postman its SMTP server is not to be had."""
    with build(folder, in_process=True) as desk:
        parts = desk.parts if postman is None else replace(desk.parts, postman=lambda: postman)
        turn_once(replace(parts, lookup_txt=None))


def mails_out(folder: Path) -> dict[tuple[str, str], OutboxLine]:
    """By subject of the mail in, and kind."""
    with build(folder, in_process=True) as desk, desk.database.read() as work:
        subject = {ticket.number: ticket.subject for ticket in work.tickets.find()}
        return {(subject.get(line.ticket or 0, ""), line.kind): line for line in work.outbox.lines()}


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {one.name: file.read() for one in tar if (file := tar.extractfile(one)) is not None}


@pytest.fixture
def archive(types: Type, folder: Path, tmp_path: Path) -> Path:
    """A backup of a desk with one ticket, whose mails wait because no server takes them."""
    arrives(folder, "VPN drops")
    works(folder)
    file = tmp_path / "desk.tar.gz"
    assert types("--config", folder, "backup", file).code == 0
    return file


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Where there is nothing yet."""
    return tmp_path / "new" / "config"


def test_an_archive_holds_database_keys_and_configuration_for_its_owner_alone(
    types: Type, folder: Path, archive: Path
) -> None:
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    found = members(archive)
    assert found["config/keys.toml"] == (folder / "keys.toml").read_bytes()
    assert found["config/mailbot.toml"] == (folder / "mailbot.toml").read_bytes()
    assert {name for name in found if name.startswith("config/faq/")}
    manifest = json.loads(found["manifest.json"])
    assert set(manifest["hashes"]) == set(found) - {"manifest.json"}
    assert (manifest["format"], len(manifest["schema"])) == (1, 4)
    assert [path.name for path in archive.parent.iterdir() if path.name.startswith(".")] == []
    (record,) = types("--config", folder, "--json", "backup", archive).records
    assert record["file"] == str(archive)


def test_a_backup_while_the_desk_works_is_one_moment_of_it(
    types: Type, folder: Path, tmp_path: Path, new: Path
) -> None:
    arrives(folder, "VPN drops")
    works(folder)
    stop = threading.Event()

    def write() -> None:
        with build(folder, in_process=True) as desk:
            while not stop.is_set():
                with desk.database.write() as work:  # always two together
                    for word in ("one", "other"):
                        work.audit.note("load", word, "x" * 20_000, datetime.now(UTC))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        archives = [tmp_path / f"{number}.tar.gz" for number in range(3)]
        assert [types("--config", folder, "backup", file).code for file in archives] == [0, 0, 0]
    finally:
        stop.set()
        thread.join()
    counts = []
    for file in archives:
        place = new / file.stem / "config"
        assert types("--config", place, "restore", file).code == 0
        with build(place, in_process=True) as desk, desk.database.read() as work:
            assert verify(work) == []
            notes = [note.verb for note in work.audit.notes(100_000)]
        assert notes.count("one") == notes.count("other")
        counts.append(notes.count("one"))
    assert counts == sorted(counts)
    assert counts[-1] > counts[0], "it was written to meanwhile"


def test_after_a_restore_no_ticket_is_lost_no_class_b_mail_sent_again_and_class_a_leaves(
    types: Type, folder: Path, archive: Path, new: Path
) -> None:
    arrives(folder, "Printer jams")  # after the backup; its acknowledgement left
    before = MemoryPostman()
    works(folder, before)
    assert {("VPN drops", "acknowledgement"), ("Printer jams", "acknowledgement")} <= {*mails_out(folder)}
    assert before.sent
    typed = types("--config", new, "restore", archive)
    assert typed.code == 0, typed.err
    assert "1 automatic mails are parked" in typed.err
    after = MemoryPostman()
    works(new, after)
    out = mails_out(new)
    for subject in ("VPN drops", "Printer jams"):
        acknowledgement = out[subject, "acknowledgement"]
        assert (acknowledgement.state, acknowledgement.reason) == (OutboxState.PARKED, PERHAPS_SENT)
        assert out[subject, "hand_over"].state is OutboxState.SENT
    assert out["VPN drops", "acknowledgement"].message_id not in {one.message_id for one in out.values() if one.sent_at}
    assert "dilip.rao@corp.example" not in {envelope.rcpt_to for envelope in after.sent}
    with build(new, in_process=True) as desk, desk.database.read() as work:
        assert verify(work) == []
        assert [note.verb for note in work.audit.notes()] == ["restore"]
        assert [record.rescan_from for record in work.mailboxes.all()] == [None]
    arrives(new.parent, "Beamer is dark")
    works(new, after)


def test_mail_of_the_time_after_the_restore_is_acknowledged_as_ever(
    types: Type, folder: Path, archive: Path, new: Path
) -> None:
    assert types("--config", new, "restore", archive).code == 0
    postman = MemoryPostman()
    works(new, postman)
    arrives(folder, "Printer jams")
    works(new, postman)
    assert mails_out(new)["Printer jams", "acknowledgement"].state is OutboxState.SENT


def test_mail_that_was_moved_to_the_archive_since_the_backup_is_found_there(
    types: Type, folder: Path, tmp_path: Path, new: Path
) -> None:
    kept = tmp_path / "kept"
    for name in ("cur", "new", "tmp"):
        (kept / name).mkdir(parents=True)
    main = folder / "mailbot.toml"
    main.write_text(main.read_text().replace("since =", f'archive_maildir = "{kept}"\nsince ='))
    arrives(folder, "VPN drops")
    works(folder)
    file = tmp_path / "desk.tar.gz"
    assert types("--config", folder, "backup", file).code == 0
    arrives(folder, "Printer jams")
    works(folder)
    assert [*(tmp_path / "mail" / "new").iterdir(), *(tmp_path / "mail" / "cur").iterdir()] == []
    assert types("--config", new, "restore", file).code == 0
    works(new)
    with build(new, in_process=True) as desk, desk.database.read() as work:
        assert sorted(ticket.subject for ticket in work.tickets.find()) == ["Printer jams", "VPN drops"]
        assert sorted(line.state.value for line in work.inbox.lines()) == ["done", "done", "duplicate"]


def test_a_place_that_is_not_empty_is_refused_and_put_aside_only_with_force(
    types: Type, folder: Path, archive: Path
) -> None:
    arrives(folder, "Printer jams")
    works(folder)
    database = folder.parent / "state" / "mailbot.sqlite3"
    (folder / "people.csv").write_text("address,name\nann@corp.example,Ann\n")
    typed = types("--config", folder, "restore", archive)
    assert typed.code == 1
    assert "not empty" in typed.err
    assert "--force" in typed.err
    assert len(mails_out(folder)) == 4
    forced = types("--config", folder, "restore", archive, "--force")
    assert forced.code == 0
    aside = [path for path in database.parent.iterdir() if path.name.startswith("mailbot.sqlite3.before-")]
    assert f"is kept as {min(aside)}" in forced.err
    assert len(list(folder.glob("people.csv.before-*"))) == 1
    assert "dilip.rao@corp.example" in (folder / "people.csv").read_text()
    assert types("--config", folder, "check").code == 0
    assert {subject for subject, _ in mails_out(folder)} == {"VPN drops"}


def test_a_configuration_that_differs_is_refused(types: Type, folder: Path, archive: Path, new: Path) -> None:
    new.mkdir(parents=True)
    (new / "mailbot.toml").write_text("# mine")
    typed = types("--config", new, "restore", archive)
    assert typed.code == 1
    assert "mailbot.toml" in typed.err
    assert [path.name for path in new.parent.rglob("*")] == ["config", "mailbot.toml"]


def test_a_daemon_that_works_there_is_not_restored_over(types: Type, folder: Path, archive: Path) -> None:
    with build(folder, in_process=True) as desk:
        desk.database.claim_daemon("mailbot run")
        typed = types("--config", folder, "restore", archive, "--force")
    assert typed.code == 3
    assert "mailbot run" in typed.err
    assert len(mails_out(folder)) == 2


def flipped(raw: bytes, word: bytes = b"VPN drops", after: bytes = b"SQLite format 3") -> bytes:
    """A disk that forgot a bit."""
    tar = bytearray(gzip.decompress(raw))
    tar[tar.index(word, tar.index(after))] ^= 1
    return gzip.compress(bytes(tar))


def flipped_setting(raw: bytes) -> bytes:
    """A bit of the configuration."""
    return flipped(raw, b"IT Support", b"config/mailbot.toml")


def renamed(raw: bytes) -> bytes:
    """Somebody's archive that wants to write elsewhere."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("config/../../escaped"), io.BytesIO())
    return out.getvalue()


def of_tomorrow(raw: bytes) -> bytes:
    """A newer mailbot made it."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        found = {one: file.read() for one in tar if (file := tar.extractfile(one)) is not None}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for member, content in found.items():
            said = content.replace(b'"schema": "0', b'"schema": "9') if member.name == "manifest.json" else content
            tar.addfile(member, io.BytesIO(said))
    return out.getvalue()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda raw: raw[: len(raw) // 2], "no whole archive"),
        (lambda raw: b"no archive at all", "no whole archive"),
        (flipped, "database.sqlite3 is not what the manifest says"),
        (flipped_setting, "config/mailbot.toml is not what the manifest says"),
        (renamed, "does not belong into a backup"),
        (of_tomorrow, "schema"),
    ],
    ids=["cut", "another file", "a bit", "a setting", "a name outside", "of tomorrow"],
)
def test_what_is_not_what_was_written_is_refused_and_leaves_nothing(
    types: Type, archive: Path, new: Path, damage: Callable[[bytes], bytes], said: str
) -> None:
    archive.write_bytes(damage(archive.read_bytes()))
    typed = types("--config", new, "restore", archive)
    assert typed.code == 1
    assert said in typed.err
    assert "nothing was restored" in typed.err
    left = {path.name for path in new.parent.rglob("*")} if new.parent.exists() else set()
    assert left <= {"state", "mailbot.sqlite3.lock"}
    assert not (new.parent.parent / "escaped").exists()


def test_a_backup_of_a_folder_with_errors_holds_its_last_good_files(
    types: Type, folder: Path, tmp_path: Path, new: Path
) -> None:
    assert types("--config", folder, "check").code == 0
    with build(folder, in_process=True) as desk:
        desk.once()
    good = (folder / "routing.toml").read_bytes()
    (folder / "routing.toml").write_text("this is not TOML")
    typed = types("--config", folder, "backup", tmp_path / "desk.tar.gz")
    assert typed.code == 0
    assert "last good" in typed.err
    assert types("--config", new, "restore", tmp_path / "desk.tar.gz").code == 0
    assert (new / "routing.toml").read_bytes() == good


def test_a_database_that_was_restored_by_other_means_is_marked(types: Type, folder: Path, archive: Path) -> None:
    assert types("--config", folder, "restore").code == 2
    typed = types("--config", folder, "restore", "--mark-only")
    assert typed.code == 0, typed.err
    assert mails_out(folder)["VPN drops", "acknowledgement"].state is OutboxState.PARKED


def test_nothing_is_marked_while_a_daemon_works(types: Type, folder: Path, archive: Path) -> None:
    with build(folder, in_process=True) as desk, desk.database.write() as work:
        work.leases.acquire(daemon_lease("one:7"), "one:7", desk.database.now(), 60)
    typed = types("--config", folder, "restore", "--mark-only")
    assert (typed.code, "one:7" in typed.err) == (1, True)
    assert types("--config", folder, "restore", "--mark-only", "--force").code == 0


def test_postgresql_is_for_pg_dump(types: Type, folder: Path, tmp_path: Path, postgres_url: str) -> None:
    main = folder / "mailbot.toml"
    main.write_text(main.read_text() + f'\n[database]\nurl = "{postgres_url}"\n')
    typed = types("--config", folder, "backup", tmp_path / "desk.tar.gz")
    assert typed.code == 2
    assert "pg_dump" in typed.err
    assert not (tmp_path / "desk.tar.gz").exists()
