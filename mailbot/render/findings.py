"""What is wrong with a set of templates, found before a mail needs them (`mailbot check`).

Each language is read twice: names in every branch (also in one that no sample takes), then every kind of mail is
written with sample values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from difflib import get_close_matches

from jinja2 import Environment, TemplateError, TemplateNotFound, TemplateSyntaxError, meta, nodes

from mailbot.desk.commands import COMMANDS
from mailbot.desk.outgoing import DECLARED, AlertView, InternalView, OutgoingKind, PublicView
from mailbot.desk.remarks import CODES
from mailbot.desk.ticket import Side
from mailbot.render.letter import (
    LAYOUT,
    LAYOUT_NAMES,
    NAMES,
    PHRASES,
    REMARKS,
    Circumstances,
    CommandShown,
    DeskShown,
    FileShown,
    TooLong,
    write,
)
from mailbot.render.remark_samples import make_remark_samples
from mailbot.render.samples import make_samples

COMMAND_LANGUAGE = "en"  # the registry speaks it
_NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
_VIEWS = {Side.REQUESTER: PublicView, Side.GROUP: InternalView, Side.ADMIN: AlertView, Side.DESK: InternalView}
SAMPLE_CIRCUMSTANCES = Circumstances(
    desk=DeskShown("IT Support", "Example", "support@example.org", "+49 30 1234", ""),
    now=_NOON,
    zone=UTC,
    reference="[ref:sample:ref]",
    link=lambda intent, _subject, _text: f"mailto:support@example.org?subject={intent.value}",
    deadline=_NOON,
    attached=(FileShown("screen.png", 48_213),),
    left_behind=(FileShown("video.mp4", 48_213_000), FileShown("your mail.eml", 9_041, foreign=True)),
    commands=(CommandShown("resolve", "", "mark as solved"),),
)


@dataclass(frozen=True, slots=True)
class TemplateFinding:
    """A mistake in a template: `file` relative to the templates' folder, `line` 0 where there is none.

    One that `is_minor` keeps no mail from being written.
    """

    file: str
    line: int
    problem: str
    remedy: str
    is_minor: bool = False


def find_mistakes(languages: Mapping[str, Environment]) -> Iterator[TemplateFinding]:
    """Every mistake of every language, a line of a file at most once."""
    if not languages:
        yield TemplateFinding(".", 0, "no language: there is no folder with templates", "add a folder such as en/")
    for language, environment in languages.items():
        found = [
            *_find_missing(language, environment),
            *_find_names(language, environment),
            *_find_unsaid(language, environment),
        ]
        known = {(finding.file, finding.line) for finding in found}
        found += [late for late in _find_unwritable(language, environment) if (late.file, late.line) not in known]
        yield from dict.fromkeys(found)


def _find_missing(language: str, environment: Environment) -> Iterator[TemplateFinding]:
    present = set(environment.list_templates())
    for name in (*(f"{kind.value}.j2" for kind in OutgoingKind), PHRASES, REMARKS, LAYOUT):
        if name not in present:
            yield TemplateFinding(f"{language}/{name}", 0, "this template is missing", "copy it from another language")


def _find_names(language: str, environment: Environment) -> Iterator[TemplateFinding]:
    for file in environment.list_templates():
        try:
            tree = _parse(environment, file)
        except TemplateSyntaxError as error:
            yield TemplateFinding(f"{language}/{file}", error.lineno, str(error.message), "mend the syntax")
            continue
        known = LAYOUT_NAMES if file == LAYOUT else NAMES | {"local"} if file == PHRASES else NAMES
        for name in sorted(meta.find_undeclared_variables(tree) - known - _imported(tree)):
            line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), 0)
            yield TemplateFinding(f"{language}/{file}", line, f'unknown name "{name}"', _suggest(name, known))
        if (kind := file.removesuffix(".j2")) in set(OutgoingKind):
            known = frozenset(field.name for field in fields(_VIEWS[DECLARED[OutgoingKind(kind)].side]))
            yield from _find_fields(f"{language}/{file}", tree, known)


def _find_unsaid(language: str, environment: Environment) -> Iterator[TemplateFinding]:
    """Remarks without a sentence, and commands without a help line in a language that is not that of the registry."""
    if REMARKS in environment.list_templates():
        said = _find_macros(environment, REMARKS)
        for code in CODES:
            if said and code.value not in said:
                problem = f'no sentence for "{code.value}"'
                yield TemplateFinding(f"{language}/{REMARKS}", 0, problem, "add a macro of that name")
    if language == COMMAND_LANGUAGE or PHRASES not in environment.list_templates():
        return
    helped = _find_keys(environment, PHRASES, "command_help")
    for name in COMMANDS:
        if helped is not None and name not in helped:
            problem = f'no help line for the command "#{name}", so the English one is shown'
            yield TemplateFinding(f"{language}/{PHRASES}", 0, problem, 'add it to "command_help"', is_minor=True)


def _find_macros(environment: Environment, file: str) -> set[str]:
    """The macros of a file; none where it cannot be read, which is reported elsewhere."""
    try:
        return {node.name for node in _parse(environment, file).find_all(nodes.Macro)}
    except TemplateSyntaxError:
        return set()


def _find_keys(environment: Environment, file: str, name: str) -> set[str] | None:
    """The keys of a dictionary that the file sets; None where the file cannot be read."""
    try:
        tree = _parse(environment, file)
    except TemplateSyntaxError:
        return None
    found = [node for node in tree.find_all(nodes.Assign) if getattr(node.target, "name", "") == name]
    return {pair.key.as_const() for node in found for pair in node.find_all(nodes.Pair)}


def _imported(tree: nodes.Template) -> set[str]:
    """Names that a template imports: its blocks may use them, though Jinja2 does not count them as declared there."""
    names = {node.target for node in tree.find_all(nodes.Import)}
    for node in tree.find_all(nodes.FromImport):
        names.update(name if isinstance(name, str) else name[1] for name in node.names)
    return names


def _find_fields(file: str, tree: nodes.Template, known: frozenset[str]) -> Iterator[TemplateFinding]:
    for node in tree.find_all(nodes.Getattr):
        if isinstance(node.node, nodes.Name) and node.node.name == "view" and node.attr not in known:
            problem = f'unknown value "view.{node.attr}" in this kind of mail'
            yield TemplateFinding(file, node.lineno, problem, _suggest(node.attr, known))


def _parse(environment: Environment, name: str) -> nodes.Template:
    if environment.loader is None:
        raise TemplateNotFound(name)
    return environment.parse(environment.loader.get_source(environment, name)[0], name)


def _suggest(name: str, known: frozenset[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f'did you mean "{close[0]}"?' if close else "known: " + ", ".join(sorted(known))


def _find_unwritable(language: str, environment: Environment) -> Iterator[TemplateFinding]:
    present = set(environment.list_templates())
    for outgoing in (*make_samples(language), *make_remark_samples(language)):
        name = f"{outgoing.kind.value}.j2"
        if not {name, PHRASES, LAYOUT} <= present:
            continue
        try:
            letter = write(environment, outgoing, SAMPLE_CIRCUMSTANCES)
        except TemplateSyntaxError:
            continue  # reported already
        except (TemplateError, TooLong, TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
            file, line = _place(error, name)
            yield TemplateFinding(
                f"{language}/{file}",
                line,
                f"cannot be written: {error}",
                "compare it with the template that came with mailbot",
            )
        else:
            if not letter.subject or not letter.text.strip():
                yield TemplateFinding(f"{language}/{name}", 0, "writes no subject or no text", "fill its blocks")


def _place(error: Exception, name: str) -> tuple[str, int]:
    """The innermost line of a template that the error came through."""
    file, line, step = name, 0, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.endswith(".j2"):
            file, line = step.tb_frame.f_code.co_filename, step.tb_lineno
        step = step.tb_next
    return file, line
