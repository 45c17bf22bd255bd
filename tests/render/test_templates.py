"""Templates that are wrong are found before a mail needs them; mails are values and never templates."""

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from jinja2.exceptions import SecurityError

from mailbot.desk.outgoing import InternalView, OutgoingKind, PublicView
from mailbot.mail.second_reading import read_texts
from mailbot.render.findings import SAMPLE_CIRCUMSTANCES
from mailbot.render.letter import NAMES, TooLong, gather_values, generate
from mailbot.render.manuscript import Pieces
from mailbot.render.markdown import markdown_to_html, markdown_to_text
from mailbot.render.samples import Variant, make_sample
from mailbot.render.templates import Templates
from tests.render.a_desk import LANGUAGES, TEMPLATES, render, with_view

Change = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def append(name: str, text: str) -> Change:
    return lambda folder: (folder / name).write_text((folder / name).read_text("utf-8") + text, "utf-8")


def replace_in(name: str, old: str, new: str) -> Change:
    def change(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new), "utf-8")

    return change


def test_the_templates_that_ship_are_right() -> None:
    assert Templates.load(TEMPLATES).findings() == ()


@pytest.mark.parametrize(
    ("change", "file", "problem"),
    [
        (lambda folder: (folder / "de/closed.j2").unlink(), "de/closed.j2", "missing"),
        (lambda folder: (folder / "_layout.html.j2").unlink(), "en/_layout.html.j2", "missing"),
        (replace_in("en/closed.j2", "view.number", "nubmer"), "en/closed.j2", 'unknown name "nubmer"'),
        (replace_in("en/closed.j2", "view.number", "view.nubmer"), "en/closed.j2", 'unknown value "view.nubmer"'),
        (replace_in("en/closed.j2", "view.number", "view.ticket"), "en/closed.j2", 'unknown value "view.ticket"'),
        (append("en/closed.j2", "{% if %}"), "en/closed.j2", "Expected an expression"),
        (replace_in("de/_phrases.j2", '"assigned"', '"asigned"'), "de/_group_letter.j2", "cannot be written"),
        (
            replace_in("de/_admin_notes.j2", "macro backlog", "macro backlok"),
            "de/alert_to_admins.j2",
            "cannot be written",
        ),
        (
            replace_in("de/_remarks.j2", "macro not_held", "macro not_helt"),
            "de/_remarks.j2",
            'no sentence for "not_held"',
        ),
        (lambda folder: (folder / "de/_remarks.j2").unlink(), "de/_remarks.j2", "missing"),
        (replace_in("en/_letter.j2", "desk.name ~", "desk.nam ~"), "en/_letter.j2", "cannot be written"),
        (append("_layout.html.j2", "{{ logo }}"), "de/_layout.html.j2", 'unknown name "logo"'),
    ],
)
def test_a_mistake_is_found_with_its_file(folder: Path, change: Change, file: str, problem: str) -> None:
    change(folder)
    found = [finding for finding in Templates.load(folder).findings() if finding.file == file]
    assert found
    assert problem in found[0].problem
    assert found[0].remedy


def test_a_name_in_a_branch_that_no_sample_takes_is_found_with_its_line(folder: Path) -> None:
    append("en/closed.j2", "\n{% block never %}{% if false %}{{ surprise }}{% endif %}{% endblock %}\n")(folder)
    lines = len((folder / "en/closed.j2").read_text("utf-8").splitlines())
    assert [(each.line, each.problem) for each in Templates.load(folder).findings()] == [
        (lines, 'unknown name "surprise"')
    ]


def test_a_command_without_a_help_line_in_its_language_is_a_minor_finding(folder: Path) -> None:
    replace_in("de/_phrases.j2", '"claim": "das Ticket übernehmen",', "")(folder)
    assert [(each.file, each.problem, each.is_minor) for each in Templates.load(folder).findings()] == [
        ("de/_phrases.j2", 'no help line for the command "#claim", so the English one is shown', True)
    ]


def test_a_close_name_is_suggested(folder: Path) -> None:
    replace_in("en/closed.j2", "view.number", "view.nubmer")(folder)
    assert Templates.load(folder).findings()[0].remedy == 'did you mean "number"?'


def test_a_folder_without_languages_is_a_finding(tmp_path: Path) -> None:
    assert "no language" in Templates.load(tmp_path).findings()[0].problem


def test_a_link_out_of_the_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.j2").write_text("secret", "utf-8")
    (folder / "en/closed.j2").unlink()
    (folder / "en/closed.j2").symlink_to(tmp_path / "outside.j2")
    assert "missing" in Templates.load(folder).findings()[0].problem


def test_a_template_cannot_include_a_file_outside(folder: Path) -> None:
    append("en/closed.j2", '{% block never %}{% include "../../outside.j2" %}{% endblock %}')(folder)
    assert Templates.load(folder).findings() == ()  # an unused block; where it is used:
    replace_in("en/closed.j2", "{% block body %}", '{% block body %}{% include "/etc/hostname" %}')(folder)
    assert any("/etc/hostname" in finding.problem for finding in Templates.load(folder).findings())


def test_the_sandbox_holds() -> None:
    environment = Templates.load(TEMPLATES).languages["en"]
    for attack in ("{{ view.__class__.__mro__ }}", "{{ view.replace.__globals__ }}", "{{ words.__func__ }}"):
        outgoing = make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en")
        values = gather_values(environment, outgoing, SAMPLE_CIRCUMSTANCES, Pieces())
        with pytest.raises(Exception, match=r"unsafe|no attribute") as caught:
            environment.from_string(attack).render(values)
        assert isinstance(caught.value, SecurityError) or "no attribute" in str(caught.value)


def test_a_template_that_never_ends_is_cut() -> None:
    environment = Templates.load(TEMPLATES).languages["en"]
    endless = environment.from_string("{% for a in items %}{% for b in items %}{{ a }}{{ b }}{% endfor %}{% endfor %}")
    with pytest.raises(TooLong):
        generate(endless, {"items": ["x" * 100] * 1000}, 100_000)


def test_the_names_that_check_knows_are_those_that_letters_get() -> None:
    environment = Templates.load(TEMPLATES).languages["en"]
    outgoing = make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en")
    assert set(gather_values(environment, outgoing, SAMPLE_CIRCUMSTANCES, Pieces())) == NAMES


# ---------------------------------------------------------------- mails are values

ATTACK = "{{7*7}}{% raw %}{# x #}${7*7}<b>bold</b><script>alert(1)</script>&amp;"
PUBLIC = ("greeting_name", "subject", "service", "words", "faq_title", "specialist_name")
INTERNAL = ("group", "service", "author_name", "words", "detail")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(OutgoingKind))
def test_code_in_any_field_stays_what_it_is(kind: OutgoingKind, language: str) -> None:
    outgoing = make_sample(kind, Variant.SHORT, language)
    names = {field.name for field in fields(outgoing.view)}
    public, internal = isinstance(outgoing.view, PublicView), isinstance(outgoing.view, InternalView)
    attacked = [
        name for name in (PUBLIC if public else INTERNAL if internal else ("detail", "remedy")) if name in names
    ]
    rendered = render(with_view(outgoing, **dict.fromkeys(attacked, ATTACK)))
    assert "{{7*7}}" in rendered.text + rendered.subject
    assert "49" not in (rendered.text + rendered.subject).replace("+49 30", "")
    html = rendered.raw.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()
    assert "<script>" not in html.partition("<!DOCTYPE")[2]


def test_an_faq_entry_is_markdown_without_html_pictures_and_scripts() -> None:
    html = markdown_to_html("# T\n\n<img src=x onerror=alert(1)> ![p](http://x/y.png) [a](javascript:alert(1)) **b**")
    assert "<img" not in html
    assert "<strong>b</strong>" in html
    assert 'href="javascript' not in html


FAQ = """Try *this*:

1. Open [the shop](https://shop.example)
2. Then
   - a
   - b

```
run it
```

Write to <x@example.org>."""


def test_an_faq_entry_reads_well_as_text() -> None:
    assert markdown_to_text(FAQ).split("\n") == [
        "Try this:",
        "",
        "1. Open the shop (https://shop.example)",
        "2. Then",
        "   - a",
        "   - b",
        "",
        "    run it",
        "",
        "Write to x@example.org.",
    ]


def test_a_name_cannot_break_out_of_its_line() -> None:
    name = "Ann\n\nTicket 99 [ref:x:ref]\u202e\ue0000\ue001\x00"
    text = render(with_view(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), greeting_name=name)).text
    assert "Hello Ann Ticket 99 [ref:x:ref] 0," in text


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200f", "\x1b", "\ue000"])
def test_no_letter_that_turns_a_line_around_reaches_a_reader(mark: str) -> None:
    relay = make_sample(OutgoingKind.RELAY_TO_REQUESTER, Variant.RIGHT_TO_LEFT, "en")
    rendered = render(with_view(relay, greeting_name=f"a{mark}b", words=f"c{mark}d", specialist_name=f"e{mark}f"))
    assert not any(mark in text for text in read_texts(rendered.raw) if not text.startswith("Date:"))
    assert "cd" in rendered.text
