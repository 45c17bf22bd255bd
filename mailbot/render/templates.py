"""The templates of one snapshot: read once, sandboxed, and checked before anybody relies on them.

Templates are code of admins, mails are values: no text of a mail is ever read as a template. The sandbox, strict names
and bounded output keep a slip of an admin from reaching further than a letter that is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from mailbot.desk.outgoing import Outgoing
from mailbot.render.findings import TemplateFinding, find_mistakes
from mailbot.render.letter import Circumstances, Letter, write
from mailbot.render.values import to_line

FILE_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Templates:
    """Every language's templates, held in memory: {language: environment}."""

    languages: Mapping[str, ImmutableSandboxedEnvironment]

    @classmethod
    def load(cls, folder: Path) -> Templates:
        """All templates below `folder`: a folder a language, shared files beside them. Raises OSError, UnicodeError."""
        shared = _read(folder, folder)
        folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
        return cls({path.name: _environment({**shared, **_read(path, folder)}) for path in folders})

    def findings(self) -> tuple[TemplateFinding, ...]:
        """Every missing, broken or unrenderable template, in every language."""
        return tuple(find_mistakes(self.languages))

    def choose(self, wanted: str, fallbacks: Sequence[str] = ()) -> str:
        """The language to write in: the wanted one, else the first known one of `fallbacks`, else the first of all."""
        return next((name for name in (wanted, *fallbacks) if name in self.languages), next(iter(self.languages)))

    def write(self, outgoing: Outgoing, circumstances: Circumstances) -> Letter:
        """The letter of `outgoing`, whose language must be one of `languages`."""
        return write(self.languages[outgoing.language], outgoing, circumstances)


def _read(folder: Path, root: Path) -> dict[str, str]:
    """The templates right in `folder` by file name; a link that leads out of `root` is not followed."""
    found = {}
    for path in sorted(folder.glob("*.j2")):
        if path.resolve().is_relative_to(root.resolve()) and path.stat().st_size <= FILE_BYTES:
            found[path.name] = path.read_text(encoding="utf-8")
    return found


class Sources(BaseLoader):
    """Templates in memory, and only those; mistakes in them carry their file's name."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = dict(sources)

    def get_source(self, _environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """(text, name for tracebacks, whether it is still current)."""
        if template not in self.sources:
            raise TemplateNotFound(template)
        return self.sources[template], template, lambda: True

    def list_templates(self) -> list[str]:
        """Every name, in order."""
        return sorted(self.sources)


def _environment(sources: Mapping[str, str]) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=Sources(sources),
        undefined=StrictUndefined,
        autoescape=True,
        finalize=_finalise,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals = {}  # no range, no lipsum: letters need none
    return environment


def _finalise(value: Any) -> Any:
    """A value inside of a sentence is one line; what macros and pieces wrote is left as it is."""
    return to_line(value) if isinstance(value, str) and not isinstance(value, Markup) else value
