"""The templates of one snapshot: read once, sandboxed, and checked before anybody relies on them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class TemplateFinding:
    """A mistake in a template: `file` relative to the templates' folder, `line` 0 where there is none."""

    file: str
    line: int
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Templates:
    """Every language's templates, held in memory."""

    @classmethod
    def load(cls, folder: Path) -> Templates:
        """All templates below `folder`: one folder a language, and shared files beside them."""
        raise NotImplementedError

    def findings(self) -> tuple[TemplateFinding, ...]:
        """Every missing, broken or unrenderable template, in every language."""
        raise NotImplementedError
