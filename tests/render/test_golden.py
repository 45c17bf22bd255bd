"""Every letter as it leaves, for people to read: one file a kind, language and case, compared field by field.

`UPDATE_GOLDEN=1 pytest tests/render` writes them anew; the difference is what a reviewer reads.
"""

import email
import os
import re
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from mailbot.desk.outgoing import Approver, Outgoing, OutgoingKind
from mailbot.mail.html import to_text
from mailbot.render.last_check import check
from mailbot.render.mails import Rendered
from mailbot.render.remark_samples import all_remarks, undelivered, unnamed_approver
from mailbot.render.samples import Variant, alert_from_machine, make_sample
from tests.render.a_desk import KEYRING, LANGUAGES, POLICY, render

FOLDER = Path(__file__).resolve().parents[1] / "golden"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
CASES = [(language, kind, variant) for language in LANGUAGES for kind in OutgoingKind for variant in Variant]
CHAIN = ("first.mail@staff.example.org", "second.mail@staff.example.org")


def read(rendered: Rendered) -> EmailMessage:
    return email.message_from_bytes(rendered.raw, policy=policy.default)


def body(message: EmailMessage, subtype: str) -> str:
    part = message.get_body((subtype,))
    assert part is not None, f"no {subtype} part"
    return str(part.get_content()).replace("\r\n", "\n").rstrip("\n")


def fields_of(rendered: Rendered, *, with_html: bool) -> dict[str, str]:
    """What a golden file holds: the envelope, every header (but the random-looking boundary) and the text."""
    message = read(rendered)
    fields = {"MAIL FROM": rendered.mail_from, "RCPT TO": rendered.recipient}
    fields |= {name: re.sub(r'boundary="[^"]*"', "boundary=*", str(value)) for name, value in message.items()}
    fields["text"] = body(message, "plain")
    if with_html:
        fields["html"] = body(message, "html")
    return fields


def write(fields: dict[str, str]) -> str:
    headers = [f"{name}: {value}" for name, value in fields.items() if name not in {"text", "html"}]
    parts = [f"\n===== {name}\n{fields[name]}" for name in ("text", "html") if name in fields]
    return "\n".join((*headers, *parts)) + "\n"


def read_golden(path: Path) -> dict[str, str]:
    head, *parts = path.read_text(encoding="utf-8").split("\n===== ")
    fields = dict(line.split(": ", 1) for line in head.strip("\n").split("\n"))
    for part in parts:
        name, _, content = part.partition("\n")
        fields[name] = content.rstrip("\n")
    return fields


def compare(rendered: Rendered, path: Path, *, with_html: bool) -> None:
    fields = fields_of(rendered, with_html=with_html)
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(write(fields), encoding="utf-8")
    expected = read_golden(path)
    assert list(fields) == list(expected)
    for name, value in fields.items():
        assert value == expected[name], name


@pytest.mark.parametrize(("language", "kind", "variant"), CASES)
def test_the_letter_reads_as_it_was_reviewed(language: str, kind: OutgoingKind, variant: Variant) -> None:
    rendered = render(make_sample(kind, variant, language), chain=CHAIN)
    compare(rendered, FOLDER / language / kind / f"{variant}.txt", with_html=variant is Variant.SHORT)


SPECIAL: dict[str, Callable[[str], Outgoing]] = {
    "hand_over/alert.txt": alert_from_machine,
    "receipt/remarks.txt": all_remarks,
    "note_to_group/unreachable.txt": lambda language: undelivered(OutgoingKind.RELAY_TO_REQUESTER, language),
    "acknowledgement/unnamed_approver.txt": lambda language: unnamed_approver(Approver.MANAGER, language),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SPECIAL)
def test_what_is_special_reads_as_it_was_reviewed(language: str, name: str) -> None:
    compare(render(SPECIAL[name](language)), FOLDER / language / name, with_html=False)


@pytest.mark.parametrize(("language", "kind", "variant"), CASES)
def test_nothing_in_it_stops_the_letter(language: str, kind: OutgoingKind, variant: Variant) -> None:
    outgoing = make_sample(kind, variant, language)
    assert check(render(outgoing, chain=CHAIN), outgoing, POLICY, KEYRING, ["Looks like the old driver to me."]) == ()


@pytest.mark.parametrize(("language", "kind", "variant"), CASES)
def test_text_and_html_say_the_same(language: str, kind: OutgoingKind, variant: Variant) -> None:
    message = read(render(make_sample(kind, variant, language)))

    def words(text: str) -> list[str]:
        text = re.sub(r"mailto:\S+|\(?https?://\S+|^\s*(?:[-•*]|\d+\.)\s", "", text, flags=re.MULTILINE)
        return re.findall(r"\w+", text)

    assert words(body(message, "plain")) == words(to_text(body(message, "html")))


def test_no_golden_file_is_left_over() -> None:
    known = {FOLDER / language / kind / f"{variant}.txt" for language, kind, variant in CASES}
    known |= {FOLDER / language / name for language in LANGUAGES for name in SPECIAL}
    assert set(FOLDER.rglob("*.txt")) == known
